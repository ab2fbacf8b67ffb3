use std::collections::{BTreeMap, BTreeSet};

use handoff_domain::{Event, Partition, Version, task};
use handoff_event_log::{
    Database, Log, Position, Role, Snapshots,
    verify::{Progress, Verifier},
};
use handoff_testkit::TestDatabase;

use super::*;

struct Seeded {
    _database: TestDatabase,
    log: Log,
    snapshots: Snapshots,
    events: i64,
}

async fn seeded(shape: &Shape) -> Seeded {
    let database = TestDatabase::create().await;
    let events = seed(&database.connect().await, shape).await.unwrap();
    let sessions = Database::new(&database.url).unwrap();
    Seeded {
        log: Log::new(sessions.pool(Role::Reader, "seed test", "", 2)),
        snapshots: Snapshots::new(sessions.pool(Role::Reader, "seed test", "", 2)),
        _database: database,
        events,
    }
}

async fn verified(log: &Log) -> Progress {
    let mut verifier = Verifier::new(log.clone(), Position::START, None)
        .await
        .unwrap();
    loop {
        let progress = verifier.next().await.unwrap();
        if progress.done {
            return progress;
        }
    }
}

#[tokio::test]
async fn a_seeded_log_verifies_and_the_domain_can_fold_it() {
    let shape = Shape::of_events(1_000);
    let seeded = seeded(&shape).await;
    let progress = verified(&seeded.log).await;
    assert_eq!(
        (progress.problem, progress.verified),
        (None, Position(seeded.events))
    );
    // Five events about each task, beside the members and accounts.
    assert_eq!(seeded.events, 1_000 + 50 + 10);

    let recorded = seeded.log.read(Position::START, 2_000).await.unwrap();
    let mut owners = BTreeMap::new();
    let mut streams = BTreeSet::new();
    for event in &recorded {
        event.event().unwrap();
        event.metadata().unwrap();
        streams.insert(event.stream.clone());
        if let Event::Task(task::Event::Created(created)) = event.event().unwrap() {
            owners.insert(event.stream.clone(), created.subject.to_string());
        }
    }
    for event in &recorded {
        let owner = owners
            .get(&event.stream)
            .map_or(event.stream.as_str(), |s| s);
        assert_eq!(event.partition, Partition::of(owner), "{owner}");
    }
    assert_eq!(owners.len(), shape.tasks);
    for stream in &streams {
        let folded = seeded.snapshots.newest(stream).await.unwrap();
        if owners.contains_key(stream) {
            assert_eq!(folded.version, Version(4), "{stream}");
        }
    }
}

#[tokio::test]
async fn half_of_the_tasks_of_each_account_and_assignee_are_complete() {
    let shape = Shape {
        tasks: 64,
        accounts: 4,
        members: 4,
        work: Work::HalfCompleted,
    };
    let seeded = seeded(&shape).await;
    assert_eq!(verified(&seeded.log).await.problem, None);
    let recorded = seeded.log.read(Position::START, 1_000).await.unwrap();
    let completed = |event: &&handoff_event_log::Recorded| event.event_type == "task.completed";
    assert_eq!(recorded.iter().filter(completed).count(), 32);
    for account in 0..4 {
        let partition = Partition::of(&Shape::account(account));
        let of_it = recorded.iter().filter(|event| event.partition == partition);
        assert_eq!(of_it.filter(completed).count() % 8, 0, "{account}");
    }
}

#[tokio::test]
async fn a_log_that_ends_with_a_transfer_can_be_folded_to_it() {
    let shape = Shape {
        tasks: 40,
        accounts: 2,
        members: 3,
        work: Work::Transferred,
    };
    let seeded = seeded(&shape).await;
    assert_eq!(verified(&seeded.log).await.problem, None);
    let name: handoff_domain::names::OperationName = Shape::operation().parse().unwrap();
    let operation = seeded.snapshots.newest(&(&name).into()).await.unwrap();
    let handoff_domain::State::Operation(operation) = operation.state else {
        panic!("{operation:?}")
    };
    let from = "members/m1".parse().unwrap();
    let passes = operation.details().unwrap().change.passes().unwrap();
    assert_eq!(passes.0, &from);
    let events = seeded.log.read(Position::START, 1_000).await.unwrap();
    let of_m1 = events.iter().filter(|event| match event.event().unwrap() {
        Event::Task(task::Event::Created(created)) => created.assignees == [from.clone()],
        _ => false,
    });
    assert_eq!(of_m1.count(), 40);
}
