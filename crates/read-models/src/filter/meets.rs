//! What a condition says of a row that is in memory: the same as its SQL says of the row in its table.

use chrono::{DateTime, Utc};

use super::{Comparison, Condition, Test, Value};
use crate::search;

/// What an expression of SQL gives for a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Text(&'a str),
    Moment(DateTime<Utc>),
    Integer(i64),
    Flag(bool),
    /// What a list has in it.
    Texts(Vec<&'a str>),
    /// What is searched for words, see [`search`](crate::search).
    Document(String),
}

/// A row that can be asked what an expression gives; none for an expression that it does not know.
pub(crate) trait Cells {
    fn cell(&self, sql: &str) -> Option<Cell<'_>>;
}

impl Condition {
    /// Whether a row meets the condition at `now`.
    pub(crate) fn meets(&self, row: &impl Cells, now: DateTime<Utc>) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|part| part.meets(row, now)),
            Self::Any(conditions) => conditions.iter().any(|part| part.meets(row, now)),
            Self::OneOf { sql, labels, .. } => {
                matches!(row.cell(sql), Some(Cell::Text(label)) if labels.contains(&label))
            }
            Self::Is(test) => test.passes(row, now),
            Self::Not(test) => !test.passes(row, now),
        }
    }
}

impl Test {
    fn passes(&self, row: &impl Cells, now: DateTime<Utc>) -> bool {
        match self {
            Self::Compare {
                column,
                comparison,
                value,
            } => value.compares(*comparison, row.cell(column.sql), now),
            Self::Contains { column, text } => {
                let lower = text.to_ascii_lowercase();
                matches!(row.cell(column.sql), Some(Cell::Text(text)) if text.to_ascii_lowercase().contains(&lower))
            }
            Self::Like { sql, pattern } => found(row.cell(sql), std::slice::from_ref(pattern)),
            Self::LikeElsewhere {
                column, patterns, ..
            } => found(row.cell(column), patterns),
            Self::Present(column) => !matches!(row.cell(column.sql), None | Some(Cell::Null)),
            Self::HasName { sql, name } => {
                matches!(row.cell(sql), Some(Cell::Texts(names)) if names.contains(&name.as_str()))
            }
            Self::Holds { sql } => row.cell(sql) == Some(Cell::Flag(true)),
            // Rows that have a state have no time of recording.
            Self::Recorded { .. } => false,
        }
    }
}

impl Value {
    fn compares(&self, comparison: Comparison, cell: Option<Cell<'_>>, now: DateTime<Utc>) -> bool {
        let order = match (cell, self) {
            (Some(Cell::Text(text)), Self::Text(value)) => text.cmp(value.as_str()),
            (Some(Cell::Moment(moment)), Self::Moment(value)) => moment.cmp(value),
            (Some(Cell::Moment(moment)), Self::Now(_)) => moment.cmp(&now),
            (Some(Cell::Integer(number)), Self::Integer(value)) => number.cmp(value),
            // Without a value only `!=` is met.
            _ => return comparison == Comparison::NotEqual,
        };
        comparison.holds(order)
    }
}

fn found(cell: Option<Cell<'_>>, patterns: &[String]) -> bool {
    match cell {
        Some(Cell::Document(document)) => patterns
            .iter()
            .all(|pattern| search::finds(pattern, &document)),
        _ => false,
    }
}
