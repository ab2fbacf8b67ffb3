//! NATS is a feed: losing it costs time, nothing else.

use std::{fs, path::Path, process::Command};

use handoff_testkit::PrivateNats;
use handoff_tests::{Deployment, Fleet, Mix};

use crate::{API, PROJECT, RELAY};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_nats_under_load_the_read_models_are_whole() {
    let mut nats = PrivateNats::start().await;
    let deployment = Deployment::on_nats(&nats).await;
    let fleet = Fleet::start(deployment, &[API, API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(100).await;
    fleet.relayed().await;

    // Killed; commands go on without it.
    nats.kill().await;
    load.some_more(100).await;
    nats.start_again().await;
    load.some_more(100).await;
    fleet.relayed().await;

    // Its store wiped.
    nats.kill().await;
    fs::remove_dir_all(nats.store()).unwrap();
    load.some_more(100).await;
    nats.start_again().await;
    load.some_more(100).await;
    fleet.relayed().await;

    // Its store put back to an older copy.
    nats.stop().await;
    let copy = nats.store().with_extension("copy");
    copy_directory(&nats.store(), &copy);
    nats.start_again().await;
    load.some_more(200).await;
    fleet.relayed().await;
    nats.stop().await;
    fs::remove_dir_all(nats.store()).unwrap();
    fs::rename(&copy, nats.store()).unwrap();
    nats.start_again().await;
    load.some_more(100).await;
    fleet.relayed().await;

    // Its stream deleted.
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let stream = fleet.deployment.nats_prefix().to_uppercase();
    jetstream.delete_stream(stream).await.unwrap();
    load.some_more(200).await;
    fleet.relayed().await;

    fleet.stop_and_check(load).await;
}

pub(crate) fn copy_directory(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}
