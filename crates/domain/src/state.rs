//! The state of any aggregate. Cheap to clone: the aggregate itself is shared.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    event::{CorruptHistory, Event},
    member::Member,
    names::Kind,
    order::Order,
    service::Service,
    settings::Settings,
    task::Task,
    version::Revision,
};

/// The state of one aggregate as of some version of its stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Account(Arc<Account>),
    Task(Arc<Task>),
    Member(Arc<Member>),
    Settings(Arc<Settings>),
    Service(Arc<Service>),
    Order(Arc<Order>),
}

/// FNV-1a over the sources that decide the shape of a state, so that no change of it is forgotten.
const fn fingerprint(sources: &[&str]) -> i64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < sources.len() {
        let bytes = sources[i].as_bytes();
        let mut j = 0;
        while j < bytes.len() {
            hash = (hash ^ bytes[j] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            j += 1;
        }
        i += 1;
    }
    hash as i64
}

const SHARED: &str = concat!(
    include_str!("names.rs"),
    include_str!("text.rs"),
    include_str!("terms.rs"),
    include_str!("version.rs")
);

impl State {
    /// The state before the first event.
    pub fn absent(kind: Kind) -> Self {
        match kind {
            Kind::Account => Self::Account(Arc::default()),
            Kind::Task => Self::Task(Arc::default()),
            Kind::Member => Self::Member(Arc::default()),
            Kind::Settings => Self::Settings(Arc::default()),
            Kind::Service => Self::Service(Arc::default()),
            Kind::Order => Self::Order(Arc::default()),
        }
    }

    /// Changes whenever the source of the aggregate does, so that a snapshot of another shape is
    /// never loaded. It may change needlessly: then a snapshot is made anew.
    pub fn fingerprint(kind: Kind) -> i64 {
        const ACCOUNT: i64 = fingerprint(&[
            SHARED,
            include_str!("account/mod.rs"),
            include_str!("account/contact.rs"),
            include_str!("account/evolve.rs"),
        ]);
        const TASK: i64 = fingerprint(&[
            SHARED,
            include_str!("task/mod.rs"),
            include_str!("task/amount.rs"),
            include_str!("task/details.rs"),
            include_str!("task/due.rs"),
            include_str!("task/evolve.rs"),
            include_str!("task/notify.rs"),
            include_str!("task/values.rs"),
        ]);
        const MEMBER: i64 = fingerprint(&[SHARED, include_str!("member.rs")]);
        const SETTINGS: i64 = fingerprint(&[
            SHARED,
            include_str!("settings/mod.rs"),
            include_str!("settings/values.rs"),
            include_str!("account/mod.rs"),
        ]);
        const SERVICE: i64 = fingerprint(&[
            SHARED,
            include_str!("checklist.rs"),
            include_str!("service/mod.rs"),
            include_str!("service/evolve.rs"),
        ]);
        const ORDER: i64 = fingerprint(&[
            SHARED,
            include_str!("checklist.rs"),
            include_str!("order/details.rs"),
            include_str!("order/evolve.rs"),
            include_str!("order/mod.rs"),
            include_str!("order/values.rs"),
            include_str!("task/values.rs"),
        ]);
        match kind {
            Kind::Account => ACCOUNT,
            Kind::Task => TASK,
            Kind::Member => MEMBER,
            Kind::Settings => SETTINGS,
            Kind::Service => SERVICE,
            Kind::Order => ORDER,
        }
    }

    /// Applies one recorded event.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (Self::Account(state), Event::Account(event)) => Arc::unwrap_or_clone(state)
                .evolve(event)
                .map(|state| Self::Account(state.into())),
            (Self::Task(state), Event::Task(event)) => Arc::unwrap_or_clone(state)
                .evolve(event)
                .map(|state| Self::Task(state.into())),
            (Self::Member(state), Event::Member(event)) => Arc::unwrap_or_clone(state)
                .evolve(event)
                .map(|state| Self::Member(state.into())),
            (Self::Settings(state), Event::Settings(event)) => Arc::unwrap_or_clone(state)
                .evolve(event)
                .map(|state| Self::Settings(state.into())),
            (Self::Service(state), Event::Service(event)) => Arc::unwrap_or_clone(state)
                .evolve(event)
                .map(|state| Self::Service(state.into())),
            (Self::Order(state), Event::Order(event)) => Arc::unwrap_or_clone(state)
                .evolve(event)
                .map(|state| Self::Order(state.into())),
            (
                Self::Account(_)
                | Self::Task(_)
                | Self::Member(_)
                | Self::Settings(_)
                | Self::Service(_)
                | Self::Order(_),
                _,
            ) => Err(CorruptHistory),
        }
    }

    /// The resource whose partition the stream's events share: the account or member that it is
    /// about. None: the stream itself.
    pub fn owner(&self) -> Option<&str> {
        match self {
            Self::Task(task) => task.known().map(|details| details.subject.as_str()),
            Self::Order(order) => order.details().map(|details| details.account.as_str()),
            Self::Account(_) | Self::Member(_) | Self::Settings(_) | Self::Service(_) => None,
        }
    }

    /// The revision in the resource's etag; none while it does not exist.
    pub fn revision(&self) -> Option<Revision> {
        match self {
            Self::Account(account) => match &**account {
                Account::Absent => None,
                Account::Existing(details) => Some(details.revision),
            },
            Self::Task(task) => task.known().map(|details| details.revision),
            Self::Member(member) => match &**member {
                Member::Absent => None,
                Member::Existing(details) => Some(details.revision),
            },
            Self::Settings(settings) => Some(settings.revision),
            Self::Service(service) => service.details().map(|details| details.revision),
            Self::Order(order) => order.details().map(|details| details.revision),
        }
    }
}
