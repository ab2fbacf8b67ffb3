//! Task: one piece of work, about an account or a member (S2, S3).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    event::CorruptHistory,
    names::{Actor, MemberName, Subject, TaskName},
    rejection::{Invalid, Rejection},
    text::{Html, Line, SlaHours},
    version::Revision,
};

/// Where a task came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A member, by hand.
    Manual,
    /// A contact, in the portal.
    Portal,
    /// A service's template.
    Template,
    /// The service that reports relevant work.
    Automation,
    /// Another program.
    Integration,
    /// A phone call.
    Call,
}

/// The statuses of work that is not done yet. Moves among them are free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenStatus {
    #[default]
    NotStarted,
    InProgress,
    WaitingOnCustomer,
}

/// How urgent a task is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    /// "Medium" in S3.
    #[default]
    Normal,
    High,
    Urgent,
}

/// Who may see a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The team.
    #[default]
    Internal,
    /// The account's contacts too.
    Portal,
}

/// Where the due time came from; moving the start moves one that the SLA gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueSource {
    Sla,
    Manual,
}

/// How much is done, 0 to 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(u8);

impl Percent {
    /// All of it.
    pub const DONE: Self = Self(100);

    /// Checks the number.
    pub fn new(percent: i64) -> Result<Self, Invalid> {
        match u8::try_from(percent) {
            Ok(percent @ 0..=100) => Ok(Self(percent)),
            _ => Err(Invalid::new(format!("is {percent}; it must be 0 to 100"))),
        }
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A task as it is created: every default is filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    pub number: Box<str>,
    pub subject: Subject,
    pub title: Line,
    pub description: Option<Html>,
    pub category: Option<Box<str>>,
    pub status: OpenStatus,
    pub priority: Priority,
    pub visibility: Visibility,
    pub assignees: Vec<MemberName>,
    pub start: DateTime<Utc>,
    pub due: DateTime<Utc>,
    pub due_source: DueSource,
    /// The hours that counted at creation; fixed from then on.
    pub sla_hours: SlaHours,
    pub origin: Origin,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created(Box<Created>),
    Assigned {
        previous: Vec<MemberName>,
        assignees: Vec<MemberName>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `status` and `percent` are those before, which reopening may give back.
    Completed {
        status: OpenStatus,
        percent: Percent,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `completed_at` is the date that is cleared.
    Reopened {
        status: OpenStatus,
        percent: Percent,
        completed_at: DateTime<Utc>,
        by: Actor,
        at: DateTime<Utc>,
    },
}

/// A task as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Task {
    #[default]
    Absent,
    Open {
        details: Details,
        status: OpenStatus,
        percent: Percent,
    },
    /// Complete: 100 %; `percent_before` comes back when it is reopened.
    Complete {
        details: Details,
        at: DateTime<Utc>,
        by: Actor,
        percent_before: Percent,
    },
}

/// What is known of an existing task, whatever its status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub number: Box<str>,
    pub subject: Subject,
    pub title: Line,
    pub description: Option<Html>,
    pub category: Option<Box<str>>,
    pub priority: Priority,
    pub visibility: Visibility,
    /// In the order given, each once.
    pub assignees: Vec<MemberName>,
    pub start: DateTime<Utc>,
    pub due: DateTime<Utc>,
    pub due_source: DueSource,
    pub sla_hours: SlaHours,
    pub origin: Origin,
    pub creator: Actor,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Details {
    fn created(event: &Created) -> Self {
        Self {
            number: event.number.clone(),
            subject: event.subject.clone(),
            title: event.title.clone(),
            description: event.description.clone(),
            category: event.category.clone(),
            priority: event.priority,
            visibility: event.visibility,
            assignees: event.assignees.clone(),
            start: event.start,
            due: event.due,
            due_source: event.due_source,
            sla_hours: event.sla_hours,
            origin: event.origin,
            creator: event.by.clone(),
            revision: Revision(1),
            created_at: event.at,
            updated_at: event.at,
        }
    }

    fn changed(self, at: DateTime<Utc>) -> Self {
        Self {
            revision: self.revision.next(),
            updated_at: at,
            ..self
        }
    }
}

/// When work is due: the time given, else so many hours after its start (S2).
/// A due time before the start is refused.
pub fn due(
    start: DateTime<Utc>,
    given: Option<DateTime<Utc>>,
    sla: SlaHours,
) -> Result<(DateTime<Utc>, DueSource), Invalid> {
    match given {
        None => Ok((start + sla.duration(), DueSource::Sla)),
        Some(due) if due - start < TimeDelta::zero() => Err(Invalid::new(format!(
            "is {}, before the start at {}",
            due.to_rfc3339(),
            start.to_rfc3339()
        ))),
        Some(due) => Ok((due, DueSource::Manual)),
    }
}

impl Task {
    /// What is known of the task, if it exists.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Absent => None,
            Self::Open { details, .. } | Self::Complete { details, .. } => Some(details),
        }
    }

