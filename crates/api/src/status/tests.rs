//! Every error against the table of codes.

use handoff_domain::Reason;
use handoff_event_log::{Epoch, Position};

use super::*;
use crate::{auth::BadToken, error::Cause};

fn cause() -> Cause {
    "secret cause".into()
}

/// One of each, with the code and reason that the caller is to see.
fn every_error() -> Vec<(ApiError, Code, &'static str)> {
    let actor = || "members/ana".parse().expect("a name");
    let resource = || "tasks/a".to_owned();
    vec![
        (
            ApiError::invalid("name", "is wrong"),
            Code::InvalidArgument,
            "INVALID_REQUEST",
        ),
        (ApiError::not_found("tasks/a"), Code::NotFound, "NOT_FOUND"),
        (
            Rejection::AlreadyExists {
                resource: resource(),
            }
            .into(),
            Code::AlreadyExists,
            "ALREADY_EXISTS",
        ),
        (
            Rejection::Precondition {
                reason: Reason::AccountDeactivated,
                subject: "accounts/acme".into(),
                description: "no".into(),
            }
            .into(),
            Code::FailedPrecondition,
            "ACCOUNT_DEACTIVATED",
        ),
        (
            Rejection::VersionMismatch {
                resource: resource(),
                expected: "1".into(),
                actual: "2".into(),
            }
            .into(),
            Code::Aborted,
            "VERSION_MISMATCH",
        ),
        (
            Rejection::StaleNotes {
                resource: "accounts/acme".into(),
                expected: 1,
                actual: 2,
            }
            .into(),
            Code::Aborted,
            "STALE_NOTES",
        ),
        (
            Rejection::UnknownActor {
                actor: "members/ana".into(),
            }
            .into(),
            Code::Unauthenticated,
            "UNKNOWN_CALLER",
        ),
        (
            Rejection::NotAllowed {
                actor: "members/ana".into(),
                description: "no".into(),
            }
            .into(),
            Code::PermissionDenied,
            "NOT_ALLOWED",
        ),
        (
            ApiError::TokenMissing,
            Code::Unauthenticated,
            "TOKEN_MISSING",
        ),
        (
            ApiError::TokenInvalid(BadToken::Signature),
            Code::Unauthenticated,
            "TOKEN_INVALID",
        ),
        (
            ApiError::UnknownCaller { actor: actor() },
            Code::Unauthenticated,
            "UNKNOWN_CALLER",
        ),
        (
            ApiError::MethodNotAllowed {
                actor: actor(),
                method: "/a/b",
            },
            Code::PermissionDenied,
            "METHOD_NOT_ALLOWED",
        ),
        (
            ApiError::ActingNotAllowed { actor: actor() },
            Code::PermissionDenied,
            "ACTING_NOT_ALLOWED",
        ),
        (
            ApiError::RequestIdReused,
            Code::InvalidArgument,
            "REQUEST_ID_REUSED",
        ),
        (
            ApiError::UnknownMethod {
                path: "/a/b".into(),
            },
            Code::Unimplemented,
            "UNKNOWN_METHOD",
        ),
        (
            ApiError::Unreadable {
                description: "too large".into(),
            },
            Code::InvalidArgument,
            "UNREADABLE_MESSAGE",
        ),
        (ApiError::Overloaded, Code::ResourceExhausted, "OVERLOADED"),
        (
            ApiError::Unavailable(cause()),
            Code::Unavailable,
            "BACKEND_UNAVAILABLE",
        ),
        (
            ApiError::OutcomeUnknown(cause()),
            Code::Unavailable,
            "OUTCOME_UNKNOWN",
        ),
        (ApiError::Draining, Code::Unavailable, "DRAINING"),
        (
            ApiError::Behind {
                projection: "tasks",
                position: Position(1),
                wanted: Position(2),
            },
            Code::Unavailable,
            "READ_MODEL_BEHIND",
        ),
        (
            ApiError::EpochChanged {
                epoch: Epoch(2),
                position: Position(1),
            },
            Code::Aborted,
            "EPOCH_CHANGED",
        ),
        (
            ApiError::Building {
                projection: "tasks",
            },
            Code::Unavailable,
            "READ_MODEL_BUILDING",
        ),
        (
            ApiError::NotParked("no".into()),
            Code::FailedPrecondition,
            "NOT_PARKED",
        ),
        (
            ApiError::DeadlineExceeded,
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
        ),
        (
            ApiError::Corrupt(cause()),
            Code::DataLoss,
            "CORRUPT_HISTORY",
        ),
        (ApiError::Internal(cause()), Code::Internal, "INTERNAL"),
    ]
}

