//! Member: a person of the team.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    event::CorruptHistory,
    names::{Actor, MemberName, TaskName},
    rejection::Rejection,
    text::{Email, Line},
    version::Revision,
};

/// What a member may do beyond the work itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Also settings, members, services and whatever only admins may.
    Admin,
    /// The work.
    Staff,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created {
        display_name: Line,
        email: Option<Email>,
        kind: Kind,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// A task about the member got the number `n` of the count that the member keeps.
    TaskNumbered { task: TaskName, n: u32 },
}

/// A member as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Member {
    #[default]
    Absent,
    Existing(Details),
}

/// What is known of an existing member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub display_name: Line,
    pub email: Option<Email>,
    pub kind: Kind,
    /// How many tasks about the member have a number.
    pub tasks_numbered: u32,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Member {
    /// Adds a member to the team.
    pub fn create(
        &self,
        name: &MemberName,
        display_name: Line,
        email: Option<Email>,
        kind: Kind,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(Event::Created {
                display_name,
                email,
                kind,
                by,
                at,
            }),
            Self::Existing(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Gives the next number to a task about the member.
    pub fn number_task(
        &self,
        name: &MemberName,
        task: TaskName,
    ) -> Result<(u32, Event), Rejection> {
        match self {
            Self::Absent => Err(Rejection::NotFound {
                resource: name.to_string(),
            }),
            Self::Existing(details) => {
                let n = details.tasks_numbered + 1;
                Ok((n, Event::TaskNumbered { task, n }))
            }
        }
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (
                Self::Absent,
                Event::Created {
                    display_name,
                    email,
                    kind,
                    by: _,
                    at,
                },
            ) => Ok(Self::Existing(Details {
                display_name: display_name.clone(),
                email: email.clone(),
                kind: *kind,
                tasks_numbered: 0,
                revision: Revision(1),
                created_at: *at,
                updated_at: *at,
            })),
            (Self::Existing(details), Event::TaskNumbered { n, .. })
                if *n == details.tasks_numbered + 1 =>
            {
                Ok(Self::Existing(Details {
                    tasks_numbered: *n,
                    ..details
                }))
            }
            _ => Err(CorruptHistory),
        }
    }
}
