//! Operation: one change of ownership, from what was asked for to what became of each item (S4).
//!
//! Its state keeps counts and a place in the plan, never the items: those are in its events, a bounded
//! number in each, so that an operation over 100,000 items needs no more memory than one over three.

mod event;
mod evolve;
mod ownership;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    holding::{Holding, HoldingKind},
    limits,
    names::{Actor, MemberName, OperationName},
    rejection::{Reason, Rejection},
    version::Revision,
};

pub use event::{Event, ItemResult, KeepReason, Outcome, PolicyStep, Reassigned, SkipReason};
pub use ownership::OwnershipChange;

#[cfg(test)]
mod tests;

/// An operation as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    #[default]
    Absent,
    Existing(Box<Details>),
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// What it changes is being listed. Nothing has moved yet.
    Planning,
    /// Items move, or the ownership policy still follows roles that did.
    Running,
    /// Nothing more comes.
    Finished,
}

/// How many items had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub moved: u64,
    pub kept: u64,
    pub skipped: u64,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Moved { .. } => self.moved += 1,
            Outcome::Kept { .. } => self.kept += 1,
            Outcome::Skipped { .. } => self.skipped += 1,
        }
    }
}

/// What is known of an operation that was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub change: OwnershipChange,
    pub status: Status,
    /// How many items of each kind its own plan has. What the ownership policy follows up is not in it.
    pub planned: BTreeMap<HoldingKind, u64>,
    /// How many pages the plan has so far.
    pub pages: u32,
    /// The last item planned so far.
    pub cursor: Option<Holding>,
    /// How many items of the plan have a result: always the first ones.
    pub recorded: u64,
    /// After how many role events the ownership policy still has something to do.
    pub awaited: u64,
    /// Results so far, those of the ownership policy included.
    pub counts: Counts,
    /// It ended before it was done.
    pub cancelled: bool,
    /// Why it ended before it was done, if it could not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<str>>,
    /// The operation that takes it back.
    pub undo: Option<OperationName>,
    /// Who asked for it.
    pub by: Actor,
    pub revision: Revision,
    pub started_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl Details {
    /// How many items its own plan has.
    pub fn planned_items(&self) -> u64 {
        self.planned.values().sum()
    }

    /// Whether every item has a result and the ownership policy has followed every role.
    pub fn is_done(&self) -> bool {
        self.recorded == self.planned_items() && self.awaited == 0
    }

    /// Whether it takes another one back.
    pub fn is_undo(&self) -> bool {
        matches!(self.change, OwnershipChange::Undo { .. })
    }

    /// The account or member that it is about, where there is one.
    pub(crate) fn owner(&self) -> Option<&str> {
        match &self.change {
            OwnershipChange::AssignRole { account, .. }
            | OwnershipChange::VacateRole { account, .. } => Some(account.as_str()),
            OwnershipChange::DisableMember { member, .. }
            | OwnershipChange::TransferResources { from: member, .. } => Some(member.as_str()),
            OwnershipChange::BatchAssignRole { .. } | OwnershipChange::Undo { .. } => None,
        }
    }
}

/// What is recorded of some items at once.
#[derive(Debug, Default)]
pub struct Recording {
    pub results: Vec<ItemResult>,
    /// Role events in the same append after which the ownership policy has something to do.
    pub awaited: u32,
    /// None: the results are of the next items of the plan.
    pub policy: Option<PolicyStep>,
}

