//! Activity: a follow-up or reminder on an account (S1). Pure: times and ids arrive in the command.
//!
//! One with a due time is work: open until it is completed. One without is an entry of the account's
//! timeline and nothing else.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::{Change, apply},
    event::CorruptHistory,
    names::{AccountName, ActivityName, Actor, MemberName},
    rejection::{Reason, Rejection},
    task::AssignmentCause,
    text::Html,
    version::Revision,
};

/// An activity as it is created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    pub account: AccountName,
    pub note: Html,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<MemberName>,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// What one save changed. What is none was not changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Updated {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Change<Html>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Change<Option<DateTime<Utc>>>>,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created(Box<Created>),
    /// One save, with the fields that it changed.
    Updated(Box<Updated>),
    /// It went from one member, or nobody, to another, or nobody.
    Assigned {
        previous: Option<MemberName>,
        assignee: Option<MemberName>,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    },
    Completed {
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `completed_at` is the date that is cleared.
    Reopened {
        completed_at: DateTime<Utc>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Hidden from here on, everywhere but in history.
    Deleted {
        by: Actor,
        at: DateTime<Utc>,
    },
}

/// An activity as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    #[default]
    Absent,
    Existing(Box<Details>),
    /// Hidden everywhere but in history, for good.
    Deleted(Box<Details>),
}

/// Whether there is something to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nothing: it has no due time.
    Noted,
    Open {
        due: DateTime<Utc>,
    },
    Complete {
        due: DateTime<Utc>,
        at: DateTime<Utc>,
        by: Actor,
    },
}

/// The statuses of activities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// An entry of the timeline, without a due time.
    Noted,
    Open,
    Complete,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Open => "open",
            Self::Complete => "complete",
        }
    }
}

/// What is known of an activity that was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub account: AccountName,
    /// Never blank.
    pub note: Html,
    pub progress: Progress,
    pub assignee: Option<MemberName>,
    pub creator: Actor,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// New values for an activity; what is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    pub note: Option<Html>,
    /// None within: no due time any more.
    pub due: Option<Option<DateTime<Utc>>>,
}

impl Details {
    /// Its status.
    pub fn status(&self) -> Status {
        match self.progress {
            Progress::Noted => Status::Noted,
            Progress::Open { .. } => Status::Open,
            Progress::Complete { .. } => Status::Complete,
        }
    }

    /// When it is due, if it is.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        match self.progress {
            Progress::Noted => None,
            Progress::Open { due } | Progress::Complete { due, .. } => Some(due),
        }
    }

    /// When it was completed and by whom, if it is complete.
    pub fn completed(&self) -> Option<(DateTime<Utc>, &Actor)> {
        match &self.progress {
            Progress::Complete { at, by, .. } => Some((*at, by)),
            Progress::Noted | Progress::Open { .. } => None,
        }
    }

    /// Whether it is open and its due time has passed (S1).
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        matches!(self.progress, Progress::Open { due } if due < now)
    }
}

