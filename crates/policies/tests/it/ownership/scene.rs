//! A Handoff in which ownership changes run.

use std::{collections::BTreeMap, sync::Arc};

use handoff_commands::{Clock as _, GatewayConfig, Request, SystemClock, new_id};
use handoff_domain::{
    Command, Context, Event, Holding, State, account,
    commands::{
        Accounts, AssignRole, AssignTask, BatchAssignRole, CompleteTask, CreateAccount, CreateTask,
        Holdings, NewId, StartDisabling, TransferResources, UndoOperation, UpdateSettings,
    },
    member::Standing,
    names::{Actor, MemberName, OperationName, StreamName, TaskName},
    operation::{self, Counts, Details, ItemResult, Outcome, SkipReason, Status},
    settings::{Changes, OwnershipPolicy},
    task::{self, Assignment, AssignmentCause, Draft, Origin},
    text::Line,
};
use handoff_event_log::{Hash, Log, Role, Snapshots};
use handoff_policies::{Operations, Ownership, Runtime, run_jobs, run_policy};
use handoff_projections::{Environment, Inclusion, Notices, reading_pool, run_projector};
use handoff_read_models::{Queries, accounts, activities, orders, services, tasks};
use handoff_testkit::eventually;
use tokio_util::sync::CancellationToken;

use crate::world::{CEILING, Place, Running, World};

pub(super) const TASK: HoldingKind = HoldingKind::OpenTask;
pub(super) use handoff_domain::HoldingKind;

/// The members are `admin`, `ana`, `ben`, `cleo` and `dan`; the account `acme` is `ana`'s.
pub(super) struct Scene {
    pub(super) world: World,
    snapshots: Snapshots,
    _projectors: [Running; 5],
}

pub(super) fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

pub(super) fn task(id: &str) -> TaskName {
    TaskName::from_id(id).unwrap()
}

/// Runs the policy and its jobs, as the policies role does.
pub(crate) async fn run(
    place: Place,
    environment: Environment,
    runtime: Runtime,
    shutdown: CancellationToken,
) {
    let pool = reading_pool(&place.database(), 4);
    let inclusion = Inclusion::new(pool.clone(), Notices::default());
    let queries = Queries::open(pool, inclusion).await.unwrap();
    let operations = Arc::new(Operations::new(&place.database(), queries));
    tokio::join!(
        run_policy::<Ownership>(environment, runtime.clone(), shutdown.clone()),
        run_jobs::<Ownership, _>(runtime, operations, shutdown),
    );
}

impl Scene {
    pub(super) async fn new(policy: OwnershipPolicy) -> Self {
        let world = World::new().await;
        let environment = world.place.environment("projectors").await;
        macro_rules! projector {
            ($model:ty) => {{
                let environment = environment.clone();
                Running::start(|shutdown| run_projector::<$model>(environment, shutdown))
            }};
        }
        let projectors = [
            projector!(accounts::Accounts),
            projector!(tasks::Tasks),
            projector!(orders::Orders),
            projector!(activities::Activities),
            projector!(services::Services),
        ];
        let pool = world.place.database().pool(Role::Reader, "test", "", 2);
        let scene = Self {
            world,
            snapshots: Snapshots::new(pool),
            _projectors: projectors,
        };
        scene.set_policy(policy).await;
        let acme = CreateAccount {
            id: NewId::Given("accounts/acme".parse().unwrap()),
            display_name: Line::new("Acme").unwrap(),
            kind: account::Kind::Customer,
            assignee: Some(member("ana")),
            sla_hours: None,
        };
        scene.world.submit(acme).await;
        scene
    }

    /// Starts the policy and its jobs, in a process of this name.
    pub(super) async fn policy(&self, instance: &str) -> Running {
        let place = self.world.place.clone();
        let environment = place.environment(instance).await;
        let runtime = place.runtime(instance, place.gateway(GatewayConfig::default()));
        Running::start(|shutdown| run(place, environment, runtime, shutdown))
    }

    pub(super) async fn set_policy(&self, policy: OwnershipPolicy) {
        let changes = Changes {
            ownership_policy: Some(policy),
            ..Changes::default()
        };
        self.world.submit(UpdateSettings { changes }).await;
    }

