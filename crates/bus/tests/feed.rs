//! The feed: whatever NATS delivers, each partition's events arrive once, in order, and all of them.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::time::Duration;

use handoff_bus::{FeedError, Hints};
use handoff_domain::Partition;
use handoff_event_log::{Epoch, Position};
use handoff_testkit::eventually;
use support::{ByPartition, CEILING, Scene, assign_all, forger::Forger, receive, receive_nothing};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn events_arrive_through_nats_alone_while_nothing_is_lost() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    let before = received.len();
    let (repaired, holes) = (scene.metrics.repaired_events(), scene.metrics.holes());
    for batch in 1..=20 {
        let last = scene.append(100).await;
        receive(&mut subscription, &mut received, before + batch * 100).await;
        assert_eq!(subscription.head(), last);
    }
    receive_nothing(&mut subscription).await;
    assert_eq!(received, scene.expected().await);
    assert_eq!(
        scene.metrics.repaired_events(),
        repaired,
        "nothing was read from the log"
    );
    assert_eq!(scene.metrics.holes(), holes);
}

#[tokio::test]
async fn the_active_relay_feeds_its_own_process_past_nats() {
    let mut scene = Scene::new().await;
    let feed = scene.feed(&scene.log).await;
    let relay = scene.relay_beside(&feed).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    eventually("no consumer is left", CEILING, async || {
        match scene.consumers().await {
            0 => Ok(()),
            some => Err(some),
        }
    })
    .await;
    let (before, repaired) = (received.len(), scene.metrics.repaired_events());
    scene.append(2_000).await;
    receive(&mut subscription, &mut received, before + 2_000).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(received, scene.expected().await);
    assert_eq!(scene.metrics.repaired_events(), repaired);

    // The relay of another process takes over: now NATS is the way.
    relay.stop().await;
    let _other = scene.relay().await;
    scene.flows_again(&mut subscription, &mut received).await;
    assert_eq!(scene.consumers().await, 1);
}

#[tokio::test]
async fn a_subscription_begins_behind_the_checkpoints() {
    let mut scene = Scene::new().await;
    scene.append(1_000).await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    let checkpoints = [(0, 1_000), (1, 400), (4, 0), (5, 999)];
    for (partition, after) in checkpoints {
        subscription.assign(Partition::new(partition).unwrap(), Position(after));
    }
    scene.append(500).await;
    let mut expected = ByPartition::default();
    expected.take(
        scene
            .log
            .read(Position::START, 2_000)
            .await
            .unwrap()
            .into_iter()
            .filter(|event| {
                checkpoints.iter().any(|(partition, after)| {
                    event.partition.number() == *partition && event.position.0 > *after
                })
            }),
    );
    let mut received = ByPartition::default();
    receive(&mut subscription, &mut received, expected.len()).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(received, expected);
}

#[tokio::test]
async fn a_partition_that_is_revoked_is_delivered_no_more_and_goes_on_when_it_comes_back() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    let partition = Partition::new(4).unwrap();
    subscription.revoke(partition);
    let checkpoint = scene.log.head().await.unwrap().position;
    scene.append(100).await;
    let expected = scene.expected().await;
    let before = received.of(partition);
    let held_back = expected.of(partition) - before;
    let others = expected.len() - held_back;
    receive(&mut subscription, &mut received, others).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(received.of(partition), before);
    subscription.assign(partition, checkpoint);
    receive(&mut subscription, &mut received, expected.len()).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(received, expected);
}

#[tokio::test]
async fn a_call_that_is_cancelled_loses_nothing() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    let mut cancelled = 0;
    for _ in 0..50 {
        scene.append(20).await;
        let next = subscription.next(1_000, Duration::from_millis(50));
        match timeout(Duration::from_millis(20), next).await {
            Ok(batch) => received.take_batch(batch.unwrap()),
            Err(_) => cancelled += 1,
        }
    }
    assert!(cancelled > 20, "{cancelled}");
    let expected = scene.expected().await;
    receive(&mut subscription, &mut received, expected.len()).await;
    assert_eq!(received, expected);
}

#[tokio::test]
async fn events_that_nats_lost_are_read_from_the_log() {
    let mut scene = Scene::new().await;
    let forger = Forger::of(&scene).await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    quiet(&scene, &mut subscription).await;
    let last = scene.append(60).await;
    for (index, event) in forger.events(last).await.iter().enumerate() {
        if !(10..30).contains(&index) {
            forger.send(event).await;
        }
    }
    let mut received = ByPartition::default();
    receive(&mut subscription, &mut received, 60).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(received, scene.expected().await);
    assert!(scene.metrics.holes() > 0);
}

#[tokio::test]
async fn events_that_come_twice_or_late_are_delivered_once_in_order() {
    let mut scene = Scene::new().await;
    let forger = Forger::of(&scene).await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    quiet(&scene, &mut subscription).await;
    let last = scene.append(60).await;
    let events = forger.events(last).await;
    for chunk in events.chunks(15) {
        for event in chunk.iter().rev() {
            forger.send(event).await;
            forger.send(event).await;
        }
    }
    for event in &events {
        forger.send(event).await;
    }
    let mut received = ByPartition::default();
    receive(&mut subscription, &mut received, 60).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(received, scene.expected().await);
    assert!(
        scene.metrics.received_events() == 180,
        "{}",
        scene.metrics.received_events()
    );
}

