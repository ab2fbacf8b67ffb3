//! Order: one purchase of a service, with its checklist (S1).
//!
//! The checklist is the order's own: tiers, rotation and the client gate are rules of this aggregate. Each
//! decision is built by a [`Decision`], which ends by settling: so no command can forget what follows
//! from a change of the checklist.

mod assign;
mod decision;
mod details;
mod event;
mod evolve;
mod life;
mod place;
mod tasks;
mod values;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    names::{Actor, OrderName, OrderTaskName},
    rejection::Rejection,
    task::Visibility,
    text::{Html, Line},
};

use decision::Decision;

pub use decision::StandIns;
pub use details::{Checked, Details, OrderTask, Progress};
pub use event::{Copied, Event, Placed, Reassigned, Renewed, TaskAdded, TaskUpdated};
pub use life::Renewal;
pub use place::Placing;
pub use tasks::Addition;
pub use values::{Cycle, Status};

/// An order as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    Absent,
    Existing(Box<Details>),
}

impl Order {
    /// What is known of the order, if it exists.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) => Some(details),
            Self::Absent => None,
        }
    }

    /// What is known of the order `name`, which must exist.
    pub fn existing(&self, name: &OrderName) -> Result<&Details, Rejection> {
        self.details().ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }

    /// Gives it another title or start. Its deadlines move along. Closed orders too.
    pub fn update(
        &self,
        name: &OrderName,
        title: Option<&Line>,
        start: Option<DateTime<Utc>>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        let title = Change::between(&details.title, title);
        let start = Change::between(&details.start, start.as_ref());
        let mut decision = Decision::about(details, by.clone(), at);
        if title.is_some() || start.is_some() {
            decision.then(Event::Updated {
                title,
                start,
                by,
                at,
            });
        }
        Ok(decision.settle(&StandIns::default()))
    }

    /// Adds a note to it or to one of its tasks. Closed orders too.
    pub fn add_note(
        &self,
        name: &OrderName,
        task: Option<&OrderTaskName>,
        note: Html,
        visibility: Visibility,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        let details = self.existing(name)?;
        if let Some(task) = task {
            details.existing_task(task)?;
        }
        Ok(Event::NoteAdded {
            task: task.cloned(),
            note,
            visibility,
            by,
            at,
        })
    }
}
