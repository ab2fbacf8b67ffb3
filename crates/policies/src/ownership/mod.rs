//! The ownership policy and the operations that it works for (S4).
//!
//! - [`Ownership`]: when a role changes hands, moves the open work of its account as the policy stamped on
//!   the event says, and records what became of each item; when an operation is started, asks for a job
//! - [`Operations`]: does those jobs: lists what an operation changes, then changes it, item by item
//!
//! What is to be done is the domain's to say; here is only where it is found and how it is issued.

mod decision;
mod intent;
mod operations;
mod plan;
mod state;
mod stream;
mod under_way;

use decision::Job;
pub use decision::Ownership;
pub use operations::Operations;
pub use under_way::UnderWay;
