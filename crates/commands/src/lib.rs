//! The command gateway: takes commands, decides them on the newest states, and appends their events
//! in groups.
//!
//! - [`Gateway`]: submits a command and waits for its answer
//! - `sequencer`: one thread that takes whatever waits, decides it in order and appends it at once
//! - `batch`: the decisions of one such group, without I/O
//! - [`States`]: aggregates read outside of commands: rights, receipts, time travel
//! - [`Clock`], [`new_id`]: the only places that know the time and make ids

mod batch;
mod clock;
mod gateway;
mod id;
mod metrics;
mod pressure;
mod request;
mod sequencer;
mod snapshotter;
mod states;

pub use clock::{Clock, ManualClock, SystemClock};
pub use gateway::{Gateway, GatewayConfig};
pub use id::{event_id, new_id};
pub use metrics::Metrics;
pub use request::{Answer, CommandError, Receipt, Request};
pub use states::States;
