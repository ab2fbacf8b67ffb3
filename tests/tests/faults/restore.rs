//! An older backup is put in place: what it lacks is lost, which nothing can mend, but what comes
//! afterwards is sound, and nobody takes lost events for ones that are there.

use std::{fs, path::Path};

use handoff_load::checker::{Report, Rule};
use handoff_testkit::{PrivatePostgres, Shutdown};
use handoff_tests::{Deployment, Fleet, Load, Mix};

use crate::{API, PROJECT, RELAY, nats::copy_directory};

#[tokio::test(flavor = "multi_thread")]
async fn after_an_older_backup_was_restored_and_a_new_epoch_begun_all_is_sound_again() {
    let report = restore("", true).await;
    assert!(report.is_green(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_epoch_that_was_forgotten_is_begun_by_the_relay() {
    let report = restore("", false).await;
    assert!(report.is_green(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn states_that_are_remembered_across_a_restore_break_rule_3() {
    let report = restore("remember_across_sessions", false).await;
    assert!(report.is_red(Rule::Log), "{report}");
}

/// The report on what callers were told after the restore. Where it is not announced by a new epoch, the
/// relay, which would notice at once, is away for a while.
async fn restore(bug: &str, announced: bool) -> Report {
    let mut postgres = PrivatePostgres::start().await;
    let deployment = Deployment::on_postgres(&postgres).await;
    let mut fleet = Fleet::start(deployment, &[API, RELAY, PROJECT]).await;
    fleet.places[0].stop().await;
    fleet.places[0].set("HANDOFF_BUG", bug);
    fleet.places[0].start(&fleet.deployment, &[]).await;
    let load = fleet.load(Mix::default());
    load.some_more(300).await;
    let (record, tasks) = load.stop().await;
    let report = fleet.check(&record).await;
    assert!(report.is_green(), "{report}");

    let backup = postgres.data().with_extension("backup");
    postgres.stop(Shutdown::Fast).await;
    copy_directory(&postgres.data(), &backup);
    postgres.start_again().await;

    // What happens now will be lost, also to tasks that are in the backup.
    let on_tasks = || Mix {
        tasks: tasks.clone(),
        ..Mix::default()
    };
    let lost = fleet.load(on_tasks());
    lost.some_more(500).await;
    fleet.relayed().await;
    drop(lost.stop().await);
    let lost_head = fleet.head().await;

    if !announced {
        fleet.places[1].kill().await;
    }
    // The processes live on meanwhile, with all that they remember.
    postgres.stop(Shutdown::Immediate).await;
    fs::remove_dir_all(postgres.data()).unwrap();
    fs::rename(&backup, postgres.data()).unwrap();
    postgres.start_again().await;
    assert!(fleet.head().await < lost_head);
    if announced {
        let mut new_epoch = fleet.deployment.process(&["new-epoch"], &[]);
        assert!(new_epoch.ended().await.success(), "{}", new_epoch.log());
    }

    let load = fleet.load(on_tasks());
    beyond(&fleet, &load, lost_head).await;
    if !announced {
        fleet.places[1].start(&fleet.deployment, &[]).await;
        load.some_more(200).await;
    }
    let (record, _) = load.stop().await;
    let epochs = epochs(&record);
    match announced {
        true => assert!(epochs.iter().all(|epoch| *epoch >= 2), "{epochs:?}"),
        false => assert_eq!(epochs.first(), Some(&1)),
    }
    if bug.is_empty() {
        fleet.relayed().await;
        assert!(stream_epoch(&fleet).await >= 2);
    }
    fleet.within = 5;
    fleet.check(&record).await
}

/// Waits until positions that were lost were given again.
async fn beyond(fleet: &Fleet, load: &Load, lost_head: i64) {
    while fleet.head().await <= lost_head {
        load.some_more(100).await;
    }
}

/// The epochs that callers were told, in order.
fn epochs(record: &Path) -> Vec<i32> {
    let record = fs::read_to_string(record).unwrap();
    let tries = record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let mut epochs: Vec<i32> = tries
        .filter_map(|one: handoff_load::Try| one.epoch)
        .collect();
    epochs.sort_unstable();
    epochs.dedup();
    epochs
}

/// The epoch of the newest message in NATS.
async fn stream_epoch(fleet: &Fleet) -> i32 {
    let client = async_nats::connect(fleet.deployment.nats_url())
        .await
        .unwrap();
    let name = fleet.deployment.nats_prefix().to_uppercase();
    let jetstream = async_nats::jetstream::new(client);
    let stream = jetstream.get_stream(name).await.unwrap();
    // Without the ticks, which have one word less.
    let subject = format!("{}.events.*.>", fleet.deployment.nats_prefix());
    let newest = stream
        .get_last_raw_message_by_subject(&subject)
        .await
        .unwrap();
    let id = newest.headers.get(async_nats::header::NATS_MESSAGE_ID);
    let (epoch, _) = id.unwrap().as_str().split_once(':').unwrap();
    epoch.parse().unwrap()
}
