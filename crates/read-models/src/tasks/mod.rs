//! Tasks: one row for each, which is the aggregate itself in columns that can be asked about. Those of the
//! checklists of orders stand among them, each with what its order says of it.

mod asked;
mod checklist;
mod fields;
mod key;
mod list;
mod searched;
mod watched;

use handoff_domain::{
    CorruptHistory, Event, Version, names::StreamName, order::Order, task::Task, text::Html,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, Tally, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    stored::{Json, json, label, unreadable},
    todo,
};

pub(crate) use asked::Asked;
use asked::COLUMNS;
pub use checklist::{ChecklistTask, changed_tasks, tasks_of};
pub(crate) use fields::{
    ASSIGNED_ANYWHERE, ASSIGNED_AT_ALL, CREATED, CURRENT, DELETED, DUE, DUE_AT_ALL, LISTING,
    OPEN_STATUSES, ORDER, STANDALONE, STATUS, TURN, TURNS, of_kind, open, overdue, shown,
};
pub use key::TaskKey;
pub use list::MOST_COUNTED;
pub(crate) use list::{count, count_exactly, is_searched, one, page};
pub use watched::WatchedTasks;

/// The read model `tasks`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Tasks;

/// What is known of a task of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskState {
    /// A task of its own, with a stream of its own.
    Standalone(Task),
    /// A task of an order's checklist.
    Order(Box<ChecklistTask>),
    /// Not a task but the order itself, from which its tasks are folded. No list shows it.
    Checklist(Order),
}

impl Default for TaskState {
    fn default() -> Self {
        Self::Standalone(Task::default())
    }
}

/// A task as of some event.
pub type TaskRow = AggregateRow<TaskState>;

/// A task as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEntry {
    pub name: TaskKey,
    pub row: TaskRow,
    /// Of the account that it is about, as it is now; none for a task about a member.
    pub subject_display_name: Option<String>,
    /// Of the account that it is about, as they are now, where one task was asked for.
    pub account_notes: Option<Html>,
}

/// The key of the row of a task's stream, if it is one.
fn key(stream: &StreamName) -> Option<TaskKey> {
    stream.as_str().parse().ok().map(TaskKey::Standalone)
}

impl ReadModel for Tasks {
    const NAME: &'static str = "tasks";
    const VERSION: i32 = 7;
    const KEY: &'static [&'static str] = &["task text collate \"C\" not null"];
    // The whole task first; the columns after `position` repeat what can be asked about.
    const COLUMNS: &'static [&'static str] = COLUMNS;
    const INDEXES: &'static [Index] = fields::INDEXES;
    const TALLIES: bool = true;

    type Key = TaskKey;
    type Row = TaskRow;

    /// Open tasks are counted, for the badges of [`todo`](crate::todo).
    fn tallies(row: &TaskRow) -> Vec<Tally> {
        match &row.state {
            TaskState::Standalone(task) => match task.details() {
                Some(details) if details.is_open() => todo::tallies(
                    &label(&details.status()),
                    &details.assignees,
                    Some(details.due),
                ),
                Some(_) | None => Vec::new(),
            },
            // Of an order that is closed, none is here that is not done.
            TaskState::Order(task) if !task.is_done() => {
                todo::tallies(task.turn(), &task.task.content.assignees, task.due())
            }
            TaskState::Order(_) | TaskState::Checklist(_) => Vec::new(),
        }
    }

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = TaskKey> {
        match event {
            Event::Task(_) => key(&recorded.stream),
            Event::Order(_) => checklist::key(recorded),
            _ => None,
        }
    }

    fn fold(
        rows: &mut Rows<TaskKey, TaskRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let event = match event {
            Event::Task(event) => event,
            Event::Order(event) => return checklist::fold(rows, recorded, event),
            _ => return Ok(()),
        };
        let key = key(&recorded.stream)
            .ok_or_else(|| FoldError::because("an event of a task stands in another stream"))?;
        evolve(rows, key, recorded, |state| match state {
            TaskState::Standalone(task) => task.evolve(event).map(TaskState::Standalone),
            TaskState::Order(_) | TaskState::Checklist(_) => Err(CorruptHistory),
        })
    }

    fn put_key(key: &TaskKey, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &TaskRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent task; if it were, the columns
        // that are then missing would fail the batch.
        let Some(asked) = Asked::of(state) else {
            return;
        };
        let stored = match state {
            TaskState::Standalone(task) => json(task),
            TaskState::Order(task) => json(task),
            TaskState::Checklist(order) => json(order),
        };
        to.put(asked.kind())
            .put(stored)
            .put(version.0 as i32)
            .put(position.0);
        asked.put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<(TaskKey, TaskRow), UnreadableRow> {
        let key = from.parse()?;
        let state = match from.take()? {
            fields::STANDALONE => {
                let Json(task) = from.parse()?;
                TaskState::Standalone(task)
            }
            fields::ORDER => {
                let Json(task) = from.parse()?;
                TaskState::Order(task)
            }
            fields::CHECKLIST => {
                let Json(order) = from.parse()?;
                TaskState::Checklist(order)
            }
            other => return Err(unreadable(other, "is no kind of tasks")),
        };
        let row = AggregateRow {
            state,
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
