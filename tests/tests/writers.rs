//! Two api processes that race on the same streams.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::collections::{HashMap, HashSet};

use handoff_proto::v1::{
    CompleteTaskRequest, ReadEventsRequest, VerifyLogRequest, read_events_response,
};
use handoff_tests::{Client, Deployment, new_id, task};
use tokio::task::JoinSet;

const CLIENTS: usize = 64;
const ROUNDS: usize = 157;
/// Few, so that the processes are on the same streams all the time.
const ACCOUNTS: usize = 4;

/// What a client was told about one command.
struct Told {
    request_id: String,
    position: i64,
    events: i32,
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_commands_from_two_processes_are_neither_lost_nor_doubled() {
    let mut deployment = Deployment::start().await;
    let (one, first) = deployment.api().await;
    let (two, second) = deployment.api().await;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let calls = if client % 2 == 0 {
            first.clone()
        } else {
            second.clone()
        };
        // Each task is created through one process and completed through the other.
        let others = if client % 2 == 0 {
            second.clone()
        } else {
            first.clone()
        };
        clients.spawn(create_and_complete(client, calls, others));
    }
    let told: Vec<Told> = clients.join_all().await.into_iter().flatten().collect();
    assert_eq!(told.len(), 2 * CLIENTS * ROUNDS);
    assert!(told.len() >= 20_000);

    let events = read_all(&first).await;
    assert!(
        events
            .iter()
            .zip(1..)
            .all(|(event, position)| event.0 == position),
        "positions have no gap"
    );
    let mut versions: HashMap<&str, i32> = HashMap::new();
    for (_, stream, version, _) in &events {
        let last = versions.entry(stream).or_default();
        assert_eq!(*version, *last + 1, "{stream} has no gap");
        *last = *version;
    }
    let mut by_command: HashMap<&str, Vec<i64>> = HashMap::new();
    for (position, _, _, command) in &events {
        by_command.entry(command).or_default().push(*position);
    }
    for Told {
        request_id,
        position,
        events,
    } in &told
    {
        let positions = by_command.remove(request_id.as_str()).unwrap_or_default();
        assert_eq!(
            positions.len(),
            *events as usize,
            "{request_id} happened once"
        );
        assert_eq!(positions.last(), Some(position));
    }
    // What is left is the first member's creation.
    assert_eq!(by_command.len(), 1);
    assert_verified(&first, events.len() as i64).await;
    assert!(one.stop().await.success() && two.stop().await.success());
}

async fn create_and_complete(client: usize, calls: Client, others: Client) -> Vec<Told> {
    let mut told = Vec::new();
    for n in 0..ROUNDS {
        let request = task(&format!("t{client}-{n}"), &format!("a{}", n % ACCOUNTS));
        let request_id = request.request_id.clone();
        let created = calls
            .tasks
            .clone()
            .create_task(request)
            .await
            .unwrap()
            .into_inner();
        let receipt = created.receipt.unwrap();
        told.push(Told {
            request_id,
            position: receipt.position,
            events: receipt.events_appended,
        });

        let request_id = new_id();
        let request = CompleteTaskRequest {
            name: created.task.unwrap().name,
            request_id: request_id.clone(),
            etag: String::new(),
        };
        let receipt = others
            .tasks
            .clone()
            .complete_task(request)
            .await
            .unwrap()
            .into_inner()
            .receipt
            .unwrap();
        told.push(Told {
            request_id,
            position: receipt.position,
            events: receipt.events_appended,
        });
    }
    told
}

/// Position, stream, version and command of every event.
async fn read_all(client: &Client) -> Vec<(i64, String, i32, String)> {
    let mut stream = client
        .history
        .clone()
        .read_events(ReadEventsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut events = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        if let Some(read_events_response::Item::Event(event)) = answer.item {
            events.push((
                event.position,
                event.stream,
                event.version,
                event.command_id,
            ));
        }
    }
    let distinct: HashSet<_> = events.iter().map(|(position, ..)| position).collect();
    assert_eq!(distinct.len(), events.len());
    events
}

async fn assert_verified(client: &Client, events: i64) {
    let mut stream = client
        .history
        .clone()
        .verify_log(VerifyLogRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut last = None;
    while let Some(progress) = stream.message().await.unwrap() {
        last = Some(progress);
    }
    let last = last.expect("an answer");
    assert!(last.done);
    assert_eq!(
        (last.verified_position, last.first_bad_position),
        (events, 0)
    );
}
