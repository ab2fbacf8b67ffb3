//! Tasks: one row for each, which is the aggregate itself in columns that can be asked about.

mod list;

use handoff_domain::{
    Event, Version,
    names::{StreamName, TaskName},
    task::Task,
    text::Html,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    stored::{Json, json, label},
};

pub(crate) use list::{DELETED, LISTING, one, page};

/// The read model `tasks`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Tasks;

/// A task as of some event.
pub type TaskRow = AggregateRow<Task>;

/// A task as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEntry {
    pub name: TaskName,
    pub row: TaskRow,
    /// Of the account that it is about, as it is now; none for a task about a member.
    pub subject_display_name: Option<String>,
    /// Of the account that it is about, as they are now, where one task was asked for.
    pub account_notes: Option<Html>,
}

/// What a task's stream is called, if it is one.
fn name(stream: &StreamName) -> Option<TaskName> {
    stream.as_str().parse().ok()
}

impl ReadModel for Tasks {
    const NAME: &'static str = "tasks";
    const VERSION: i32 = 2;
    const KEY: &'static [&'static str] = &["task text collate \"C\" not null"];
    // The whole task first; the columns after `position` repeat what can be asked about.
    const COLUMNS: &'static [&'static str] = &[
        "state text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "subject text collate \"C\" not null",
        "number text collate \"C\" not null",
        "title text collate \"C\" not null",
        "category text collate \"C\"",
        // Of a deleted task, `deleted`: no list finds it.
        "status text collate \"C\" not null",
        "priority text collate \"C\" not null",
        "visibility text collate \"C\" not null",
        "assignees text[] collate \"C\" not null",
        "start timestamptz not null",
        "due timestamptz not null",
        "origin text collate \"C\" not null",
        "completed_at timestamptz",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = TaskName;
    type Row = TaskRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = TaskName> {
        match event {
            Event::Task(_) => name(&recorded.stream),
            Event::Account(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Service(_)
            | Event::Order(_) => None,
        }
    }

    fn fold(
        rows: &mut Rows<TaskName, TaskRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Task(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream)
            .ok_or_else(|| FoldError::because("an event of a task stands in another stream"))?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &TaskName, to: &mut Put<'_>) {
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
        let Some(details) = state.known() else {
            return;
        };
        let status = match state {
            Task::Absent | Task::Deleted(_) => list::DELETED.to_owned(),
            Task::Existing(details) => label(&details.status()),
        };
        let assignees: Vec<&str> = details
            .assignees
            .iter()
            .map(|member| member.as_str())
            .collect();
        to.put(json(state))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.subject.as_str())
            .put(&*details.number)
            .put(details.title.as_str())
            .put(details.category.as_deref())
            .put(status)
            .put(label(&details.priority))
            .put(label(&details.visibility))
            .put(assignees)
            .put(details.start)
            .put(details.due)
            .put(label(&details.origin))
            .put(details.completed().map(|(at, _)| at))
            .put(details.created_at)
            .put(details.updated_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(TaskName, TaskRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(state) = from.parse()?;
        let row = AggregateRow {
            state,
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
