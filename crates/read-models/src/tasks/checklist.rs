//! Tasks of the checklists of orders (S1). What one event of an order says may change many of them: a new
//! start moves what is due, cancelling takes all away. So the order itself is kept in a row of its own, and
//! from what it was and what it is follows which rows of tasks to write.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use handoff_domain::{
    CorruptHistory,
    names::{AccountName, OrderName, OrderTaskName},
    order::{Event, Order, OrderTask, Status},
    task::Task,
    text::Line,
};
use handoff_event_log::Recorded;
use handoff_projections::{FoldError, Rows};
use serde::{Deserialize, Serialize};

use super::{TaskKey, TaskRow, TaskState};
use crate::aggregate::evolve;

/// A task of a checklist, with what its order says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChecklistTask {
    pub task: Arc<OrderTask>,
    pub account: AccountName,
    pub order_title: Line,
    /// From when its deadline counts.
    pub start: DateTime<Utc>,
    /// Whether it is its turn: it is open and of the current tier.
    pub current: bool,
    /// When the order last changed so that the task did.
    pub updated_at: DateTime<Utc>,
}

impl ChecklistTask {
    /// The order that it is of.
    pub fn order(&self) -> OrderName {
        self.task.name.order()
    }

    /// When it is due, if it has a deadline.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        let deadline = self.task.content.deadline_hours?;
        Some(self.start + deadline.duration())
    }

    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        !self.task.is_open()
    }

    /// The word for whether it is its turn: the status that todo shows.
    pub(super) fn turn(&self) -> &'static str {
        match self.current {
            true => "current",
            false => "upcoming",
        }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            task,
            account,
            order_title,
            start,
            current,
            updated_at: _,
        } = self;
        let same_task = Arc::ptr_eq(task, &other.task) || *task == other.task;
        let same_order = *account == other.account && *order_title == other.order_title;
        same_task && same_order && *start == other.start && *current == other.current
    }
}

/// The tasks of an order that lists show: all of an open one, those that were done of a complete one, none of
/// a cancelled one.
pub fn tasks_of(order: &Order) -> BTreeMap<OrderTaskName, ChecklistTask> {
    let Some(details) = order.details() else {
        return BTreeMap::new();
    };
    let tier = details.current_tier();
    let is_listed = |task: &OrderTask| match details.status() {
        Status::Open => true,
        Status::Complete => !task.is_open(),
        Status::Cancelled => false,
    };
    let tasks = details.tasks.iter().filter(|task| is_listed(task));
    tasks
        .map(|task| {
            let listed = ChecklistTask {
                task: task.clone(),
                account: details.account.clone(),
                order_title: details.title.clone(),
                start: details.start,
                current: task.is_open() && Some(task.content.tier) == tier,
                updated_at: details.updated_at,
            };
            (task.name.clone(), listed)
        })
        .collect()
}

/// What an event makes of the tasks of a checklist: of each that is another, what it was and what it is.
pub fn changed_tasks(
    before: &Order,
    after: &Order,
) -> Vec<(OrderTaskName, Option<ChecklistTask>, Option<ChecklistTask>)> {
    let (mut before, after) = (tasks_of(before), tasks_of(after));
    let mut changed = Vec::new();
    for (name, task) in after {
        match before.remove(&name) {
            Some(was) if was.says_the_same(&task) => {}
            was => changed.push((name, was, Some(task))),
        }
    }
    changed.extend(
        before
            .into_iter()
            .map(|(name, was)| (name, Some(was), None)),
    );
    changed
}

/// The key of the row of an order, if it is an order's event.
pub(super) fn key(recorded: &Recorded) -> Option<TaskKey> {
    let name = recorded.stream.as_str().parse().ok()?;
    Some(TaskKey::Checklist(name))
}

/// Applies an event of an order.
pub(super) fn fold(
    rows: &mut Rows<TaskKey, TaskRow>,
    recorded: &Recorded,
    event: &Event,
) -> Result<(), FoldError> {
    let key = key(recorded)
        .ok_or_else(|| FoldError::because("an event of an order stands in another stream"))?;
    let order = |rows: &Rows<TaskKey, TaskRow>| {
        Ok::<_, FoldError>(match rows.get(&key)?.map(|row| &row.state) {
            Some(TaskState::Checklist(order)) => order.clone(),
            _ => Order::Absent,
        })
    };
    let before = order(rows)?;
    evolve(rows, key.clone(), recorded, |state| {
        let order = match state {
            TaskState::Checklist(order) => order,
            TaskState::Standalone(Task::Absent) => Order::Absent,
            TaskState::Standalone(_) | TaskState::Order(_) => return Err(CorruptHistory),
        };
        order.evolve(event).map(TaskState::Checklist)
    })?;
    let after = order(rows)?;
    for (name, was, is) in changed_tasks(&before, &after) {
        let key = TaskKey::Order(name);
        let row = |task| TaskRow {
            state: TaskState::Order(Box::new(task)),
            version: recorded.version,
            position: recorded.position,
        };
        match (was.map(row), is.map(row)) {
            (None, Some(row)) => rows.insert(key, row)?,
            (Some(was), Some(row)) => rows.replace(key, was, row)?,
            (Some(was), None) => rows.discard(key, was)?,
            (None, None) => {}
        }
    }
    Ok(())
}
