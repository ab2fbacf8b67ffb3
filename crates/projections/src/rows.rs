//! The rows that a fold works on, in memory.

use std::{
    borrow::Borrow,
    collections::{HashMap, hash_map::Entry},
    fmt::Debug,
    hash::Hash,
};

/// An event cannot be applied to the rows as they are. Trying again does not help unless the program
/// changes, or an operator has the event skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The row that the event changes does not exist.
    #[error("there is no row {key}")]
    Missing { key: String },
    /// The row that the event adds exists already.
    #[error("there is a row {key} already")]
    Exists { key: String },
    /// The fold asks for a row that [`touches`](crate::ReadModel::touches) did not name: a mistake in the read model.
    #[error("the row {key} is not among those that the event was said to touch")]
    NotTouched { key: String },
    /// What the read model found wrong.
    #[error("{0}")]
    Contradiction(String),
}

impl FoldError {
    /// What the read model found wrong, in its words.
    pub fn because(what: impl ToString) -> Self {
        Self::Contradiction(what.to_string())
    }
}

/// The rows of one partition that a batch touches. Knows which of them changed.
#[derive(Debug)]
pub struct Rows<K, R> {
    slots: HashMap<K, Slot<R>>,
}

/// One key: what the table has, and what it is to have.
#[derive(Debug)]
struct Slot<R> {
    row: Option<R>,
    /// What the table has, of a row that was not loaded.
    was: Option<R>,
    stored: bool,
    changed: bool,
}

