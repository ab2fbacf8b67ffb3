//! Who is given work while they are being disabled: nobody, under any race of two replicas.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use handoff_commands::{
    Clock, CommandError, Gateway, GatewayConfig, Metrics, Request, States, SystemClock, new_id,
};
use handoff_domain::{
    Command, Context, Event, Reason, Rejection, Stop, Unit,
    commands::{
        AssignTask, CompleteTask, CreateMember, CreateTask, EnableMember, NewId, StartDisabling,
    },
    member,
    names::{MemberName, StreamName, TaskName},
    task::{self, Assignment, AssignmentCause, Draft, Origin},
    text::Line,
};
use handoff_event_log::{Database, Hash, Log, Position, Role};
use handoff_testkit::TestDatabase;
use prometheus_client::registry::Registry;
use tokio::task::JoinSet;

/// Clients that give work.
const CLIENTS: usize = 8;
/// How often each outcome must have come: work that was given, and work that was refused.
const OF_EACH: usize = 40;
/// Rounds of a client after which the race has failed to be one.
const ROUNDS: usize = 2_000;

fn replica(database: &Database) -> Gateway {
    let states = States::new(database.pool(Role::Reader, "test", "", 4));
    let metrics = Metrics::new(&mut Registry::default());
    Gateway::start(database.clone(), states, GatewayConfig::default(), metrics).unwrap()
}

fn request(actor: &str, command: impl Command + 'static) -> Request {
    let command_id = new_id();
    Request {
        command_id,
        context: Context {
            actor: actor.parse().unwrap(),
            on_behalf_of: None,
            expected: None,
            plan: Vec::new(),
            now: SystemClock.now(),
            command_id,
        },
        request: "Test",
        request_hash: Hash::of(format!("{command:?}").as_bytes()),
        correlation_id: None,
        causation_id: None,
        bytes: 100,
        command: Box::new(command),
    }
}

fn ben() -> MemberName {
    "members/ben".parse().unwrap()
}

/// A new task of Ben's; in other rounds one of the account's, which is then given to him.
async fn give(gateway: &Gateway, id: &str, at_once: bool) -> Result<(), CommandError> {
    let name = TaskName::from_id(id).unwrap();
    let create = CreateTask {
        name: name.clone(),
        draft: Draft {
            subject: Some("accounts/acme".parse().unwrap()),
            title: Some(Line::new("Call back").unwrap()),
            assignees: if at_once { vec![ben()] } else { Vec::new() },
            ..Draft::default()
        },
        origin: Origin::Manual,
    };
    gateway.submit(request("members/ana", create)).await?;
    if !at_once {
        let assign = AssignTask {
            name,
            assignment: Assignment::Set(vec![ben()]),
            cause: AssignmentCause::default(),
        };
        gateway.submit(request("members/ana", assign)).await?;
    }
    Ok(())
}