impl Activity {
    /// What is known of the activity, if it exists. A deleted one does not.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) => Some(details),
            Self::Absent | Self::Deleted(_) => None,
        }
    }

    /// What is known of the activity, if it was ever created, also of a deleted one.
    pub fn known(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) | Self::Deleted(details) => Some(details),
            Self::Absent => None,
        }
    }

    /// What is known of the activity `name`, which must exist.
    pub fn existing(&self, name: &ActivityName) -> Result<&Details, Rejection> {
        self.details().ok_or_else(|| not_found(name))
    }

    /// Creates the activity. An id is given once, also after its activity was deleted.
    pub fn create(&self, name: &ActivityName, created: Created) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(Event::Created(Box::new(created))),
            Self::Existing(_) | Self::Deleted(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// What the save changes; none if everything is so already. One that is complete keeps a due time.
    pub fn update(
        &self,
        name: &ActivityName,
        changes: &Changes,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let is = self.existing(name)?;
        let note = Change::between(&is.note, changes.note.as_ref());
        let due = Change::between(&is.due(), changes.due.as_ref());
        let taken_away = due.as_ref().is_some_and(|due| due.to.is_none());
        if taken_away && is.completed().is_some() {
            return Err(Rejection::Precondition {
                reason: Reason::ActivityComplete,
                subject: name.to_string(),
                description: format!(
                    "activity.due_time: {name} is complete and keeps a due time: reopen it to take that away"
                ),
            });
        }
        let changed = note.is_some() || due.is_some();
        Ok(changed.then(|| Event::Updated(Box::new(Updated { note, due, by, at }))))
    }

    /// Gives it to a member, or to nobody. Also one that is complete or has no due time.
    pub fn assign(
        &self,
        name: &ActivityName,
        assignee: Option<&MemberName>,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let previous = &self.existing(name)?.assignee;
        Ok((previous.as_ref() != assignee).then(|| Event::Assigned {
            previous: previous.clone(),
            assignee: assignee.cloned(),
            cause,
            by,
            at,
        }))
    }

    /// Completes an open activity; completing it again changes nothing. One without a due time is
    /// refused (S1).
    pub fn complete(
        &self,
        name: &ActivityName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match self.existing(name)?.progress {
            Progress::Open { .. } => Ok(Some(Event::Completed { by, at })),
            Progress::Complete { .. } => Ok(None),
            Progress::Noted => Err(Rejection::Precondition {
                reason: Reason::ActivityNotScheduled,
                subject: name.to_string(),
                description: format!(
                    "{name} has no due time, so there is nothing to complete: give it one first"
                ),
            }),
        }
    }

    /// Reopens a complete activity; one that is not complete stays as it is.
    pub fn reopen(
        &self,
        name: &ActivityName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let completed = self.existing(name)?.completed();
        Ok(completed.map(|(completed_at, _)| Event::Reopened {
            completed_at,
            by,
            at,
        }))
    }

    /// Hides the activity everywhere but in history; one that is deleted already stays so.
    pub fn delete(
        &self,
        name: &ActivityName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match self {
            Self::Absent => Err(not_found(name)),
            Self::Existing(_) => Ok(Some(Event::Deleted { by, at })),
            Self::Deleted(_) => Ok(None),
        }
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (Self::Absent, Event::Created(created)) => {
                Ok(Self::Existing(Details::created(created).into()))
            }
            (Self::Existing(mut details), Event::Deleted { at, .. }) => {
                details.changed(*at);
                Ok(Self::Deleted(details))
            }
            (Self::Existing(mut details), event) => match details.apply(event) {
                true => Ok(Self::Existing(details)),
                false => Err(CorruptHistory),
            },
            (Self::Absent | Self::Deleted(_), _) => Err(CorruptHistory),
        }
    }
}

impl Progress {
    /// What there is to do with a due time or without.
    fn scheduled(due: Option<DateTime<Utc>>) -> Self {
        due.map_or(Self::Noted, |due| Self::Open { due })
    }
}

impl Details {
    fn created(event: &Created) -> Self {
        Self {
            account: event.account.clone(),
            note: event.note.clone(),
            progress: Progress::scheduled(event.due),
            assignee: event.assignee.clone(),
            creator: event.by.clone(),
            revision: Revision(1),
            created_at: event.at,
            updated_at: event.at,
        }
    }

    /// Applies an event after the first; false if it cannot follow.
    fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Created(_) | Event::Deleted { .. } => false,
            Event::Updated(updated) => {
                self.changed(updated.at);
                apply(&mut self.note, updated.note.as_ref()) && self.reschedule(&updated.due)
            }
            Event::Assigned {
                previous,
                assignee,
                at,
                ..
            } => {
                self.changed(*at);
                previous != assignee
                    && std::mem::replace(&mut self.assignee, assignee.clone()) == *previous
            }
            Event::Completed { by, at } => {
                self.changed(*at);
                let Progress::Open { due } = self.progress else {
                    return false;
                };
                self.progress = Progress::Complete {
                    due,
                    at: *at,
                    by: by.clone(),
                };
                true
            }
            Event::Reopened {
                completed_at, at, ..
            } => {
                self.changed(*at);
                let Progress::Complete { due, at, .. } = self.progress else {
                    return false;
                };
                self.progress = Progress::Open { due };
                at == *completed_at
            }
        }
    }

    fn reschedule(&mut self, change: &Option<Change<Option<DateTime<Utc>>>>) -> bool {
        let mut next = self.due();
        if !apply(&mut next, change.as_ref()) {
            return false;
        }
        match (&mut self.progress, next) {
            (Progress::Complete { due, .. }, Some(next)) => *due = next,
            (Progress::Complete { .. }, None) => return false,
            (progress @ (Progress::Noted | Progress::Open { .. }), next) => {
                *progress = Progress::scheduled(next);
            }
        }
        true
    }

    fn changed(&mut self, at: DateTime<Utc>) {
        self.revision = self.revision.next();
        self.updated_at = at;
    }
}

fn not_found(name: &ActivityName) -> Rejection {
    Rejection::NotFound {
        resource: name.to_string(),
    }
}