    /// Begins an operation.
    pub(super) async fn begin(&self, command: impl Command + 'static) -> OperationName {
        let request = Request {
            command_id: new_id(),
            context: Context {
                actor: Actor::System,
                on_behalf_of: None,
                expected: None,
                plan: Vec::new(),
                command_id: uuid::Uuid::nil(),
                now: SystemClock.now(),
            },
            request: "Test",
            request_hash: Hash::of(format!("{command:?}").as_bytes()),
            correlation_id: None,
            causation_id: None,
            bytes: 100,
            command: Box::new(command),
        };
        let name = OperationName::of_command(request.command_id);
        self.world.gateway.submit(request).await.unwrap();
        name
    }

    /// Creates a task of `acme`.
    pub(super) async fn task(
        &self,
        id: &str,
        assignees: &[&str],
        role: Option<&str>,
        origin: Origin,
    ) {
        self.task_of("acme", id, assignees, role, origin).await;
    }

    pub(super) async fn task_of(
        &self,
        account: &str,
        id: &str,
        assignees: &[&str],
        role: Option<&str>,
        origin: Origin,
    ) {
        let command = CreateTask {
            name: task(id),
            draft: Draft {
                subject: Some(format!("accounts/{account}").parse().unwrap()),
                title: Some(Line::new("Prepare the quarterly review").unwrap()),
                assignees: assignees.iter().map(|id| member(id)).collect(),
                responsible_role: role.map(|role| role.parse().unwrap()),
                ..Draft::default()
            },
            origin,
        };
        self.world.submit(command).await;
    }

    /// So many tasks of an account, all of one member.
    pub(super) async fn tasks(&self, account: &str, assignee: &str, count: usize) {
        self.world
            .task(account, &format!("{account}-0"), assignee)
            .await;
        let creations = (1..count).map(|n| async move {
            self.world
                .task(account, &format!("{account}-{n}"), assignee)
                .await;
        });
        futures_util::future::join_all(creations).await;
    }

    /// Gives a role of `acme` to a member.
    pub(super) async fn assign_role(&self, role: &str, holder: &str) -> OperationName {
        self.assign_role_of("acme", role, holder).await
    }

    pub(super) async fn assign_role_of(
        &self,
        account: &str,
        role: &str,
        holder: &str,
    ) -> OperationName {
        self.begin(AssignRole {
            account: format!("accounts/{account}").parse().unwrap(),
            role: role.parse().unwrap(),
            holder: member(holder),
        })
        .await
    }

    pub(super) async fn disable(&self, id: &str, successor: &str) -> OperationName {
        self.begin(StartDisabling {
            name: member(id),
            successor: Some(member(successor)),
            other_admins: vec![member("admin"), member("ana")],
            holdings: Holdings::default(),
        })
        .await
    }

    pub(super) async fn transfer(
        &self,
        from: &str,
        to: &str,
        kinds: impl IntoIterator<Item = HoldingKind>,
    ) -> OperationName {
        self.begin(TransferResources {
            from: member(from),
            to: member(to),
            kinds: kinds.into_iter().collect(),
        })
        .await
    }

    pub(super) async fn batch(&self, holder: &str, accounts: Accounts) -> OperationName {
        self.begin(BatchAssignRole {
            role: "assignee".parse().unwrap(),
            holder: member(holder),
            accounts,
        })
        .await
    }

    pub(super) async fn undo(&self, operation: &OperationName) -> OperationName {
        self.begin(UndoOperation {
            operation: operation.clone(),
        })
        .await
    }

    pub(super) async fn complete(&self, id: &str) {
        self.world.submit(CompleteTask { name: task(id) }).await;
    }

    /// By hand.
    pub(super) async fn reassign(&self, id: &str, from: &str, to: &str) {
        let command = AssignTask {
            name: task(id),
            assignment: Assignment::Change {
                add: vec![member(to)],
                remove: vec![member(from)],
            },
            cause: AssignmentCause::default(),
        };
        self.world.submit(command).await;
    }

    pub(super) async fn state(&self, stream: impl Into<StreamName>) -> State {
        self.snapshots.newest(&stream.into()).await.unwrap().state
    }

