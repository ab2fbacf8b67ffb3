//! Todo that is watched: in which list an item is, by its state alone.

use chrono::{DateTime, Utc};
use handoff_domain::{Partition, activity::Activity};
use handoff_event_log::Position;
use handoff_projections::Bounds;

use super::{TodoCounts, activities, order_tasks, tasks};
use crate::{
    activities::AskedActivity,
    filter::{self, Condition, Test, Value, Viewer},
    list::{InvalidList, Shown},
    tasks::{Asked, TaskState},
};

/// The lists of todo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TodoList {
    /// Open tasks of open orders.
    OrderTasks,
    Activities,
    /// Open tasks about accounts and members.
    Tasks,
}

/// What the lists of todo show a viewer: what their filter means.
#[derive(Debug, Clone)]
pub struct WatchedTodo {
    order_tasks: Condition,
    activities: Condition,
    tasks: Condition,
}

impl WatchedTodo {
    /// Reads a filter as the lists of todo do. What depends on the time, such as `overdue`, is as of the moment
    /// that it is asked about.
    ///
    /// # Errors
    /// The filter is too large or malformed, or names a field that the lists do not have.
    pub fn new(filter: &str, viewer: &Viewer, shown: Shown) -> Result<Self, InvalidList> {
        let read = |fields| filter::parse(filter, fields, viewer);
        let order_tasks = read(order_tasks::LISTING.fields)?;
        let activities = read(activities::LISTING.fields)?;
        let tasks = read(tasks::LISTING.fields)?;
        Ok(Self {
            order_tasks: order_tasks::narrowed(&order_tasks, shown, viewer),
            activities: activities::narrowed(&activities, shown, viewer),
            tasks: tasks::narrowed(&tasks, shown, viewer),
        })
    }

    /// Whether the list shows a task in this state at `now`: what the query would answer.
    pub fn shows_task(&self, state: &TaskState, now: DateTime<Utc>) -> bool {
        let meant = match state {
            TaskState::Standalone(_) => &self.tasks,
            TaskState::Order(_) => &self.order_tasks,
            TaskState::Checklist(_) => return false,
        };
        let asked = Asked::of(state).filter(Asked::is_there);
        asked.is_some_and(|asked| meant.meets(&asked, now))
    }

    /// Whether the list shows an activity in this state at `now`.
    pub fn shows_activity(&self, activity: &Activity, now: DateTime<Utc>) -> bool {
        let asked = AskedActivity::of(activity);
        asked.is_some_and(|asked| self.activities.meets(&asked, now))
    }

    /// Whether items come and go with the time alone, without an event: the filter asks what is overdue. Whoever
    /// only follows events cannot count them.
    pub fn depends_on_time(&self) -> bool {
        let is_asked = |filter: &Condition| {
            filter.asks(&|test| {
                matches!(
                    test,
                    Test::Compare {
                        value: Value::Now(_),
                        ..
                    }
                )
            })
        };
        // What the lists are narrowed by does not depend on it.
        [&self.order_tasks, &self.activities, &self.tasks]
            .into_iter()
            .any(is_asked)
    }
}

/// Counts as some snapshot of the read models had them, from which events lead on to those of any later position.
#[derive(Debug, Clone)]
pub struct CountedTodo {
    pub counts: TodoCounts,
    pub(crate) activities: Bounds,
    pub(crate) tasks: Bounds,
}

impl CountedTodo {
    /// Whether the counts include an event of a list's items. Partitions are counted as far as each is.
    pub fn includes(&self, list: TodoList, partition: Partition, position: Position) -> bool {
        let bounds = match list {
            TodoList::OrderTasks | TodoList::Tasks => &self.tasks,
            TodoList::Activities => &self.activities,
        };
        position <= bounds.of(partition)
    }

    /// The last position of which the counts include anything. With every event up to here, or further, that
    /// they do not [include](Self::includes) they are exact.
    pub fn latest(&self) -> Position {
        self.activities.latest().max(self.tasks.latest())
    }

    /// Notes that an item came into a list or left it.
    pub fn add(&mut self, list: TodoList, by: i64) {
        let TodoCounts {
            order_tasks,
            activities,
            tasks,
        } = &mut self.counts;
        let count = match list {
            TodoList::OrderTasks => order_tasks,
            TodoList::Activities => activities,
            TodoList::Tasks => tasks,
        };
        *count += by;
    }
}
