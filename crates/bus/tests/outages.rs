//! Relay and feed together while NATS or Postgres is away: late, but nothing missing.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::{fs, time::Duration};

use handoff_bus::{FeedError, Subjects};
use handoff_event_log::{Database, Log, Role};
use handoff_testkit::{PrivateNats, TcpProxy, eventually};
use support::{ByPartition, CEILING, Scene, assign_all, receive};

#[tokio::test]
async fn nats_stops_and_its_store_is_wiped() {
    let mut nats = PrivateNats::start().await;
    let mut scene = Scene::on(nats.url(), Subjects::default()).await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    let before = received.len();

    nats.stop().await;
    scene.append(500).await;
    receive(&mut subscription, &mut received, before + 500).await;
    fs::remove_dir_all(nats.store()).unwrap();
    scene.append(500).await;
    nats.start_again().await;
    scene.append(500).await;
    receive(&mut subscription, &mut received, before + 1_500).await;
    scene.flows_again(&mut subscription, &mut received).await;
}

#[tokio::test]
async fn the_store_of_nats_is_put_back_to_an_older_copy() {
    let mut nats = PrivateNats::start().await;
    let mut scene = Scene::on(nats.url(), Subjects::default()).await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;

    nats.stop().await;
    let copy = nats.store().with_extension("copy");
    copy_directory(&nats.store(), &copy);
    nats.start_again().await;
    scene.flows_again(&mut subscription, &mut received).await;
    scene.append(500).await;
    nats.stop().await;
    fs::remove_dir_all(nats.store()).unwrap();
    fs::rename(&copy, nats.store()).unwrap();
    nats.start_again().await;
    scene.flows_again(&mut subscription, &mut received).await;
    assert_eq!(
        scene.log.head().await.unwrap().epoch.0,
        1,
        "the log has lost nothing"
    );
}

#[tokio::test]
async fn the_stream_is_deleted() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    let before = received.len();
    let stream = scene.subjects.stream();
    scene.jetstream().await.delete_stream(stream).await.unwrap();
    scene.append(500).await;
    receive(&mut subscription, &mut received, before + 500).await;
    scene.flows_again(&mut subscription, &mut received).await;
}

#[tokio::test]
async fn nats_is_killed_again_and_again_under_load() {
    let mut nats = PrivateNats::start().await;
    let mut scene = Scene::on(nats.url(), Subjects::default()).await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    for _ in 0..2 {
        for step in 0..20 {
            scene.append(50).await;
            if step == 5 {
                nats.kill().await;
            }
            if step == 10 {
                nats.start_again().await;
            }
            let batch = subscription
                .next(200, Duration::from_millis(1))
                .await
                .unwrap();
            received.take_batch(batch);
        }
    }
    scene.flows_again(&mut subscription, &mut received).await;
    let last = scene.log.head().await.unwrap().position;
    eventually(
        "a saved cursor at the end of the log",
        CEILING,
        async || {
            let cursor = scene.cursor().await;
            if cursor == last { Ok(()) } else { Err(cursor) }
        },
    )
    .await;
}

#[tokio::test]
async fn the_link_to_nats_hangs_without_a_word() {
    let nats = PrivateNats::start().await;
    let proxy = TcpProxy::start(nats.port()).await;
    let url = format!("nats://127.0.0.1:{}", proxy.port());
    let mut scene = Scene::on(&url, Subjects::default()).await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    proxy.pause();
    let before = received.len();
    scene.append(500).await;
    receive(&mut subscription, &mut received, before + 500).await;
    proxy.resume();
    scene.flows_again(&mut subscription, &mut received).await;
}

#[tokio::test]
async fn the_log_is_away_while_a_hole_is_filled() {
    let mut scene = Scene::new().await;
    let config: tokio_postgres::Config = scene.test.url.parse().unwrap();
    let port = config.get_ports()[0];
    let proxy = TcpProxy::start(port).await;
    let url = scene
        .test
        .url
        .replace(&format!(":{port}"), &format!(":{}", proxy.port()));
    let database = Database::new(&url).unwrap();
    let feed = scene
        .feed(&Log::new(database.pool(Role::Projector, "test", "", 2)))
        .await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    scene.append(500).await;
    proxy.cut();
    for _ in 0..3 {
        let next = subscription.next(100, Duration::ZERO).await;
        assert!(matches!(next, Err(FeedError::Log(_))), "{next:?}");
    }
    proxy.resume();
    let mut received = ByPartition::default();
    receive(&mut subscription, &mut received, 500).await;
    assert_eq!(received, scene.expected().await);
}

fn copy_directory(from: &std::path::Path, to: &std::path::Path) {
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .unwrap();
    assert!(copied.success());
}
