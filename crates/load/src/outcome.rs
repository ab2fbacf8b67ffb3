//! What became of one try of a command.

use std::{error::Error as _, fmt};

use handoff_proto::v1::CommandReceipt;
use tonic::{Code, Status};

/// The code of a failure that no server sent: the connection broke, or could not be made.
pub(crate) const TRANSPORT: &str = "TRANSPORT";
/// The queue was full. Says nothing about an earlier try of the same command.
pub(crate) const RESOURCE_EXHAUSTED: &str = "RESOURCE_EXHAUSTED";

/// The answer to a command that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub position: i64,
    pub epoch: i32,
    pub events_appended: i32,
    pub replayed: bool,
    pub etag: String,
}

/// What became of one try of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done(Answer),
    /// The server said no: this try has changed nothing.
    Refused {
        code: &'static str,
        message: String,
    },
    /// It may have happened, or may still happen.
    Unknown {
        code: &'static str,
        message: String,
    },
}

impl Outcome {
    pub(crate) fn done(receipt: Option<CommandReceipt>, etag: Option<String>) -> Self {
        let receipt = receipt.unwrap_or_default();
        Self::Done(Answer {
            position: receipt.position,
            epoch: receipt.epoch,
            events_appended: receipt.events_appended,
            replayed: receipt.replayed,
            etag: etag.unwrap_or_default(),
        })
    }

    /// The code: `OK`, one that gRPC knows, or [`TRANSPORT`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Done(_) => "OK",
            Self::Refused { code, .. } | Self::Unknown { code, .. } => code,
        }
    }
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        let broken = status.source().is_some()
            && matches!(
                status.code(),
                Code::Unavailable | Code::Unknown | Code::Internal
            );
        let code = if broken {
            TRANSPORT
        } else {
            name(status.code())
        };
        let message = status.message().to_owned();
        let unknown = broken
            || matches!(
                status.code(),
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
            );
        if unknown {
            Self::Unknown { code, message }
        } else {
            Self::Refused { code, message }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(answer) => write!(f, "OK at position {}", answer.position),
            Self::Refused { code, message } | Self::Unknown { code, message } => {
                write!(f, "{code}: {message}")
            }
        }
    }
}

/// The name of a code as it is written in protocols.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => RESOURCE_EXHAUSTED,
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
