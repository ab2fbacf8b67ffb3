//! What a caller is told when something goes wrong: the one place that makes a [`Status`].
//!
//! The message and details say what the caller can do about it. The chain of causes goes to the
//! log, never to the caller.

use std::{collections::HashMap, fmt, time::Duration};

use handoff_domain::{Held, Reason, Rejection, Violation, cut};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{ApiError, Chain};

#[cfg(test)]
mod tests;

/// The domain of every `google.rpc.ErrorInfo`.
const DOMAIN: &str = "handoff";
/// The reason where an operator names an event at which nothing has stopped.
const NOT_PARKED: &str = "NOT_PARKED";
/// The reason where contents of documents are asked of a server that keeps none.
const NO_DOCUMENT_STORE: &str = "NO_DOCUMENT_STORE";

/// Bytes of a message, and of a description in the details that the message repeats. A client refuses
/// headers over 16 KiB; what a message may take thrice as escaped bytes stays far from that.
const MESSAGE_BYTES: usize = 768;

/// What the client is told besides the message.
struct Shown {
    code: Code,
    reason: &'static str,
    metadata: Vec<(&'static str, String)>,
}

impl Shown {
    fn new(code: Code, reason: &'static str) -> Self {
        Self {
            code,
            reason,
            metadata: Vec::new(),
        }
    }

    fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }
}

