//! The commands, one module for each subject.

pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod document;
pub(crate) mod events;
pub(crate) mod history;
pub(crate) mod log;
pub(crate) mod member;
pub(crate) mod operation;
pub(crate) mod order;
pub(crate) mod portal;
pub(crate) mod projections;
pub(crate) mod role;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod task;
pub(crate) mod todo;

use clap::Args;
use uuid::Uuid;

/// What every command that changes something takes.
#[derive(Debug, Args)]
pub(crate) struct CommandArgs {
    /// Id of the request; repeating a request with its id cannot do it twice [default: a new one]
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
}

impl CommandArgs {
    /// The id to send.
    fn request_id(&self) -> String {
        self.request_id
            .map_or_else(new_request_id, |id| id.to_string())
    }
}

/// An id that no request had before.
#[allow(
    clippy::disallowed_methods,
    reason = "this is where the command line makes ids"
)]
fn new_request_id() -> String {
    Uuid::now_v7().to_string()
}

/// The name of an enum's value for people: `TASK_STATUS_IN_PROGRESS` as `in progress`.
fn words(name: &str, prefix: &str) -> String {
    match name.strip_prefix(prefix).unwrap_or(name) {
        "UNSPECIFIED" => String::new(),
        value => value.to_lowercase().replace('_', " "),
    }
}
