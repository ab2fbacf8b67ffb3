//! Policies over a real Postgres and NATS, with small policies, in this process and in others that are killed.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod chained;
mod echo;
mod exactly_once;
mod handover;
mod jobs;
mod outages;
mod ownership;
mod paging;
mod process;
mod succession;
mod world;
