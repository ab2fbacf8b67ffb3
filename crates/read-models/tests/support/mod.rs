//! A log in memory that commands are decided on, and a Postgres whose read models follow it.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]

pub mod scene;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use handoff_domain::{
    Command, Context, Partition, Rejection, Source, State, Stop, Unit, Version, Versioned,
    account::Account,
    activity::Activity,
    commands::{CreateMember, NewId},
    document::Document,
    member::{self, Member},
    names::{
        AccountName, ActivityName, DocumentName, MemberName, OperationName, OrderName, ServiceName,
        StreamName, TaskName,
    },
    operation::Operation,
    order::Order,
    service::Service,
    task::Task,
    text::Line,
};
use handoff_event_log::{Hash, Metadata, Position, Recorded};
use handoff_projections::{Change, ReadModel, Rows};
use handoff_read_models::tasks::TaskKey;
use uuid::Uuid;

/// Who the team is: `admin`, an admin, and staff.
pub const STAFF: [&str; 6] = ["ana", "ben", "cleo", "dan", "eva", "finn"];

/// Everything that was accepted, as the log would have it.
#[derive(Debug)]
pub struct Story {
    states: HashMap<StreamName, Versioned>,
    pub events: Vec<Recorded>,
    pub now: DateTime<Utc>,
}

impl Source for Story {
    fn get(&self, stream: &StreamName) -> Option<Versioned> {
        let absent = || Versioned {
            version: Version::default(),
            state: State::absent(stream.kind()),
        };
        Some(self.states.get(stream).cloned().unwrap_or_else(absent))
    }
}

