//! Account: a customer or a lead for whom work is done (S0).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    event::CorruptHistory,
    names::{AccountName, Actor, MemberName, TaskName},
    rejection::{Reason, Rejection},
    text::{Line, SlaHours},
    version::Revision,
};

/// Whether the account buys already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Customer,
    Lead,
}

/// Whether work goes on (S0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Work goes on; tasks are generated.
    Active,
    /// Work by hand goes on; nothing is generated.
    Paused,
    /// No new work.
    Deactivated,
}

/// How the account came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// By a command of its own.
    Manual,
    /// By the first action that named it.
    Auto,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created {
        display_name: Line,
        kind: Kind,
        status: Status,
        assignee: MemberName,
        sla_hours: Option<SlaHours>,
        origin: Origin,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// A task of the account got the number `n` of the count that the account keeps.
    TaskNumbered { task: TaskName, n: u32 },
}

/// An account as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Account {
    #[default]
    Absent,
    Existing(Details),
}

/// What is known of an existing account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub display_name: Line,
    pub kind: Kind,
    pub status: Status,
    pub assignee: MemberName,
    /// The hours within which its tasks are due; none: the setting `default_sla_hours`.
    pub sla_hours: Option<SlaHours>,
    pub origin: Origin,
    /// How many tasks of the account have a number.
    pub tasks_numbered: u32,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// Creates the account as `created` says.
    pub fn create(&self, name: &AccountName, created: Event) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(created),
            Self::Existing(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Refuses what a deactivated account refuses: new work (S0).
    pub fn accept_new_work(&self, name: &AccountName) -> Result<&Details, Rejection> {
        match self {
            Self::Absent => Err(Rejection::NotFound {
                resource: name.to_string(),
            }),
            Self::Existing(details) => match details.status {
                Status::Active | Status::Paused => Ok(details),
                Status::Deactivated => Err(Rejection::Precondition {
                    reason: Reason::AccountDeactivated,
                    subject: name.to_string(),
                    description: format!(
                        "{name} is deactivated and takes no new work: activate it first"
                    ),
                }),
            },
        }
    }

    /// Gives the next number to a task of the account.
    pub fn number_task(
        &self,
        name: &AccountName,
        task: TaskName,
    ) -> Result<(u32, Event), Rejection> {
        let n = self.accept_new_work(name)?.tasks_numbered + 1;
        Ok((n, Event::TaskNumbered { task, n }))
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (
                Self::Absent,
                Event::Created {
                    display_name,
                    kind,
                    status,
                    assignee,
                    sla_hours,
                    origin,
                    by: _,
                    at,
                },
            ) => Ok(Self::Existing(Details {
                display_name: display_name.clone(),
                kind: *kind,
                status: *status,
                assignee: assignee.clone(),
                sla_hours: *sla_hours,
                origin: *origin,
                tasks_numbered: 0,
                revision: Revision(1),
                created_at: *at,
                updated_at: *at,
            })),
            // Numbering is bookkeeping: it leaves the revision and the time of update alone.
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
