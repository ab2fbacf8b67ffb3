//! Two api processes that race on the same streams.

use handoff_tests::{Deployment, Fleet, Mix};

use crate::{API, PROJECT, RELAY, seed};

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_two_replicas_on_the_same_streams_are_neither_lost_nor_doubled() {
    race(5_000).await;
}

pub(crate) async fn race(commands: u64) {
    let deployment = Deployment::shared().await;
    let fleet = Fleet::start(deployment, &[API, API, RELAY, PROJECT]).await;
    let first = fleet.load(Mix::default());
    first.some_more(20).await;
    let (record, tasks) = first.stop().await;
    let report = fleet.check(&record).await;
    assert!(report.is_green(), "{report}");
    // Few accounts and few tasks, so that the processes are on the same streams all the time.
    let load = fleet.load(Mix {
        clients: 64,
        accounts: 2,
        seed: seed(),
        tasks: tasks.into_iter().take(4).collect(),
    });
    load.some_more(commands).await;
    fleet.stop_and_check(load).await;
}
