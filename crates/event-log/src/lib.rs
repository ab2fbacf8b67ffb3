//! The Postgres log: the truth. One table, written by insert only, in one order.
//!
//! - [`Appender`]: the one way in: lock, check, insert, commit
//! - [`Log`]: the ways out: by position, by partition, by stream, by command
//! - [`verify`]: whether the history is as it was written
//! - [`Snapshots`]: states of long streams
//! - [`Database`]: how sessions are made, each with the least privilege that its work takes
//!
//! Contract: positions are 1, 2, 3 … without a gap, in commit order. Who has seen position n has
//! seen everything up to n. Ranges are given as `after` (exclusive) and `through` (inclusive).

mod appender;
mod database;
mod epochs;
mod error;
mod hash;
mod log;
mod migrate;
mod recorded;
mod snapshots;
pub mod verify;

pub use appender::{Appended, Appender, Check, Locked, NewRecord};
pub use database::{Database, Role};
pub use epochs::begin_epoch;
pub use error::LogError;
pub use hash::Hash;
pub use log::{Head, Log, Page, PageSize};
pub use migrate::{MigrateError, migrate};
pub use recorded::{Epoch, Metadata, Position, Reading, Recorded};
pub use snapshots::{Snapshot, Snapshots, evolve};
