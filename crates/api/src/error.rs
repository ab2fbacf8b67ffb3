//! What can go wrong with a call, by what its caller would do about it.

use std::{error::Error, fmt};

use handoff_commands::CommandError;
use handoff_domain::{Rejection, names::Actor};
use handoff_event_log::{Epoch, LogError, Position};
use handoff_projections::AdminError;
use handoff_read_models::{InvalidList, QueryError};

use crate::auth::BadToken;

/// Why a call is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The input is malformed, or a rule of the domain says no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// No bearer token came with the call.
    #[error("a bearer token is required in the header authorization")]
    TokenMissing,
    /// The token is not one to rely on.
    #[error("the bearer token is not valid: {0}")]
    TokenInvalid(BadToken),
    /// The token's subject is nobody who may call (any more).
    #[error("{actor} is not a member of the team")]
    UnknownCaller { actor: Actor },
    /// The contact is none (any more), or may not sign in to the portal.
    #[error("{actor} has no access to the portal")]
    NoPortalAccess { actor: Actor },
    /// Callers of this class may not call this method.
    #[error("{actor} may not call {method}")]
    MethodNotAllowed { actor: Actor, method: &'static str },
    /// What the caller may see changed while a stream went on.
    #[error("what {actor} may see has changed: begin the stream again where it ended")]
    RightsChanged { actor: Actor },
    /// The caller's token does not let it act for members.
    #[error("{actor} may not act on behalf of a member")]
    ActingNotAllowed { actor: Actor },
    /// A `request_id` came again with another body or from another caller.
    #[error("this request_id was used for another request or by another caller: choose a new one")]
    RequestIdReused,
    /// There is no such method.
    #[error("{path:?} is not a method of this server")]
    UnknownMethod { path: String },
    /// The bytes are not a message of the request's type, or are too many.
    #[error("the message cannot be read: {description}")]
    Unreadable { description: String },
    /// Too much work is waiting already.
    #[error("the server has too much work waiting: try again shortly")]
    Overloaded,
    /// What the answer needs is away for now.
    #[error("the database is not available: try again shortly")]
    Unavailable(#[source] Cause),
    /// The command may or may not have been done.
    #[error("the outcome of the command is not known: repeat it with the same request_id")]
    OutcomeUnknown(#[source] Cause),
    /// This server has no object store.
    #[error("this server has no store for documents: its operator has to name one")]
    NoDocumentStore,
    /// The object store is away for now.
    #[error("the store of documents is not available: try again shortly")]
    StoreUnavailable(#[source] Cause),
    /// The content of a document is missing or not what it was.
    #[error("the content of {document} is damaged; an operator has to look at it")]
    ContentDamaged { document: String, source: Cause },
    /// The server is about to stop.
    #[error("the server is stopping: try again at another")]
    Draining,
    /// The read model did not get as far as asked in time.
    #[error(
        "the read model {projection} includes position {position}, not yet {wanted}: try again shortly"
    )]
    Behind {
        projection: &'static str,
        position: Position,
        wanted: Position,
    },
    /// The read model is being built for the first time.
    #[error("the read model {projection} is being built: try again later")]
    Building { projection: &'static str },
    /// A partition has not stopped at the event that was named.
    #[error("{0}")]
    NotParked(String),
    /// The log began a new epoch while it was read: its tail may have been lost.
    #[error(
        "the log began epoch {epoch} and ends at position {position}: what was read last may not be in it any more"
    )]
    EpochChanged { epoch: Epoch, position: Position },
    /// The reader of a stream left messages lying.
    #[error(
        "the messages of the stream were not read for too long: begin it again after position {position}"
    )]
    SlowReader { epoch: Epoch, position: Position },
    /// The caller's deadline, or the server's own, has passed.
    #[error("the deadline has passed; a command may have been done all the same")]
    DeadlineExceeded,
    /// Stored history cannot be folded.
    #[error("stored history is damaged; an operator has to look at it")]
    Corrupt(#[source] Cause),
    /// An error in the program.
    #[error("something is wrong in the server; the details are in its log")]
    Internal(#[source] Cause),
}

/// What is beneath an error, for the server's log.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

impl ApiError {
    /// One field of the request at fault.
    pub(crate) fn invalid(field: &str, description: impl Into<String>) -> Self {
        Rejection::invalid(field, description).into()
    }

    /// There is no such resource, or none that the caller may see.
    pub(crate) fn not_found(resource: &str) -> Self {
        Rejection::NotFound {
            resource: resource.to_owned(),
        }
        .into()
    }
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(_) | LogError::NoSession(_) => Self::Unavailable(error.into()),
            LogError::OutcomeUnknown(_) => Self::OutcomeUnknown(error.into()),
            LogError::Refused(_) => Self::Internal(error.into()),
            LogError::Corrupt { .. } => Self::Corrupt(error.into()),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Rejected(rejection) => Self::Rejected(rejection),
            CommandError::RequestIdReused => Self::RequestIdReused,
            CommandError::QueueFull => Self::Overloaded,
            CommandError::ShuttingDown => Self::Draining,
            CommandError::Unavailable(source) => Self::Unavailable(source.into()),
            CommandError::OutcomeUnknown(source) => Self::OutcomeUnknown(source.into()),
            CommandError::Corrupt(source) => Self::Corrupt(source.into()),
            CommandError::Contradiction(_) => Self::Internal(error.into()),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Invalid(invalid) => {
                let description = match &invalid {
                    InvalidList::PageSize(size) => size.to_string(),
                    InvalidList::PageToken(token) => token.to_string(),
                    InvalidList::Filter(filter) => filter.to_string(),
                    InvalidList::Order(order) => order.to_string(),
                };
                Self::invalid(invalid.request_field(), description)
            }
            QueryError::Behind {
                projection,
                wanted,
                included,
                head: _,
            } => Self::Behind {
                projection,
                position: included,
                wanted,
            },
            QueryError::Building { projection } => Self::Building { projection },
            QueryError::Unavailable(source) => Self::Unavailable(source.into()),
            QueryError::Refused(_) | QueryError::Unreadable(_) => Self::Internal(error.into()),
        }
    }
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound { projection } => {
                Self::not_found(&format!("projections/{projection}"))
            }
            AdminError::NotParked { .. } => Self::NotParked(error.to_string()),
            AdminError::Database(error) => error.into(),
        }
    }
}

/// An error and everything beneath it, in one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