/// Takes work from Ben and lets him have it again, for as long as others give him some.
async fn disable_and_enable(gateway: Gateway, go_on: Arc<AtomicBool>) {
    while go_on.load(Ordering::Relaxed) {
        let start = StartDisabling {
            name: ben(),
            successor: None,
            other_admins: Vec::new(),
            holdings: Default::default(),
        };
        gateway.submit(request("members/ana", start)).await.unwrap();
        let enable = EnableMember { name: ben() };
        gateway
            .submit(request("members/ana", enable))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_given_work_from_the_start_of_their_disabling_and_no_number_is_given_twice() {
    let test = TestDatabase::create().await;
    let database = Database::new(&test.url).unwrap();
    let replicas = [replica(&database), replica(&database)];
    for id in ["ana", "ben"] {
        let create = CreateMember {
            id: NewId::Given(format!("members/{id}").parse().unwrap()),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: member::Kind::Admin,
        };
        let created = replicas[0].submit(request("system", create)).await;
        created.unwrap();
    }
    let go_on = Arc::new(AtomicBool::new(true));
    let disabling = tokio::spawn(disable_and_enable(replicas[0].clone(), go_on.clone()));
    let (given, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let gateway = replicas[client % 2].clone();
        let (given, refused) = (given.clone(), refused.clone());
        clients.spawn(async move {
            for round in 0..ROUNDS {
                match give(&gateway, &format!("t{client}-{round}"), round % 2 == 0).await {
                    Ok(()) => &given,
                    Err(CommandError::Rejected(Rejection::Precondition {
                        reason: Reason::MemberDisabled,
                        ..
                    })) => &refused,
                    Err(error) => panic!("{error:?}"),
                }
                .fetch_add(1, Ordering::Relaxed);
                let enough = |of: &AtomicUsize| of.load(Ordering::Relaxed) >= OF_EACH;
                if enough(&given) && enough(&refused) {
                    return;
                }
            }
        });
    }
    clients.join_all().await;
    go_on.store(false, Ordering::Relaxed);
    disabling.await.unwrap();
    let counts = (
        given.load(Ordering::Relaxed),
        refused.load(Ordering::Relaxed),
    );
    assert!(
        counts.0 >= OF_EACH && counts.1 >= OF_EACH,
        "no race: {counts:?}"
    );

    // The log tells who could be given work when they were.
    let log = Log::new(database.pool(Role::Reader, "test", "", 4));
    let events = log.read(Position::START, 100_000).await.unwrap();
    let (mut takes_work, mut assigned) = (true, 0);
    let mut numbers = BTreeSet::new();
    for recorded in &events {
        let joined = match recorded.event().unwrap() {
            Event::Member(event) if recorded.stream.as_str() == ben().as_str() => {
                match event {
                    member::Event::DisablingStarted { .. } => takes_work = false,
                    member::Event::DisablingCancelled { .. } | member::Event::Enabled { .. } => {
                        takes_work = true;
                    }
                    _ => {}
                }
                continue;
            }
            Event::Task(task::Event::Created(created)) => {
                assert!(numbers.insert(created.number.clone()), "{}", created.number);
                created.assignees.clone()
            }
            Event::Task(task::Event::Assigned { joined, .. }) => joined,
            _ => continue,
        };
        if joined.contains(&ben()) {
            assert!(
                takes_work,
                "given work at {}, while being disabled",
                recorded.position
            );
            assigned += 1;
        }
    }
    assert_eq!(assigned, counts.0);
}

/// Looks at Ben only where the task is complete. Answers with him.
#[derive(Debug)]
struct LookAtBen(TaskName);

impl Command for LookAtBen {
    fn decide(&self, _: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let refuse = |resource: &str| Rejection::NotFound {
            resource: resource.to_owned(),
        };
        match unit.task(&self.0)?.details() {
            Some(details) if !details.is_open() => {}
            _ => return Err(refuse(self.0.as_str()).into()),
        }
        match unit.member(&ben())?.details() {
            Some(details) if !details.takes_work() => Ok((&ben()).into()),
            _ => Err(refuse(ben().as_str()).into()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_decision_reads_only_once_another_replica_was_heard_of_is_as_in_the_log() {
    let test = TestDatabase::create().await;
    let database = Database::new(&test.url).unwrap();
    let (one, other) = (replica(&database), replica(&database));
    for id in ["admin", "ana", "ben"] {
        let create = CreateMember {
            id: NewId::Given(format!("members/{id}").parse().unwrap()),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: member::Kind::Admin,
        };
        one.submit(request("system", create)).await.unwrap();
    }
    // Both are remembered by the first replica, and changed by the second.
    give(&one, "t1", true).await.unwrap();
    let name = TaskName::from_id("t1").unwrap();
    let complete = CompleteTask { name: name.clone() };
    other
        .submit(request("members/ana", complete))
        .await
        .unwrap();
    let disable = StartDisabling {
        name: ben(),
        successor: Some("members/ana".parse().unwrap()),
        other_admins: Vec::new(),
        holdings: Default::default(),
    };
    other
        .submit(request("members/admin", disable))
        .await
        .unwrap();
    let looked = one.submit(request("members/ana", LookAtBen(name))).await;
    assert_eq!(looked.unwrap().resource.as_str(), "members/ben");
}