/// What is to be done to the table for one key.
#[derive(Debug, PartialEq)]
pub enum Change<'a, R> {
    /// The table has no row of this key.
    Insert(&'a R),
    /// The table has another row of this key.
    Update(&'a R),
    /// The table has a row of this key that is to go.
    Delete,
}

impl<K, R> Default for Rows<K, R> {
    fn default() -> Self {
        Self {
            slots: HashMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash + Debug, R> Rows<K, R> {
    /// The row, if it exists.
    ///
    /// # Errors
    /// The key was not said to be touched.
    pub fn get<Q>(&self, key: &Q) -> Result<Option<&R>, FoldError>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + Debug + ?Sized,
    {
        match self.slots.get(key) {
            Some(slot) => Ok(slot.row.as_ref()),
            None => Err(not_touched(key)),
        }
    }

    /// The row, to be changed.
    ///
    /// # Errors
    /// There is none, or the key was not said to be touched.
    pub fn get_mut<Q>(&mut self, key: &Q) -> Result<&mut R, FoldError>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + Debug + ?Sized,
    {
        let slot = self.slots.get_mut(key).ok_or_else(|| not_touched(key))?;
        let row = slot.row.as_mut().ok_or_else(|| FoldError::Missing {
            key: format!("{key:?}"),
        })?;
        slot.changed = true;
        Ok(row)
    }

    /// The row, to be changed; made by `new` where there is none.
    ///
    /// # Errors
    /// The key was not said to be touched.
    pub fn get_or_insert_with<Q>(
        &mut self,
        key: &Q,
        new: impl FnOnce() -> R,
    ) -> Result<&mut R, FoldError>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + Debug + ?Sized,
    {
        let slot = self.slots.get_mut(key).ok_or_else(|| not_touched(key))?;
        slot.changed = true;
        Ok(slot.row.get_or_insert_with(new))
    }

    /// Adds a row.
    ///
    /// # Errors
    /// There is one of this key already.
    pub fn insert(&mut self, key: K, row: R) -> Result<(), FoldError> {
        match self.slots.entry(key) {
            Entry::Occupied(entry) if entry.get().row.is_some() => Err(FoldError::Exists {
                key: format!("{:?}", entry.key()),
            }),
            Entry::Occupied(mut entry) => {
                let slot = entry.get_mut();
                slot.row = Some(row);
                slot.changed = true;
                Ok(())
            }
            Entry::Vacant(entry) => {
                entry.insert(Slot {
                    row: Some(row),
                    was: None,
                    stored: false,
                    changed: true,
                });
                Ok(())
            }
        }
    }

    /// Removes a row.
    ///
    /// # Errors
    /// There is none, or the key was not said to be touched.
    pub fn remove<Q>(&mut self, key: &Q) -> Result<R, FoldError>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + Debug + ?Sized,
    {
        let slot = self.slots.get_mut(key).ok_or_else(|| not_touched(key))?;
        let row = slot.row.take().ok_or_else(|| FoldError::Missing {
            key: format!("{key:?}"),
        })?;
        slot.changed = true;
        Ok(row)
    }

    /// Puts a row in place of the one that the table has. It need not have been touched: a fold that knows
    /// from another row what the table has of this key, which is `was`, need not load it. Of `was` matters what
    /// [`tallies`](crate::ReadModel::tallies) look at.
    ///
    /// # Errors
    /// There is none, as far as is known here.
    pub fn replace(&mut self, key: K, was: R, row: R) -> Result<(), FoldError> {
        let slot = self.known(key, was)?;
        slot.row = Some(row);
        Ok(())
    }

    /// Removes the row that the table has; as [`replace`](Self::replace), it need not have been touched.
    ///
    /// # Errors
    /// There is none, as far as is known here.
    pub fn discard(&mut self, key: K, was: R) -> Result<(), FoldError> {
        let slot = self.known(key, was)?;
        slot.row = None;
        Ok(())
    }

    /// The slot of a key of which there is a row: in the table, unless it is known better here.
    fn known(&mut self, key: K, was: R) -> Result<&mut Slot<R>, FoldError> {
        match self.slots.entry(key) {
            Entry::Occupied(entry) if entry.get().row.is_none() => Err(FoldError::Missing {
                key: format!("{:?}", entry.key()),
            }),
            Entry::Occupied(entry) => {
                let slot = entry.into_mut();
                slot.changed = true;
                Ok(slot)
            }
            Entry::Vacant(entry) => Ok(entry.insert(Slot {
                row: None,
                was: Some(was),
                stored: true,
                changed: true,
            })),
        }
    }

    /// What the table has of a key that was not loaded, as the fold said when it first wrote there.
    pub(crate) fn unloaded(&self, key: &K) -> Option<&R> {
        self.slots.get(key)?.was.as_ref()
    }

    /// Notes that the key is touched; its row is absent unless [`stored`](Self::stored) brings it. True if
    /// it was not noted before: then its row is to be loaded.
    pub fn touch(&mut self, key: K) -> bool {
        match self.slots.entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(Slot {
                    row: None,
                    was: None,
                    stored: false,
                    changed: false,
                });
                true
            }
        }
    }

    /// Brings a row as the table has it.
    pub fn stored(&mut self, key: K, row: R) {
        self.slots.insert(
            key,
            Slot {
                row: Some(row),
                was: None,
                stored: true,
                changed: false,
            },
        );
    }

    /// How many keys are noted, with a row or without.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no key is noted.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// What is to be written, in no order.
    pub fn changes(&self) -> impl Iterator<Item = (&K, Change<'_, R>)> {
        self.slots
            .iter()
            .filter(|(_, slot)| slot.changed)
            .filter_map(|(key, slot)| {
                let change = match (&slot.row, slot.stored) {
                    (Some(row), false) => Change::Insert(row),
                    (Some(row), true) => Change::Update(row),
                    (None, true) => Change::Delete,
                    (None, false) => return None,
                };
                Some((key, change))
            })
    }
}

fn not_touched(key: &(impl Debug + ?Sized)) -> FoldError {
    FoldError::NotTouched {
        key: format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows<&'static str, u32> {
        let mut rows = Rows::default();
        rows.touch("old");
        rows.stored("old", 1);
        rows.touch("new");
        rows
    }

    #[test]
    fn a_row_that_was_not_announced_is_a_mistake_and_not_an_absent_row() {
        assert_eq!(rows().get("new"), Ok(None));
        assert_eq!(
            rows().get("other"),
            Err(FoldError::NotTouched {
                key: "\"other\"".to_owned()
            })
        );
    }

    #[test]
    fn only_what_changed_is_written() {
        let mut rows = rows();
        assert_eq!(rows.changes().count(), 0);
        rows.insert("new", 2).unwrap();
        *rows.get_mut("old").unwrap() += 5;
        let mut changes: Vec<_> = rows.changes().collect();
        changes.sort_by_key(|(key, _)| **key);
        assert_eq!(
            changes,
            [(&"new", Change::Insert(&2)), (&"old", Change::Update(&6))]
        );
    }

    #[test]
    fn a_row_that_came_and_went_leaves_no_trace() {
        let mut rows = rows();
        rows.insert("new", 2).unwrap();
        rows.remove("new").unwrap();
        rows.remove("old").unwrap();
        assert_eq!(
            rows.changes().collect::<Vec<_>>(),
            [(&"old", Change::Delete)]
        );
    }

    #[test]
    fn rows_that_were_not_loaded_are_replaced_and_discarded_all_the_same() {
        let mut rows = Rows::default();
        rows.replace("changed", 0, 1).unwrap();
        rows.discard("gone", 7).unwrap();
        rows.replace("back", 8, 2).unwrap();
        rows.discard("back", 2).unwrap();
        assert!(matches!(
            rows.discard("back", 2),
            Err(FoldError::Missing { .. })
        ));
        rows.insert("back", 3).unwrap();
        rows.insert("brief", 4).unwrap();
        rows.replace("brief", 4, 5).unwrap();
        rows.discard("brief", 5).unwrap();
        let was = ["back", "changed", "gone", "brief"].map(|key| rows.unloaded(&key).copied());
        assert_eq!(was, [Some(8), Some(0), Some(7), None]);
        let mut changes: Vec<_> = rows.changes().collect();
        changes.sort_by_key(|(key, _)| **key);
        assert_eq!(
            changes,
            [
                (&"back", Change::Update(&3)),
                (&"changed", Change::Update(&1)),
                (&"gone", Change::Delete)
            ]
        );
    }

    #[test]
    fn an_event_that_comes_twice_does_not_go_unnoticed() {
        let mut rows = rows();
        rows.insert("new", 2).unwrap();
        assert_eq!(
            rows.insert("new", 2),
            Err(FoldError::Exists {
                key: "\"new\"".to_owned()
            })
        );
        assert_eq!(
            rows.insert("old", 2),
            Err(FoldError::Exists {
                key: "\"old\"".to_owned()
            })
        );
    }
}