impl Story {
    pub fn with_team() -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut story = Self {
            states: HashMap::new(),
            events: Vec::new(),
            now,
        };
        let staff = STAFF.iter().map(|id| (*id, member::Kind::Staff));
        for (id, kind) in [("admin", member::Kind::Admin)].into_iter().chain(staff) {
            let (id, display_name) = (NewId::Given(member(id)), Line::new(id).unwrap());
            story
                .tell(
                    "system",
                    &CreateMember {
                        id,
                        display_name,
                        email: None,
                        kind,
                    },
                )
                .unwrap();
        }
        story
    }

    /// Decides a command, a second after the one before; what is accepted is recorded.
    pub fn tell(&mut self, actor: &str, command: &dyn Command) -> Result<StreamName, Rejection> {
        self.now += TimeDelta::seconds(1);
        let context = Context {
            actor: actor.parse().unwrap(),
            on_behalf_of: None,
            expected: None,
            plan: Vec::new(),
            command_id: Uuid::from_u128(self.events.len() as u128 + 1),
            now: self.now,
        };
        let mut unit = Unit::new(self);
        let resource = command
            .decide(&context, &mut unit)
            .map_err(|stop| match stop {
                Stop::Rejected(rejection) => rejection,
                stop => panic!("{stop:?}"),
            })?;
        let effects = unit.into_effects();
        let command_id = Uuid::from_u128(self.events.len() as u128 + 1);
        let metadata = Metadata {
            actor: context.actor.clone(),
            on_behalf_of: None,
            request: "Test".to_owned(),
            request_hash: Hash::GENESIS.to_string(),
            correlation_id: command_id,
            causation_id: None,
        };
        let metadata = serde_json::to_string(&metadata).unwrap();
        for (command_index, new) in (0..).zip(effects.events) {
            let position = Position(self.events.len() as i64 + 1);
            self.events.push(Recorded {
                position,
                version: new.version,
                event_type: new.event.name().to_owned(),
                type_version: new.event.type_version(),
                partition: new.partition,
                stream: new.stream,
                event_id: Uuid::from_u128(position.0 as u128 | 1 << 64),
                command_id,
                command_index,
                payload: new.payload,
                metadata: metadata.clone(),
                recorded_at: self.now,
                hash: Hash::GENESIS,
                reading: Default::default(),
            });
        }
        self.states.extend(effects.changed);
        Ok(resource)
    }

    pub fn head(&self) -> Position {
        Position(self.events.len() as i64)
    }

    /// Every task there is, as its aggregate knows it.
    pub fn tasks(&self) -> BTreeMap<TaskName, Task> {
        let tasks = self
            .states
            .iter()
            .filter_map(|(stream, versioned)| match &versioned.state {
                State::Task(task) => Some((stream.as_str().parse().unwrap(), (**task).clone())),
                _ => None,
            });
        tasks.collect()
    }

    /// Every activity there is, as its aggregate knows it.
    pub fn activities(&self) -> BTreeMap<ActivityName, Activity> {
        let activities =
            self.states
                .iter()
                .filter_map(|(stream, versioned)| match &versioned.state {
                    State::Activity(activity) => {
                        Some((stream.as_str().parse().unwrap(), (**activity).clone()))
                    }
                    _ => None,
                });
        activities.collect()
    }

    /// Every order there is, as its aggregate knows it.
    pub fn orders(&self) -> BTreeMap<OrderName, Order> {
        let orders = self
            .states
            .iter()
            .filter_map(|(stream, versioned)| match &versioned.state {
                State::Order(order) => Some((stream.as_str().parse().unwrap(), (**order).clone())),
                _ => None,
            });
        orders.collect()
    }

    /// Every service there is, as its aggregate knows it.
    pub fn services(&self) -> BTreeMap<ServiceName, Service> {
        let services =
            self.states
                .iter()
                .filter_map(|(stream, versioned)| match &versioned.state {
                    State::Service(service) => {
                        Some((stream.as_str().parse().unwrap(), (**service).clone()))
                    }
                    _ => None,
                });
        services.collect()
    }

    /// Every member there is, as the aggregate knows them.
    pub fn members(&self) -> BTreeMap<MemberName, Member> {
        let members = self
            .states
            .iter()
            .filter_map(|(stream, versioned)| match &versioned.state {
                State::Member(member) => {
                    Some((stream.as_str().parse().unwrap(), (**member).clone()))
                }
                _ => None,
            });
        members.collect()
    }

    /// Every document there is, as its aggregate knows it.
    pub fn documents(&self) -> BTreeMap<DocumentName, Document> {
        let documents =
            self.states
                .iter()
                .filter_map(|(stream, versioned)| match &versioned.state {
                    State::Document(document) => {
                        Some((stream.as_str().parse().unwrap(), (**document).clone()))
                    }
                    _ => None,
                });
        documents.collect()
    }

    /// Every operation there is, as its aggregate knows it.
    pub fn operations(&self) -> BTreeMap<OperationName, Operation> {
        let operations =
            self.states
                .iter()
                .filter_map(|(stream, versioned)| match &versioned.state {
                    State::Operation(operation) => {
                        Some((stream.as_str().parse().unwrap(), (**operation).clone()))
                    }
                    _ => None,
                });
        operations.collect()
    }

    /// Every account there is, as its aggregate knows it.
    pub fn accounts(&self) -> BTreeMap<AccountName, Account> {
        let accounts =
            self.states
                .iter()
                .filter_map(|(stream, versioned)| match &versioned.state {
                    State::Account(account) => {
                        Some((stream.as_str().parse().unwrap(), (**account).clone()))
                    }
                    _ => None,
                });
        accounts.collect()
    }
}

pub fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

/// The name of a task of its own.
pub fn own(key: &TaskKey) -> TaskName {
    key.as_str().parse().unwrap()
}

/// The rows that a read model makes of all events.
pub fn fold<M: ReadModel>(events: &[Recorded]) -> BTreeMap<(Partition, M::Key), M::Row> {
    let mut partitions: BTreeMap<Partition, Rows<M::Key, M::Row>> = BTreeMap::new();
    for recorded in events {
        let event = recorded.event().unwrap();
        let rows = partitions.entry(recorded.partition).or_default();
        for key in M::touches(recorded, &event) {
            rows.touch(key);
        }
        M::fold(rows, recorded, &event).unwrap();
    }
    let rows = partitions.iter().flat_map(|(partition, rows)| {
        rows.changes().map(|(key, change)| match change {
            Change::Insert(row) => ((*partition, key.clone()), row.clone()),
            Change::Update(_) | Change::Delete => panic!("nothing was stored before"),
        })
    });
    rows.collect()
}
