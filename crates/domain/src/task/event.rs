//! What is stored of a task, and the words in it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    change::Change,
    names::{Actor, MemberName, OperationName, Subject, TaskName},
    task::{
        DueSource, Hours, Miles, Money, Notify, OpenStatus, Origin, Percent, Priority, Quantity,
        Requester, Status, Tag, Visibility,
    },
    terms::Role,
    text::{Email, Html, Line, Phone, SlaHours},
};

/// A task as it is created: every default is filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    pub number: Box<str>,
    pub subject: Subject,
    pub title: Line,
    pub description: Option<Html>,
    pub category: Option<Box<str>>,
    pub status: OpenStatus,
    pub percent: Percent,
    pub priority: Priority,
    pub visibility: Visibility,
    pub assignees: Vec<MemberName>,
    #[serde(default, skip_serializing_if = "Notify::is_empty")]
    pub notify: Notify,
    pub start: DateTime<Utc>,
    pub due: DateTime<Utc>,
    pub due_source: DueSource,
    /// The hours that counted at creation; fixed from then on.
    pub sla_hours: SlaHours,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_hours: Option<Hours>,
    /// "Billable hours" in S2, which says that they are the hours that the task took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_hours: Option<Hours>,
    pub billable: bool,
    #[serde(default, skip_serializing_if = "Requester::is_unknown")]
    pub requester: Requester,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mileage: Option<Miles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expenses: Option<Money>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<TaskName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_role: Option<Role>,
    pub origin: Origin,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// What one save changed. What is none was not changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Updated {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Change<Line>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Change<Option<Html>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Change<Option<Box<str>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<Change<Percent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Change<Priority>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Change<Visibility>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Change<DateTime<Utc>>>,
    /// Also where the start moved and the SLA gives the due time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Change<DateTime<Utc>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_source: Option<Change<DueSource>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_hours: Option<Change<Option<Hours>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_hours: Option<Change<Option<Hours>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billable: Option<Change<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester_name: Option<Change<Option<Line>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester_email: Option<Change<Option<Email>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester_phone: Option<Change<Option<Phone>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Change<Option<Quantity>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Change<Option<Money>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mileage: Option<Change<Option<Miles>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expenses: Option<Change<Option<Money>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Change<Vec<Tag>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_role: Option<Change<Option<Role>>>,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// Which path a change of assignees took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentSource {
    /// A command about the task's assignees.
    #[default]
    Api,
    /// The task came back, reopened or undeleted, and somebody disabled was among its assignees.
    Successor,
    /// A role of its account changed hands, and the ownership policy moves its work.
    Role,
    /// An assignee is disabled, and a successor takes over.
    Disabling,
    /// All that a member holds goes to another.
    Transfer,
    /// An earlier change is taken back.
    Undo,
}

/// Why assignees changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentCause {
    pub source: AssignmentSource,
    /// The id of the event that it follows from, such as a role's; none: from a command alone.
    pub event: Option<Uuid>,
    /// The ownership change that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationName>,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created(Box<Created>),
    /// One save, with the fields that it changed.
    Updated(Box<Updated>),
    /// From one open status to another.
    StatusChanged {
        previous: OpenStatus,
        status: OpenStatus,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `status` and `percent` are those before, which reopening may give back.
    Completed {
        status: OpenStatus,
        percent: Percent,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `status` is the one before.
    Cancelled {
        status: OpenStatus,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `previous` is the closed status; `completed_at` the date that is cleared, where there was one.
    Reopened {
        previous: Status,
        status: OpenStatus,
        percent: Percent,
        completed_at: Option<DateTime<Utc>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Hidden from here on, everywhere but in history.
    Deleted {
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Back as it was.
    Undeleted {
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Those who left and those who joined; the others stay.
    Assigned {
        left: Vec<MemberName>,
        joined: Vec<MemberName>,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    },
    NotifySet {
        previous: Notify,
        notify: Notify,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// For everyone who sees the task.
    NoteAdded {
        note: Html,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// For admins only.
    InternalNoteAdded {
        note: Html,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Marked as billed, or as not billed after all.
    BilledSet {
        billed: bool,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The other task has the same event, in the same append.
    Related {
        task: TaskName,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The other task has the same event, in the same append.
    Unrelated {
        task: TaskName,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The tracker integration is to get the task, once.
    TrackerRequested {
        by: Actor,
        at: DateTime<Utc>,
    },
}
