//! Filters of lists: the part of AIP-160 that a table of named fields can answer.
//!
//! A filter is parsed against the fields of its list into a condition, in which everything is
//! typed and checked, and that is compiled to SQL. A value only ever reaches SQL as a parameter.
//!
//! ```text
//! status = IN_PROGRESS AND (assignees:me OR NOT assignees:*) AND due_time < "2026-07-01T00:00:00Z"
//! ```
//!
//! - Comparisons: `=` `!=` `<` `<=` `>` `>=`. `:` asks whether a text contains another (of A to Z the case
//!   does not count) or a list has an element; `field:*` whether there is any value.
//! - A field that is true or false may stand alone: `overdue`.
//! - As AIP-160 has it, `OR` binds closer than `AND`, and two terms side by side are joined by `AND`.
//!   `NOT` and `-` negate the term that follows.
//! - `me` stands for the caller where a member is expected. Quoted, it is a text like any other.
//! - A field without a value meets no comparison but `!=`.

mod condition;
mod field;
mod meets;
mod parser;
mod scanner;
mod sql;
mod terms;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use handoff_domain::names::MemberName;

pub(crate) use condition::{Comparison, Condition, Test, Value};
pub(crate) use field::{Column, Field, Kind};
pub(crate) use meets::{Cell, Cells};
pub(crate) use sql::Parameters;

/// Bytes of a filter: 4 KiB.
pub const FILTER_BYTES: usize = 4096;
/// Parentheses and negations inside each other.
pub const FILTER_DEPTH: usize = 20;
/// Comparisons in one filter.
pub const FILTER_TERMS: usize = 100;

/// A filter that its list cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{description}")]
pub struct InvalidFilter {
    /// The field at fault, as it was written and at most 64 characters of it; none if the syntax is.
    pub field: Option<String>,
    /// What is wrong and what would be right.
    pub description: String,
}

/// From whose place and time a list is looked at.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// What `overdue` is measured against.
    pub now: DateTime<Utc>,
    /// Who `me` is; none for a caller that is no member and acts for none.
    pub me: Option<MemberName>,
}

/// Reads a filter. An empty one lets everything through.
///
/// # Errors
/// The filter is too large or malformed, or names a field that the list does not have.
pub(crate) fn parse(
    text: &str,
    fields: &'static [Field],
    viewer: &Viewer,
) -> Result<Condition, InvalidFilter> {
    parser::Parser::new(text, fields, viewer)?.filter()
}