    /// What is known of the task `name`, which must exist.
    pub fn existing(&self, name: &TaskName) -> Result<&Details, Rejection> {
        self.details().ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }

    /// Creates the task.
    pub fn create(&self, name: &TaskName, created: Created) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(Event::Created(Box::new(created))),
            Self::Open { .. } | Self::Complete { .. } => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Gives the task to exactly these members; to the same ones changes nothing. Closed tasks can be given too.
    pub fn assign(
        &self,
        name: &TaskName,
        assignees: &[MemberName],
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let previous = &self.existing(name)?.assignees;
        Ok((previous != assignees).then(|| Event::Assigned {
            previous: previous.clone(),
            assignees: assignees.to_vec(),
            by,
            at,
        }))
    }

    /// Completes an open task; completing it again changes nothing.
    pub fn complete(
        &self,
        name: &TaskName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match self {
            Self::Absent => Err(Rejection::NotFound {
                resource: name.to_string(),
            }),
            Self::Open {
                status, percent, ..
            } => Ok(Some(Event::Completed {
                status: *status,
                percent: *percent,
                by,
                at,
            })),
            Self::Complete { .. } => Ok(None),
        }
    }

    /// Reopens a closed task with an open status and the percentage that it had before; reopening an
    /// open one changes nothing.
    pub fn reopen(
        &self,
        name: &TaskName,
        status: OpenStatus,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match self {
            Self::Absent => Err(Rejection::NotFound {
                resource: name.to_string(),
            }),
            Self::Open { .. } => Ok(None),
            Self::Complete {
                at: completed_at,
                percent_before,
                ..
            } => Ok(Some(Event::Reopened {
                status,
                percent: *percent_before,
                completed_at: *completed_at,
                by,
                at,
            })),
        }
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (Self::Absent, Event::Created(created)) => Ok(Self::Open {
                details: Details::created(created),
                status: created.status,
                percent: Percent::default(),
            }),
            (
                Self::Open {
                    details,
                    status,
                    percent,
                },
                Event::Assigned { assignees, at, .. },
            ) => {
                let details = Details {
                    assignees: assignees.clone(),
                    ..details.changed(*at)
                };
                Ok(Self::Open {
                    details,
                    status,
                    percent,
                })
            }
            (
                Self::Complete {
                    details,
                    at,
                    by,
                    percent_before,
                },
                Event::Assigned {
                    assignees,
                    at: changed,
                    ..
                },
            ) => {
                let details = Details {
                    assignees: assignees.clone(),
                    ..details.changed(*changed)
                };
                Ok(Self::Complete {
                    details,
                    at,
                    by,
                    percent_before,
                })
            }
            (
                Self::Open {
                    details, percent, ..
                },
                Event::Completed { by, at, .. },
            ) => Ok(Self::Complete {
                details: details.changed(*at),
                at: *at,
                by: by.clone(),
                percent_before: percent,
            }),
            (
                Self::Complete { details, .. },
                Event::Reopened {
                    status,
                    percent,
                    at,
                    ..
                },
            ) => Ok(Self::Open {
                details: details.changed(*at),
                status: *status,
                percent: *percent,
            }),
            (Self::Absent, _) | (_, Event::Created(_)) => Err(CorruptHistory),
            (Self::Complete { .. }, Event::Completed { .. })
            | (Self::Open { .. }, Event::Reopened { .. }) => Err(CorruptHistory),
        }
    }
}
