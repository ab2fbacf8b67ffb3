//! Task: one piece of work, about an account or a member (S2, S3).

mod amount;
mod assignment;
mod details;
mod draft;
mod due;
mod event;
mod evolve;
mod field;
mod notify;
mod update;
mod values;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    limits,
    names::{Actor, TaskName},
    rejection::{Reason, Rejection},
    text::Html,
};

pub use amount::{Hours, Miles, Money, Quantity};
pub use assignment::Assignment;
pub use details::{Details, Progress};
pub use draft::Draft;
pub use due::{Due, DueSource, due};
pub use event::{AssignmentCause, AssignmentSource, Created, Event, Updated};
pub use field::{Caller, Field, Right, Rights};
pub use notify::{Notify, Recipient};
pub use update::Changes;
pub use values::{OpenStatus, Origin, Percent, Priority, Requester, Status, Tag, Visibility};

pub(crate) use assignment::Difference;
pub(crate) use due::in_range;
pub(crate) use update::{check_count, follows};

/// A task as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    #[default]
    Absent,
    Existing(Box<Details>),
    /// Hidden everywhere but in history, until it is undeleted.
    Deleted(Box<Details>),
}

impl Task {
    /// What is known of the task, if it exists. A deleted one does not.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) => Some(details),
            Self::Absent | Self::Deleted(_) => None,
        }
    }

    /// What is known of the task, if it was ever created, also of a deleted one.
    pub fn known(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) | Self::Deleted(details) => Some(details),
            Self::Absent => None,
        }
    }

    /// What is known of the task `name`, which must exist.
    pub fn existing(&self, name: &TaskName) -> Result<&Details, Rejection> {
        self.details().ok_or_else(|| not_found(name))
    }

    /// Creates the task. An id is given once, also after its task was deleted.
    pub fn create(&self, name: &TaskName, created: Created) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(Event::Created(Box::new(created))),
            Self::Existing(_) | Self::Deleted(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Gives it a status: an open one to an open task, or closes it. To the one that it has changes
    /// nothing. Closed tasks open only by reopening.
    pub fn set_status(
        &self,
        name: &TaskName,
        status: Status,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        let (previous, percent) = match details.progress {
            _ if details.status() == status => return Ok(None),
            Progress::Open { status, percent } => (status, percent),
            Progress::Complete { .. } | Progress::Cancelled { .. } => {
                return Err(update::closed(name, details, "its status"));
            }
        };
        Ok(Some(match (status, status.open()) {
            (_, Some(status)) => Event::StatusChanged {
                previous,
                status,
                by,
                at,
            },
            (Status::Cancelled, None) => Event::Cancelled {
                status: previous,
                by,
                at,
            },
            (_, None) => Event::Completed {
                status: previous,
                percent,
                by,
                at,
            },
        }))
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
        let details = self.existing(name)?;
        let percent = match details.progress {
            Progress::Open { .. } => return Ok(None),
            Progress::Complete { percent_before, .. } => percent_before,
            Progress::Cancelled { percent, .. } => percent,
        };
        Ok(Some(Event::Reopened {
            previous: details.status(),
            status,
            percent,
            completed_at: details.completed().map(|(at, _)| at),
            by,
            at,
        }))
    }

    /// Hides the task everywhere but in history; one that is deleted already stays so.
    pub fn delete(
        &self,
        name: &TaskName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match self {
            Self::Absent => Err(not_found(name)),
            Self::Existing(_) => Ok(Some(Event::Deleted { by, at })),
            Self::Deleted(_) => Ok(None),
        }
    }

    /// Brings a deleted task back; one that is there stays so.
    pub fn undelete(
        &self,
        name: &TaskName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match self {
            Self::Absent => Err(not_found(name)),
            Self::Existing(_) => Ok(None),
            Self::Deleted(_) => Ok(Some(Event::Undeleted { by, at })),
        }
    }

    /// Says who is told about the task beside its assignees, and of what.
    pub fn set_notify(
        &self,
        name: &TaskName,
        notify: &Notify,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let previous = &self.existing(name)?.notify;
        let notify = notify.distinct();
        Ok((*previous != notify).then(|| Event::NotifySet {
            previous: previous.clone(),
            notify,
            by,
            at,
        }))
    }

    /// Adds a note for everyone who sees the task.
    pub fn add_note(
        &self,
        name: &TaskName,
        note: Html,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        self.existing(name)?;
        Ok(Event::NoteAdded { note, by, at })
    }

    /// Adds a note for admins.
    pub fn add_internal_note(
        &self,
        name: &TaskName,
        note: Html,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        self.existing(name)?;
        Ok(Event::InternalNoteAdded { note, by, at })
    }

    /// Marks the task as billed, or as not billed after all. Only what is billable is billed (S2).
    pub fn mark_billed(
        &self,
        name: &TaskName,
        billed: bool,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        if billed && !details.billable {
            return Err(Rejection::Precondition {
                reason: Reason::NotBillable,
                subject: name.to_string(),
                description: format!("{name} is not billable: make it so before it is billed"),
            });
        }
        Ok((details.billed != billed).then_some(Event::BilledSet { billed, by, at }))
    }

    /// Relates the task to another. The other must get the same event.
    pub fn relate(
        &self,
        name: &TaskName,
        other: &TaskName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let related = &self.existing(name)?.related;
        if related.contains(other) {
            return Ok(None);
        }
        if related.len() >= limits::RELATED_TASKS {
            return Err(Rejection::Precondition {
                reason: Reason::TooManyRelatedTasks,
                subject: name.to_string(),
                description: format!(
                    "{name} is related to {} tasks, the most there may be",
                    limits::RELATED_TASKS
                ),
            });
        }
        let task = other.clone();
        Ok(Some(Event::Related { task, by, at }))
    }

    /// Takes back that the task is related to another. The other must get the same event, also if it
    /// is deleted.
    pub fn unrelate(&self, other: &TaskName, by: Actor, at: DateTime<Utc>) -> Option<Event> {
        let related = &self.known()?.related;
        related.contains(other).then(|| Event::Unrelated {
            task: other.clone(),
            by,
            at,
        })
    }
}

fn not_found(name: &TaskName) -> Rejection {
    Rejection::NotFound {
        resource: name.to_string(),
    }
}

/// The items in the order given, each once.
pub(crate) fn distinct<T: Clone + PartialEq>(items: &[T]) -> Vec<T> {
    let mut seen = Vec::with_capacity(items.len());
    for item in items {
        if !seen.contains(item) {
            seen.push(item.clone());
        }
    }
    seen
}
