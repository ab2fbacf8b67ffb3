//! Load over gRPC, a record of what was answered, and the check of that record.
//!
//! - [`Target`], [`Client`]: which servers are called, and as whom
//! - [`Sender`]: sends one command, again where its outcome is unknown, and records each try
//! - [`closed_loop`], [`open_loop`]: two ways of sending many; both answer with a [`Summary`]
//! - [`checker`]: whether a service kept its promises to whoever made a record
//! - [`bench`]: the table of benchmarks
//!
//! Everything but two parts of the benchmarks and the comparison of read models goes through the published API.

pub mod bench;
pub mod checker;
mod client;
pub mod closed_loop;
mod command;
mod error;
pub mod open_loop;
mod outcome;
mod prepare;
pub mod projections;
mod record;
mod sender;
mod summary;
mod target;

pub use client::Client;
pub use command::Command;
pub use error::LoadError;
pub use outcome::{Answer, Outcome};
pub use prepare::prepare_tasks;
pub use record::{Ended, Recorder, Recording, Try};
pub use sender::{Sender, Tries};
pub use summary::Summary;
pub use target::{Target, TargetArgs};
