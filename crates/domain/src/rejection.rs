//! Why a command was not done: what is wrong with its input, or which rule says no.

use std::fmt;

use crate::limits;

mod quoted;

pub use quoted::{cut, quoted};

/// Why one value is not acceptable; the field is known where the value came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    /// The description names the offending value, the limit and the unit.
    pub fn new(description: impl Into<String>) -> Self {
        Self(description.into())
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in the request: `task.title`.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub description: String,
}

/// Collects every violation of one request, so that all are reported at once. Of many the first are
/// told and the others counted, so that the answer reaches its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    told: Vec<Violation>,
    /// Bytes of those that are told.
    bytes: usize,
    /// The field of the first that is only counted.
    next: Option<String>,
    more: usize,
}

impl Violations {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that `field` is at fault.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        let field = cut(field.into(), limits::VIOLATION_BYTES);
        let description = cut(description.into(), limits::VIOLATION_BYTES);
        let bytes = self.bytes + field.len() + description.len();
        let fits = self.told.len() < limits::VIOLATIONS && bytes <= limits::VIOLATIONS_BYTES;
        if self.more == 0 && (fits || self.told.is_empty()) {
            self.bytes = bytes;
            self.told.push(Violation { field, description });
        } else {
            self.more += 1;
            self.next.get_or_insert(field);
        }
    }

    /// Notes that `field` is missing, unless something is wrong with it already.
    pub fn require(&mut self, field: &str, is_there: bool) {
        if !is_there && !self.names(field) {
            self.add(field, "is required");
        }
    }

    /// Whether something is wrong with `field` or with a part of it.
    pub fn names(&self, field: &str) -> bool {
        let told = self.told.iter().map(|violation| &violation.field);
        told.chain(&self.next).any(|found| {
            let part = found.strip_prefix(field);
            part.is_some_and(|part| part.is_empty() || part.starts_with(['[', '.']))
        })
    }

    /// The value if it is acceptable; otherwise notes the violation.
    pub fn check<T>(&mut self, field: impl Into<String>, value: Result<T, Invalid>) -> Option<T> {
        value
            .map_err(|invalid| self.add(field, invalid.to_string()))
            .ok()
    }

    /// Notes that a list is longer than it may be; true if it is not.
    pub fn check_count(&mut self, field: &str, count: usize, most: usize) -> bool {
        let fits = count <= most;
        if !fits {
            self.add(
                field,
                format!("has {count} entries; at most {most} are allowed"),
            );
        }
        fits
    }

    /// Fails with everything that was found, if anything was.
    pub fn finish(self) -> Result<(), Rejection> {
        let Self {
            mut told,
            next,
            more,
            ..
        } = self;
        if let Some(field) = next {
            let description = format!("is wrong too, the first of {more} more that are not listed");
            told.push(Violation { field, description });
        }
        if told.is_empty() {
            Ok(())
        } else {
            Err(Rejection::Invalid(told))
        }
    }
}

/// A rule that says no, as a word for programs. The text for people is in the rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The account is deactivated and refuses this.
    AccountDeactivated,
    /// The member named does not exist, so nothing can be given to them.
    UnknownMember,
    /// The category is not among those of the settings.
    UnknownCategory,
    /// Somebody who is disabled, or is being disabled, cannot be given work.
    MemberDisabled,
    /// The role is not among those that the settings offer.
    UnknownRole,
    /// The type of generated tasks is not among those of the settings.
    UnknownTaskType,
    /// The account that a setting names does not exist.
    UnknownAccount,
    /// Every account has an assignee.
    AssigneeRequired,
    /// The account has as many contacts as it may have.
    TooManyContacts,
    /// Nobody else could change members and settings.
    LastAdmin,
    /// The member still holds roles or work.
    MemberHoldsWork,
    /// A member is disabled in two steps, and the first was not taken or was taken back.
    DisablingNotStarted,
    /// No free id was found for a display name.
    NoFreeId,
    /// The task is complete or cancelled and refuses this until it is reopened.
    TaskClosed,
    /// Only what is billable can be billed.
    NotBillable,
    /// What is billed stays billable.
    TaskBilled,
    /// The task named does not exist, so nothing can be related to it.
    UnknownTask,
    /// The task is related to as many others as it may be.
    TooManyRelatedTasks,
    /// The contact named does not exist, or not at the account that it is about.
    UnknownContact,
    /// No contact has the caller's number, and the settings name no account for such calls.
    NoCallAccount,
    /// A member is being disabled already, with another successor or with none.
    DisablingUnderWay,
    /// The operation is not finished yet.
    OperationRunning,
    /// An operation is undone at most once.
    OperationUndone,
    /// What an undo did is not undone.
    UndoIsFinal,
    /// Nobody takes work in the place of a member, and the setting `default_assignee` names nobody who does.
    NobodyTakesWork,
    /// The operation does not do this, or not at this point.
    OutOfStep,
    /// The file is larger than the settings allow.
    DocumentTooLarge,
    /// The activity has no due time, so that there is nothing to complete.
    ActivityNotScheduled,
    /// The activity is complete and refuses this until it is reopened.
    ActivityComplete,
    /// The service takes no new orders.
    ServiceRetired,
    /// The order was cancelled, or completed by hand: it refuses this until it is reopened.
    OrderClosed,
    /// The checklist has as many tasks, as much text or as many assignees as it may have.
    ChecklistFull,
    /// The order was renewed as often as it may be.
    TooManyCycles,
}

