//! A Handoff of which only the log, the relay, a gateway and policies run.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use handoff_bus::{Feed, Hints, Precedence, Relay, RelayConfig, Subjects};
use handoff_commands::{
    Answer, Clock as _, CommandError, Gateway, GatewayConfig, Request, States, SystemClock, new_id,
};
use handoff_domain::{
    Command, Context,
    commands::{AssignRole, CreateMember, CreateTask, NewId},
    member,
    names::{Actor, TaskName},
    task::{Draft, Origin},
    text::Line,
};
use handoff_event_log::{Database, Hash, Log, Position, Recorded, Role};
use handoff_policies::{Policy, Runtime, run_policy};
use handoff_projections::{Admin, Environment, Notices};
use handoff_testkit::{TestDatabase, TestNats, eventually};
use prometheus_client::registry::Registry;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// No wait of a test is longer.
pub(crate) const CEILING: Duration = Duration::from_secs(60);

/// Where everything is.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) database_url: String,
    pub(crate) nats_url: String,
    pub(crate) prefix: String,
}

pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) gateway: Gateway,
    pub(crate) log: Log,
    pub(crate) admin: Admin,
    pub(crate) test: TestDatabase,
    _nats: TestNats,
    relay: JoinHandle<()>,
}

impl Place {
    pub(crate) fn database(&self) -> Database {
        Database::new(&self.database_url).unwrap()
    }

    pub(crate) fn gateway(&self, config: GatewayConfig) -> Gateway {
        let states = States::new(self.database().pool(Role::Reader, "test", "", 4));
        let metrics = handoff_commands::Metrics::new(&mut Registry::default());
        Gateway::start(self.database(), states, config, metrics).unwrap()
    }

    /// What a process of this name would give its policies.
    pub(crate) async fn environment(&self, instance: &str) -> Environment {
        let nats = handoff_bus::connect(&self.nats_url, "test").await.unwrap();
        let subjects = Subjects::new(&self.prefix, &self.prefix);
        let log = Log::new(self.database().pool(Role::Reader, "handoff feed", "", 4));
        let never = CancellationToken::new();
        let metrics = handoff_bus::Metrics::default();
        Environment {
            database: self.database(),
            feed: Feed::start(subjects.clone(), nats.clone(), log.clone(), metrics, &never),
            log,
            hints: Hints::new(nats, subjects),
            notices: Notices::default(),
            precedence: Precedence::default(),
            metrics: handoff_projections::Metrics::default(),
            instance: instance.into(),
            settings: settings(),
        }
    }

    pub(crate) fn runtime(&self, instance: &str, gateway: Gateway) -> Runtime {
        Runtime::new(
            &self.database(),
            gateway,
            Arc::new(SystemClock),
            instance.into(),
            handoff_policies::Metrics::default(),
            handoff_policies::Settings {
                in_flight: NonZeroUsize::new(64).unwrap(),
                job_expiry: Duration::from_secs(2),
                job_poll: Duration::from_millis(100),
                ..handoff_policies::Settings::default()
            },
        )
    }
}

