//! More than a process can do: it refuses at once, keeps its memory bounded, and goes on.

use std::time::Duration;

use handoff_load::{Client, Ended, Recorder, Sender, Tries, Try, closed_loop, prepare_tasks};
use handoff_proto::v1::ReadEventsRequest;
use handoff_tests::{Deployment, Fleet};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

use crate::{API, PROJECT, RELAY};

/// Commands that may wait, and that are appended at once: together what fits in.
const QUEUE: usize = 64;
const BATCH: usize = 32;
/// Five times as many callers as fit in.
const CLIENTS: usize = 5 * (QUEUE + BATCH);
const IDLE: usize = 1_000;
/// What the process may grow by.
const GROWTH: u64 = 100 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn overload_is_refused_at_once_and_memory_stays_bounded() {
    overload("", Duration::from_secs(4)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "nothing was refused")]
async fn a_queue_without_a_bound_refuses_nothing() {
    overload("unbounded_queue", Duration::from_secs(2)).await;
}

pub(crate) async fn overload(bug: &str, length: Duration) {
    let roles = [API, RELAY, PROJECT];
    let mut fleet = Fleet::start(Deployment::shared().await, &roles).await;
    let all = Client::connect(&fleet.target()).unwrap().into_iter();
    let all: Vec<_> = all
        .map(|client| Sender::new(client, Tries::default(), None))
        .collect();
    let tasks = prepare_tasks(&all, CLIENTS, 16).await.unwrap();
    fleet.places[0].stop().await;
    fleet.places[0].set("HANDOFF_QUEUE_COMMANDS", &QUEUE.to_string());
    fleet.places[0].set("HANDOFF_BATCH_COMMANDS", &BATCH.to_string());
    fleet.places[0].set("HANDOFF_BUG", bug);
    fleet.places[0].start(&fleet.deployment, &[]).await;
    let record = fleet.deployment.directory().join("overload.jsonl");
    let (recorder, recording) = Recorder::create(&record).unwrap();
    let senders: Vec<_> = Client::connect(&fleet.target())
        .unwrap()
        .into_iter()
        .map(|client| Sender::new(client, Tries::default(), Some(recorder.clone())))
        .collect();
    drop(recorder);
    let before = fleet.places[0].process().memory();

    // Callers that connect and say nothing more, and one that asks for the whole log and never reads.
    let address = fleet.target().servers[0].replace("http://", "");
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(HTTP2_HELLO).await.unwrap();
        idle.push(stream);
    }
    let mut history = fleet.client(0).history;
    let request = ReadEventsRequest {
        follow: true,
        ..ReadEventsRequest::default()
    };
    let unread = history.read_events(request).await.unwrap();

    let end = Instant::now() + length;
    let seen = closed_loop::run(&senders, CLIENTS, tasks, false, move || {
        Instant::now() < end
    })
    .await;
    println!("{CLIENTS} clients: {seen}");
    let after = fleet.places[0].process().memory();
    println!("memory grew from {} to {} MiB", before >> 20, after >> 20);
    drop((senders, unread, idle));
    recording.finish().await.unwrap();

    let mut refused: Vec<u64> = std::fs::read_to_string(&record)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Try>(line).unwrap())
        .filter(|one| one.outcome == Ended::Refused)
        .map(|one| one.answered_us - one.sent_us)
        .collect();
    refused.sort_unstable();
    assert!(!refused.is_empty(), "nothing was refused: {seen}");
    let median = Duration::from_micros(refused[refused.len() / 2]);
    println!("{} refused, the median one after {median:?}", refused.len());
    assert!(median < Duration::from_secs(1), "refused after {median:?}");
    assert!(seen.done() > 0, "{seen}");
    assert!(
        after < before + GROWTH,
        "memory grew from {before} to {after}"
    );
    // Afterwards it works as before, and what was acknowledged is there.
    let report = fleet.check(&record).await;
    assert!(report.is_green(), "{report}");
}

/// The preface and an empty SETTINGS frame.
const HTTP2_HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