impl Reason {
    /// The word in the error's details.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountDeactivated => "ACCOUNT_DEACTIVATED",
            Self::UnknownMember => "UNKNOWN_MEMBER",
            Self::UnknownCategory => "UNKNOWN_CATEGORY",
            Self::MemberDisabled => "MEMBER_DISABLED",
            Self::UnknownRole => "UNKNOWN_ROLE",
            Self::UnknownTaskType => "UNKNOWN_TASK_TYPE",
            Self::UnknownAccount => "UNKNOWN_ACCOUNT",
            Self::AssigneeRequired => "ASSIGNEE_REQUIRED",
            Self::TooManyContacts => "TOO_MANY_CONTACTS",
            Self::LastAdmin => "LAST_ADMIN",
            Self::MemberHoldsWork => "MEMBER_HOLDS_WORK",
            Self::DisablingNotStarted => "DISABLING_NOT_STARTED",
            Self::NoFreeId => "NO_FREE_ID",
            Self::TaskClosed => "TASK_CLOSED",
            Self::NotBillable => "NOT_BILLABLE",
            Self::TaskBilled => "TASK_BILLED",
            Self::UnknownTask => "UNKNOWN_TASK",
            Self::TooManyRelatedTasks => "TOO_MANY_RELATED_TASKS",
            Self::UnknownContact => "UNKNOWN_CONTACT",
            Self::NoCallAccount => "NO_CALL_ACCOUNT",
            Self::DisablingUnderWay => "DISABLING_UNDER_WAY",
            Self::OperationRunning => "OPERATION_RUNNING",
            Self::OperationUndone => "OPERATION_UNDONE",
            Self::UndoIsFinal => "UNDO_IS_FINAL",
            Self::NobodyTakesWork => "NOBODY_TAKES_WORK",
            Self::OutOfStep => "OUT_OF_STEP",
            Self::DocumentTooLarge => "DOCUMENT_TOO_LARGE",
            Self::ActivityNotScheduled => "ACTIVITY_NOT_SCHEDULED",
            Self::ActivityComplete => "ACTIVITY_COMPLETE",
            Self::ServiceRetired => "SERVICE_RETIRED",
            Self::OrderClosed => "ORDER_CLOSED",
            Self::ChecklistFull => "CHECKLIST_FULL",
            Self::TooManyCycles => "TOO_MANY_CYCLES",
        }
    }
}