impl ApiError {
    fn shown(&self) -> Shown {
        match self {
            Self::Rejected(rejection) => shown_rejection(rejection),
            Self::TokenMissing => Shown::new(Code::Unauthenticated, "TOKEN_MISSING"),
            Self::TokenInvalid(_) => Shown::new(Code::Unauthenticated, "TOKEN_INVALID"),
            Self::UnknownCaller { actor } => {
                Shown::new(Code::Unauthenticated, "UNKNOWN_CALLER").with("actor", actor)
            }
            Self::NoPortalAccess { actor } => {
                Shown::new(Code::PermissionDenied, "NO_PORTAL_ACCESS").with("actor", actor)
            }
            Self::MethodNotAllowed { actor, method } => {
                Shown::new(Code::PermissionDenied, "METHOD_NOT_ALLOWED")
                    .with("actor", actor)
                    .with("method", method)
            }
            Self::RightsChanged { actor } => {
                Shown::new(Code::Aborted, "RIGHTS_CHANGED").with("actor", actor)
            }
            Self::ActingNotAllowed { actor } => {
                Shown::new(Code::PermissionDenied, "ACTING_NOT_ALLOWED").with("actor", actor)
            }
            Self::RequestIdReused => Shown::new(Code::InvalidArgument, "REQUEST_ID_REUSED"),
            Self::UnknownMethod { .. } => Shown::new(Code::Unimplemented, "UNKNOWN_METHOD"),
            Self::Unreadable { .. } => Shown::new(Code::InvalidArgument, "UNREADABLE_MESSAGE"),
            Self::Overloaded => Shown::new(Code::ResourceExhausted, "OVERLOADED"),
            Self::Unavailable(_) => Shown::new(Code::Unavailable, "BACKEND_UNAVAILABLE"),
            Self::OutcomeUnknown(_) => Shown::new(Code::Unavailable, "OUTCOME_UNKNOWN"),
            Self::Draining => Shown::new(Code::Unavailable, "DRAINING"),
            Self::Behind {
                projection,
                position,
                wanted,
            } => Shown::new(Code::Unavailable, "READ_MODEL_BEHIND")
                .with("projection", projection)
                .with("position", position)
                .with("wanted", wanted),
            Self::Building { projection } => {
                Shown::new(Code::Unavailable, "READ_MODEL_BUILDING").with("projection", projection)
            }
            Self::NotParked(_) => Shown::new(Code::FailedPrecondition, NOT_PARKED),
            Self::EpochChanged { epoch, position } => Shown::new(Code::Aborted, "EPOCH_CHANGED")
                .with("epoch", epoch)
                .with("position", position),
            Self::SlowReader { epoch, position } => {
                Shown::new(Code::ResourceExhausted, "SLOW_READER")
                    .with("epoch", epoch)
                    .with("position", position)
            }
            Self::DeadlineExceeded => Shown::new(Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
            Self::Corrupt(_) => Shown::new(Code::DataLoss, "CORRUPT_HISTORY"),
            Self::Internal(_) => Shown::new(Code::Internal, "INTERNAL"),
            Self::NoDocumentStore => Shown::new(Code::FailedPrecondition, NO_DOCUMENT_STORE),
            Self::StoreUnavailable(_) => {
                Shown::new(Code::Unavailable, "DOCUMENT_STORE_UNAVAILABLE")
            }
            Self::ContentDamaged { document, .. } => {
                Shown::new(Code::DataLoss, "CONTENT_DAMAGED").with("document", document)
            }
        }
    }

    /// Puts what a person who runs the server should know into its log.
    fn log(&self, code: Code) {
        match code {
            Code::DataLoss | Code::Internal => {
                tracing::error!(error = %Chain(self), "call failed");
            }
            Code::Unavailable => tracing::warn!(error = %Chain(self), "call failed"),
            _ => tracing::debug!(error = %Chain(self), ?code, "call refused"),
        }
    }
}

fn shown_rejection(rejection: &Rejection) -> Shown {
    match rejection {
        Rejection::Invalid(_) => Shown::new(Code::InvalidArgument, "INVALID_REQUEST"),
        Rejection::NotFound { resource } => {
            Shown::new(Code::NotFound, "NOT_FOUND").with("resource", resource)
        }
        Rejection::AlreadyExists { resource } => {
            Shown::new(Code::AlreadyExists, "ALREADY_EXISTS").with("resource", resource)
        }
        Rejection::Precondition {
            reason, subject, ..
        } => Shown::new(Code::FailedPrecondition, reason.as_str()).with("subject", subject),
        Rejection::MemberHoldsWork { member, count, .. } => {
            Shown::new(Code::FailedPrecondition, Reason::MemberHoldsWork.as_str())
                .with("subject", member)
                .with("count", count)
        }
        Rejection::VersionMismatch {
            resource,
            expected,
            actual,
        } => Shown::new(Code::Aborted, "VERSION_MISMATCH")
            .with("resource", resource)
            .with("expected", expected)
            .with("actual", actual),
        Rejection::StaleNotes {
            resource,
            expected,
            actual,
        } => Shown::new(Code::Aborted, "STALE_NOTES")
            .with("resource", resource)
            .with("expected", expected)
            .with("actual", actual),
        Rejection::PlanChanged {
            resource,
            expected,
            actual,
        } => Shown::new(Code::Aborted, "PLAN_CHANGED")
            .with("resource", resource)
            .with("expected", expected)
            .with("actual", actual),
        Rejection::UnknownActor { actor } => {
            Shown::new(Code::Unauthenticated, "UNKNOWN_CALLER").with("actor", actor)
        }
        Rejection::NotAllowed { actor, .. } => {
            Shown::new(Code::PermissionDenied, "NOT_ALLOWED").with("actor", actor)
        }
    }
}

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Self {
        let Shown {
            code,
            reason,
            metadata,
        } = error.shown();
        error.log(code);
        let metadata: HashMap<String, String> = metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
        match &error {
            ApiError::Rejected(Rejection::Invalid(violations)) => {
                for Violation { field, description } in violations {
                    details.add_bad_request_violation(field, description);
                }
            }
            ApiError::Rejected(Rejection::Precondition {
                reason,
                subject,
                description,
            }) => {
                let description = cut(description.clone(), MESSAGE_BYTES);
                details.add_precondition_failure_violation(reason.as_str(), subject, description);
            }
            ApiError::Rejected(Rejection::MemberHoldsWork { named, .. }) => {
                for Held {
                    subject,
                    description,
                } in named
                {
                    let reason = Reason::MemberHoldsWork.as_str();
                    details.add_precondition_failure_violation(reason, subject, description);
                }
            }
            ApiError::NotParked(description) => {
                details.add_precondition_failure_violation(NOT_PARKED, "projections", description);
            }
            ApiError::NoDocumentStore => {
                let description = error.to_string();
                details.add_precondition_failure_violation(
                    NO_DOCUMENT_STORE,
                    "documents",
                    description,
                );
            }
            _ => {}
        }
        if let Some(delay) = retry_delay(code) {
            details.set_retry_info(Some(delay));
        }
        Self::with_error_details(code, cut(error.to_string(), MESSAGE_BYTES), details)
    }
}

/// How long a client should wait before it tries again, where that can help.
fn retry_delay(code: Code) -> Option<Duration> {
    match code {
        Code::ResourceExhausted => Some(Duration::from_millis(50)),
        Code::Unavailable => Some(Duration::from_millis(250)),
        _ => None,
    }
}

/// Gives an error that the transport made (a message that is too large, say) the details that every
/// error has.
pub(crate) fn complete(status: Status) -> Status {
    if status.code() == Code::Ok || !status.details().is_empty() {
        return status;
    }
    match status.code() {
        // The codes that decoding a request answers with.
        Code::OutOfRange | Code::Internal => ApiError::Unreadable {
            description: status.message().to_owned(),
        }
        .into(),
        code => {
            let details = ErrorDetails::with_error_info("TRANSPORT", DOMAIN, HashMap::new());
            Status::with_error_details(code, status.message(), details)
        }
    }
}
