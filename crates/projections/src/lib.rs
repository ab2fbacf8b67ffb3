//! Projector runtime: keeps read models equal to a fold of the log.
//!
//! - [`ReadModel`]: what a read model says about itself: a table, and a pure fold
//! - [`Rows`]: the rows that a fold works on; [`Put`], [`Take`]: their way into the table and back
//! - [`run_projector`]: applies the log to a read model, each event exactly once, whatever dies
//! - [`run_reacting`], [`Reaction`]: a projector that also does something at some events, for policies
//! - [`Reads`]: rows, and how far they are, in one snapshot; [`Inclusion`]: waiting until they are further
//! - [`Admin`]: what operators see and do
//!
//! Contract: rows and checkpoints are written in one transaction, and only by whoever holds the lease of
//! the partition. The rows of a partition are a function of its events up to the checkpoint, those that
//! operators skipped left out. Nothing is said about the order between partitions.

mod admin;
mod background;
mod checkpoints;
mod columns;
mod environment;
mod error;
mod fold;
mod generations;
mod held_back;
mod inclusion;
mod leases;
mod metrics;
mod model;
mod passed;
mod projector;
mod reaction;
mod reads;
mod rebuild;
mod rows;
mod status;
mod switch;
mod table;
mod tally;

pub use admin::{Admin, AdminError};
pub use columns::{Put, Take, UnreadableRow};
pub use environment::{Environment, Notices, Settings};
pub use inclusion::{Bounds, Inclusion, Source, WaitError};
pub use metrics::Metrics;
pub use model::{Beginning, Gate, Index, ReadModel, Succession};
pub use projector::{run_projector, run_reacting};
pub use reaction::{Lease, Reaction, ReactionError, Step, Trigger};
pub use reads::{Answer, ReadError, Reads, reading_pool};
pub use rows::{Change, FoldError, Rows};
pub use status::{Generation, GenerationState, Instance, Parked, PartitionStatus, Projection};
pub use tally::Tally;
