//! The API as a client sees it: a server on a loopback port, over a database of its own.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod accounts;
mod callers;
mod commands;
mod disabling;
mod draining;
mod events;
mod notes;
mod order_queries;
mod orders;
mod portal;
mod projections;
mod queries;
mod support;
mod task_batches;
mod task_notes;
mod tasks;
mod team_queries;
mod transport;
mod watches;