fn settings() -> handoff_projections::Settings {
    handoff_projections::Settings {
        heartbeat: Duration::from_millis(200),
        expiry: Duration::from_secs(2),
        max_events: 50,
        linger: Duration::from_millis(5),
        kept: Duration::from_secs(4),
        ..handoff_projections::Settings::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let (test, nats) = tokio::join!(TestDatabase::create(), TestNats::start_shared());
        let place = Place {
            database_url: test.url.clone(),
            nats_url: nats.url.clone(),
            prefix: nats.prefix.clone(),
        };
        let database = place.database();
        let gateway = place.gateway(GatewayConfig::default());
        let config = RelayConfig {
            subjects: Subjects::new(&nats.prefix, &nats.prefix),
            ..Default::default()
        };
        let relay = Relay::new(
            config,
            database.clone(),
            nats.connect().await,
            gateway.committed(),
            handoff_bus::Metrics::default(),
        );
        let world = Self {
            gateway,
            log: Log::new(database.pool(Role::Reader, "test", "", 4)),
            admin: Admin::new(&database, &settings()),
            relay: tokio::spawn(relay.run(CancellationToken::new())),
            place,
            test,
            _nats: nats,
        };
        for id in ["admin", "ana", "ben", "cleo", "dan"] {
            let member = CreateMember {
                id: NewId::Given(format!("members/{id}").parse().unwrap()),
                display_name: Line::new(id).unwrap(),
                email: None,
                kind: member::Kind::Admin,
            };
            world.submit(member).await;
        }
        world
    }

    /// Submits a command as Handoff itself.
    pub(crate) async fn submit(&self, command: impl Command + 'static) -> Answer {
        self.try_submit(command).await.unwrap()
    }

    pub(crate) async fn try_submit(
        &self,
        command: impl Command + 'static,
    ) -> Result<Answer, CommandError> {
        self.submit_at(&self.gateway, Box::new(command)).await
    }

    /// The same, at some gateway.
    pub(crate) async fn submit_at(
        &self,
        gateway: &Gateway,
        command: Box<dyn Command>,
    ) -> Result<Answer, CommandError> {
        let command_id = new_id();
        let request = Request {
            command_id,
            context: Context {
                actor: Actor::System,
                on_behalf_of: None,
                expected: None,
                now: SystemClock.now(),
                plan: Vec::new(),
                command_id,
            },
            request: "Test",
            request_hash: Hash::of(format!("{command:?}").as_bytes()),
            correlation_id: None,
            causation_id: None,
            bytes: 100,
            command,
        };
        gateway.submit(request).await
    }

    /// Creates a task of an account, and the account where there is none.
    pub(crate) async fn task(&self, account: &str, id: &str, assignee: &str) {
        let command = CreateTask {
            name: TaskName::from_id(id).unwrap(),
            draft: Draft {
                subject: Some(format!("accounts/{account}").parse().unwrap()),
                title: Some(Line::new("Prepare the quarterly review").unwrap()),
                assignees: vec![format!("members/{assignee}").parse().unwrap()],
                ..Draft::default()
            },
            origin: Origin::Manual,
        };
        self.submit(command).await;
    }

    /// Gives an account to a member: the trigger of the tests' policies. Answers the event's position.
    pub(crate) async fn give(&self, account: &str, holder: &str) -> Position {
        let command = AssignRole {
            account: format!("accounts/{account}").parse().unwrap(),
            role: "assignee".parse().unwrap(),
            holder: format!("members/{holder}").parse().unwrap(),
        };
        self.submit(command).await.receipt.position
    }

    /// Every event of the log.
    pub(crate) async fn events(&self) -> Vec<Recorded> {
        self.log.read(Position::START, i64::MAX).await.unwrap()
    }

    /// The events of a type, each with the event that caused it.
    pub(crate) async fn caused(&self, event_type: &str) -> Vec<(Option<Uuid>, Recorded)> {
        let events = self.events().await.into_iter();
        events
            .filter(|event| event.event_type == event_type)
            .map(|event| (event.metadata().unwrap().causation_id, event))
            .collect()
    }

    /// A number that the database answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let client = self.test.connect().await;
        client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Waits until a policy has acted on everything, and is asked for nothing more.
    pub(crate) async fn settled<P: Policy>(&self) {
        let unfinished = format!(
            "select (select count(*) from policies.commands where policy = '{0}' and outcome is null) \
                + (select count(*) from policies.jobs where policy = '{0}' and finished_at is null)",
            P::NAME
        );
        eventually("everything is done", CEILING, async || {
            let head = self.log.head().await.unwrap().position;
            let included = match self.admin.get(P::NAME).await {
                Ok(policy) => policy.included,
                Err(error) => return Err(error.to_string()),
            };
            let unfinished = self.number(&unfinished).await;
            let still = self.log.head().await.unwrap().position == head;
            match included >= head && unfinished == 0 && still {
                true => Ok(()),
                false => Err(format!(
                    "included {included} of {head}, {unfinished} unfinished"
                )),
            }
        })
        .await;
    }

    /// Waits until the policy has a live generation of a version.
    pub(crate) async fn lives<P: Policy>(&self) {
        eventually("the policy lives", CEILING, async || {
            match self.admin.get(P::NAME).await {
                Ok(policy) if policy.live().is_some_and(|live| live.version == P::VERSION) => {
                    Ok(())
                }
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    /// A policy in a process of this name, with the world's gateway.
    pub(crate) async fn policy<P: Policy>(&self, instance: &str) -> Running {
        let gateway = self.gateway.clone();
        self.policy_with::<P>(instance, gateway).await
    }

    pub(crate) async fn policy_with<P: Policy>(&self, instance: &str, gateway: Gateway) -> Running {
        let environment = self.place.environment(instance).await;
        let runtime = self.place.runtime(instance, gateway);
        Running::start(|shutdown| run_policy::<P>(environment, runtime, shutdown))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

/// A task that runs until it is stopped.
pub(crate) struct Running {
    task: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Running {
    pub(crate) fn start<F>(task: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = CancellationToken::new();
        Self {
            task: tokio::spawn(task(shutdown.clone())),
            shutdown,
        }
    }

    /// Stops it in order.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        timeout(CEILING, &mut self.task).await.unwrap().unwrap();
    }

    /// Ends it as a crash would.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
