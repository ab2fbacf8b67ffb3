//! kill -9 of what moves work from one member to another, again and again: `TASKS` and `KILLS` say how much.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use handoff_commands::{
    Clock, Gateway, GatewayConfig, Metrics, Request, States, SystemClock, new_id,
};
use handoff_domain::{
    Command, Context, HoldingKind,
    commands::{CreateMember, CreateTask, NewId, TransferResources},
    member,
    names::{Actor, MemberName, OperationName, TaskName},
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
const PATIENCE: Duration = Duration::from_secs(120);

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
    let mut choices = fastrand::Rng::with_seed(seed());
    let deployment = Deployment::shared().await;
    let mut fleet = Fleet::start(deployment, &[API, RELAY, PROJECT, POLICIES]).await;
    let inside = Inside::new(&fleet.deployment.database_url);
    inside.create(tasks).await;
    let load = fleet.load(Mix::default());
    let members = ["ana", "ben"].map(|id| MemberName::from_id(id).expect("an id"));
    let (mut killed, mut operations) = (0, Vec::new());
    while killed < kills {
        let (from, to) = (
            &members[operations.len() % 2],
            &members[(operations.len() + 1) % 2],
        );
        let operation = inside.transfer(from, to).await;
        operations.push(operation.clone());
        while killed < kills && !is_finished(&fleet, &operation).await {
            // From its start to some way into its work.
            load.some_more(choices.u64(1..500)).await;
            let Fleet {
                places, deployment, ..
            } = &mut fleet;
            places[3].kill().await;
            killed += 1;
            places[3].start(deployment, &[]).await;
        }
        eventually(
            "the end of the transfer",
            PATIENCE,
            async || match is_finished(&fleet, &operation).await {
                true => Ok(()),
                false => Err(operation.to_string()),
            },
        )
        .await;
    }
    println!(
        "{} transfers of {tasks} tasks, {killed} kills",
        operations.len()
    );
    each_moved_once(&fleet, &operations, tasks).await;
    fleet.stop_and_check(load).await;
}

async fn is_finished(fleet: &Fleet, operation: &OperationName) -> bool {
    let client = fleet.deployment.connect().await;
    let finished = "select from event_log.events where stream = $1 and type = 'operation.finished'";
    let row = client.query_opt(finished, &[&operation.as_str()]).await;
    row.expect("an answer").is_some()
}

/// By each of the operations each task moved once, and has one result that says so.
async fn each_moved_once(fleet: &Fleet, operations: &[OperationName], tasks: u64) {
    let client = fleet.deployment.connect().await;
    for operation in operations {
        let assigned = client
            .query(
                "select stream from event_log.events \
                 where type = 'task.assigned' and payload::json -> 'cause' ->> 'operation' = $1",
                &[&operation.as_str()],
            )
            .await
            .expect("an answer");
        let results = client
            .query(
                "select r -> 'item' ->> 'task', r ->> 'outcome' \
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
        let recorded: BTreeSet<String> = results.iter().map(|row| row.get(0)).collect();
        assert_eq!(
            (results.len(), recorded.len()),
            (tasks as usize, tasks as usize),
            "{operation}"
        );
        assert!(
            results.iter().all(|row| row.get::<_, &str>(1) == "moved"),
            "{operation}"
        );
    }
}

/// Handoff itself, beside the processes: what no caller may ask for yet.
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

    /// Two members, and tasks of the first.
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
        let numbers: Vec<_> = (0..tasks).collect();
        for numbers in numbers.chunks(AT_ONCE) {
            let creations = numbers.iter().map(|n| CreateTask {
                name: TaskName::from_id(&format!("transferred-{n}")).expect("an id"),
                draft: Draft {
                    subject: Some(format!("accounts/of-{}", n % 50).parse().expect("a name")),
                    title: Some(Line::new("Call").expect("a title")),
                    assignees: vec![MemberName::from_id("ana").expect("an id")],
                    ..Draft::default()
                },
                origin: Origin::Manual,
            });
            join_all(creations.map(|creation| self.submit(creation))).await;
        }
    }

    async fn transfer(&self, from: &MemberName, to: &MemberName) -> OperationName {
        self.submit(TransferResources {
            from: from.clone(),
            to: to.clone(),
            kinds: [HoldingKind::OpenTask].into(),
        })
        .await
    }
}
