//! A task as contacts see it: of the account's `portal` tasks what S3 shows them, and nothing else.

use chrono::{DateTime, Utc};
use handoff_domain::{
    names::{AccountName, StreamName, Subject},
    task::{self, Status, Task, Visibility},
    text::{Html, Line},
};
use handoff_event_log::Recorded;
use handoff_projections::{FoldError, Rows};
use serde::{Deserialize, Serialize};

use super::{Held, PortalRow};

/// What is known of an account's task, for contacts or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedTask {
    pub account: AccountName,
    visibility: Visibility,
    deleted: bool,
    task: TaskForContacts,
}

/// What contacts see of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskForContacts {
    pub number: Box<str>,
    pub title: Line,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Html>,
    pub status: Status,
    pub due: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
}

impl TaskForContacts {
    /// What contacts of its account see of a task, if anything.
    pub fn of(task: &Task) -> Option<Self> {
        let details = task.details()?;
        let of_account = matches!(details.subject, Subject::Account(_));
        let visible = of_account && details.visibility == Visibility::Portal;
        visible.then(|| Self {
            number: details.number.clone(),
            title: details.title.clone(),
            description: details.description.clone(),
            status: details.status(),
            due: details.due,
            created_at: details.created_at,
            completed_at: details.completed().map(|(at, _)| at),
        })
    }
}

impl SharedTask {
    /// What contacts of the account see of it, if anything.
    pub fn shown(&self) -> Option<&TaskForContacts> {
        (self.visibility == Visibility::Portal && !self.deleted).then_some(&self.task)
    }
}

/// Whether an event may change what contacts see.
pub(super) fn concerns(event: &task::Event) -> bool {
    match event {
        task::Event::Created(_)
        | task::Event::StatusChanged { .. }
        | task::Event::Completed { .. }
        | task::Event::Cancelled { .. }
        | task::Event::Reopened { .. }
        | task::Event::Deleted { .. }
        | task::Event::Undeleted { .. } => true,
        task::Event::Updated(updated) => {
            updated.title.is_some()
                || updated.description.is_some()
                || updated.visibility.is_some()
                || updated.due.is_some()
        }
        _ => false,
    }
}

/// Applies an event that [`concerns`] contacts. Of tasks about members there is nothing.
pub(super) fn fold(
    rows: &mut Rows<StreamName, PortalRow>,
    recorded: &Recorded,
    event: &task::Event,
) -> Result<(), FoldError> {
    let key = &recorded.stream;
    if let task::Event::Created(created) = event {
        let Subject::Account(account) = &created.subject else {
            return Ok(());
        };
        let held = Held::Task(SharedTask {
            account: account.clone(),
            visibility: created.visibility,
            deleted: false,
            task: TaskForContacts {
                number: created.number.clone(),
                title: created.title.clone(),
                description: created.description.clone(),
                status: created.status.into(),
                due: created.due,
                created_at: created.at,
                completed_at: None,
            },
        });
        let position = recorded.position;
        return rows.insert(key.clone(), PortalRow { held, position });
    }
    if rows.get(key)?.is_none() {
        return Ok(());
    }
    let row = rows.get_mut(key)?;
    let Held::Task(shared) = &mut row.held else {
        return Err(FoldError::because("a task has the row of something else"));
    };
    if recorded.position <= row.position {
        return Err(FoldError::because("the event was applied before"));
    }
    row.position = recorded.position;
    let task = &mut shared.task;
    match event {
        task::Event::Updated(updated) => {
            if let Some(change) = &updated.title {
                task.title = change.to.clone();
            }
            if let Some(change) = &updated.description {
                task.description = change.to.clone();
            }
            if let Some(change) = &updated.due {
                task.due = change.to;
            }
            if let Some(change) = &updated.visibility {
                shared.visibility = change.to;
            }
        }
        task::Event::StatusChanged { status, .. } => task.status = (*status).into(),
        task::Event::Completed { at, .. } => {
            task.status = Status::Complete;
            task.completed_at = Some(*at);
        }
        task::Event::Cancelled { .. } => task.status = Status::Cancelled,
        task::Event::Reopened { status, .. } => {
            task.status = (*status).into();
            task.completed_at = None;
        }
        task::Event::Deleted { .. } => shared.deleted = true,
        task::Event::Undeleted { .. } => shared.deleted = false,
        _ => {}
    }
    Ok(())
}
