//! The read models: what queries are answered from. Each module has the rows of one, their fold, and
//! the lists that can be asked of it; [`Queries`] is the way in.
//!
//! - [`accounts`], [`members`], [`tasks`], [`activities`], [`timelines`], [`history`], [`documents`]: one read model
//!   each
//! - [`task_texts`], [`task_notes`]: what is searched of tasks, and what is written beside them
//! - [`todo`]: the open work of two of them
//! - [`services`], [`orders`], [`order_notes`]: what is sold, what was bought, and what is written beside it
//! - [`portal`], [`portal_notes`]: what the contacts of an account see of all that
//! - [`operations`], [`operation_items`]: ownership changes, and what became of their items
//! - [`workloads`]: counted from several of them
//! - [`filter`], [`order`], [`page`]: what a caller may ask of any list, and how it becomes SQL
//!
//! Which fields a list has, and which pairs of filter and order an index serves, is in `docs/queries.md`.

pub mod accounts;
pub mod activities;
pub mod documents;
pub mod filter;
pub mod history;
pub mod members;
pub mod operation_items;
pub mod operations;
pub mod order;
pub mod order_notes;
pub mod orders;
pub mod page;
pub mod portal;
pub mod portal_notes;
pub mod services;
pub mod task_notes;
pub mod task_texts;
pub mod tasks;
pub mod timelines;
pub mod todo;
pub mod workloads;

mod aggregate;
mod holdings;
mod list;
#[cfg(test)]
mod plans;
mod queries;
mod search;
mod stored;

pub use aggregate::AggregateRow;
pub use filter::Viewer;
pub use list::{InvalidList, ListRequest, Page, Shown};
pub use queries::{Answer, Consistency, Count, Queries, QueryError};
