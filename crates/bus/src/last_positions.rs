//! The last position of every partition.

use std::ops::{Index, IndexMut};

use handoff_domain::{PARTITIONS, Partition};
use handoff_event_log::Position;
use serde::{Deserialize, Serialize};

/// For each of the 64 partitions the position of its last event; [`Position::START`] where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<i64>", into = "Vec<i64>")]
pub struct LastPositions([Position; PARTITIONS as usize]);

/// The list has not one position for each partition.
#[derive(Debug, thiserror::Error)]
#[error("{0} positions, where {PARTITIONS} partitions have one each")]
pub struct NotSixtyFour(usize);

impl Default for LastPositions {
    fn default() -> Self {
        Self([Position::START; PARTITIONS as usize])
    }
}

impl Index<Partition> for LastPositions {
    type Output = Position;

    fn index(&self, partition: Partition) -> &Position {
        &self.0[usize::from(partition.number())]
    }
}

impl IndexMut<Partition> for LastPositions {
    fn index_mut(&mut self, partition: Partition) -> &mut Position {
        &mut self.0[usize::from(partition.number())]
    }
}

impl TryFrom<Vec<i64>> for LastPositions {
    type Error = NotSixtyFour;

    fn try_from(positions: Vec<i64>) -> Result<Self, NotSixtyFour> {
        let positions: Vec<Position> = positions.into_iter().map(Position).collect();
        positions
            .try_into()
            .map(Self)
            .map_err(|positions: Vec<_>| NotSixtyFour(positions.len()))
    }
}

impl From<LastPositions> for Vec<i64> {
    fn from(last: LastPositions) -> Self {
        last.0.iter().map(|position| position.0).collect()
    }
}
