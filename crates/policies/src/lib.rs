//! Process managers: events in, commands out.
//!
//! - [`Policy`]: what a policy says about itself: its state, its triggers, a pure decision
//! - [`run_policy`]: has it act on each trigger once, whatever dies
//! - [`Executor`], [`run_jobs`]: what takes long, in pages, beside the partition that asked for it
//! - [`Runtime`]: what the policies of a process share
//! - [`Ownership`], [`Operations`]: the policy that there is, and what does its jobs
//!
//! Contract: the state is a projection ([`handoff_projections::ReadModel`]) of which a decision sees the
//! rows as of exactly its trigger, in the trigger's partition. What was decided is stored in the
//! transaction that moves the checkpoint past the trigger, and submitted until the gateway has accepted
//! or rejected it; until then the partition waits. A command's id is made of policy, event and target,
//! so a command that is submitted again is recognised by the log.

mod decider;
mod finish;
mod ids;
mod jobs;
mod metrics;
mod outbox;
mod ownership;
mod policy;
mod run;
mod state;
mod submit;

pub use ids::{command_id, follow_up_id, job_command_id, job_id};
pub use jobs::{Executor, JobContext, JobError, run_jobs};
pub use metrics::Metrics;
pub use ownership::{Operations, Ownership, UnderWay};
pub use policy::{Cause, Decision, Intent, Issue, Issued, NoJob, Policy};
pub use run::{Runtime, Settings, run_policy};
pub use state::State;
pub use submit::Outcome;
