//! The log against a real Postgres: what is appended is there, in order, and any change of it shows.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::sync::Arc;

use handoff_domain::{Event, Partition, Version, account, member, names::StreamName, text::Line};
use handoff_event_log::{
    Appender, Check, Database, Hash, Log, LogError, NewRecord, Page, PageSize, Position, Recorded,
    Role, Snapshot, Snapshots,
    verify::{Problem, ProblemKind, Verifier},
};
use handoff_testkit::TestDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

struct Fixture {
    test: TestDatabase,
    database: Database,
    log: Log,
}

async fn fixture() -> Fixture {
    let test = TestDatabase::create().await;
    let database = Database::new(&test.url).unwrap();
    let log = Log::new(database.pool(Role::Reader, "test", "", 4));
    Fixture {
        test,
        database,
        log,
    }
}

fn stream(id: &str) -> StreamName {
    format!("members/{id}").parse().unwrap()
}

fn created(id: &str, version: u32, command: u128) -> NewRecord {
    let event = if version == 1 {
        Event::Member(member::Event::Created {
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: member::Kind::Staff,
            by: "system".parse().unwrap(),
            at: chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        })
    } else {
        let task = format!("tasks/t{version}").parse().unwrap();
        Event::Member(member::Event::TaskNumbered {
            task,
            n: version - 1,
        })
    };
    NewRecord {
        stream: stream(id),
        version: Version(version),
        event_type: event.name(),
        type_version: event.type_version(),
        partition: Partition::of(stream(id).as_str()),
        event_id: Uuid::from_u128(1_000 + command),
        command_id: Uuid::from_u128(command),
        command_index: 0,
        payload: event.encode(),
        metadata: Arc::from(
            r#"{"actor":"system","request":"Test","request_hash":"00","correlation_id":"00000000-0000-0000-0000-000000000000"}"#,
        ),
    }
}

async fn append(appender: &mut Appender, records: &[NewRecord]) -> Position {
    appender
        .lock(&Check::default())
        .await
        .unwrap()
        .commit(records)
        .await
        .unwrap()
        .last
}

/// Five streams of two events each.
async fn ten_events(fixture: &Fixture) {
    let mut appender = Appender::connect(&fixture.database).await.unwrap();
    for version in 1..=2_u32 {
        let records: Vec<_> = (0..5)
            .map(|n| created(&format!("m{n}"), version, u128::from(version * 10 + n)))
            .collect();
        append(&mut appender, &records).await;
        appender.anchor().await.unwrap();
    }
}

async fn verify(log: &Log) -> Option<Problem> {
    let mut verifier = Verifier::new(log.clone(), Position::START, None)
        .await
        .unwrap();
    loop {
        let progress = verifier.next().await.unwrap();
        if progress.done {
            return progress.problem;
        }
    }
}

/// What a superuser can do who takes the triggers off.
async fn tamper(client: &Client, sql: &str) {
    let script = format!(
        "set session_replication_role = replica; {sql}; set session_replication_role = origin"
    );
    client.batch_execute(&script).await.unwrap();
}

fn bytes(events: &[Recorded]) -> usize {
    events
        .iter()
        .map(|event| event.payload.len() + event.metadata.len())
        .sum()
}

#[tokio::test]
async fn a_page_has_no_more_bytes_than_asked_for_but_at_least_one_event() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let all = fixture.log.read(Position::START, 100).await.unwrap();
    let largest = all.iter().map(|event| bytes(std::slice::from_ref(event)));
    let largest = largest.max().unwrap();
    for limit in [1, largest, 3 * largest, bytes(&all), usize::MAX] {
        for events in [1, 4, 10, 11] {
            let size = PageSize {
                events,
                bytes: limit,
            };
            let (mut whole, mut after) = (Vec::new(), Position::START);
            loop {
                let Page { events, is_last } = fixture.log.read_page(after, size).await.unwrap();
                assert!(events.len() as i64 <= size.events);
                assert!(bytes(&events) <= limit || events.len() == 1, "{limit}");
                // The page is as full as it may be.
                let next = all.get(whole.len() + events.len());
                let fits = next.is_some_and(|next| {
                    bytes(&events) + bytes(std::slice::from_ref(next)) <= limit
                });
                assert!(!fits || events.len() as i64 == size.events, "{limit}");
                after = events.last().map_or(after, |last| last.position);
                whole.extend(events);
                if is_last {
                    break;
                }
            }
            assert_eq!(whole, all, "{limit} bytes and {events} events a page");
        }
    }

    let size = PageSize {
        events: 10,
        bytes: 1,
    };
    let (log, m3, end) = (&fixture.log, stream("m3"), Position(10));
    let page = log.read_stream_page(&m3, Version(0), end, size);
    let page = page.await.unwrap();
    assert_eq!((page.events.len(), page.is_last), (1, false));
    let page = log.read_stream_page(&m3, Version(1), end, size);
    let page = page.await.unwrap();
    assert_eq!((page.events[0].version, page.is_last), (Version(2), true));
    let page = log.read_stream_page(&m3, Version(2), end, size);
    assert!(page.await.unwrap().events.is_empty());
}

