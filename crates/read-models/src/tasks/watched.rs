//! A list of tasks that is watched: whether a task is in it, by its state alone.

use chrono::{DateTime, Utc};

use super::{
    Asked, TaskState,
    fields::{LISTING, NAME},
};
use crate::{
    filter::{self, Cell, Cells, Condition, Viewer},
    list::InvalidList,
};

/// Which tasks a list shows: what its filter means.
#[derive(Debug, Clone)]
pub struct WatchedTasks(Condition);

impl WatchedTasks {
    /// Reads a filter as lists of tasks do. What depends on the time, such as `overdue`, is as of the moment
    /// of [`shows`](Self::shows).
    ///
    /// # Errors
    /// The filter is too large or malformed, or names a field that tasks do not have.
    pub fn new(filter: &str, viewer: &Viewer) -> Result<Self, InvalidList> {
        let condition = filter::parse(filter, LISTING.fields, viewer)?;
        Ok(Self(condition))
    }

    /// Whether the list shows a task in this state at `now`: what the query would answer.
    pub fn shows(&self, name: &str, state: &TaskState, now: DateTime<Utc>) -> bool {
        let asked = Asked::of(state).filter(Asked::is_there);
        asked.is_some_and(|asked| self.0.meets(&Named { name, asked }, now))
    }
}

/// A task under its name.
struct Named<'a> {
    name: &'a str,
    asked: Asked<'a>,
}

impl Cells for Named<'_> {
    fn cell(&self, sql: &str) -> Option<Cell<'_>> {
        match sql {
            NAME => Some(Cell::Text(self.name)),
            _ => self.asked.cell(sql),
        }
    }
}
