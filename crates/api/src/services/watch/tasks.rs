//! WatchTasks: what changes in a list of tasks.

use chrono::{DateTime, Utc};
use handoff_domain::{
    State,
    names::{Kind, StreamName},
    task::Task,
};
use handoff_event_log::{Epoch, Position, Recorded};
use handoff_proto::v1::{
    TaskChange, TaskChangeKind, WatchTasksResponse,
    watch_tasks_response::{Changes, Heartbeat, Item},
};
use handoff_read_models::tasks::{ChecklistTask, TaskKey, TaskState, WatchedTasks, changed_tasks};

use super::Watched;
use crate::{
    time,
    views::{self, View},
};

/// A list of tasks, in the view of its caller.
pub(crate) struct TaskList {
    pub(crate) tasks: WatchedTasks,
    pub(crate) view: View,
}

impl Watched for TaskList {
    type Message = WatchTasksResponse;

    fn concerns(stream: &StreamName) -> bool {
        matches!(stream.kind(), Kind::Task | Kind::Order)
    }

    fn changes(
        &mut self,
        epoch: Epoch,
        recorded: &Recorded,
        before: State,
        after: State,
    ) -> Option<WatchTasksResponse> {
        let now = recorded.recorded_at;
        let changed = changed(&recorded.stream, before, after).into_iter();
        let tasks: Vec<_> = changed
            .filter_map(|changed| self.change(changed, now))
            .collect();
        let changes = (!tasks.is_empty()).then(|| Changes {
            position: recorded.position.0,
            epoch: epoch.0,
            event_type: recorded.event_type.clone(),
            actor: actor(recorded),
            record_time: Some(time::to_proto(now)),
            tasks,
        })?;
        let item = Some(Item::Changes(changes));
        Some(WatchTasksResponse { item })
    }

    fn heartbeat(&self, epoch: Epoch, position: Position) -> WatchTasksResponse {
        let item = Some(Item::Heartbeat(Heartbeat {
            position: position.0,
            epoch: epoch.0,
        }));
        WatchTasksResponse { item }
    }
}

/// Who recorded an event, by resource name.
pub(super) fn actor(recorded: &Recorded) -> String {
    let metadata = recorded.metadata();
    metadata.map_or_else(|_| String::new(), |metadata| metadata.actor.into())
}

/// What it means for a list that something was in it before, and is after.
pub(super) fn kind(before: bool, after: bool) -> Option<TaskChangeKind> {
    match (before, after) {
        (false, false) => None,
        (false, true) => Some(TaskChangeKind::Entered),
        (true, true) => Some(TaskChangeKind::Changed),
        (true, false) => Some(TaskChangeKind::Left),
    }
}

impl TaskList {
    /// What became of one task that is another than before.
    fn change(&self, changed: Changed, now: DateTime<Utc>) -> Option<TaskChange> {
        let Changed { key, before, after } = changed;
        let is_in = |state: &TaskState| self.tasks.shows(key.as_str(), state, now);
        let kind = kind(
            before.as_ref().is_some_and(is_in),
            after.as_ref().is_some_and(is_in),
        )?;
        Some(TaskChange {
            kind: kind.into(),
            name: key.to_string(),
            task: after
                .and_then(|state| views::task::of_task_state(self.view, key.as_str(), &state, now)),
        })
    }
}

/// A task that is another after an event.
pub(super) struct Changed {
    pub(super) key: TaskKey,
    pub(super) before: Option<TaskState>,
    pub(super) after: Option<TaskState>,
}

/// The tasks that an event makes others: the one whose stream it is, or some of an order's.
pub(super) fn changed(stream: &StreamName, before: State, after: State) -> Vec<Changed> {
    match (before, after) {
        (State::Task(before), State::Task(after)) => {
            let state = |task: &Task| Some(TaskState::Standalone(task.clone()));
            let name = stream.as_str().parse().ok();
            let changed = name.map(|name| Changed {
                key: TaskKey::Standalone(name),
                before: state(&before),
                after: state(&after),
            });
            changed.into_iter().collect()
        }
        (State::Order(before), State::Order(after)) => {
            let state =
                |task: Option<ChecklistTask>| task.map(|task| TaskState::Order(task.into()));
            let changed = changed_tasks(&before, &after).into_iter();
            changed
                .map(|(name, before, after)| Changed {
                    key: TaskKey::Order(name),
                    before: state(before),
                    after: state(after),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}
