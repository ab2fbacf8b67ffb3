//! The way of the events from the log to the projectors: fast through NATS, sure through Postgres.
//!
//! - [`Relay`]: publishes the log to a JetStream stream; one is active, others stand by
//! - [`Feed`]: receives the stream, once per process, and fans it out to [`Subscription`]s
//! - [`Link`]: feeds the process of the active relay without NATS in between
//! - [`Subscription`]: the events of some partitions, none missing, none twice; what NATS lost,
//!   repeated or reordered is mended from the log
//! - [`Precedence`]: lets commands of the same process go first
//! - [`Hints`]: wake-up calls between processes, which may get lost
//!
//! Contract: NATS is a feed, never the truth. Nothing here acknowledges anything to anybody; how far a
//! projector has come is its own checkpoint. Events of one partition are delivered in the order of
//! their positions; between partitions there is no order.

mod connect;
mod envelope;
mod feed;
mod hints;
mod last_positions;
mod link;
mod metrics;
mod precedence;
mod relay;
mod subjects;

pub use connect::connect;
pub use envelope::{Delivered, MalformedMessage, Tick};
pub use feed::{Batch, Continuity, Feed, FeedError, Repair, Subscription, Verdict};
pub use hints::{HintStream, Hints};
pub use last_positions::{LastPositions, NotSixtyFour};
pub use link::Link;
pub use metrics::Metrics;
pub use precedence::{Precedence, Waiting};
pub use relay::{Relay, RelayConfig};
pub use subjects::Subjects;
