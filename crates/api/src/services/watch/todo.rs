//! WatchTodo: what changes in the three lists of todo, and how much each then has.

use chrono::{DateTime, Utc};
use handoff_domain::{
    State,
    activity::Activity,
    names::{Kind, StreamName},
};
use handoff_event_log::{Epoch, Position, Recorded};
use handoff_proto::v1::{
    TaskChangeKind, TodoChange, TodoCounts, WatchTodoResponse,
    todo_change::Item as Shown,
    watch_todo_response::{Changes, Heartbeat, Item},
};
use handoff_read_models::{
    tasks::TaskState,
    todo::{CountedTodo, TodoList, WatchedTodo},
};

use super::{
    Watched,
    tasks::{Changed, actor, changed, kind},
};
use crate::{
    time,
    views::{self, View},
};

/// The lists of todo, in the view of their caller.
pub(crate) struct TodoLists {
    pub(crate) todo: WatchedTodo,
    /// What the read models counted when the watch began, and what followed; none where that cannot be known.
    pub(crate) counted: Option<CountedTodo>,
    pub(crate) view: View,
}

impl Watched for TodoLists {
    type Message = WatchTodoResponse;

    fn concerns(stream: &StreamName) -> bool {
        matches!(stream.kind(), Kind::Task | Kind::Order | Kind::Activity)
    }

    fn changes(
        &mut self,
        epoch: Epoch,
        recorded: &Recorded,
        before: State,
        after: State,
    ) -> Option<WatchTodoResponse> {
        let now = recorded.recorded_at;
        let changes: Vec<_> = match (before, after) {
            (State::Activity(before), State::Activity(after)) => {
                let change = self.activity(&recorded.stream, &before, &after, now);
                change.into_iter().collect()
            }
            (before, after) => {
                let changed = changed(&recorded.stream, before, after).into_iter();
                changed
                    .filter_map(|changed| self.task(changed, now))
                    .collect()
            }
        };
        if changes.is_empty() {
            return None;
        }
        let mut items = Vec::with_capacity(changes.len());
        for (list, change) in changes {
            self.count(recorded, list, change.kind());
            items.push(change);
        }
        let changes = Changes {
            position: recorded.position.0,
            epoch: epoch.0,
            event_type: recorded.event_type.clone(),
            actor: actor(recorded),
            record_time: Some(time::to_proto(now)),
            items,
            counts: self.counts(recorded.position),
        };
        let item = Some(Item::Changes(changes));
        Some(WatchTodoResponse { item })
    }

    fn heartbeat(&self, epoch: Epoch, position: Position) -> WatchTodoResponse {
        let item = Some(Item::Heartbeat(Heartbeat {
            position: position.0,
            epoch: epoch.0,
            counts: self.counts(position),
        }));
        WatchTodoResponse { item }
    }
}

impl TodoLists {
    /// What became of a task that is another than before. A task is of one list for good.
    fn task(&self, changed: Changed, now: DateTime<Utc>) -> Option<(TodoList, TodoChange)> {
        let Changed { key, before, after } = changed;
        let is_in = |state: &TaskState| self.todo.shows_task(state, now);
        let kind = kind(
            before.as_ref().is_some_and(is_in),
            after.as_ref().is_some_and(is_in),
        )?;
        let (list, shown): (_, fn(_) -> Shown) = match before.as_ref().or(after.as_ref())? {
            TaskState::Standalone(_) => (TodoList::Tasks, Shown::Task),
            TaskState::Order(_) => (TodoList::OrderTasks, Shown::OrderTask),
            TaskState::Checklist(_) => return None,
        };
        let task = after
            .and_then(|state| views::task::of_task_state(self.view, key.as_str(), &state, now));
        let change = TodoChange {
            kind: kind.into(),
            name: key.to_string(),
            item: task.map(shown),
        };
        Some((list, change))
    }

    /// What became of an activity that is another than before.
    fn activity(
        &self,
        stream: &StreamName,
        before: &Activity,
        after: &Activity,
        now: DateTime<Utc>,
    ) -> Option<(TodoList, TodoChange)> {
        let is_in = |activity| self.todo.shows_activity(activity, now);
        let kind = kind(is_in(before), is_in(after))?;
        let activity = views::activity::of_state(self.view, stream.as_str(), after, now);
        let change = TodoChange {
            kind: kind.into(),
            name: stream.to_string(),
            item: activity.map(Shown::Activity),
        };
        Some((TodoList::Activities, change))
    }

    /// Goes on counting.
    fn count(&mut self, recorded: &Recorded, list: TodoList, kind: TaskChangeKind) {
        let by = match kind {
            TaskChangeKind::Entered => 1,
            TaskChangeKind::Left => -1,
            TaskChangeKind::Changed | TaskChangeKind::Unspecified => return,
        };
        if let Some(counted) = &mut self.counted
            && !counted.includes(list, recorded.partition, recorded.position)
        {
            counted.add(list, by);
        }
    }

    /// How much there is after a position, once watching is where the counts were.
    fn counts(&self, position: Position) -> Option<TodoCounts> {
        let counted = self.counted.as_ref()?;
        (position >= counted.latest()).then_some(TodoCounts {
            order_task_count: counted.counts.order_tasks,
            activity_count: counted.counts.activities,
            task_count: counted.counts.tasks,
        })
    }
}
