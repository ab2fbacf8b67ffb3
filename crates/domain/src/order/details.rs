//! What is known of an order that was placed.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    checklist::{Content, Size, Tier, Visibility},
    names::{
        AccountName, Actor, MemberName, OrderName, OrderTaskName, ServiceName, TemplateTaskName,
    },
    order::{Cycle, Placed, Status},
    rejection::{Reason, Rejection},
    task::Origin,
    text::Line,
    version::Revision,
};

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Open,
    /// Where that was not by hand, it opens again by itself when a task is unchecked or added.
    Complete {
        at: DateTime<Utc>,
        by: Actor,
        by_hand: bool,
    },
    Cancelled {
        at: DateTime<Utc>,
        by: Actor,
    },
}

/// What is known of an order that was placed, whatever its status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub account: AccountName,
    pub service: ServiceName,
    /// The revision of the service whose template was copied.
    pub service_version: Revision,
    pub title: Line,
    /// From when the deadlines of its tasks count.
    pub start: DateTime<Utc>,
    pub progress: Progress,
    /// In the order of their tiers.
    pub tasks: Vec<Arc<OrderTask>>,
    /// How many tasks of the template are still to be copied: none once the order is placed.
    pub(super) uncopied: u32,
    /// Their ids are not given again.
    pub removed_tasks: BTreeSet<OrderTaskName>,
    /// Those who are on it by hand, until they are removed by hand.
    pub added: BTreeSet<MemberName>,
    /// Those who are off it by hand, until the current tier changes.
    pub removed: BTreeSet<MemberName>,
    /// Those who work on it now.
    pub assignees: BTreeSet<MemberName>,
    /// What is remembered of the cycles for which it was renewed.
    pub(super) cycles: Arc<BTreeSet<Uuid>>,
    pub creator: Actor,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One task of the checklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderTask {
    pub name: OrderTaskName,
    /// The task of the service's template that it was copied from, which may be gone since.
    pub template: Option<TemplateTaskName>,
    /// `template` or `manual`.
    pub origin: Origin,
    #[serde(flatten)]
    pub content: Content,
    /// When it was done and by whom; none: it is open.
    pub checked: Option<Checked>,
    /// Who put it into the checklist.
    pub creator: Actor,
    pub created_at: DateTime<Utc>,
    /// How many events changed it.
    pub revision: Revision,
}

/// When a task was done, and by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    pub at: DateTime<Utc>,
    pub by: Actor,
}

impl OrderTask {
    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.checked.is_none()
    }
}

impl Details {
    pub(super) fn placed(placed: &Placed) -> Option<Self> {
        let mut details = Self {
            account: placed.account.clone(),
            service: placed.service.clone(),
            service_version: placed.service_version,
            title: placed.title.clone(),
            start: placed.start,
            progress: Progress::Open,
            tasks: Vec::new(),
            uncopied: placed.task_count,
            removed_tasks: BTreeSet::new(),
            added: BTreeSet::new(),
            removed: BTreeSet::new(),
            assignees: BTreeSet::new(),
            cycles: Arc::default(),
            creator: placed.by.clone(),
            revision: Revision(1),
            created_at: placed.at,
            updated_at: placed.at,
        };
        details
            .copy(&placed.tasks, &placed.by, placed.at)
            .then_some(details)
    }

