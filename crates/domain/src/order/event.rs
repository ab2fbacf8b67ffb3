//! What is stored of an order.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    checklist::{Content, Place, Updated},
    names::{AccountName, Actor, MemberName, OrderTaskName, ServiceName, TemplateTaskName},
    order::{Cycle, Status},
    task::{AssignmentCause, Origin, Visibility},
    text::{Html, Line},
    version::Revision,
};

/// An order as it is placed, with the first tasks of its checklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    pub account: AccountName,
    pub service: ServiceName,
    /// The revision of the service whose template was copied.
    pub service_version: Revision,
    pub title: Line,
    /// From when the deadlines of its tasks count.
    pub start: DateTime<Utc>,
    /// How many tasks the whole checklist has. Those that are not in `tasks` follow in the same append.
    pub task_count: u32,
    pub tasks: Vec<Copied>,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// A task as it was copied from the template. Who does not take work any more is replaced already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Copied {
    pub task: OrderTaskName,
    pub template: TemplateTaskName,
    #[serde(flatten)]
    pub content: Content,
}

/// A task that was added to the checklist, at the end of its tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskAdded {
    pub task: OrderTaskName,
    /// The task of the service's template that it was copied from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateTaskName>,
    pub origin: Origin,
    #[serde(flatten)]
    pub content: Content,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// One save of a task. One that gets another tier moves to the end of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskUpdated {
    pub task: OrderTaskName,
    #[serde(flatten)]
    pub changes: Updated,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// The next round of an order that recurs: every task is incomplete, nobody is added or removed by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Renewed {
    pub cycle: Cycle,
    pub previous_start: DateTime<Utc>,
    pub start: DateTime<Utc>,
    /// The tasks that have other assignees from now on.
    pub tasks: Vec<Reassigned>,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// Exactly these are a task's assignees from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reassigned {
    pub task: OrderTaskName,
    pub assignees: Vec<MemberName>,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Placed(Box<Placed>),
    /// The next tasks of a checklist that is too big for one event.
    ChecklistCopied {
        tasks: Vec<Copied>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What is none was not changed.
    Updated {
        title: Option<Change<Line>>,
        start: Option<Change<DateTime<Utc>>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    TaskAdded(Box<TaskAdded>),
    TaskUpdated(Box<TaskUpdated>),
    TaskRemoved {
        task: OrderTaskName,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// All tasks in their new order, each with its tier.
    TasksReordered {
        tasks: Vec<Place<OrderTaskName>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    TaskChecked {
        task: OrderTaskName,
        by: Actor,
        at: DateTime<Utc>,
    },
    TaskUnchecked {
        task: OrderTaskName,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Those who left a task and those who joined; its others stay.
    TaskAssigned {
        task: OrderTaskName,
        left: Vec<MemberName>,
        joined: Vec<MemberName>,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Who is on the order, or off it, by hand: those who join and leave the members added, and those who
    /// join and leave the members removed.
    Assigned {
        added: Vec<MemberName>,
        withdrawn: Vec<MemberName>,
        removed: Vec<MemberName>,
        restored: Vec<MemberName>,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What came before in the same append changed who works on the order.
    AssigneesRotated {
        left: Vec<MemberName>,
        joined: Vec<MemberName>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What came before in the same append made it the contacts' turn to do the task.
    ClientTaskActivated {
        task: OrderTaskName,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// On the order, or on one of its tasks; for contacts too, or for the team.
    NoteAdded {
        task: Option<OrderTaskName>,
        note: Html,
        visibility: Visibility,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// By hand, or because its last open task was done or removed.
    Completed {
        by_hand: bool,
        by: Actor,
        at: DateTime<Utc>,
    },
    Cancelled {
        by: Actor,
        at: DateTime<Utc>,
    },
    /// By hand, or because it has an open task again. `previous` is the status before.
    Reopened {
        previous: Status,
        by_hand: bool,
        by: Actor,
        at: DateTime<Utc>,
    },
    Renewed(Box<Renewed>),
}