    pub(super) async fn details(&self, operation: &OperationName) -> Details {
        match self.state(operation).await {
            State::Operation(state) => state.details().unwrap().clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until an operation has ended.
    pub(super) async fn finished(&self, operation: &OperationName) -> Details {
        eventually("the operation ends", CEILING, async || {
            let details = self.details(operation).await;
            match details.status {
                Status::Finished => Ok(details),
                Status::Planning | Status::Running => Err(format!("{details:?}")),
            }
        })
        .await
    }

    pub(super) async fn counts(&self, operation: &OperationName) -> (u64, u64, u64) {
        let Counts {
            moved,
            kept,
            skipped,
        } = self.finished(operation).await.counts;
        (moved, kept, skipped)
    }

    /// Who has a task, without `members/`.
    pub(super) async fn assignees(&self, id: &str) -> Vec<String> {
        let State::Task(state) = self.state(&task(id)).await else {
            panic!("{id} is no task")
        };
        let assignees = &state.details().unwrap().assignees;
        let ids = assignees
            .iter()
            .map(|name| name.as_str().replace("members/", ""));
        ids.collect()
    }

    pub(super) async fn holder(&self, account: &str, role: &str) -> Option<String> {
        let name: handoff_domain::names::AccountName =
            format!("accounts/{account}").parse().unwrap();
        let State::Account(state) = self.state(&name).await else {
            panic!("{account} is no account")
        };
        let details = state.existing(&name).unwrap();
        let holder = details.holder(&role.parse().unwrap());
        holder.map(|name| name.as_str().replace("members/", ""))
    }

    pub(super) async fn standing(&self, id: &str) -> Standing {
        match self.state(&member(id)).await {
            State::Member(state) => state.details().unwrap().standing.clone(),
            other => panic!("{other:?}"),
        }
    }

    async fn operation_events(&self, operation: &OperationName) -> Vec<operation::Event> {
        let pool = self
            .world
            .place
            .database()
            .pool(Role::Reader, "test", "", 1);
        let (log, stream) = (Log::new(pool), operation.into());
        let all = handoff_event_log::Position(i64::MAX);
        let events = log
            .read_stream(&stream, handoff_domain::Version(0), all, i64::MAX)
            .await;
        let events = events
            .unwrap()
            .into_iter()
            .map(|event| event.event().unwrap());
        let events = events.map(|event| match event {
            Event::Operation(event) => event,
            other => panic!("{other:?}"),
        });
        events.collect()
    }

    /// What was recorded of each item, in the order of recording.
    pub(super) async fn results(&self, operation: &OperationName) -> Vec<ItemResult> {
        let events = self.operation_events(operation).await.into_iter();
        let results = events.filter_map(|event| match event {
            operation::Event::ItemsRecorded { results, .. } => Some(results),
            _ => None,
        });
        results.flatten().collect()
    }

    pub(super) async fn planned(&self, operation: &OperationName) -> Vec<Holding> {
        let events = self.operation_events(operation).await.into_iter();
        let pages = events.filter_map(|event| match event {
            operation::Event::ItemsPlanned { items, .. } => Some(items),
            _ => None,
        });
        pages.flatten().collect()
    }

    /// Why tasks were skipped, by their ids.
    pub(super) async fn skipped(&self, operation: &OperationName) -> BTreeMap<String, SkipReason> {
        let results = self.results(operation).await.into_iter();
        let skipped = results.filter_map(|result| match result.outcome {
            Outcome::Skipped { reason } => {
                Some((result.item.subject().replace("tasks/", ""), reason))
            }
            Outcome::Moved { .. } | Outcome::Kept { .. } => None,
        });
        skipped.collect()
    }

    /// How often each task was given to somebody else.
    pub(super) async fn moves(&self) -> BTreeMap<String, usize> {
        let mut moves = BTreeMap::new();
        for recorded in self.world.events().await {
            if let Event::Task(task::Event::Assigned { .. }) = recorded.event().unwrap() {
                *moves.entry(recorded.stream.to_string()).or_default() += 1;
            }
        }
        moves
    }
}
