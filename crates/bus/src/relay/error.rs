//! Why a relay stops publishing for a while.

use handoff_event_log::{Epoch, LogError, Position};

type Source = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub(super) enum RelayError {
    /// The session that holds the lock failed: somebody else may be active.
    #[error("the session that holds the relay's lock failed")]
    Lead(#[from] tokio_postgres::Error),
    #[error("cannot connect to the database")]
    Connect(#[source] LogError),
    #[error("the relay's cursor is damaged: {0}")]
    Cursor(String),
    #[error("cannot read the log")]
    Log(#[from] LogError),
    #[error("NATS is away")]
    NatsAway,
    #[error("NATS does not do what it is asked")]
    Nats(#[source] Source),
    #[error("NATS is another server than before")]
    OtherServer,
    #[error("NATS did not take {what}: {reason}")]
    Refused { what: String, reason: String },
    #[error("NATS has not acknowledged position {position} within {seconds} s")]
    Unanswered { position: Position, seconds: u64 },
    #[error("epoch {from} has ended, {to} has begun")]
    EpochEnded { from: Epoch, to: Epoch },
}

impl RelayError {
    pub(super) fn nats(source: impl Into<Source>) -> Self {
        Self::Nats(source.into())
    }

    /// Whether the lock may be lost, so that it must be taken again.
    pub(super) fn loses_the_lead(&self) -> bool {
        matches!(self, Self::Lead(_) | Self::Connect(_) | Self::Cursor(_))
    }
}
