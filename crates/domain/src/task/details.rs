//! What is known of a task that was created.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    names::{Actor, MemberName, Subject, TaskName},
    task::{
        Created, DueSource, Hours, Miles, Money, Notify, OpenStatus, Origin, Percent, Priority,
        Quantity, Requester, Status, Tag, Visibility,
    },
    terms::Role,
    text::{Html, Line, SlaHours},
    version::Revision,
};

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Open {
        status: OpenStatus,
        percent: Percent,
    },
    /// 100 %; `percent_before` comes back when it is reopened.
    Complete {
        at: DateTime<Utc>,
        by: Actor,
        percent_before: Percent,
    },
    /// It stays as far as it was.
    Cancelled {
        at: DateTime<Utc>,
        by: Actor,
        percent: Percent,
    },
}

/// What is known of a task that was created, whatever its status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub number: Box<str>,
    pub subject: Subject,
    pub title: Line,
    pub description: Option<Html>,
    /// One of the settings when it was chosen; it may be retired since.
    pub category: Option<Box<str>>,
    pub progress: Progress,
    pub priority: Priority,
    pub visibility: Visibility,
    /// In the order in which they joined, each once.
    pub assignees: Vec<MemberName>,
    pub notify: Notify,
    pub start: DateTime<Utc>,
    pub due: DateTime<Utc>,
    pub due_source: DueSource,
    /// The hours that counted at creation.
    pub sla_hours: SlaHours,
    pub estimated_hours: Option<Hours>,
    pub actual_hours: Option<Hours>,
    pub billable: bool,
    /// Only where it is billable.
    pub billed: bool,
    pub requester: Requester,
    pub quantity: Option<Quantity>,
    pub price: Option<Money>,
    pub mileage: Option<Miles>,
    pub expenses: Option<Money>,
    /// Each of them is related to this one too.
    pub related: BTreeSet<TaskName>,
    /// In the order given, each once.
    pub tags: Vec<Tag>,
    /// The role of the account whose holder the task follows.
    pub responsible_role: Option<Role>,
    pub origin: Origin,
    /// Whether the tracker integration was asked to take it up.
    pub tracker_requested: bool,
    pub creator: Actor,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Details {
    pub(super) fn created(event: &Created) -> Self {
        Self {
            number: event.number.clone(),
            subject: event.subject.clone(),
            title: event.title.clone(),
            description: event.description.clone(),
            category: event.category.clone(),
            progress: Progress::Open {
                status: event.status,
                percent: event.percent,
            },
            priority: event.priority,
            visibility: event.visibility,
            assignees: event.assignees.clone(),
            notify: event.notify.clone(),
            start: event.start,
            due: event.due,
            due_source: event.due_source,
            sla_hours: event.sla_hours,
            estimated_hours: event.estimated_hours,
            actual_hours: event.actual_hours,
            billable: event.billable,
            billed: false,
            requester: event.requester.clone(),
            quantity: event.quantity,
            price: event.price,
            mileage: event.mileage,
            expenses: event.expenses,
            related: event.related.iter().cloned().collect(),
            tags: event.tags.clone(),
            responsible_role: event.responsible_role.clone(),
            origin: event.origin,
            tracker_requested: false,
            creator: event.by.clone(),
            revision: Revision(1),
            created_at: event.at,
            updated_at: event.at,
        }
    }

    /// Its status.
    pub fn status(&self) -> Status {
        match self.progress {
            Progress::Open { status, .. } => status.into(),
            Progress::Complete { .. } => Status::Complete,
            Progress::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// How much of it is done.
    pub fn percent(&self) -> Percent {
        match self.progress {
            Progress::Open { percent, .. } | Progress::Cancelled { percent, .. } => percent,
            Progress::Complete { .. } => Percent::DONE,
        }
    }

    /// When it was completed and by whom, if it is complete.
    pub fn completed(&self) -> Option<(DateTime<Utc>, &Actor)> {
        match &self.progress {
            Progress::Complete { at, by, .. } => Some((*at, by)),
            Progress::Open { .. } | Progress::Cancelled { .. } => None,
        }
    }

    /// Whether there is still something to do.
    pub fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Open { .. })
    }

    /// Whether a contact submitted it. Then what was submitted keeps its integrity (S2).
    pub fn was_submitted(&self) -> bool {
        self.origin == Origin::Portal
    }
}
