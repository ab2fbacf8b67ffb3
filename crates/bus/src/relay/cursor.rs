//! How far the relay has come.

use handoff_domain::Partition;
use handoff_event_log::{Epoch, Position};

use crate::last_positions::LastPositions;

/// Everything through `position` was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) epoch: Epoch,
    pub(super) position: Position,
    /// The last position of each partition at or before `position`.
    pub(super) last: LastPositions,
}

impl Cursor {
    /// Moves over the next event of the log.
    pub(super) fn pass(&mut self, partition: Partition, position: Position) {
        self.position = position;
        self.last[partition] = position;
    }
}
