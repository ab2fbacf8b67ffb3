//! What is submitted to the gateway, and what it answers.

use std::sync::Arc;

use handoff_domain::{Command, Context, Rejection, State, Version, names::StreamName};
use handoff_event_log::{Epoch, Hash, LogError, Metadata, Position};
use uuid::Uuid;

/// A command to be decided.
#[derive(Debug)]
pub struct Request {
    /// The same id again gets the first answer, as long as the first try appended something.
    pub command_id: Uuid,
    pub context: Context,
    /// The RPC or policy: `CompleteTask`.
    pub request: &'static str,
    /// Of the whole request: the same id with another body is refused.
    pub request_hash: Hash,
    /// None: the command's own id.
    pub correlation_id: Option<Uuid>,
    /// The event that caused the command, for a policy's.
    pub causation_id: Option<Uuid>,
    /// About how large the request is, in bytes; bounds what is appended at once.
    pub bytes: usize,
    pub command: Box<dyn Command>,
}

impl Request {
    pub(crate) fn metadata(&self) -> Metadata {
        Metadata {
            actor: self.context.actor.clone(),
            on_behalf_of: self.context.on_behalf_of.clone(),
            request: self.request.to_owned(),
            request_hash: self.request_hash.to_string(),
            correlation_id: self.correlation_id.unwrap_or(self.command_id),
            causation_id: self.causation_id,
        }
    }

    /// Whether another request with the same id is a retry of this one.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.request_hash == other.request_hash
            && self.context.actor == other.context.actor
            && self.context.on_behalf_of == other.context.on_behalf_of
    }

    /// Whether this is a retry of the request that left this metadata.
    pub(crate) fn retries(&self, first: &Metadata) -> bool {
        first.request_hash == self.request_hash.to_string()
            && first.actor == self.context.actor
            && first.on_behalf_of == self.context.on_behalf_of
    }
}

/// Where a command's events are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The position of the last event appended; for a command that changed nothing, a position
    /// that includes everything it saw.
    pub position: Position,
    pub epoch: Epoch,
    /// How many events were appended; 0: nothing had to change.
    pub events: u32,
    /// The command had been done before; this is its first answer again.
    pub replayed: bool,
}

/// The resource that a command was about, as it was right after it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub resource: StreamName,
    pub version: Version,
    pub state: State,
    pub receipt: Receipt,
}

/// Why a command was not done, by what the caller would do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// Tell the user.
    #[error("the command was rejected")]
    Rejected(#[from] Rejection),
    /// The id was used for another request, or by another caller. Choose another id.
    #[error("the id of the command was used for another request")]
    RequestIdReused,
    /// Too much is waiting. Nothing was appended; try again later.
    #[error("the command queue is full")]
    QueueFull,
    /// The service is stopping. Nothing was appended; try again, elsewhere or later.
    #[error("the command gateway is shutting down")]
    ShuttingDown,
    /// The log cannot be reached. Nothing was appended; try again later.
    #[error("the log is not available")]
    Unavailable(#[source] Arc<LogError>),
    /// Whether the command was done is not known. Try again with the same id.
    #[error("the outcome of the command is not known")]
    OutcomeUnknown(#[source] Arc<LogError>),
    /// Stored history cannot be folded, or the program contradicts itself. Wake someone.
    #[error("the stored history is damaged")]
    Corrupt(#[source] Arc<LogError>),
    /// A decision made an event that its own aggregate refuses: an error in the program.
    #[error("a decision about {0} contradicts itself")]
    Contradiction(StreamName),
}

impl From<Arc<LogError>> for CommandError {
    fn from(error: Arc<LogError>) -> Self {
        match &*error {
            LogError::Unavailable(_) | LogError::NoSession(_) => Self::Unavailable(error),
            LogError::OutcomeUnknown(_) => Self::OutcomeUnknown(error),
            LogError::Refused(_) | LogError::Corrupt { .. } => Self::Corrupt(error),
        }
    }
}
