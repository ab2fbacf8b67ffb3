//! Each role alone, in several copies: they share the work, take over, and give back.

use std::time::Duration;

use handoff_testkit::eventually;
use handoff_tests::{Deployment, Fleet, Mix};
use rustix::process::Signal;

use crate::{API, OTHERS, RELAY};

const TASKS: &[&str] = &["project", "tasks"];
/// A lease lasts 5 seconds; the rest is for a busy machine.
const TAKEN_OVER: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn projectors_share_the_partitions_take_over_and_give_back() {
    let roles = [API, RELAY, OTHERS, TASKS];
    let mut fleet = Fleet::start(Deployment::shared().await, &roles).await;
    let load = fleet.load(Mix::default());
    shares(&fleet, &[64]).await;
    let second = fleet.add(TASKS).await;
    shares(&fleet, &[32, 32]).await;
    let third = fleet.add(TASKS).await;
    let fourth = fleet.add(TASKS).await;
    shares(&fleet, &[16, 16, 16, 16]).await;
    load.some_more(100).await;

    fleet.places[fourth].kill().await;
    shares(&fleet, &[20, 22, 22]).await;
    fleet.places[third].process().signal(Signal::STOP);
    shares(&fleet, &[32, 32]).await;
    load.some_more(100).await;
    fleet.places[third].process().signal(Signal::CONT);
    shares(&fleet, &[20, 22, 22]).await;
    fleet.places[third].stop().await;
    fleet.places[second].stop().await;
    shares(&fleet, &[64]).await;
    fleet.stop_and_check(load).await;
}

/// Waits until as many instances hold so many partitions each, of all 64.
async fn shares(fleet: &Fleet, wanted: &[i64]) {
    let client = fleet.deployment.connect().await;
    // The instances that live: what a dead one still holds is not taken over.
    let sql = "select count(c.partition) from projections.instances i \
         left join projections.checkpoints c on c.projection = i.projection and c.owner = i.instance \
         where i.projection = 'tasks' and heartbeat_at > clock_timestamp() - interval '5 seconds' \
         group by i.instance order by 1";
    eventually(&format!("shares of {wanted:?}"), TAKEN_OVER, async || {
        let shares = client.query(sql, &[]).await.unwrap();
        let shares: Vec<i64> = shares.iter().map(|row| row.get(0)).collect();
        if shares == wanted {
            Ok(())
        } else {
            Err(shares)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_stands_by_takes_over_within_seconds() {
    let roles = [API, API, RELAY, RELAY, OTHERS, TASKS];
    let mut fleet = Fleet::start(Deployment::shared().await, &roles).await;
    let load = fleet.load(Mix::default());
    let mut active = None;
    eventually("an active relay", TAKEN_OVER, async || {
        active = (2..4).find(|&place| is_active(&mut fleet, place));
        active.ok_or("none")
    })
    .await;
    let active = active.unwrap();
    let standby = 5 - active;
    assert!(!is_active(&mut fleet, standby), "one is active at a time");
    fleet.places[active].kill().await;
    eventually("the other relay active", TAKEN_OVER, async || {
        if is_active(&mut fleet, standby) {
            Ok(())
        } else {
            Err("not yet")
        }
    })
    .await;
    load.some_more(100).await;
    // One api is enough too.
    fleet.places[0].kill().await;
    load.some_more(100).await;
    let Fleet {
        places, deployment, ..
    } = &mut fleet;
    places[0].start(deployment, &[]).await;
    fleet.stop_and_check(load).await;
}

fn is_active(fleet: &mut Fleet, place: usize) -> bool {
    let log = fleet.places[place].process().log();
    log.contains("the relay is active")
}
