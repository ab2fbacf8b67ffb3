//! How an operation's events make its state.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    event::CorruptHistory,
    holding::HoldingKind,
    operation::{Counts, Details, Event, Operation, OwnershipChange, Status},
    version::Revision,
};

impl Operation {
    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (Self::Absent, Event::Started { change, by, at }) => {
                let single = match change {
                    OwnershipChange::AssignRole { .. } | OwnershipChange::VacateRole { .. } => true,
                    OwnershipChange::BatchAssignRole { .. }
                    | OwnershipChange::DisableMember { .. }
                    | OwnershipChange::TransferResources { .. }
                    | OwnershipChange::Undo { .. } => false,
                };
                Ok(Self::Existing(Box::new(Details {
                    change: change.clone(),
                    status: if single {
                        Status::Running
                    } else {
                        Status::Planning
                    },
                    planned: match single {
                        true => BTreeMap::from([(HoldingKind::Role, 1)]),
                        false => BTreeMap::new(),
                    },
                    pages: 0,
                    cursor: None,
                    recorded: 0,
                    awaited: 0,
                    counts: Counts::default(),
                    cancelled: false,
                    failure: None,
                    undo: None,
                    by: by.clone(),
                    revision: Revision(1),
                    started_at: *at,
                    updated_at: *at,
                    finished_at: None,
                })))
            }
            (Self::Absent, _) => Err(CorruptHistory),
            (Self::Existing(mut details), event) => {
                if details.apply(event) {
                    Ok(Self::Existing(details))
                } else {
                    Err(CorruptHistory)
                }
            }
        }
    }
}

impl Details {
    /// Applies an event after the first; false if it cannot follow.
    fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Started { .. } => false,
            Event::ItemsPlanned {
                page, items, at, ..
            } => {
                self.changed(*at);
                let follows = self.status == Status::Planning && *page == self.pages;
                self.pages += 1;
                for item in items {
                    *self.planned.entry(item.kind()).or_default() += 1;
                }
                self.cursor = items.last().cloned().or_else(|| self.cursor.take());
                follows
            }
            Event::PlanningFinished { items, at, .. } => {
                self.changed(*at);
                let follows = self.status == Status::Planning && *items == self.planned_items();
                self.status = Status::Running;
                follows
            }
            Event::ItemsRecorded {
                results,
                awaited,
                policy,
                at,
                ..
            } => {
                self.changed(*at);
                for result in results {
                    self.counts.add(&result.outcome);
                }
                self.awaited += u64::from(*awaited);
                let follows = match policy {
                    None => {
                        self.recorded += results.len() as u64;
                        self.recorded <= self.planned_items()
                    }
                    Some(step) => {
                        let awaited = self.awaited > 0;
                        self.awaited -= u64::from(awaited && step.last);
                        awaited
                    }
                };
                follows && self.status == Status::Running
            }
            Event::Finished {
                counts,
                cancelled,
                failure,
                at,
                ..
            } => {
                self.changed(*at);
                let follows = match self.status {
                    Status::Planning => *cancelled || self.planned_items() == 0,
                    Status::Running => *cancelled || self.is_done(),
                    Status::Finished => false,
                };
                self.status = Status::Finished;
                self.cancelled = *cancelled;
                self.failure.clone_from(failure);
                self.finished_at = Some(*at);
                follows && *counts == self.counts
            }
            Event::UndoStarted { undo, at, .. } => {
                self.changed(*at);
                let first = self.undo.replace(undo.clone()).is_none();
                first && self.status == Status::Finished && !self.is_undo()
            }
        }
    }

    fn changed(&mut self, at: DateTime<Utc>) {
        self.revision = self.revision.next();
        self.updated_at = at;
    }
}
