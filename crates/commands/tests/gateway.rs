//! The gateway against a real Postgres: what is answered happened, once, on the newest state.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use handoff_commands::{
    Answer, Clock, CommandError, Gateway, GatewayConfig, Metrics, Request, States, SystemClock,
    new_id,
};
use handoff_domain::{
    Command, Context, Rejection, Revision, State,
    account::InteractionKind,
    commands::{
        AssignTask, CompleteTask, CreateMember, CreateTask, LogInteraction, NewId, ReopenTask,
        UpdateNotes,
    },
    member,
    names::TaskName,
    task::{Assignment, AssignmentCause, Draft, OpenStatus, Origin},
    text::{Html, Line},
};
use handoff_event_log::{Database, Hash, Log, Position, Role};
use handoff_testkit::TestDatabase;
use prometheus_client::registry::Registry;
use tokio::task::JoinSet;
use uuid::Uuid;

/// One replica: a gateway with its own cache.
fn replica_with(database: &Database, config: GatewayConfig) -> Gateway {
    let states = States::new(database.pool(Role::Reader, "test", "", 4));
    Gateway::start(
        database.clone(),
        states,
        config,
        Metrics::new(&mut Registry::default()),
    )
    .unwrap()
}

fn replica(database: &Database) -> Gateway {
    replica_with(database, GatewayConfig::default())
}

struct Fixture {
    _test: TestDatabase,
    database: Database,
    log: Log,
}

async fn fixture() -> Fixture {
    let test = TestDatabase::create().await;
    let database = Database::new(&test.url).unwrap();
    let log = Log::new(database.pool(Role::Reader, "test", "", 4));
    let first = replica(&database);
    for id in ["admin", "ana", "ben"] {
        let member = CreateMember {
            id: NewId::Given(format!("members/{id}").parse().unwrap()),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: member::Kind::Admin,
        };
        first.submit(request("system", member)).await.unwrap();
    }
    first.shutdown().await;
    Fixture {
        _test: test,
        database,
        log,
    }
}

fn request(actor: &str, command: impl Command + 'static) -> Request {
    Request {
        command_id: new_id(),
        context: Context {
            actor: actor.parse().unwrap(),
            on_behalf_of: None,
            expected: None,
            plan: Vec::new(),
            command_id: new_id(),
            now: SystemClock.now(),
        },
        request: "Test",
        request_hash: Hash::of(format!("{command:?}").as_bytes()),
        correlation_id: None,
        causation_id: None,
        bytes: 100,
        command: Box::new(command),
    }
}

fn ana(command: impl Command + 'static) -> Request {
    request("members/ana", command)
}

fn task(id: &str) -> TaskName {
    TaskName::from_id(id).unwrap()
}

fn create(id: &str, account: &str) -> CreateTask {
    CreateTask {
        name: task(id),
        draft: Draft {
            subject: Some(format!("accounts/{account}").parse().unwrap()),
            title: Some(Line::new("Prepare the quarterly review").unwrap()),
            ..Draft::default()
        },
        origin: Origin::Manual,
    }
}

fn complete(id: &str) -> CompleteTask {
    CompleteTask { name: task(id) }
}

fn number(answer: &Answer) -> String {
    match &answer.state {
        State::Task(task) => task.details().unwrap().number.to_string(),
        state => panic!("{state:?}"),
    }
}

