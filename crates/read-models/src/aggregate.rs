//! Rows that are aggregates: folded by the aggregate's own `evolve`, so that a row cannot differ from it.

use std::{fmt::Debug, hash::Hash};

use handoff_domain::{CorruptHistory, Version};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Rows};

/// An aggregate as of some event.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateRow<A> {
    pub state: A,
    /// Of the last event.
    pub version: Version,
    /// Of the last event.
    pub position: Position,
}

/// Applies the next event of the aggregate `name`; the first one makes its row.
pub(crate) fn evolve<K: Clone + Eq + Hash + Debug, A: Clone + Default>(
    rows: &mut Rows<K, AggregateRow<A>>,
    name: K,
    recorded: &Recorded,
    evolve: impl FnOnce(A) -> Result<A, CorruptHistory>,
) -> Result<(), FoldError> {
    let (version, position) = (recorded.version, recorded.position);
    let next = |state| {
        let state = evolve(state).map_err(FoldError::because)?;
        Ok(AggregateRow {
            state,
            version,
            position,
        })
    };
    if version == Version(1) {
        return rows.insert(name, next(A::default())?);
    }
    let row = rows.get_mut(&name)?;
    if version != row.version.next() {
        return Err(FoldError::because(format!(
            "version {version} comes after {}",
            row.version
        )));
    }
    *row = next(std::mem::take(&mut row.state))?;
    Ok(())
}
