//! Projector runtime: keeps read models equal to a fold of the log.
//!
//! - [`ReadModel`]: what a read model says about itself: a table, and a pure fold
//! - [`Rows`]: the rows that a fold works on; [`Put`], [`Take`]: their way into the table and back

mod columns;
mod model;
mod rows;

pub use columns::{Put, Take, UnreadableRow};
pub use model::{Index, ReadModel};
pub use rows::{Change, FoldError, Rows};
