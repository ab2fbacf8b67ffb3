//! Every error against the table of codes.

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
            Rejection::MemberHoldsWork {
                member: "members/ana".into(),
                named: vec![Held {
                    subject: "accounts/acme".into(),
                    description: "assignee of accounts/acme".into(),
                }],
                count: 1,
            }
            .into(),
            Code::FailedPrecondition,
            "MEMBER_HOLDS_WORK",
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
        (
            ApiError::RightsChanged { actor: actor() },
            Code::Aborted,
            "RIGHTS_CHANGED",
        ),
        (
            Rejection::PlanChanged {
                resource: "accounts/acme".into(),
                expected: 1,
                actual: 2,
            }
            .into(),
            Code::Aborted,
            "PLAN_CHANGED",
        ),
        (
            ApiError::NoDocumentStore,
            Code::FailedPrecondition,
            "NO_DOCUMENT_STORE",
        ),
        (
            ApiError::StoreUnavailable(cause()),
            Code::Unavailable,
            "DOCUMENT_STORE_UNAVAILABLE",
        ),
        (
            ApiError::ContentDamaged {
                document: "documents/a".into(),
                source: cause(),
            },
            Code::DataLoss,
            "CONTENT_DAMAGED",
        ),
        (
            ApiError::NoPortalAccess { actor: actor() },
            Code::PermissionDenied,
            "NO_PORTAL_ACCESS",
        ),
        (
            ApiError::SlowReader {
                epoch: Epoch(2),
                position: Position(1),
            },
            Code::ResourceExhausted,
            "SLOW_READER",
        ),
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
            Rejection::MemberHoldsWork { .. } => 4,
            Rejection::VersionMismatch { .. } => 5,
            Rejection::StaleNotes { .. } => 6,
            Rejection::UnknownActor { .. } => 7,
            Rejection::NotAllowed { .. } => 8,
            Rejection::PlanChanged { .. } => 29,
        },
        ApiError::TokenMissing => 9,
        ApiError::TokenInvalid(_) => 10,
        ApiError::UnknownCaller { .. } => 11,
        ApiError::MethodNotAllowed { .. } => 12,
        ApiError::ActingNotAllowed { .. } => 13,
        ApiError::RequestIdReused => 14,
        ApiError::UnknownMethod { .. } => 15,
        ApiError::Unreadable { .. } => 16,
        ApiError::Overloaded => 17,
        ApiError::Unavailable(_) => 18,
        ApiError::OutcomeUnknown(_) => 19,
        ApiError::Draining => 20,
        ApiError::Behind { .. } => 21,
        ApiError::EpochChanged { .. } => 22,
        ApiError::Building { .. } => 23,
        ApiError::NotParked(_) => 24,
        ApiError::DeadlineExceeded => 25,
        ApiError::Corrupt(_) => 26,
        ApiError::Internal(_) => 27,
        ApiError::RightsChanged { .. } => 28,
        ApiError::NoDocumentStore => 30,
        ApiError::StoreUnavailable(_) => 31,
        ApiError::ContentDamaged { .. } => 32,
        ApiError::NoPortalAccess { .. } => 33,
        ApiError::SlowReader { .. } => 34,
    }
}

#[test]
fn every_variant_is_tried() {
    let numbers: Vec<usize> = every_error()
        .iter()
        .map(|(error, ..)| number(error))
        .collect();
    assert_eq!(numbers, (0..35).collect::<Vec<_>>());
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