/// Why a command was refused. Nothing was appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The input is malformed; every field at fault is listed.
    #[error("the request is not valid: {}", Listed(.0))]
    Invalid(Vec<Violation>),
    /// The resource does not exist.
    #[error("{resource} does not exist")]
    NotFound { resource: String },
    /// The id is taken.
    #[error("{resource} exists already")]
    AlreadyExists { resource: String },
    /// A rule says no in the present state; `subject` is the resource that it is about.
    #[error("{description}")]
    Precondition {
        reason: Reason,
        subject: String,
        description: String,
    },
    /// The member still holds roles or work; `named` are the first of `count`.
    #[error("{}", Holds { member, named, count: *count })]
    MemberHoldsWork {
        member: String,
        named: Vec<Held>,
        count: u64,
    },
    /// The resource changed since the caller read it.
    #[error("{resource} is at etag {actual}, not {expected}: read it again and repeat the change")]
    VersionMismatch {
        resource: String,
        expected: String,
        actual: String,
    },
    /// Somebody saved the notes since the caller read them.
    #[error(
        "the notes of {resource} are at revision {actual}, not {expected}: read them again and repeat the change"
    )]
    StaleNotes {
        resource: String,
        expected: u32,
        actual: u32,
    },
    /// What would be done is not what the caller was shown: something that the plan rests on changed.
    #[error(
        "{resource} changed since the plan was made (it is at {actual}, not {expected}): look at the plan again"
    )]
    PlanChanged {
        resource: String,
        expected: u32,
        actual: u32,
    },
    /// The caller is no member of the team (any more).
    #[error("{actor} is not a member of the team")]
    UnknownActor { actor: String },
    /// The caller may not do this.
    #[error("{actor} may not do this: {description}")]
    NotAllowed { actor: String, description: String },
}

impl Rejection {
    /// One field at fault.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        let mut violations = Violations::new();
        violations.add(field, description);
        Self::Invalid(violations.told)
    }
}

/// Something that a member holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The resource in which it stands: `accounts/acme`.
    pub subject: String,
    /// What it is: `success-manager of accounts/acme`.
    pub description: String,
}

struct Holds<'a> {
    member: &'a str,
    named: &'a [Held],
    count: u64,
}

impl fmt::Display for Holds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} holds ", self.member)?;
        for (i, held) in self.named.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{}", held.description)?;
        }
        match self.count.saturating_sub(self.named.len() as u64) {
            0 => {}
            more => write!(f, " and {more} more")?,
        }
        f.write_str(": pass that on first")
    }
}

struct Listed<'a>(&'a [Violation]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Violation { field, description }) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{field}: {description}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: usize, description: &str) -> Vec<Violation> {
        let mut violations = Violations::new();
        for n in 0..count {
            violations.add(format!("tags[{n}]"), description);
        }
        match violations.finish() {
            Err(Rejection::Invalid(violations)) => violations,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_violations_are_told_and_the_others_counted() {
        assert_eq!(
            found(limits::VIOLATIONS, "is empty").len(),
            limits::VIOLATIONS
        );
        let told = found(5_000, "is empty");
        assert_eq!(told.len(), limits::VIOLATIONS + 1);
        let last = &told[limits::VIOLATIONS];
        assert_eq!(last.field, format!("tags[{}]", limits::VIOLATIONS));
        assert!(last.description.contains("4968 more"), "{last:?}");
    }

    #[test]
    fn what_is_wrong_already_is_not_missing_too() {
        let mut violations = Violations::new();
        violations.add("task.assignees[3]", "is no name");
        for (field, names) in [
            ("task.assignees", true),
            ("task.assignees[3]", true),
            ("task", true),
            ("task.assign", false),
        ] {
            assert_eq!(violations.names(field), names, "{field}");
        }
        violations.require("task.assignees", false);
        violations.require("task.title", false);
        violations.require("task.subject", true);
        let Err(Rejection::Invalid(found)) = violations.finish() else {
            panic!();
        };
        assert_eq!((found.len(), found[1].field.as_str()), (2, "task.title"));
    }

    #[test]
    fn what_is_told_has_a_bounded_number_of_bytes() {
        for length in [1, 100, 700, 100_000] {
            let told = found(5_000, &"ä".repeat(length));
            let bytes = told.iter().map(|v| v.field.len() + v.description.len());
            let most = limits::VIOLATIONS_BYTES + limits::VIOLATION_BYTES;
            assert!(bytes.sum::<usize>() <= most, "{length}");
            assert_eq!(told[0].field, "tags[0]");
            assert!(told.last().unwrap().description.contains("more"));
        }
        let Rejection::Invalid(alone) = Rejection::invalid("filter", "x".repeat(100_000)) else {
            panic!();
        };
        assert_eq!(alone[0].description.len(), limits::VIOLATION_BYTES);
    }
}
