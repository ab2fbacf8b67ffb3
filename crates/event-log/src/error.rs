//! What can go wrong with the log, by what the caller would do.

use tokio_postgres::error::SqlState;

use crate::recorded::Position;

/// Why the log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Postgres is away or refuses work for now. Nothing was appended; try again later.
    #[error("the log's database is not available")]
    Unavailable(#[source] tokio_postgres::Error),
    /// No session was free in time. Nothing was appended; try again later.
    #[error("no session of the log's database is available")]
    NoSession(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection died in the commit. Whether the events are there is known only by submitting
    /// the same commands again.
    #[error("the outcome of the append is unknown")]
    OutcomeUnknown(#[source] tokio_postgres::Error),
    /// A statement failed in a way that trying again does not mend: an error in the program, or
    /// rows that somebody else wrote.
    #[error("the log's database refused a statement")]
    Refused(#[source] tokio_postgres::Error),
    /// A stored row is not what this program writes. Stop and wake someone.
    #[error("the event at position {position} is damaged: {what}")]
    Corrupt { position: Position, what: String },
}

impl From<tokio_postgres::Error> for LogError {
    /// An error outside a commit: nothing was appended.
    fn from(error: tokio_postgres::Error) -> Self {
        let transient = match error.code() {
            None => true,
            Some(code) => {
                // Connection exception, insufficient resources, operator intervention, system error,
                // transaction rollback.
                ["08", "53", "57", "58", "40"].contains(&&code.code()[..2])
                    || *code == SqlState::LOCK_NOT_AVAILABLE
                    || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
                    || *code == SqlState::READ_ONLY_SQL_TRANSACTION
            }
        };
        if transient {
            Self::Unavailable(error)
        } else {
            Self::Refused(error)
        }
    }
}

impl From<deadpool_postgres::PoolError> for LogError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::NoSession(Box::new(other)),
        }
    }
}