#[tokio::test]
async fn positions_are_contiguous_and_the_chain_verifies() {
    let fixture = fixture().await;
    assert_eq!(fixture.log.head().await.unwrap().position, Position::START);
    ten_events(&fixture).await;
    let events = fixture.log.read(Position::START, 100).await.unwrap();
    let positions: Vec<_> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, (1..=10).collect::<Vec<_>>());
    let mut previous = Hash::GENESIS;
    for event in &events {
        assert_eq!(event.hash, event.expected_hash(&previous));
        previous = event.hash;
    }
    let head = fixture.log.head().await.unwrap();
    assert_eq!((head.position, head.hash), (Position(10), previous));
    assert_eq!(verify(&fixture.log).await, None);
}

#[tokio::test]
async fn one_changed_byte_is_found() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let client = fixture.test.connect().await;
    for (column, position) in [("payload", 3), ("metadata", 4)] {
        tamper(
            &client,
            &format!(
                "create table kept as select * from event_log.events where position = {position}"
            ),
        )
        .await;
        tamper(
            &client,
            &format!("update event_log.events set {column} = replace({column}::text, 's', 'S')::json where position = {position}"),
        )
        .await;
        let problem = verify(&fixture.log).await.unwrap();
        assert_eq!(problem.position, Position(position));
        assert!(matches!(problem.kind, ProblemKind::Changed { .. }));
        tamper(
            &client,
            &format!("update event_log.events e set {column} = kept.{column} from kept where e.position = kept.position; drop table kept"),
        )
        .await;
        assert_eq!(verify(&fixture.log).await, None);
    }
}

#[tokio::test]
async fn one_removed_row_is_found() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let client = fixture.test.connect().await;
    tamper(&client, "delete from event_log.events where position = 7").await;
    let problem = verify(&fixture.log).await.unwrap();
    assert_eq!(
        problem,
        Problem {
            position: Position(7),
            kind: ProblemKind::Missing { next: Position(8) }
        }
    );
}

#[tokio::test]
async fn one_swapped_pair_is_found() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let client = fixture.test.connect().await;
    tamper(
        &client,
        "update event_log.events set position = -4 where false; \
         alter table event_log.events drop constraint events_position_counts; \
         update event_log.events set position = -4 where position = 4; \
         update event_log.events set position = 4 where position = 5; \
         update event_log.events set position = 5 where position = -4",
    )
    .await;
    let problem = verify(&fixture.log).await.unwrap();
    assert_eq!(problem.position, Position(4));
    assert!(matches!(problem.kind, ProblemKind::Changed { .. }));
}

#[tokio::test]
async fn a_tail_that_was_cut_off_is_found_by_its_anchor() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let client = fixture.test.connect().await;
    tamper(&client, "delete from event_log.events where position > 8").await;
    let problem = verify(&fixture.log).await.unwrap();
    assert_eq!(
        problem,
        Problem {
            position: Position(10),
            kind: ProblemKind::Cut { head: Position(8) }
        }
    );
}

#[tokio::test]
async fn history_is_only_ever_added_to() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let client = fixture.test.connect().await;
    for sql in [
        "update event_log.events set version = 9 where position = 1",
        "delete from event_log.events where position = 1",
        "truncate event_log.events",
        "update event_log.anchors set position = 1",
        "delete from event_log.append_lock",
    ] {
        let error = client.batch_execute(sql).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{sql}");
    }
}

#[tokio::test]
async fn each_role_may_do_its_work_and_no_more() {
    let fixture = fixture().await;
    for (role, sql) in [
        (
            Role::Reader,
            "insert into event_log.anchors (position, hash) values (1, '')",
        ),
        (
            Role::Projector,
            "insert into event_log.anchors (position, hash) values (1, '')",
        ),
        (Role::Relay, "select from event_log.append_lock for update"),
        (
            Role::Projector,
            "insert into event_log.events (position) values (1)",
        ),
        (Role::Appender, "update event_log.events set version = 9"),
        (Role::Appender, "delete from event_log.events"),
        (Role::Appender, "truncate event_log.events"),
    ] {
        let client = fixture.database.connect(role, "test", "").await.unwrap();
        let error = client.batch_execute(sql).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{role:?}: {sql}");
    }
}

#[tokio::test]
async fn the_lock_shows_what_moved_and_what_was_done_before() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let mut appender = Appender::connect(&fixture.database).await.unwrap();
    let check = Check {
        streams: vec![
            (stream("m0"), Version(1)),
            (stream("m1"), Version(2)),
            (stream("new"), Version(0)),
        ],
        commands: vec![Uuid::from_u128(12), Uuid::from_u128(99)],
    };
    let locked = appender.lock(&check).await.unwrap();
    let moved: Vec<_> = locked
        .tails
        .iter()
        .map(|event| (event.stream.as_str(), event.version.0))
        .collect();
    assert_eq!(moved, [("members/m0", 2)]);
    let done: Vec<_> = locked
        .receipts
        .iter()
        .map(|event| event.command_id.as_u128())
        .collect();
    assert_eq!(done, [12]);
    locked.release().await.unwrap();
}

