//! The relay: what it publishes, who is active, and what it does when the ground shifts.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use handoff_bus::{RelayConfig, Subjects};
use handoff_testkit::{PrivateNats, TcpProxy, eventually};
use support::{CEILING, Scene};
use tokio::time::{Instant, timeout};

#[tokio::test]
async fn every_event_is_published_once_with_what_others_need_to_read_it() {
    let mut scene = Scene::new().await;
    scene.append(3).await;
    let relay = scene.relay().await;
    let last = scene.append(300).await;
    eventually(
        "a saved cursor at the end of the log",
        CEILING,
        async || {
            let cursor = scene.cursor().await;
            if cursor == last { Ok(()) } else { Err(cursor) }
        },
    )
    .await;
    assert_eq!(scene.messages_in_stream().await, 303);

    let events = scene.log.read(Default::default(), 1_000).await.unwrap();
    let event = &events[302];
    let previous = events[..302]
        .iter()
        .rfind(|other| other.partition == event.partition)
        .unwrap();
    let stream = scene
        .jetstream()
        .await
        .get_stream(scene.subjects.stream())
        .await
        .unwrap();
    let subject = format!(
        "{}.events.{}.task.completed",
        scene.subjects.stream(),
        event.partition
    );
    let message = stream
        .get_last_raw_message_by_subject(&subject)
        .await
        .unwrap();
    let time = event
        .recorded_at
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    for (header, value) in [
        ("Nats-Msg-Id", "1:303"),
        ("Handoff-Previous", &previous.position.to_string()),
        ("ce-specversion", "1.0"),
        ("ce-id", &event.event_id.to_string()),
        ("ce-type", "task.completed"),
        ("ce-source", "/handoff"),
        ("ce-subject", event.stream.as_str()),
        ("ce-time", &time),
    ] {
        assert_eq!(
            message.headers.get(header).unwrap().as_str(),
            value,
            "{header}"
        );
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_goes_on_where_the_one_before_stopped() {
    let mut scene = Scene::new().await;
    let last = scene.append(50).await;
    let nats = scene.nats().await;
    let published_now = nats.subscribe(scene.subjects.events()).await.unwrap();
    nats.flush().await.unwrap();
    let relay = scene.relay().await;
    // It stops at once, before it would save its cursor anyway.
    timeout(CEILING, published_now.take(50).count())
        .await
        .unwrap();
    relay.stop().await;
    assert_eq!(scene.cursor().await, last);

    // An empty stream shows what the next relay publishes.
    let stream = scene.subjects.stream();
    scene.jetstream().await.delete_stream(stream).await.unwrap();
    scene.append(7).await;
    let _relay = scene.relay().await;
    eventually("7 messages", CEILING, async || published(&scene, 7).await).await;
}

#[tokio::test]
async fn events_that_are_published_again_are_recognised() {
    let mut scene = Scene::new().await;
    scene.append(50).await;
    let relay = scene.relay().await;
    eventually("50 messages", CEILING, async || published(&scene, 50).await).await;
    relay.stop().await;
    let client = scene.test.connect().await;
    client
        .execute(
            "update event_log.relay_cursor set position = 0, last_positions = array_fill(0, array[64])",
            &[],
        )
        .await
        .unwrap();
    let last = scene.append(1).await;
    let _relay = scene.relay().await;
    eventually(
        "a saved cursor at the end of the log",
        CEILING,
        async || {
            let cursor = scene.cursor().await;
            if cursor == last { Ok(()) } else { Err(cursor) }
        },
    )
    .await;
    assert_eq!(scene.messages_in_stream().await, 51);
}

#[tokio::test]
async fn events_that_nats_did_not_acknowledge_are_published_again() {
    let mut nats = PrivateNats::start().await;
    let proxy = TcpProxy::start(nats.port()).await;
    let through_proxy = format!("nats://127.0.0.1:{}", proxy.port());
    let mut scene = Scene::on(&through_proxy, Subjects::default()).await;
    let relay = scene.relay().await;
    scene.append(100).await;
    eventually("100 messages", CEILING, async || {
        published(&scene, 100).await
    })
    .await;
    scene.nats_url = nats.url().to_owned();
    let sent = relay.sent_messages();
    proxy.pause();
    scene.append(5_000).await;
    eventually("events in flight", CEILING, async || {
        let sent = relay.sent_messages() - sent;
        if sent >= 500 { Ok(()) } else { Err(sent) }
    })
    .await;
    published(&scene, 100).await.unwrap();
    // What is under way is lost with the server.
    nats.kill().await;
    proxy.cut();
    nats.start_again().await;
    proxy.resume();
    eventually("5100 messages", CEILING, async || {
        published(&scene, 5_100).await
    })
    .await;
}

#[tokio::test]
async fn when_the_active_relay_dies_another_takes_over() {
    let mut scene = Scene::new().await;
    let first = scene.relay().await;
    eventually("an active relay", CEILING, async || {
        first.metrics.relay_is_active().then_some(()).ok_or(())
    })
    .await;
    let second = scene.relay().await;
    scene.append(10).await;
    eventually("10 messages", CEILING, async || published(&scene, 10).await).await;
    assert!(!second.metrics.relay_is_active(), "only one is active");
    first.kill().await;
    let died = Instant::now();
    eventually("another active relay", CEILING, async || {
        second.metrics.relay_is_active().then_some(()).ok_or(())
    })
    .await;
    assert!(
        died.elapsed() < Duration::from_secs(2),
        "{:?}",
        died.elapsed()
    );
    scene.append(10).await;
    eventually("20 messages", CEILING, async || published(&scene, 20).await).await;
}

#[tokio::test]
async fn a_relay_whose_session_is_ended_becomes_active_again() {
    let mut scene = Scene::new().await;
    let relay = scene.relay().await;
    scene.append(10).await;
    eventually("10 messages", CEILING, async || published(&scene, 10).await).await;
    let client = scene.test.connect().await;
    let ended = client
        .query(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and application_name like 'handoff relay%'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(ended.len(), 2, "one holds the lock, one reads");
    scene.append(10).await;
    eventually("20 messages", CEILING, async || published(&scene, 20).await).await;
    eventually("a session that holds the lock", CEILING, async || {
        let holders = client
            .query(
                "select from pg_locks join pg_database on database = pg_database.oid \
                 where locktype = 'advisory' and granted and datname = current_database()",
                &[],
            )
            .await
            .unwrap();
        if holders.len() == 1 && relay.metrics.relay_is_active() {
            Ok(())
        } else {
            Err(holders.len())
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_deleted_is_made_again() {
    let mut scene = Scene::new().await;
    let _relay = scene.relay().await;
    scene.append(10).await;
    eventually("10 messages", CEILING, async || published(&scene, 10).await).await;
    scene
        .jetstream()
        .await
        .delete_stream(scene.subjects.stream())
        .await
        .unwrap();
    // Nobody appends: the ticks find out.
    eventually("an empty stream", CEILING, async || {
        published(&scene, 0).await
    })
    .await;
    scene.append(10).await;
    eventually("10 new messages", CEILING, async || {
        published(&scene, 10).await
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_brought_to_what_is_configured() {
    let scene = Scene::new().await;
    let config = async |max_bytes| {
        let _relay = scene
            .relay_with(RelayConfig {
                subjects: scene.subjects.clone(),
                max_bytes,
                ..Default::default()
            })
            .await;
        let jetstream = scene.jetstream().await;
        eventually("the stream as configured", CEILING, async || {
            let stream = jetstream.get_stream(scene.subjects.stream()).await;
            let found = stream.map(|stream| stream.cached_info().config.max_bytes);
            if matches!(found, Ok(found) if found == max_bytes) {
                Ok(())
            } else {
                Err(found)
            }
        })
        .await;
    };
    config(1 << 20).await;
    config(2 << 20).await;
}

/// A relay publishes 20 events; then a log takes the place of its log, of which only the first
/// `events` were kept, each with another hash, and of whose epochs none.
async fn log_restored_with(events: usize, later_epochs: i32) -> i32 {
    let mut lost = Scene::new().await;
    for epoch in 2..2 + later_epochs {
        lost.begin_epoch(epoch).await;
    }
    lost.append(20).await;
    let relay = lost.relay().await;
    eventually("20 messages", CEILING, async || published(&lost, 20).await).await;
    relay.stop().await;

    let mut restored = Scene::on(&lost.nats_url, lost.subjects.clone()).await;
    restored.append(events).await;
    let relay = restored.relay().await;
    let epoch = eventually("a new epoch", CEILING, async || {
        let epoch = restored.log.head().await.unwrap().epoch.0;
        if epoch > 1 { Ok(epoch) } else { Err(epoch) }
    })
    .await;
    let only_restored = async || published(&restored, events as u64).await;
    eventually("a stream of the restored log alone", CEILING, only_restored).await;
    relay.stop().await;
    let _relay = restored.relay().await;
    restored.append(1).await;
    eventually("one more", CEILING, async || {
        published(&restored, events as u64 + 1).await
    })
    .await;
    assert_eq!(
        restored.log.head().await.unwrap().epoch.0,
        epoch,
        "it begins once"
    );
    epoch
}

#[tokio::test]
async fn a_new_epoch_begins_where_the_log_ends_before_what_the_stream_has() {
    assert_eq!(log_restored_with(19, 0).await, 2);
}

#[tokio::test]
async fn a_new_epoch_begins_where_the_log_has_another_event_than_the_stream() {
    assert_eq!(log_restored_with(20, 0).await, 2);
    assert_eq!(log_restored_with(21, 0).await, 2);
}

#[tokio::test]
async fn a_new_epoch_is_later_than_any_that_nats_knows() {
    assert_eq!(log_restored_with(21, 3).await, 5);
}

#[tokio::test]
async fn a_new_epoch_begins_in_another_postgres() {
    let mut scene = Scene::new().await;
    scene.append(1).await;
    let client = scene.test.connect().await;
    client
        .execute(
            "insert into event_log.epochs (epoch, after_position, system_id, timeline) \
             values (2, 0, '1234', 1)",
            &[],
        )
        .await
        .unwrap();
    let _relay = scene.relay().await;
    eventually("a message", CEILING, async || published(&scene, 1).await).await;
    let head = scene.log.head().await.unwrap();
    assert_eq!(head.epoch.0, 3);
}

async fn published(scene: &Scene, messages: u64) -> Result<(), String> {
    let stream = scene
        .jetstream()
        .await
        .get_stream(scene.subjects.stream())
        .await;
    if let Err(error) = stream {
        return Err(error.to_string());
    }
    let there = scene.messages_in_stream().await;
    if there == messages {
        Ok(())
    } else {
        Err(there.to_string())
    }
}
