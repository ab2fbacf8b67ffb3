//! Projectors over a real Postgres and NATS, with a small read model.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod admin;
mod exactly_once;
mod inclusion;
mod leases;
mod rebuild;
mod tallies;
mod world;
