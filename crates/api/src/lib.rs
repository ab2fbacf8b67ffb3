//! The gRPC API: who calls, what they may, what they asked for, and what they are shown.
//!
//! - `server`: connections, and how they end; `call`: the way of every call before a service sees it
//! - [`auth`]: who calls; `callers`: which class of caller may call which method
//! - `services`: one module for each service of the protos; `command`, `query`: what they have in common
//! - `fields`: from requests to the domain's types; `views`: from the domain to answers
//! - `error`: what can go wrong; `status`: the one place that tells a client so

pub mod auth;

mod api;
mod batch;
mod body;
mod call;
mod caller;
mod callers;
mod command;
mod deadline;
mod error;
mod fields;
mod ownership;
mod patience;
mod query;
mod server;
mod services;
mod status;
mod telemetry;
mod time;
mod views;

pub use api::{Api, Backend, Health};
pub use server::{Limits, serve};
pub use telemetry::Metrics;
