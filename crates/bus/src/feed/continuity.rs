//! What of each partition was delivered, and what is known to be missing. Pure: no I/O, no clock.
//!
//! For every assigned partition two positions are kept. *Through*: everything in the partition up to it
//! was delivered, and nothing beyond it. *Known*: there may be events up to it. Where known is beyond
//! through, the partition is behind, and the log is asked for what lies between. What NATS says is
//! timeless within an epoch: that one event follows another in its partition, or that an event is
//! the last up to a position. So it may come late, twice, or never.

use handoff_domain::{PARTITIONS, Partition};
use handoff_event_log::{Position, Recorded};

use crate::last_positions::LastPositions;

/// How far the assigned partitions were delivered.
#[derive(Debug, Clone)]
pub struct Continuity {
    partitions: [Option<Progress>; PARTITIONS as usize],
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    through: Position,
    known: Position,
}

impl Progress {
    fn is_behind(&self) -> bool {
        self.through < self.known
    }

    /// Learns that there may be events up to `position`. True if the partition was not behind before
    /// and is now.
    fn learn(&mut self, position: Position) -> bool {
        let was_behind = self.is_behind();
        self.known = self.known.max(position);
        !was_behind && self.is_behind()
    }

    fn advance(&mut self, position: Position) {
        self.through = self.through.max(position);
    }
}

/// What to do with an event that came from NATS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the next one of its partition.
    Deliver,
    /// It was delivered before, or its partition is not assigned.
    Ignore,
    /// Events before it are missing. All of them, itself included, are to be read from the log;
    /// `new` if nothing was known to be missing in its partition before.
    Missing { new: bool },
}

/// A read of the log that brings partitions forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Whose events to read.
    pub partitions: Vec<Partition>,
    /// After this position,
    pub after: Position,
    /// through this one, in order,
    pub through: Position,
    /// and at most so many.
    pub limit: usize,
}

impl Default for Continuity {
    fn default() -> Self {
        Self {
            partitions: [None; PARTITIONS as usize],
        }
    }
}

impl Continuity {
    /// Takes a partition that was delivered through `after`.
    pub fn assign(&mut self, partition: Partition, after: Position) {
        self.partitions[usize::from(partition.number())] = Some(Progress {
            through: after,
            known: after,
        });
    }

    /// Gives a partition up.
    pub fn revoke(&mut self, partition: Partition) {
        self.partitions[usize::from(partition.number())] = None;
    }

    /// Everything in the partition up to this was delivered; none if it is not assigned.
    pub fn through(&self, partition: Partition) -> Option<Position> {
        self.partitions[usize::from(partition.number())].map(|progress| progress.through)
    }

    /// Whether events of an assigned partition may be missing.
    pub fn is_behind(&self) -> bool {
        self.partitions.iter().flatten().any(Progress::is_behind)
    }

    /// Judges an event from NATS, and counts it as delivered where it says so. `previous` is the
    /// position of the event before it in its partition.
    pub fn event(
        &mut self,
        partition: Partition,
        previous: Position,
        position: Position,
    ) -> Verdict {
        match &mut self.partitions[usize::from(partition.number())] {
            Some(progress) if position > progress.through => {
                if previous <= progress.through {
                    progress.advance(position);
                    Verdict::Deliver
                } else {
                    Verdict::Missing {
                        new: progress.learn(position),
                    }
                }
            }
            _ => Verdict::Ignore,
        }
    }

    /// Learns the last position of every partition at or before `published`. Answers how many
    /// partitions fell behind by it.
    pub fn tick(&mut self, published: Position, last: &LastPositions) -> usize {
        let mut fell_behind = 0;
        for (partition, progress) in Partition::all().zip(&mut self.partitions) {
            let Some(progress) = progress else { continue };
            if last[partition] <= progress.through {
                progress.advance(published);
            } else if progress.learn(last[partition]) {
                fell_behind += 1;
            }
        }
        fell_behind
    }

    /// Takes the end of the log for the end of every partition: all may have events up to it.
    pub fn presume(&mut self, head: Position) {
        for progress in self.partitions.iter_mut().flatten() {
            progress.learn(head);
        }
    }

    /// Forgets what lies beyond the end of the log, which was read after it was learnt: it does not exist.
    pub fn limit(&mut self, head: Position) {
        for progress in self.partitions.iter_mut().flatten() {
            progress.known = progress.known.min(head);
        }
    }

    /// The next read for the partitions that are furthest behind; none if nothing is missing.
    ///
    /// However the database goes about it, the read is bounded: its range is as wide as holds about
    /// `limit` events of the partitions in it, when events are spread evenly.
    pub fn repair(&self, limit: usize) -> Option<Repair> {
        let behind = || {
            Partition::all()
                .zip(&self.partitions)
                .filter_map(|(partition, progress)| Some((partition, (*progress)?)))
                .filter(|(_, progress)| progress.is_behind())
        };
        let after = behind().map(|(_, progress)| progress.through).min()?;
        let limit = limit.max(1);
        let widest = limit as i64 * i64::from(PARTITIONS);
        let near = behind()
            .filter(|(_, progress)| progress.through.0 < after.0 + widest)
            .count();
        let end = Position(after.0 + widest / near as i64);
        let read = || behind().filter(|(_, progress)| progress.through < end);
        let known = read().map(|(_, progress)| progress.known).max()?;
        Some(Repair {
            partitions: read().map(|(partition, _)| partition).collect(),
            after,
            through: end.min(known),
            limit,
        })
    }

    /// Takes what a [repair](Self::repair) read, and answers what of it to deliver.
    pub fn repaired(&mut self, repair: &Repair, events: Vec<Recorded>) -> Vec<Recorded> {
        let covered = match events.last() {
            Some(last) if events.len() >= repair.limit => last.position,
            _ => repair.through,
        };
        let missing = |event: &Recorded| {
            self.through(event.partition)
                .is_some_and(|through| through < event.position)
        };
        let deliver = events.into_iter().filter(missing).collect();
        for partition in &repair.partitions {
            if let Some(progress) = &mut self.partitions[usize::from(partition.number())] {
                progress.advance(covered);
            }
        }
        deliver
    }
}

#[cfg(test)]
#[path = "continuity_tests.rs"]
mod tests;
