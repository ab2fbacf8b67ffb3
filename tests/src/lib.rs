//! For the end-to-end and fault tests in `tests/`: programs that run, and clients that call them.
//!
//! - [`Deployment`]: Postgres and NATS of the test's own, and any number of `handoffd` processes on them
//! - [`Process`]: one `handoffd`, to be asked to stop, killed or frozen
//! - [`Client`]: calls the API with a token

mod client;
mod deployment;
mod process;

pub use client::{Client, new_id, task};
pub use deployment::Deployment;
pub use process::Process;
