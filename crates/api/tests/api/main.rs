//! The API as a client sees it: a server on a loopback port, over a database of its own.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod accounts;
mod activities;
mod callers;
mod calls;
mod commands;
mod disabling;
mod documents;
mod draining;
mod events;
mod explain;
mod large_errors;
mod large_orders;
mod notes;
mod operations;
mod order_documents;
mod order_queries;
mod order_races;
mod orders;
mod page_bytes;
mod plan_bounds;
mod plans;
mod portal;
mod portal_documents;
mod projections;
mod queries;
mod secrets;
mod skipped_triggers;
mod slow_readers;
mod support;
mod task_batches;
mod task_notes;
mod task_rules;
mod tasks;
mod team_queries;
mod todo;
mod todo_watches;
mod transport;
mod watches;
