//! Folding a batch in memory: which rows it touches, what becomes of them, where it stops. No I/O.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, HashSet};

use handoff_domain::{DecodeError, Event, Partition};
use handoff_event_log::{Position, Recorded};

use crate::{
    model::ReadModel,
    rows::{Change, Rows},
    tally::{Growth, Tally},
};

/// The events that operators left out of a projection for good.
pub(crate) type Skips = HashSet<Position>;

/// An event that cannot be applied.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stop {
    pub(crate) partition: Partition,
    pub(crate) position: Position,
    pub(crate) error: String,
}

/// An event as the fold takes it.
#[derive(Debug)]
pub(crate) struct Decoded<R> {
    pub(crate) recorded: R,
    skipped: bool,
}

impl<R: Borrow<Recorded>> Decoded<R> {
    /// Reads the event, unless that was done for another projection or it is skipped.
    pub(crate) fn new(recorded: R, skips: &Skips) -> Self {
        let skipped = skips.contains(&recorded.borrow().position);
        let decoded = Self { recorded, skipped };
        let _ = decoded.read();
        decoded
    }

    /// None for one that was skipped; an error for one that cannot be read.
    fn read(&self) -> Option<Result<&Event, &DecodeError>> {
        (!self.skipped).then(|| self.recorded.borrow().read())
    }

    /// The event, unless it was skipped or cannot be read.
    pub(crate) fn event(&self) -> Option<&Event> {
        self.read()?.ok()
    }

    pub(crate) fn partition(&self) -> Partition {
        self.recorded.borrow().partition
    }

    pub(crate) fn position(&self) -> Position {
        self.recorded.borrow().position
    }
}

/// A row that is to be written or deleted.
pub(crate) type Changed<'a, M> = (
    Partition,
    &'a <M as ReadModel>::Key,
    Change<'a, <M as ReadModel>::Row>,
);

/// The rows that events touch, by partition.
pub(crate) struct Fold<M: ReadModel> {
    rows: BTreeMap<Partition, Rows<M::Key, M::Row>>,
    /// In which tallies the rows counted as the table has them; empty where there are no tallies.
    counted: HashMap<(Partition, M::Key), Vec<Tally>>,
}

impl<M: ReadModel> Default for Fold<M> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            counted: HashMap::new(),
        }
    }
}

impl<M: ReadModel> Fold<M> {
    /// Notes the rows that the events touch. Answers the keys that were not noted before: what the
    /// table has of them is to be brought by [`stored`](Self::stored) before the fold.
    pub(crate) fn touch<'a, R: Borrow<Recorded> + 'a>(
        &mut self,
        events: impl IntoIterator<Item = &'a Decoded<R>>,
    ) -> Vec<(Partition, M::Key)> {
        let mut new = Vec::new();
        if M::INSERT_ONLY {
            return new;
        }
        for decoded in events {
            let Some(event) = decoded.event() else {
                continue;
            };
            let partition = decoded.partition();
            for key in M::touches(decoded.recorded.borrow(), event) {
                if self.rows.entry(partition).or_default().touch(key.clone()) {
                    new.push((partition, key));
                }
            }
        }
        new
    }

    /// Brings rows as the table has them.
    pub(crate) fn stored(&mut self, rows: Vec<(Partition, M::Key, M::Row)>) {
        for (partition, key, row) in rows {
            if M::TALLIES {
                let counted = M::tallies(&row);
                self.counted.insert((partition, key.clone()), counted);
            }
            self.rows.entry(partition).or_default().stored(key, row);
        }
    }

    /// Applies one event.
    ///
    /// # Errors
    /// It cannot be applied. The rows of its partition are spoilt: drop the fold.
    pub(crate) fn apply<R: Borrow<Recorded>>(&mut self, decoded: &Decoded<R>) -> Result<(), Stop> {
        let stop = |error| Stop {
            partition: decoded.partition(),
            position: decoded.position(),
            error,
        };
        match decoded.read() {
            None => Ok(()),
            Some(Err(error)) => Err(stop(describe(error))),
            Some(Ok(event)) => {
                let rows = self.rows.entry(decoded.partition()).or_default();
                M::fold(rows, decoded.recorded.borrow(), event)
                    .map_err(|error| stop(describe(&error)))
            }
        }
    }

    /// How many rows are held.
    pub(crate) fn len(&self) -> usize {
        self.rows.values().map(Rows::len).sum()
    }

    /// How the tallies change with the rows.
    pub(crate) fn growth(&self) -> Growth {
        let mut growth = Growth::new();
        if !M::TALLIES {
            return growth;
        }
        for (partition, rows) in &self.rows {
            for (key, change) in rows.changes() {
                let after = match change {
                    Change::Insert(row) | Change::Update(row) => M::tallies(row),
                    Change::Delete => Vec::new(),
                };
                let before = match rows.unloaded(key) {
                    Some(was) => M::tallies(was),
                    None => {
                        let counted = self.counted.get(&(*partition, key.clone()));
                        counted.cloned().unwrap_or_default()
                    }
                };
                for tally in before {
                    *growth.entry((tally, *partition)).or_default() -= 1;
                }
                for tally in after {
                    *growth.entry((tally, *partition)).or_default() += 1;
                }
            }
        }
        growth.retain(|_, by| *by != 0);
        growth
    }

    /// What is to be written, in the order of keys, so that neighbours in the table are written together.
    pub(crate) fn changes(&self) -> Vec<Changed<'_, M>> {
        let mut changes: Vec<_> = self
            .rows
            .iter()
            .flat_map(|(partition, rows)| {
                rows.changes()
                    .map(|(key, change)| (*partition, key, change))
            })
            .collect();
        changes.sort_unstable_by(|(a_partition, a, _), (b_partition, b, _)| {
            a.cmp(b).then(a_partition.cmp(b_partition))
        });
        changes
    }
}

/// An error with its causes, on one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
