//! What is stored of a service.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    checklist::{Content, Place, Updated},
    names::{Actor, MemberName, TemplateTaskName},
    task::AssignmentCause,
    text::{Html, Line},
};

/// A task that was added to the template, at the end of its tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskAdded {
    pub task: TemplateTaskName,
    #[serde(flatten)]
    pub content: Content,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// One save of a task of the template. One that gets another tier moves to the end of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskUpdated {
    pub task: TemplateTaskName,
    #[serde(flatten)]
    pub changes: Updated,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created {
        display_name: Line,
        description: Option<Html>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What is none was not changed.
    Updated {
        display_name: Option<Change<Line>>,
        description: Option<Change<Option<Html>>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// It takes no new orders.
    Retired {
        by: Actor,
        at: DateTime<Utc>,
    },
    TaskAdded(Box<TaskAdded>),
    TaskUpdated(Box<TaskUpdated>),
    /// Those who left and those who joined; the others stay.
    TaskAssigned {
        task: TemplateTaskName,
        left: Vec<MemberName>,
        joined: Vec<MemberName>,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    },
    TaskRemoved {
        task: TemplateTaskName,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// All tasks in their new order, each with its tier.
    TasksReordered {
        tasks: Vec<Place<TemplateTaskName>>,
        by: Actor,
        at: DateTime<Utc>,
    },
}