impl Operation {
    /// What is known of the operation, if it was started.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) => Some(details),
            Self::Absent => None,
        }
    }

    /// What is known of the operation `name`, which must exist.
    pub fn existing(&self, name: &OperationName) -> Result<&Details, Rejection> {
        self.details().ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }

    /// Starts it.
    pub fn start(
        &self,
        name: &OperationName,
        change: OwnershipChange,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(Event::Started { change, by, at }),
            Self::Existing(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Plans the next items. A page that was planned already changes nothing.
    pub fn plan_items(
        &self,
        name: &OperationName,
        page: u32,
        items: Vec<Holding>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        if page < details.pages || details.status == Status::Finished {
            return Ok(None);
        }
        if page > details.pages || details.status != Status::Planning {
            let description = format!(
                "page {page} of the plan cannot follow: {name} has {} pages",
                details.pages
            );
            return Err(out_of_step(name, description));
        }
        if items.is_empty() || items.len() > limits::PLANNED_ITEMS {
            return Err(Rejection::invalid(
                "items",
                format!(
                    "has {} items; 1 to {} make a page",
                    items.len(),
                    limits::PLANNED_ITEMS
                ),
            ));
        }
        if let Some(other) = items.iter().find(|item| !details.change.includes(item)) {
            let description = format!("{name} does not move {other}");
            return Err(out_of_step(name, description));
        }
        Ok(Some(Event::ItemsPlanned {
            page,
            items,
            by,
            at,
        }))
    }

    /// Ends the plan. One that was ended already stays so.
    pub fn finish_planning(
        &self,
        name: &OperationName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        Ok(
            (details.status == Status::Planning).then(|| Event::PlanningFinished {
                items: details.planned_items(),
                by,
                at,
            }),
        )
    }

    /// Whether results of the plan's items from the one at `first` (from 0) on can be recorded now: no
    /// where they were already, or where nothing more comes.
    pub fn takes_results(
        &self,
        name: &OperationName,
        first: u64,
        items: usize,
    ) -> Result<bool, Rejection> {
        let details = self.existing(name)?;
        if details.status == Status::Finished || first < details.recorded {
            return Ok(false);
        }
        let fits = first + items as u64 <= details.planned_items();
        if details.status == Status::Running && first == details.recorded && fits {
            return Ok(true);
        }
        let description = format!(
            "{items} items from {first} on cannot follow: {name} has results of {} of {} items",
            details.recorded,
            details.planned_items()
        );
        Err(out_of_step(name, description))
    }

    /// Records what became of items.
    pub fn record(&self, recording: Recording, by: Actor, at: DateTime<Utc>) -> Event {
        Event::ItemsRecorded {
            results: recording.results,
            awaited: recording.awaited,
            policy: recording.policy,
            by,
            at,
        }
    }

    /// Ends the operation if everything is done.
    pub fn finish(&self, by: Actor, at: DateTime<Utc>) -> Option<Event> {
        let details = self.details()?;
        (details.status == Status::Running && details.is_done()).then_some(Event::Finished {
            counts: details.counts,
            cancelled: false,
            failure: None,
            by,
            at,
        })
    }

    /// Ends the operation although nothing was planned, or before everything is done.
    pub fn end(&self, cancelled: bool, by: Actor, at: DateTime<Utc>) -> Option<Event> {
        let details = self.details()?;
        (details.status != Status::Finished).then_some(Event::Finished {
            counts: details.counts,
            cancelled,
            failure: None,
            by,
            at,
        })
    }

    /// Ends the operation because it cannot go on. None: it has ended.
    pub fn fail(&self, reason: &str, by: Actor, at: DateTime<Utc>) -> Option<Event> {
        let details = self.details()?;
        (details.status != Status::Finished).then(|| Event::Finished {
            counts: details.counts,
            cancelled: true,
            failure: Some(reason.into()),
            by,
            at,
        })
    }

    /// Notes that another operation takes this one back. At most one does, and only what is finished; what
    /// an undo did stays.
    pub fn start_undo(
        &self,
        name: &OperationName,
        undo: &OperationName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        let details = self.existing(name)?;
        let refuse = |reason, description| {
            Err(Rejection::Precondition {
                reason,
                subject: name.to_string(),
                description,
            })
        };
        if details.is_undo() {
            let description = format!("{name} is an undo; ask for the change itself instead");
            return refuse(Reason::UndoIsFinal, description);
        }
        if let Some(other) = &details.undo {
            let description = format!("{name} is undone by {other} already");
            return refuse(Reason::OperationUndone, description);
        }
        if details.status != Status::Finished {
            let description = format!("{name} is not finished: wait for its end, then undo it");
            return refuse(Reason::OperationRunning, description);
        }
        Ok(Event::UndoStarted {
            undo: undo.clone(),
            by,
            at,
        })
    }
}

pub(crate) fn out_of_step(name: &OperationName, description: String) -> Rejection {
    Rejection::Precondition {
        reason: Reason::OutOfStep,
        subject: name.to_string(),
        description,
    }
}

/// The namespace of what an item was left as. Fixed for ever: it is compared with what is stored.
const LEFT_AS: Uuid = Uuid::from_u128(0x2b84_61f0_93d7_5c1e_8e0a_47b5_d9c2_360f);

/// What tells an item's holders and status from others: the same for the same holders in whatever order.
/// An undo compares it with what an operation left, so that nothing is reversed that changed since.
/// `status` is the word for a task's status, and empty where there is none.
pub fn left_as<'a>(status: &str, holders: impl IntoIterator<Item = &'a MemberName>) -> Uuid {
    let mut holders: Vec<_> = holders.into_iter().map(MemberName::as_str).collect();
    holders.sort_unstable();
    // No name and no status has a line break.
    let text = format!("{status}\n{}", holders.join("\n"));
    Uuid::new_v5(&LEFT_AS, text.as_bytes())
}

/// The id of the command with which an operation does a step of its own: the same after a crash. `step`
/// is `page/3`, `planned`, `items/200`.
pub fn step_id(operation: &OperationName, step: &str) -> Uuid {
    Uuid::new_v5(&LEFT_AS, format!("{operation}\n{step}").as_bytes())
}
