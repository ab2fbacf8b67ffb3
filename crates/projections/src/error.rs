//! Why a projector, or somebody who steers it, could not go on.

use handoff_event_log::LogError;

use crate::columns::UnreadableRow;

/// Why a projector lost its footing. Its memory is dropped then, and it goes on from the checkpoints;
/// nothing that it was about is half done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectorError {
    /// Postgres is away or refused a statement.
    #[error("the database of the projections failed")]
    Postgres(#[from] tokio_postgres::Error),
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[from] LogError),
    /// The feed gave up.
    #[error("the feed failed")]
    Feed(#[from] handoff_bus::FeedError),
    /// Another instance took over a partition of the batch, or moved its checkpoint.
    #[error("{expected} checkpoints were to be moved, but {moved} were as expected")]
    CheckpointMoved { expected: u64, moved: u64 },
    /// Postgres wrote another number of rows than it was given.
    #[error("{expected} rows were to be written, but {written} were")]
    RowCount { expected: u64, written: u64 },
    /// A row does not fit the columns that its read model declares.
    #[error("a row cannot be encoded")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored row is not what this program writes.
    #[error("a row cannot be read")]
    Unreadable(#[from] UnreadableRow),
    /// What a policy decided could not be written.
    #[error(transparent)]
    Reaction(#[from] crate::reaction::ReactionError),
    /// A task of this process ended early.
    #[error("a task of the projector ended early")]
    Task(#[from] tokio::task::JoinError),
}
