//! What Handoff knows about work: resource names, aggregates and commands as pure functions.
//!
//! Nothing here reads a clock, draws a random number or does I/O. Times and ids arrive in the
//! command's [`Context`]; states arrive through a [`Source`]; what is decided leaves as events.
//!
//! - [`names`], [`terms`]: who and what there is; [`text`], [`limits`]: what may be written
//! - [`account`], [`task`], [`member`], [`settings`], [`document`], [`operation`]: one aggregate each:
//!   events, state, decisions
//! - [`policy`]: what the ownership policy moves when a role changes hands; [`Holding`]: what can be moved
//! - [`account`], [`task`], [`member`], [`settings`], [`activity`]: one aggregate each: events, state, decisions
//! - [`account`], [`task`], [`member`], [`settings`], [`service`], [`order`]: one aggregate each: events,
//!   state, decisions; [`checklist`]: what a service's template and an order's tasks have in common
//! - [`commands`]: one struct a command; decides over several aggregates in one append
//! - [`Unit`]: what a decision reads and appends
//! - [`Event`], [`State`]: all aggregates under one roof, for the log

pub mod account;
pub mod activity;
pub mod checklist;
pub mod commands;
pub mod document;
pub mod limits;
pub mod member;
pub mod names;
pub mod operation;
pub mod order;
pub mod policy;
pub mod service;
pub mod settings;
pub mod task;
pub mod terms;
pub mod text;

mod change;
mod context;
mod event;
mod holding;
mod partition;
mod rejection;
mod state;
mod unit;
mod version;

pub use change::Change;
pub use context::{Context, Expectation};
pub use event::{CorruptHistory, DecodeError, Event};
pub use holding::{Holding, HoldingKind, Holdings};
pub use partition::{PARTITIONS, Partition};
pub use rejection::{Held, Invalid, Reason, Rejection, Violation, Violations, cut, quoted};
pub use state::State;
pub use unit::{Command, Effects, NewEvent, Source, Stop, Unit, Versioned};
pub use version::{Revision, Version};