/// Numbers the variants: a new one does not compile until it has a number, and then
/// [`every_variant_is_tried`] asks for an example.
fn number(error: &ApiError) -> usize {
    match error {
        ApiError::Rejected(rejection) => match rejection {
            Rejection::Invalid(_) => 0,
            Rejection::NotFound { .. } => 1,
            Rejection::AlreadyExists { .. } => 2,
            Rejection::Precondition { .. } => 3,
            Rejection::VersionMismatch { .. } => 4,
            Rejection::StaleNotes { .. } => 5,
            Rejection::UnknownActor { .. } => 6,
            Rejection::NotAllowed { .. } => 7,
        },
        ApiError::TokenMissing => 8,
        ApiError::TokenInvalid(_) => 9,
        ApiError::UnknownCaller { .. } => 10,
        ApiError::MethodNotAllowed { .. } => 11,
        ApiError::ActingNotAllowed { .. } => 12,
        ApiError::RequestIdReused => 13,
        ApiError::UnknownMethod { .. } => 14,
        ApiError::Unreadable { .. } => 15,
        ApiError::Overloaded => 16,
        ApiError::Unavailable(_) => 17,
        ApiError::OutcomeUnknown(_) => 18,
        ApiError::Draining => 19,
        ApiError::Behind { .. } => 20,
        ApiError::EpochChanged { .. } => 21,
        ApiError::Building { .. } => 22,
        ApiError::NotParked(_) => 23,
        ApiError::DeadlineExceeded => 24,
        ApiError::Corrupt(_) => 25,
        ApiError::Internal(_) => 26,
    }
}

#[test]
fn every_variant_is_tried() {
    let numbers: Vec<usize> = every_error()
        .iter()
        .map(|(error, ..)| number(error))
        .collect();
    assert_eq!(numbers, (0..27).collect::<Vec<_>>());
}

#[test]
fn every_error_has_its_code_and_its_details() {
    for (error, code, reason) in every_error() {
        let invalid = matches!(error, ApiError::Rejected(Rejection::Invalid(_)));
        let precondition = code == Code::FailedPrecondition;
        let status = Status::from(error);
        let details = status.get_error_details();
        assert_eq!(status.code(), code, "{reason}");
        let info = details.error_info().expect("an ErrorInfo");
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            (reason, "handoff")
        );
        assert_eq!(details.bad_request().is_some(), invalid, "{reason}");
        assert_eq!(
            details.precondition_failure().is_some(),
            precondition,
            "{reason}"
        );
        let retried = matches!(code, Code::ResourceExhausted | Code::Unavailable);
        assert_eq!(details.retry_info().is_some(), retried, "{reason}");
        assert!(!status.message().contains("secret"), "{}", status.message());
    }
}

#[test]
fn every_violation_is_told() {
    let violation = |field: &str| Violation {
        field: field.into(),
        description: "is wrong".into(),
    };
    let rejection = Rejection::Invalid(vec![violation("task.title"), violation("request_id")]);
    let details = Status::from(ApiError::from(rejection)).get_error_details();
    let fields: Vec<&str> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(fields, ["task.title", "request_id"]);
}

#[test]
fn a_read_model_that_is_behind_says_how_far_it_is() {
    let error = ApiError::Behind {
        projection: "tasks",
        position: Position(7),
        wanted: Position(9),
    };
    let details = Status::from(error).get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(
        (metadata["position"].as_str(), metadata["wanted"].as_str()),
        ("7", "9")
    );
}

#[test]
fn errors_of_the_transport_get_details_too() {
    for (code, expected, reason) in [
        (
            Code::OutOfRange,
            Code::InvalidArgument,
            "UNREADABLE_MESSAGE",
        ),
        (Code::Internal, Code::InvalidArgument, "UNREADABLE_MESSAGE"),
        (Code::NotFound, Code::NotFound, "TRANSPORT"),
    ] {
        let status = complete(Status::new(code, ""));
        assert_eq!(status.code(), expected);
        assert_eq!(
            status.get_error_details().error_info().unwrap().reason,
            reason
        );
    }
    let untouched = complete(ApiError::Overloaded.into());
    assert_eq!(
        untouched.get_error_details().error_info().unwrap().reason,
        "OVERLOADED"
    );
}

#[test]
fn the_chain_of_causes_is_for_the_log() {
    let error = ApiError::Corrupt(cause());
    assert!(Chain(&error).to_string().ends_with(": secret cause"));
}

#[test]
fn every_error_is_documented() {
    let documented = include_str!("../../../../docs/errors.md");
    for (_, code, reason) in every_error() {
        let code = crate::telemetry::name(code);
        let row = documented.lines().find(|line| {
            line.starts_with(&format!("| {code} |")) && line.contains(&format!("`{reason}`"))
        });
        assert!(
            row.is_some(),
            "docs/errors.md says nothing of {code} {reason}"
        );
    }
}
