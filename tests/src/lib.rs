//! For the end-to-end and fault tests in `tests/`: programs that run, and clients that call them.
//!
//! - [`Deployment`]: a database and a NATS, and any number of `handoffd` processes on them
//! - [`Process`]: one `handoffd`, to be asked to stop, killed or frozen
//! - [`Client`]: calls the API with a token
//! - [`Fleet`]: processes that die and come back in their places, under load, and the check of it all
//! - [`Load`]: commands from many clients, recorded for the check

mod client;
mod deployment;
mod fleet;
mod load;
mod process;

pub use client::{Client, new_id, task};
pub use deployment::Deployment;
pub use fleet::{Fleet, Place};
pub use load::{Load, Mix};
pub use process::Process;
