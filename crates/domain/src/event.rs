//! Every event of every aggregate, and its stored form.

use serde::{Serialize, de::DeserializeOwned};

use crate::{account, member, names::Kind, settings, task};

/// An event cannot follow the state before it: the stored history is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event cannot follow the state before it")]
pub struct CorruptHistory;

/// A stored event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("type {event_type} version {type_version} is not known to this program")]
    Unknown {
        event_type: String,
        type_version: i16,
    },
    #[error("payload of type {event_type} version {type_version} is malformed")]
    Malformed {
        event_type: String,
        type_version: i16,
        source: serde_json::Error,
    },
}

/// An event of any aggregate.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Account(account::Event),
    Task(task::Event),
    Member(member::Event),
    Settings(settings::Event),
}

macro_rules! event_types {
    ($($Kind:ident { $($pattern:pat => $name:literal),* $(,)? })*) => {
        const TYPES: &[&str] = &[$($($name),*),*];

        fn name(event: &Event) -> &'static str {
            match event {
                $($(Event::$Kind($pattern) => $name,)*)*
                Event::Settings(event) => match *event {},
            }
        }
    };
}

event_types! {
    Account {
        account::Event::Created { .. } => "account.created",
        account::Event::TaskNumbered { .. } => "account.task_numbered",
    }
    Task {
        task::Event::Created(_) => "task.created",
        task::Event::Assigned { .. } => "task.assigned",
        task::Event::Completed { .. } => "task.completed",
        task::Event::Reopened { .. } => "task.reopened",
    }
    Member {
        member::Event::Created { .. } => "member.created",
        member::Event::TaskNumbered { .. } => "member.task_numbered",
    }
}

impl Event {
    /// Every event type there is, in the order of the code.
    pub const TYPES: &[&str] = TYPES;

    /// Its type: aggregate and what happened, `task.completed`.
    pub fn name(&self) -> &'static str {
        name(self)
    }

    /// The version of its type's format that this program writes.
    pub fn type_version(&self) -> i16 {
        1
    }

    /// Its payload as it is stored and hashed: a JSON object.
    pub fn encode(&self) -> String {
        fn json(event: &impl Serialize) -> String {
            serde_json::to_string(event).expect("events have string keys and finite numbers only")
        }
        match self {
            Self::Account(event) => json(event),
            Self::Task(event) => json(event),
            Self::Member(event) => json(event),
            Self::Settings(event) => json(event),
        }
    }

    /// Reads a stored payload. Older versions of a type are brought up to date here.
    ///
    /// # Errors
    /// A type or version that this program does not know, or a payload that is not of its type:
    /// a newer program wrote it, or the row is damaged. Trying again does not help.
    pub fn decode(
        kind: Kind,
        event_type: &str,
        type_version: i16,
        payload: &str,
    ) -> Result<Self, DecodeError> {
        if type_version != 1 || !TYPES.contains(&event_type) {
            return Err(DecodeError::Unknown {
                event_type: event_type.to_owned(),
                type_version,
            });
        }
        fn json<T: DeserializeOwned>(payload: &str) -> serde_json::Result<T> {
            serde_json::from_str(payload)
        }
        match kind {
            Kind::Account => json(payload).map(Self::Account),
            Kind::Task => json(payload).map(Self::Task),
            Kind::Member => json(payload).map(Self::Member),
            Kind::Settings => json(payload).map(Self::Settings),
        }
        .map_err(|source| DecodeError::Malformed {
            event_type: event_type.to_owned(),
            type_version,
            source,
        })
    }
}
