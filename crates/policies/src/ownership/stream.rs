//! What an operation's stream holds, read page by page: its plan, or what it changed.

use std::collections::VecDeque;

use handoff_domain::{
    Event, Holding, Version,
    names::OperationName,
    operation::{self, Outcome, Reassigned},
};
use handoff_event_log::{Log, Position};

use crate::jobs::JobError;

/// Events that are read at once; one has up to 512 KiB.
const PAGE: i64 = 20;

/// Something that the events of an operation list, in their order.
pub(crate) trait Listed: Sized + Send {
    /// What an event adds. None: nothing comes after it.
    fn of(event: operation::Event) -> Option<Vec<Self>>;
}

/// An item of the plan.
impl Listed for Holding {
    fn of(event: operation::Event) -> Option<Vec<Self>> {
        match event {
            operation::Event::ItemsPlanned { items, .. } => Some(items),
            operation::Event::Started { .. } => Some(Vec::new()),
            operation::Event::PlanningFinished { .. }
            | operation::Event::ItemsRecorded { .. }
            | operation::Event::Finished { .. }
            | operation::Event::UndoStarted { .. } => None,
        }
    }
}

/// An item that was moved, and how: what an undo has to reverse.
impl Listed for (Holding, Reassigned) {
    fn of(event: operation::Event) -> Option<Vec<Self>> {
        match event {
            operation::Event::ItemsRecorded { results, .. } => {
                let moved = results
                    .into_iter()
                    .filter_map(|result| match result.outcome {
                        Outcome::Moved { change } => Some((result.item, change)),
                        Outcome::Kept { .. } | Outcome::Skipped { .. } => None,
                    });
                Some(moved.collect())
            }
            operation::Event::Started { .. }
            | operation::Event::ItemsPlanned { .. }
            | operation::Event::PlanningFinished { .. } => Some(Vec::new()),
            operation::Event::Finished { .. } | operation::Event::UndoStarted { .. } => None,
        }
    }
}

/// Reads what a stream lists, from its beginning.
pub(crate) struct Items<'a, T> {
    log: &'a Log,
    operation: &'a OperationName,
    after: Version,
    read: VecDeque<T>,
    ended: bool,
}

impl<'a, T: Listed> Items<'a, T> {
    pub(crate) fn new(log: &'a Log, operation: &'a OperationName) -> Self {
        Self {
            log,
            operation,
            after: Version(0),
            read: VecDeque::new(),
            ended: false,
        }
    }

    /// Leaves the next `count` out.
    pub(crate) async fn skip(&mut self, mut count: u64) -> Result<(), JobError> {
        while count > 0 && self.fill(1).await? {
            let here = usize::try_from(count)
                .unwrap_or(usize::MAX)
                .min(self.read.len());
            self.read.drain(..here);
            count -= here as u64;
        }
        Ok(())
    }

    /// The next ones, at most `count`; none at the end.
    pub(crate) async fn next(&mut self, count: usize) -> Result<Vec<T>, JobError> {
        self.fill(count).await?;
        let here = count.min(self.read.len());
        Ok(self.read.drain(..here).collect())
    }

    /// Reads until there are so many, or all. False if there are none.
    async fn fill(&mut self, count: usize) -> Result<bool, JobError> {
        while self.read.len() < count && !self.ended {
            let events = self
                .log
                .read_stream(&self.operation.into(), self.after, Position(i64::MAX), PAGE)
                .await
                .map_err(|error| JobError::later(&error))?;
            self.ended = events.is_empty();
            for recorded in events {
                self.after = recorded.version;
                let event = recorded.event().map_err(|error| JobError::later(&error))?;
                let Event::Operation(event) = event else {
                    continue;
                };
                match T::of(event) {
                    Some(items) => self.read.extend(items),
                    None => {
                        self.ended = true;
                        break;
                    }
                }
            }
        }
        Ok(!self.read.is_empty())
    }
}