#[tokio::test]
async fn a_last_event_that_nats_lost_shows_at_the_next_tick() {
    let mut scene = Scene::new().await;
    let forger = Forger::of(&scene).await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    quiet(&scene, &mut subscription).await;
    let last = scene.append(60).await;
    for event in &forger.events(last).await[..59] {
        forger.send(event).await;
    }
    let mut received = ByPartition::default();
    receive(&mut subscription, &mut received, 59).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(scene.metrics.holes(), 0);
    forger.tick(last).await;
    receive(&mut subscription, &mut received, 60).await;
    assert_eq!(scene.metrics.holes(), 1);
    assert_eq!(received, scene.expected().await);
}

#[tokio::test]
async fn a_subscriber_that_is_too_slow_for_the_feed_reads_the_log() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    let repaired = scene.metrics.repaired_events();
    // More than the feed keeps for anybody.
    let events: u64 = 40_000;
    for _ in 0..20 {
        scene.append(events as usize / 20).await;
    }
    eventually("events from NATS", CEILING, async || {
        let received = scene.metrics.received_events();
        if received >= events {
            Ok(())
        } else {
            Err(received)
        }
    })
    .await;
    let expected = scene.expected().await;
    receive(&mut subscription, &mut received, expected.len()).await;
    receive_nothing(&mut subscription).await;
    assert_eq!(received, expected);
    assert!(
        scene.metrics.repaired_events() > repaired,
        "some events were too old for the feed"
    );
}

#[tokio::test]
async fn an_event_too_large_for_nats_is_read_from_the_log() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let mut received = scene.listening(&mut subscription).await;
    let before = received.len();
    let large = scene
        .append_payload(format!("\"{}\"", "x".repeat(3 << 20)))
        .await;
    receive(&mut subscription, &mut received, before + 1).await;
    scene.append(100).await;
    receive(&mut subscription, &mut received, before + 101).await;
    assert_eq!(received, scene.expected().await);
    eventually("a saved cursor beyond it", CEILING, async || {
        let cursor = scene.cursor().await;
        if cursor > large { Ok(()) } else { Err(cursor) }
    })
    .await;
}

#[tokio::test]
async fn a_new_epoch_takes_all_partitions_away() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    let feed = scene.feed(&scene.log).await;
    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    scene.listening(&mut subscription).await;
    scene.begin_epoch(2).await;
    let error = timeout(CEILING, async {
        loop {
            if let Err(error) = subscription.next(100, Duration::ZERO).await {
                break error;
            }
        }
    })
    .await
    .unwrap();
    assert!(
        matches!(
            error,
            FeedError::EpochChanged {
                from: Epoch(1),
                to: Epoch(2)
            }
        ),
        "{error}"
    );
    scene.append(100).await;
    receive_nothing(&mut subscription).await;
    assign_all(&mut subscription);
    let mut received = ByPartition::default();
    let expected = scene.expected().await;
    receive(&mut subscription, &mut received, expected.len()).await;
    assert_eq!(received, expected);
    scene.flows_again(&mut subscription, &mut received).await;
}

#[tokio::test]
async fn hints_tell_of_appends_and_checkpoints() {
    let scene = Scene::new().await;
    let hints = Hints::new(scene.nats().await, scene.subjects.clone());
    let mut appends = hints.appends().await.unwrap();
    let mut checkpoints = hints.checkpoints("tasks").await.unwrap();
    let committed = watch::Sender::new(Position(1));
    let shutdown = CancellationToken::new();
    let announcing = tokio::spawn(
        hints
            .clone()
            .announce(committed.subscribe(), shutdown.clone()),
    );
    let told = async {
        // A hint may get lost: the subscriptions above may not have reached the server yet.
        let mut position = 1;
        loop {
            position += 1;
            committed.send_replace(Position(position));
            hints.checkpoint("accounts", Position(position));
            hints.checkpoint("tasks", Position(-position));
            if let Ok(told) = timeout(Duration::from_millis(100), appends.next()).await {
                break told;
            }
        }
    };
    assert!(timeout(CEILING, told).await.unwrap().unwrap() > Position(1));
    let told = timeout(CEILING, checkpoints.next()).await.unwrap().unwrap();
    assert!(told < Position::START, "of this projection alone: {told}");
    shutdown.cancel();
    announcing.await.unwrap();
}

/// Waits until the subscription hears ticks, so that it asks the log for nothing by itself.
async fn quiet(scene: &Scene, subscription: &mut handoff_bus::Subscription) {
    assert_eq!(scene.metrics.received_events(), 0);
    timeout(CEILING, async {
        while !subscription.hears_ticks() {
            assert!(
                subscription
                    .next(1, Duration::ZERO)
                    .await
                    .unwrap()
                    .events
                    .is_empty()
            );
        }
    })
    .await
    .unwrap();
}