fn is_complete(answer: &Answer) -> bool {
    matches!(&answer.state, State::Task(task) if task.details().is_some_and(|is| is.completed().is_some()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_the_resource_after_the_command() {
    let fixture = fixture().await;
    let gateway = replica(&fixture.database);
    let created = gateway.submit(ana(create("t1", "acme"))).await.unwrap();
    assert_eq!(number(&created), "ACME-TASK-1");
    // The account, its number, the task; after three members.
    assert_eq!(
        (created.receipt.events, created.receipt.position),
        (3, Position(6))
    );
    let completed = gateway.submit(ana(complete("t1"))).await.unwrap();
    assert!(is_complete(&completed));
    assert_eq!(completed.receipt.position, Position(7));
    // Done already: nothing is appended, and the position includes what was seen.
    let again = gateway.submit(ana(complete("t1"))).await.unwrap();
    assert_eq!(
        (again.receipt.events, again.receipt.position),
        (0, Position(7))
    );
    assert!(!again.receipt.replayed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_fifty_times_at_once_and_after_a_restart_happens_once() {
    let fixture = fixture().await;
    let (one, two) = (replica(&fixture.database), replica(&fixture.database));
    let command_id = new_id();
    let again = || Request {
        command_id,
        ..ana(create("t1", "acme"))
    };
    let mut tries = JoinSet::new();
    for n in 0..50 {
        let gateway = if n % 2 == 0 { one.clone() } else { two.clone() };
        let request = again();
        tries.spawn(async move { gateway.submit(request).await.unwrap() });
    }
    let answers = tries.join_all().await;
    assert_eq!(fixture.log.read_command(command_id).await.unwrap().len(), 3);
    for answer in &answers {
        assert_eq!(number(answer), "ACME-TASK-1");
        assert_eq!(
            (answer.receipt.position, answer.receipt.events),
            (Position(6), 3)
        );
    }
    // What happened since does not change the first answer.
    one.submit(ana(complete("t1"))).await.unwrap();
    one.shutdown().await;
    two.shutdown().await;
    let restarted = replica(&fixture.database);
    let answer = restarted.submit(again()).await.unwrap();
    assert!(answer.receipt.replayed && !is_complete(&answer));
    assert_eq!(
        (answer.version.0, answer.receipt.position),
        (1, Position(6))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_another_body_or_caller_is_refused() {
    let fixture = fixture().await;
    let gateway = replica(&fixture.database);
    let command_id = new_id();
    gateway
        .submit(Request {
            command_id,
            ..ana(create("t1", "acme"))
        })
        .await
        .unwrap();
    for other in [
        ana(create("t2", "acme")),
        request("members/ben", create("t1", "acme")),
    ] {
        let error = gateway
            .submit(Request {
                command_id,
                ..other
            })
            .await
            .unwrap_err();
        assert!(matches!(error, CommandError::RequestIdReused), "{error:?}");
    }
    // Also while the first still waits: both are in one batch, or the second finds the receipt.
    let command_id = new_id();
    let (first, second) = tokio::join!(
        gateway.submit(Request {
            command_id,
            ..ana(create("t3", "acme"))
        }),
        gateway.submit(Request {
            command_id,
            ..ana(create("t4", "acme"))
        }),
    );
    assert!(first.is_ok());
    assert!(matches!(second, Err(CommandError::RequestIdReused)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_replica_decides_no_ops_and_rejections_on_fresh_state() {
    let fixture = fixture().await;
    let (stale, other) = (replica(&fixture.database), replica(&fixture.database));
    stale.submit(ana(create("t1", "acme"))).await.unwrap();
    stale.submit(ana(complete("t1"))).await.unwrap();
    // To the stale replica the task is complete, so that completing it would change nothing.
    other
        .submit(ana(ReopenTask {
            name: task("t1"),
            status: OpenStatus::InProgress,
        }))
        .await
        .unwrap();
    let completed = stale.submit(ana(complete("t1"))).await.unwrap();
    assert_eq!(completed.receipt.events, 1);
    // To the stale replica there is no such task.
    let rejected = stale.submit(ana(complete("t2"))).await.unwrap_err();
    assert!(matches!(
        rejected,
        CommandError::Rejected(Rejection::NotFound { .. })
    ));
    other.submit(ana(create("t2", "acme"))).await.unwrap();
    assert!(is_complete(
        &stale.submit(ana(complete("t2"))).await.unwrap()
    ));
    // And an etag is compared with the newest revision.
    other
        .submit(ana(AssignTask {
            name: task("t1"),
            assignment: Assignment::Set(vec![]),
            cause: AssignmentCause::default(),
        }))
        .await
        .unwrap();
    let mut outdated = ana(AssignTask {
        name: task("t1"),
        assignment: Assignment::Set(vec![]),
        cause: AssignmentCause::default(),
    });
    outdated.context.expected = Some(Revision(4));
    let rejected = stale.submit(outdated).await.unwrap_err();
    assert!(
        matches!(
            rejected,
            CommandError::Rejected(Rejection::VersionMismatch { .. })
        ),
        "{rejected:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_replicas_lose_nothing_and_number_without_a_gap() {
    let fixture = fixture().await;
    let replicas = [replica(&fixture.database), replica(&fixture.database)];
    let mut clients = JoinSet::new();
    for client in 0..32 {
        let gateway = replicas[client % 2].clone();
        clients.spawn(async move {
            for n in 0..25 {
                let id = format!("t{client}-{n}");
                gateway.submit(ana(create(&id, "acme"))).await.unwrap();
                assert!(is_complete(
                    &gateway.submit(ana(complete(&id))).await.unwrap()
                ));
            }
        });
    }
    clients.join_all().await;
    let events = fixture.log.read(Position::START, 10_000).await.unwrap();
    // Three members, one account, and a number, a creation and a completion for each task.
    assert_eq!(events.len(), 3 + 1 + 3 * 800);
    assert!(
        events
            .iter()
            .zip(1..)
            .all(|(event, position)| event.position == Position(position))
    );
    let account = replicas[0]
        .submit(ana(create("last", "acme")))
        .await
        .unwrap();
    assert_eq!(number(&account), "ACME-TASK-801");
}

fn interaction(account: &str) -> LogInteraction {
    LogInteraction {
        account: format!("accounts/{account}").parse().unwrap(),
        kind: InteractionKind::PhoneCall,
        details: None,
        happened_at: None,
    }
}

/// S0: the first action that names an account creates it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_racing_first_actions_create_their_account_once() {
    let fixture = fixture().await;
    let replicas = [replica(&fixture.database), replica(&fixture.database)];
    let mut clients = JoinSet::new();
    for client in 0..100 {
        let gateway = replicas[client % 2].clone();
        clients.spawn(async move {
            gateway
                .submit(ana(interaction("unknown-before")))
                .await
                .unwrap();
        });
    }
    clients.join_all().await;
    let events = fixture.log.read(Position::START, 10_000).await.unwrap();
    let count = |event_type: &str| {
        let of_type = events.iter().filter(|event| event.event_type == event_type);
        of_type.count()
    };
    assert_eq!(count("account.created"), 1);
    assert_eq!(count("account.interaction_logged"), 100);
}

/// Two people who read the same notes cannot overwrite each other's.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_save_notes_that_they_read_at_once_one_wins() {
    let fixture = fixture().await;
    let replicas = [replica(&fixture.database), replica(&fixture.database)];
    replicas[0].submit(ana(interaction("acme"))).await.unwrap();
    let save = |notes: &str| UpdateNotes {
        account: "accounts/acme".parse().unwrap(),
        notes: Html::new(notes).unwrap(),
        notes_revision: 0,
    };
    let (one, other) = tokio::join!(
        replicas[0].submit(ana(save("call before nine"))),
        replicas[1].submit(ana(save("call after nine"))),
    );
    let refused = match (one, other) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    assert!(
        matches!(
            &refused,
            CommandError::Rejected(Rejection::StaleNotes { .. })
        ),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_waiting_does_not_stop_the_command() {
    let fixture = fixture().await;
    let gateway = replica(&fixture.database);
    let command_id = new_id();
    let request = Request {
        command_id,
        ..ana(create("t1", "acme"))
    };
    let waiting = tokio::time::timeout(Duration::ZERO, gateway.submit(request)).await;
    assert!(waiting.is_err());
    // The batches are in order: this one's answer comes after the other was appended.
    gateway.submit(ana(create("t2", "acme"))).await.unwrap();
    assert_eq!(fixture.log.read_command(command_id).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_answers_at_once() {
    let fixture = fixture().await;
    let config = GatewayConfig {
        queue_commands: 4,
        ..GatewayConfig::default()
    };
    let gateway = replica_with(&fixture.database, config);
    // Nothing is taken while the log is locked by somebody else.
    let mut appender = handoff_event_log::Appender::connect(&fixture.database)
        .await
        .unwrap();
    let locked = appender
        .lock(&handoff_event_log::Check::default())
        .await
        .unwrap();
    let mut clients = JoinSet::new();
    for n in 0..20 {
        let (gateway, request) = (gateway.clone(), ana(create(&format!("t{n}"), "acme")));
        clients.spawn(async move { gateway.submit(request).await });
    }
    let mut full = 0;
    let mut done = 0;
    let mut locked = Some(locked);
    while let Some(answer) = clients.join_next().await {
        match answer.unwrap() {
            Err(CommandError::QueueFull) => full += 1,
            Ok(_) => done += 1,
            Err(error) => panic!("{error:?}"),
        }
        // The refusals came while the lock was held; now the others may go on.
        if let Some(locked) = locked.take() {
            locked.release().await.unwrap();
        }
    }
    assert_eq!(full + done, 20);
    assert!(full >= 10 && done >= 4, "{full} refused, {done} done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_cache_and_many_snapshots_change_nothing() {
    let fixture = fixture().await;
    let config = GatewayConfig {
        cached_streams: NonZeroUsize::MIN,
        snapshot_versions: 3,
        ..GatewayConfig::default()
    };
    let gateway = replica_with(&fixture.database, config);
    for n in 1..=20 {
        let created = gateway
            .submit(ana(create(&format!("t{n}"), "acme")))
            .await
            .unwrap();
        assert_eq!(number(&created), format!("ACME-TASK-{n}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_shuts_down_answers_what_waits() {
    let fixture = fixture().await;
    let gateway = replica(&fixture.database);
    let mut clients = JoinSet::new();
    for n in 0..100 {
        let (gateway, request) = (gateway.clone(), ana(create(&format!("t{n}"), "acme")));
        clients.spawn(async move { gateway.submit(request).await });
    }
    tokio::task::yield_now().await;
    gateway.shutdown().await;
    let answers = clients.join_all().await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(CommandError::ShuttingDown)))
        .count();
    assert_eq!(done + refused, 100);
    let tasks = fixture.log.read(Position::START, 1_000).await.unwrap();
    let created = tasks
        .iter()
        .filter(|event| event.event_type == "task.created")
        .count();
    assert_eq!(created, done);
    assert!(matches!(
        gateway.submit(ana(complete("t1"))).await,
        Err(CommandError::ShuttingDown)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_made_again() {
    let fixture = fixture().await;
    let gateway = replica(&fixture.database);
    gateway.submit(ana(create("t1", "acme"))).await.unwrap();
    let client = fixture._test.connect().await;
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
                where application_name = 'handoff appender' and datname = current_database()";
    for n in 2..=10 {
        client.execute(kill, &[]).await.unwrap();
        let command_id = new_id();
        // It may be refused while the connection is away; the same id is safe to send again.
        let answer = loop {
            let request = Request {
                command_id,
                ..ana(create(&format!("t{n}"), "acme"))
            };
            match gateway.submit(request).await {
                Ok(answer) => break answer,
                Err(CommandError::Unavailable(_)) => continue,
                Err(error) => panic!("{error:?}"),
            }
        };
        assert_eq!(number(&answer), format!("ACME-TASK-{n}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_read_fresh_and_what_this_replica_changed_shows_at_once() {
    let fixture = fixture().await;
    let states = States::new(fixture.database.pool(Role::Reader, "test", "", 4));
    let metrics = Metrics::new(&mut Registry::default());
    let gateway = Gateway::start(
        fixture.database.clone(),
        states.clone(),
        GatewayConfig::default(),
        metrics,
    )
    .unwrap();
    let ana = "members/ana".parse().unwrap();
    let long = Duration::from_secs(3_600);
    assert_eq!(states.fresh(&ana, long).await.unwrap().version.0, 1);
    let mut about_ana = create("t1", "acme");
    about_ana.draft.subject = Some("members/ana".parse().unwrap());
    gateway
        .submit(request("members/ben", about_ana.clone()))
        .await
        .unwrap();
    assert_eq!(states.fresh(&ana, long).await.unwrap().version.0, 2);
    let other = replica(&fixture.database);
    other
        .submit(request(
            "members/ben",
            CreateTask {
                name: task("t2"),
                ..about_ana
            },
        ))
        .await
        .unwrap();
    assert_eq!(
        states.fresh(&ana, Duration::ZERO).await.unwrap().version.0,
        3
    );
}

#[test]
fn an_events_id_depends_on_its_command_alone() {
    let command = Uuid::from_u128(1);
    assert_eq!(
        handoff_commands::event_id(command, 0),
        handoff_commands::event_id(command, 0)
    );
    assert_ne!(
        handoff_commands::event_id(command, 0),
        handoff_commands::event_id(command, 1)
    );
    let _: Arc<dyn Clock> = Arc::new(SystemClock);
}