#[tokio::test]
async fn a_lock_that_is_dropped_holds_nobody_up() {
    let fixture = fixture().await;
    let mut appender = Appender::connect(&fixture.database).await.unwrap();
    drop(appender.lock(&Check::default()).await.unwrap());
    assert_eq!(
        append(&mut appender, &[created("m0", 1, 1)]).await,
        Position(1)
    );
}

#[tokio::test]
async fn a_session_that_hangs_with_the_lock_is_ended() {
    let fixture = fixture().await;
    let mut frozen = Appender::connect(&fixture.database).await.unwrap();
    let held = frozen.lock(&Check::default()).await.unwrap();
    let mut other = Appender::connect(&fixture.database).await.unwrap();
    // Waits for the two seconds after which Postgres ends the session that holds the lock.
    append(&mut other, &[created("m0", 1, 1)]).await;
    let error = held.commit(&[created("m1", 1, 2)]).await.unwrap_err();
    assert!(
        matches!(
            error,
            LogError::Unavailable(_) | LogError::OutcomeUnknown(_)
        ),
        "{error:?}"
    );
    assert_eq!(fixture.log.head().await.unwrap().position, Position(1));
}

#[tokio::test]
async fn a_version_is_never_written_twice() {
    let fixture = fixture().await;
    let mut appender = Appender::connect(&fixture.database).await.unwrap();
    append(&mut appender, &[created("m0", 1, 1)]).await;
    let error = appender
        .lock(&Check::default())
        .await
        .unwrap()
        .commit(&[created("m0", 1, 2)])
        .await;
    assert!(matches!(error, Err(LogError::Refused(_))), "{error:?}");
    // The failed append left nothing, and the session goes on.
    assert_eq!(
        append(&mut appender, &[created("m0", 2, 3)]).await,
        Position(2)
    );
}

#[tokio::test]
async fn a_state_loads_the_same_from_a_snapshot_and_from_all_its_events() {
    let fixture = fixture().await;
    let mut appender = Appender::connect(&fixture.database).await.unwrap();
    let records: Vec<_> = (1..=20)
        .map(|version| created("m0", version, u128::from(version)))
        .collect();
    append(&mut appender, &records).await;
    let snapshots = Snapshots::new(fixture.database.pool(Role::Appender, "test", "", 2));
    let plain = appender
        .load(&[stream("m0"), stream("none")])
        .await
        .unwrap();
    assert_eq!(
        (plain[0].version, plain[1].version),
        (Version(20), Version(0))
    );
    for version in [5, 12] {
        let versioned = snapshots
            .at_version(&stream("m0"), Version(version))
            .await
            .unwrap();
        assert_eq!(versioned.version, Version(version));
        snapshots
            .save(&Snapshot {
                stream: stream("m0"),
                versioned,
            })
            .await
            .unwrap();
    }
    assert_eq!(appender.load(&[stream("m0")]).await.unwrap()[0], plain[0]);
    assert_eq!(snapshots.newest(&stream("m0")).await.unwrap(), plain[0]);
    // Below the newest snapshot, and by position.
    assert_eq!(
        snapshots
            .at_version(&stream("m0"), Version(7))
            .await
            .unwrap()
            .version,
        Version(7)
    );
    assert_eq!(
        snapshots
            .at_position(&stream("m0"), Position(3))
            .await
            .unwrap()
            .version,
        Version(3)
    );
}

#[tokio::test]
async fn as_of_a_moment_means_what_was_recorded_by_then() {
    let fixture = fixture().await;
    ten_events(&fixture).await;
    let events = fixture.log.read(Position::START, 100).await.unwrap();
    assert_eq!(
        fixture
            .log
            .position_at(events[4].recorded_at)
            .await
            .unwrap(),
        Position(5)
    );
    let before = events[0].recorded_at - chrono::TimeDelta::microseconds(1);
    assert_eq!(fixture.log.position_at(before).await.unwrap(), Position(0));
    let after = events[9].recorded_at + chrono::TimeDelta::days(1);
    assert_eq!(fixture.log.position_at(after).await.unwrap(), Position(10));
}

#[tokio::test]
async fn an_account_is_read_as_an_account() {
    let fixture = fixture().await;
    let mut appender = Appender::connect(&fixture.database).await.unwrap();
    let event = Event::Account(account::Event::TaskNumbered {
        task: "tasks/t".parse().unwrap(),
        n: 1,
    });
    let record = NewRecord {
        stream: "accounts/acme".parse().unwrap(),
        event_type: event.name(),
        payload: event.encode(),
        ..created("m0", 1, 1)
    };
    append(&mut appender, &[record]).await;
    // Numbering before creation: such a history cannot be folded, and says so.
    let error = appender
        .load(&["accounts/acme".parse().unwrap()])
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            LogError::Corrupt {
                position: Position(1),
                ..
            }
        ),
        "{error:?}"
    );
}
