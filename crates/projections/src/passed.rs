//! Events that were passed: they changed nothing, and the checkpoints do not say yet that they were applied.
//!
//! Most events are of no concern to most read models. While there is much to do, their projectors do not
//! move the checkpoints for each batch but for some time at once. What is passed and forgotten is passed
//! again, which changes nothing either.

use std::collections::BTreeMap;

use handoff_domain::Partition;
use handoff_event_log::Position;
use tokio::time::Instant;

/// How far partitions are past their checkpoints.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    positions: BTreeMap<Partition, Position>,
    /// When the first of them was passed.
    since: Option<Instant>,
}

impl Passed {
    /// Events up to these positions were passed at `now`.
    pub(crate) fn note(
        &mut self,
        events: impl IntoIterator<Item = (Partition, Position)>,
        now: Instant,
    ) {
        for (partition, position) in events {
            let passed = self.positions.entry(partition).or_insert(position);
            *passed = position.max(*passed);
            self.since.get_or_insert(now);
        }
    }

    /// The last event of a partition that was passed.
    pub(crate) fn at(&self, partition: Partition) -> Option<Position> {
        self.positions.get(&partition).copied()
    }

    /// The partitions, each with its last event that was passed.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (Partition, Position)> {
        self.positions
            .iter()
            .map(|(partition, position)| (*partition, *position))
    }

    /// When the first event was passed; none if there is none.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// A partition begins again at its checkpoint, or is another's.
    pub(crate) fn forget(&mut self, partition: Partition) {
        self.positions.remove(&partition);
        if self.positions.is_empty() {
            self.since = None;
        }
    }

    /// The checkpoints are there.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_passed_is_remembered_until_it_is_forgotten() {
        let [one, other] = [1, 2].map(|number| Partition::new(number).unwrap());
        let (first, second) = (
            Instant::now(),
            Instant::now() + std::time::Duration::from_secs(1),
        );
        let mut passed = Passed::default();
        assert_eq!(passed.since(), None);
        passed.note([(one, Position(3)), (one, Position(5))], first);
        passed.note([(other, Position(4))], second);
        assert_eq!(passed.at(one), Some(Position(5)));
        assert_eq!(
            passed.positions().collect::<Vec<_>>(),
            [(one, Position(5)), (other, Position(4))]
        );
        assert_eq!(passed.since(), Some(first));
        passed.forget(one);
        assert_eq!(passed.at(one), None);
        assert_eq!(passed.since(), Some(first));
        passed.forget(other);
        assert_eq!(passed.since(), None);
    }
}
