//! kill -9 of what moves work from one member to another, again and again while it does so: `TASKS` and `KILLS` say
//! how much.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use handoff_commands::{
    Clock, Gateway, GatewayConfig, Metrics, Request, States, SystemClock, new_id,
};
use handoff_domain::{
    Command, Context, HoldingKind, account,
    commands::{CreateAccount, CreateMember, CreateTask, NewId, TransferResources, UpdateSettings},
    limits, member,
    names::{AccountName, Actor, MemberName, OperationName, TaskName},
    settings::{Changes, OwnershipPolicy},
    task::{Draft, Origin},
    text::Line,
};
use handoff_event_log::{Database, Hash, Role};
use handoff_testkit::eventually;
use handoff_tests::{Deployment, Fleet, Mix};
use prometheus_client::registry::Registry;

use crate::{API, POLICIES, PROJECT, RELAY, number, seed};

/// Commands that create tasks at once.
const AT_ONCE: usize = 200;
/// Accounts that the tasks are about, and whose role is passed on. Few, so that the policy has several chunks
/// of each.
const ACCOUNTS: u64 = 5;
/// What is passed on, in turn: there and back as tasks, there and back as roles that the policy follows.
const TURNS: [HoldingKind; 4] = [
    HoldingKind::OpenTask,
    HoldingKind::OpenTask,
    HoldingKind::Role,
    HoldingKind::Role,
];
const PATIENCE: Duration = Duration::from_secs(120);
/// The place of the process that is killed.
const VICTIM: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn what_transfers_may_be_killed_at_any_moment() {
    transfers(1_000, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make soak"]
async fn what_transfers_ten_thousand_tasks_may_be_killed_a_hundred_times() {
    transfers(10_000, 100).await;
}

/// Passes all tasks on from one member to another and back, for as long as there are kills to come.
async fn transfers(tasks: u64, kills: u64) {
    let (tasks, kills) = (number("TASKS", tasks), number("KILLS", kills));
    let seed = seed();
    let mut choices = fastrand::Rng::with_seed(seed);
    let deployment = Deployment::shared().await;
    let mut fleet = Fleet::start(deployment, &[API, RELAY, PROJECT, POLICIES]).await;
    // What follows goes on where a killed one stopped, soon.
    fleet.places[VICTIM].set("HANDOFF_LEASE_SECONDS", "2");
    fleet.places[VICTIM].stop().await;
    let Fleet {
        places, deployment, ..
    } = &mut fleet;
    places[VICTIM].start(deployment, &[]).await;
    // What was transferred is folded once more by the check: some 1,300 events for each kill of the long form.
    fleet.rebuild_more += tasks * kills / 1_000;
    let inside = Inside::new(&fleet.deployment.database_url);
    inside.create(tasks).await;
    let watch = Watch(fleet.deployment.connect().await);
    let load = fleet.load(Mix {
        clients: 2,
        seed,
        ..Mix::default()
    });
    let began = Instant::now();
    let members = ["ana", "ben"].map(|id| MemberName::from_id(id).expect("an id"));
    let (mut killed, mut late, mut operations) = (Vec::new(), 0, Vec::new());
    while (killed.len() as u64) < kills {
        let turn = operations.len();
        let kind = TURNS[turn % TURNS.len()];
        let (from, to) = (&members[turn % 2], &members[(turn + 1) % 2]);
        let operation = inside.transfer(from, to, kind).await;
        operations.push((operation.clone(), kind));
        let mut progress = watch.progress(&operation).await;
        while (killed.len() as u64) < kills {
            let steps = choices.u64(1..=(chunks(kind, tasks) / 8).max(1));
            // Only the process that lives now goes on with it, so that one is at work.
            if !watch.advances(&operation, progress.events + steps).await {
                break;
            }
            let Fleet {
                places, deployment, ..
            } = &mut fleet;
            places[VICTIM].kill().await;
            progress = watch.progress(&operation).await;
            places[VICTIM].start(deployment, &[]).await;
            match progress.is_finished {
                true => late += 1,
                false => killed.push(progress),
            }
        }
        eventually("the end of the transfer", PATIENCE, async || {
            let progress = watch.progress(&operation).await;
            match progress.is_finished {
                true => Ok(()),
                false => Err(format!("{operation}: {progress:?}")),
            }
        })
        .await;
    }
    let roles = operations
        .iter()
        .filter(|(_, kind)| *kind == HoldingKind::Role);
    println!(
        "{} transfers of {tasks} tasks, {} of them by role; {kills} kills at work and {late} that came too late, in {} s",
        operations.len(),
        roles.count(),
        began.elapsed().as_secs(),
    );
    // Each after the first page of the plan, and before the end.
    let at_work = |at: &Progress| at.events > 1 && !at.is_finished;
    assert!(killed.iter().all(at_work), "{killed:?}");
    assert!(late * 5 <= kills, "{late} kills came too late");
    each_moved_once(&watch, &operations, tasks).await;
    fleet.stop_and_check(load).await;
}

/// In how many commands the tasks are passed on.
fn chunks(kind: HoldingKind, tasks: u64) -> u64 {
    let most = limits::MOVED_ITEMS as u64;
    match kind {
        HoldingKind::Role => ACCOUNTS * (tasks / ACCOUNTS).div_ceil(most),
        _ => tasks.div_ceil(most),
    }
}

/// How far an operation is.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// Of its stream: the start, pages of the plan, the end of that, results, the end.
    events: u64,
    is_finished: bool,
}

/// Looks at operations in the log.
struct Watch(tokio_postgres::Client);

impl Watch {
    async fn progress(&self, operation: &OperationName) -> Progress {
        let row = self
            .0
            .query_one(
                "select count(*), coalesce(bool_or(type = 'operation.finished'), false) \
                 from event_log.events where stream = $1",
                &[&operation.as_str()],
            )
            .await
            .expect("an answer");
        Progress {
            events: row.get::<_, i64>(0).unsigned_abs(),
            is_finished: row.get(1),
        }
    }

    /// Waits until an operation has so many events; false if it ends before.
    async fn advances(&self, operation: &OperationName, events: u64) -> bool {
        let began = Instant::now();
        loop {
            // Without a pause: what is waited for may last milliseconds.
            let progress = self.progress(operation).await;
            if progress.is_finished || progress.events >= events {
                return !progress.is_finished;
            }
            assert!(began.elapsed() < PATIENCE, "{operation}: {progress:?}");
        }
    }
}

/// By each of the operations each task moved once, and has one result that says so; and so has each role where roles
/// were passed on.
async fn each_moved_once(watch: &Watch, operations: &[(OperationName, HoldingKind)], tasks: u64) {
    for (operation, kind) in operations {
        let assigned = watch
            .0
            .query(
                "select stream from event_log.events \
                 where type = 'task.assigned' and payload::json -> 'cause' ->> 'operation' = $1",
                &[&operation.as_str()],
            )
            .await
            .expect("an answer");
        let results = watch
            .0
            .query(
                "select r -> 'item' ->> 'task', r ->> 'outcome', (r -> 'item')::text \
                 from event_log.events, json_array_elements(payload::json -> 'results') r \
                 where stream = $1 and type = 'operation.items_recorded'",
                &[&operation.as_str()],
            )
            .await
            .expect("an answer");
        let moved: BTreeSet<String> = assigned.iter().map(|row| row.get(0)).collect();
        assert_eq!(
            (assigned.len(), moved.len()),
            (tasks as usize, tasks as usize),
            "{operation}"
        );
        let recorded = results.iter().filter_map(|row| row.get(0));
        let recorded: BTreeSet<String> = recorded.collect();
        assert_eq!(moved, recorded, "{operation}");
        let roles = match kind {
            HoldingKind::Role => ACCOUNTS as usize,
            _ => 0,
        };
        let items: BTreeSet<String> = results.iter().map(|row| row.get(2)).collect();
        assert_eq!(
            (results.len(), items.len()),
            (tasks as usize + roles, tasks as usize + roles),
            "{operation}"
        );
        assert!(
            results.iter().all(|row| row.get::<_, &str>(1) == "moved"),
            "{operation}"
        );
    }
}

/// Handoff itself, beside the processes: it neither needs tokens nor stands in the way of the load.
struct Inside(Gateway);

impl Inside {
    fn new(database_url: &str) -> Self {
        let database = Database::new(database_url).expect("a URL");
        let states = States::new(database.pool(Role::Reader, "test", "", 2));
        let metrics = Metrics::new(&mut Registry::default());
        let gateway = Gateway::start(database, states, GatewayConfig::default(), metrics);
        Self(gateway.expect("a gateway"))
    }

    async fn submit(&self, command: impl Command + 'static) -> OperationName {
        let command_id = new_id();
        let request = Request {
            command_id,
            context: Context {
                actor: Actor::System,
                on_behalf_of: None,
                expected: None,
                plan: Vec::new(),
                command_id,
                now: SystemClock.now(),
            },
            request: "Test",
            request_hash: Hash::of(format!("{command:?}").as_bytes()),
            correlation_id: None,
            causation_id: None,
            bytes: 100,
            command: Box::new(command),
        };
        self.0.submit(request).await.expect("it is accepted");
        OperationName::of_command(command_id)
    }

    /// Two members, accounts and tasks of the first, and a policy by which all open work follows a role.
    async fn create(&self, tasks: u64) {
        for id in ["ana", "ben"] {
            self.submit(CreateMember {
                id: NewId::Given(MemberName::from_id(id).expect("an id")),
                display_name: Line::new(id).expect("a name"),
                email: None,
                kind: member::Kind::Staff,
            })
            .await;
        }
        let changes = Changes {
            ownership_policy: Some(OwnershipPolicy::AllOpen),
            ..Changes::default()
        };
        self.submit(UpdateSettings { changes }).await;
        for n in 0..ACCOUNTS {
            self.submit(CreateAccount {
                id: NewId::Given(AccountName::from_id(&format!("of-{n}")).expect("an id")),
                display_name: Line::new("Acme").expect("a name"),
                kind: account::Kind::Customer,
                assignee: Some(MemberName::from_id("ana").expect("an id")),
                sla_hours: None,
            })
            .await;
        }
        let numbers: Vec<_> = (0..tasks).collect();
        for numbers in numbers.chunks(AT_ONCE) {
            let creations = numbers.iter().map(|n| CreateTask {
                name: TaskName::from_id(&format!("transferred-{n}")).expect("an id"),
                draft: Draft {
                    subject: Some(
                        format!("accounts/of-{}", n % ACCOUNTS)
                            .parse()
                            .expect("a name"),
                    ),
                    title: Some(Line::new("Call").expect("a title")),
                    assignees: vec![MemberName::from_id("ana").expect("an id")],
                    ..Draft::default()
                },
                origin: Origin::Manual,
            });
            join_all(creations.map(|creation| self.submit(creation))).await;
        }
    }

    async fn transfer(
        &self,
        from: &MemberName,
        to: &MemberName,
        kind: HoldingKind,
    ) -> OperationName {
        self.submit(TransferResources {
            from: from.clone(),
            to: to.clone(),
            kinds: [kind].into(),
        })
        .await
    }
}