    /// Its status.
    pub fn status(&self) -> Status {
        match self.progress {
            Progress::Open => Status::Open,
            Progress::Complete { .. } => Status::Complete,
            Progress::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// Whether there is still something to do.
    pub fn is_open(&self) -> bool {
        self.status() == Status::Open
    }

    /// When it was completed or cancelled and by whom, if it is not open.
    pub fn closed(&self) -> Option<(DateTime<Utc>, &Actor)> {
        match &self.progress {
            Progress::Open => None,
            Progress::Complete { at, by, .. } | Progress::Cancelled { at, by } => Some((*at, by)),
        }
    }

    /// Whether its checklist takes changes: not where it was completed by hand or cancelled.
    pub fn takes_changes(&self) -> bool {
        match self.progress {
            Progress::Open | Progress::Complete { by_hand: false, .. } => true,
            Progress::Complete { by_hand: true, .. } | Progress::Cancelled { .. } => false,
        }
    }

    /// Refuses what a closed order refuses.
    pub(super) fn accept_changes(&self, name: &OrderName) -> Result<(), Rejection> {
        if self.takes_changes() {
            return Ok(());
        }
        Err(Rejection::Precondition {
            reason: Reason::OrderClosed,
            subject: name.to_string(),
            description: format!("{name} is {}: reopen it first", self.status()),
        })
    }

    /// The task of this name, if it is in the checklist.
    pub fn task(&self, name: &OrderTaskName) -> Option<&OrderTask> {
        self.index(name).map(|index| &*self.tasks[index])
    }

    /// The task of this name, which must be in the checklist.
    pub fn existing_task(&self, name: &OrderTaskName) -> Result<&OrderTask, Rejection> {
        self.task(name).ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }

    pub(super) fn index(&self, name: &OrderTaskName) -> Option<usize> {
        self.tasks.iter().position(|task| task.name == *name)
    }

    /// When a task is due, if it has a deadline.
    pub fn due(&self, task: &OrderTask) -> Option<DateTime<Utc>> {
        let deadline = task.content.deadline_hours?;
        Some(self.start + deadline.duration())
    }

    /// The tasks that are still to be done, in order.
    pub fn open_tasks(&self) -> impl Iterator<Item = &OrderTask> {
        let tasks = self.tasks.iter().map(|task| &**task);
        tasks.filter(|task| task.is_open())
    }

    /// The first tier with an open task; none if every task is done.
    pub fn current_tier(&self) -> Option<Tier> {
        self.open_tasks().next().map(|task| task.content.tier)
    }

    /// Whether it is the turn of a task: it is open, in the current tier, of an open order.
    pub fn is_current(&self, task: &OrderTask) -> bool {
        self.is_open() && task.is_open() && Some(task.content.tier) == self.current_tier()
    }

    /// The right side of the rule of rotation (S1): who works on the order as its checklist stands.
    pub fn rotation(&self) -> BTreeSet<MemberName> {
        let tier = self.current_tier();
        let current = self
            .open_tasks()
            .take_while(|task| Some(task.content.tier) == tier);
        let by_task = current.flat_map(|task| &task.content.assignees);
        let by_task = by_task.filter(|member| !self.removed.contains(*member));
        by_task.chain(&self.added).cloned().collect()
    }

    /// The open tasks whose turn it is for a contact to do.
    pub fn active_client_tasks(&self) -> impl Iterator<Item = &OrderTask> {
        let tier = self.current_tier().filter(|_| self.is_open());
        self.open_tasks().filter(move |task| {
            Some(task.content.tier) == tier && task.content.visibility == Visibility::ClientAssigned
        })
    }

    /// The client gate (S1): a contact of the account sees the visible tasks of the tiers up to and
    /// including the current one, done or not; all of them once the order is complete.
    pub fn visible_to_contact(&self) -> impl Iterator<Item = &OrderTask> {
        let gate = match self.status() {
            Status::Complete => None,
            Status::Open | Status::Cancelled => self.current_tier(),
        };
        let tasks = self.tasks.iter().map(|task| &**task);
        tasks.filter(move |task| {
            task.content.visibility.is_for_contacts()
                && gate.is_none_or(|tier| task.content.tier <= tier)
        })
    }

    /// The open tasks that a member has; none unless the order is open.
    pub fn open_tasks_of<'a>(
        &'a self,
        member: &'a MemberName,
    ) -> impl Iterator<Item = &'a OrderTaskName> {
        let tasks = self.open_tasks().filter(|_| self.is_open());
        tasks
            .filter(move |task| task.content.assignees.contains(member))
            .map(|task| &task.name)
    }

    /// Whether a member is on the open order by hand.
    pub fn has_added(&self, member: &MemberName) -> bool {
        self.is_open() && self.added.contains(member)
    }

    /// Whether it was renewed for this cycle already.
    pub fn was_renewed_for(&self, cycle: &Cycle) -> bool {
        self.cycles.contains(&cycle.digest())
    }

    pub(super) fn contents(&self) -> impl Iterator<Item = &Content> {
        self.tasks.iter().map(|task| &task.content)
    }

    /// The size of the checklist if one of its tasks were as `content` says.
    pub(super) fn size_with(&self, name: &OrderTaskName, content: &Content) -> Size {
        let others = self.tasks.iter().filter(|task| task.name != *name);
        Size::of(others.map(|task| &task.content)).and(content)
    }
}
