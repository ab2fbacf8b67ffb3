//! Frozen processes: others go on without them, and nothing is doubled when they wake up.

use std::time::{Duration, Instant};

use handoff_testkit::eventually;
use handoff_tests::{Deployment, Fleet, Load, Mix};
use rustix::process::Signal;

use crate::{API, OTHERS, PROJECT, RELAY};

/// With a projector of the tasks alone in the third place.
pub(crate) const ROLES: &[&[&str]] = &[API, RELAY, TASKS, OTHERS];
const TASKS: &[&str] = &["project", "tasks"];

/// How long the others may stand still because of one that is frozen.
const STANDSTILL: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_frozen_with_the_logs_lock_holds_the_others_up_for_seconds_only() {
    let mut fleet = Fleet::start(Deployment::shared().await, &[API, API, RELAY, PROJECT]).await;
    let frozen = &mut fleet.places[0];
    frozen.stop().await;
    let freeze = [("HANDOFF_FREEZE_AT", "append_locked:20")];
    frozen.start(&fleet.deployment, &freeze).await;
    let load = fleet.load(Mix::default());
    fleet.places[0].process().frozen().await;
    let since = Instant::now();
    load.some_more(100).await;
    let stood_still = since.elapsed();
    println!("the other replica stood still for {stood_still:?}");
    assert!(stood_still < STANDSTILL, "{stood_still:?}");
    fleet.places[0].process().signal(Signal::CONT);
    load.some_more(100).await;
    fleet.stop_and_check(load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_slept_through_its_lease_writes_nothing_when_it_wakes_up() {
    let mut fleet = Fleet::start(Deployment::shared().await, ROLES).await;
    let load = load_on_few_tasks(&fleet).await;
    fall_asleep(&mut fleet, &load).await;
    fleet.places[2].process().signal(Signal::CONT);
    load.some_more(200).await;
    fleet.stop_and_check(load).await;
}

/// A load that comes back to the same few tasks all the time, so that who writes late writes over something.
pub(crate) async fn load_on_few_tasks(fleet: &Fleet) -> Load {
    let first = fleet.load(Mix::default());
    first.some_more(50).await;
    let (_, tasks) = first.stop().await;
    fleet.load(Mix {
        accounts: 0,
        tasks: tasks.into_iter().take(4).collect(),
        ..Mix::default()
    })
}

/// Freezes the projector in the third place just before it writes, starts another, and waits until that
/// has taken everything over and gone on.
pub(crate) async fn fall_asleep(fleet: &mut Fleet, load: &Load) {
    fleet.places[2].stop().await;
    let freeze = [("HANDOFF_FREEZE_AT", "project_before_write:10")];
    fleet.places[2].start(&fleet.deployment, &freeze).await;
    fleet.places[2].process().frozen().await;
    let client = fleet.deployment.connect().await;
    let sql = "select distinct owner from projections.checkpoints \
         where projection = 'tasks' and owner is not null";
    let owners = async || -> Vec<String> {
        let owners = client.query(sql, &[]).await.unwrap();
        owners.iter().map(|row| row.get(0)).collect()
    };
    let asleep = owners().await;
    assert_eq!(asleep.len(), 1, "one process has everything: {asleep:?}");
    fleet.add(TASKS).await;
    eventually(
        "another owner of it all",
        Duration::from_secs(30),
        async || match owners().await {
            now if now.len() == 1 && now != asleep => Ok(()),
            now => Err(now),
        },
    )
    .await;
    load.some_more(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_slept_while_another_took_over_does_no_harm() {
    let mut fleet = Fleet::start(Deployment::shared().await, &[API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(100).await;
    fleet.places[1].stop().await;
    let freeze = [("HANDOFF_FREEZE_AT", "relay_after_publish:50")];
    fleet.places[1].start(&fleet.deployment, &freeze).await;
    fleet.places[1].process().frozen().await;
    let second = fleet.add(RELAY).await;
    fleet.places[second]
        .process()
        .logged("the relay is active", "message")
        .await;
    load.some_more(200).await;
    fleet.places[1].process().signal(Signal::CONT);
    load.some_more(200).await;
    fleet.stop_and_check(load).await;
}
