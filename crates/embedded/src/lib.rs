//! Private Postgres and NATS servers, run as child processes that listen on loopback only.
//!
//! `handoffd up` and the tests start their servers here. This crate knows nothing of what the servers
//! are used for: it finds the programs, prepares a directory, starts a server, waits until it is ready,
//! and stops it again.
//!
//! A child runs in a process group of its own, so a terminal's Ctrl-C reaches this process alone, which
//! then stops its children in order. What a killed process left running is found again by the directory
//! it works in and stopped before the next start.

mod account;
mod directory;
mod error;
mod leftovers;
mod nats;
mod port;
mod postgres;
mod process;
mod programs;

pub use directory::DirectoryLock;
pub use error::EmbeddedError;
pub use nats::{Nats, NatsOptions};
pub use postgres::{Postgres, PostgresOptions, Shutdown};
pub use programs::{find_nats, find_postgres};
