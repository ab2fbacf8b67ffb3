//! Why a command was not done: what is wrong with its input, or which rule says no.

use std::fmt;

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

/// Collects every violation of one request, so that all are reported at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that `field` is at fault.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation {
            field: field.into(),
            description: description.into(),
        });
    }

    /// The value if it is acceptable; otherwise notes the violation.
    pub fn check<T>(&mut self, field: impl Into<String>, value: Result<T, Invalid>) -> Option<T> {
        value
            .map_err(|invalid| self.add(field, invalid.to_string()))
            .ok()
    }

    /// Fails with everything that was found, if anything was.
    pub fn finish(self) -> Result<(), Rejection> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Rejection::Invalid(self.0))
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
        Self::Invalid(vec![Violation {
            field: field.into(),
            description: description.into(),
        }])
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
