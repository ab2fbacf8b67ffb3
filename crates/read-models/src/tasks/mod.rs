//! Tasks: one row for each, which is the aggregate itself in columns that can be asked about.

mod list;

use handoff_domain::{
    Event, Revision, Version,
    names::{StreamName, TaskName},
    task::{Details, OpenStatus, Percent, Task},
    text::{Html, SlaHours},
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    stored::{Stored, label, number, unreadable},
};

pub(crate) use list::{LISTING, one, page};

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
    const VERSION: i32 = 1;
    const KEY: &'static [&'static str] = &["task text collate \"C\" not null"];
    const COLUMNS: &'static [&'static str] = &[
        "subject text collate \"C\" not null",
        "number text collate \"C\" not null",
        "title text collate \"C\" not null",
        "description text collate \"C\"",
        "category text collate \"C\"",
        "status text collate \"C\" not null",
        "priority text collate \"C\" not null",
        "visibility text collate \"C\" not null",
        "assignees text[] collate \"C\" not null",
        "start timestamptz not null",
        "due timestamptz not null",
        "due_source text collate \"C\" not null",
        "sla_hours integer not null",
        "percent smallint not null",
        // What comes back when a closed task is reopened; null while it is open.
        "percent_before smallint",
        "origin text collate \"C\" not null",
        "creator text collate \"C\" not null",
        "completed_at timestamptz",
        "completed_by text collate \"C\"",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
        "revision integer not null",
        "version integer not null",
        "position bigint not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = TaskName;
    type Row = TaskRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = TaskName> {
        match event {
            Event::Task(_) => name(&recorded.stream),
            Event::Account(_) | Event::Member(_) | Event::Settings(_) => None,
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
        let Some(details) = state.details() else {
            return;
        };
        let (status, percent, percent_before, completed) = match state {
            Task::Absent => return,
            Task::Open {
                status, percent, ..
            } => (label(status), *percent, None, None),
            Task::Complete {
                at,
                by,
                percent_before,
                ..
            } => (
                "complete".to_owned(),
                Percent::DONE,
                Some(*percent_before),
                Some((*at, by)),
            ),
        };
        let smallint = |percent: Percent| i16::from(percent.number());
        let assignees: Vec<&str> = details
            .assignees
            .iter()
            .map(|member| member.as_str())
            .collect();
        to.put(details.subject.as_str())
            .put(&*details.number)
            .put(details.title.as_str())
            .put(details.description.as_ref().map(|html| html.as_str()))
            .put(details.category.as_deref())
            .put(status)
            .put(label(&details.priority))
            .put(label(&details.visibility))
            .put(assignees)
            .put(details.start)
            .put(details.due)
            .put(label(&details.due_source))
            .put(i32::from(details.sla_hours.hours()))
            .put(smallint(percent))
            .put(percent_before.map(smallint))
            .put(label(&details.origin))
            .put(details.creator.as_str())
            .put(completed.map(|(at, _)| at))
            .put(completed.map(|(_, by)| by.as_str()))
            .put(details.created_at)
            .put(details.updated_at)
            .put(details.revision.0 as i32)
            .put(version.0 as i32)
            .put(position.0);
    }

    fn take(from: &mut Take<'_>) -> Result<(TaskName, TaskRow), UnreadableRow> {
        let key = from.parse()?;
        let subject = from.parse()?;
        let task_number = from.take::<&str>()?.into();
        let Stored(title) = from.parse()?;
        let description = from.parse_optional()?.map(|Stored(html)| html);
        let category = from.take::<Option<&str>>()?.map(Into::into);
        let status: String = from.take()?;
        let Stored(priority) = from.parse()?;
        let Stored(visibility) = from.parse()?;
        let assignees = from.take::<Vec<&str>>()?;
        let assignees = assignees
            .into_iter()
            .map(|member| member.parse().map_err(|e| unreadable(member, e)));
        let assignees = assignees.collect::<Result<_, _>>()?;
        let start = from.take()?;
        let due = from.take()?;
        let Stored(due_source) = from.parse()?;
        let sla_hours = number(from.take::<i32>()?, |hours| SlaHours::new(hours.into()))?;
        let percent = number(from.take::<i16>()?, |percent| Percent::new(percent.into()))?;
        let percent_before = from.take::<Option<i16>>()?;
        let percent_before = percent_before
            .map(|before| number(before, |percent| Percent::new(percent.into())))
            .transpose()?;
        let Stored(origin) = from.parse()?;
        let creator = from.parse()?;
        let completed_at = from.take()?;
        let completed_by = from.parse_optional()?;
        let details = Details {
            number: task_number,
            subject,
            title,
            description,
            category,
            priority,
            visibility,
            assignees,
            start,
            due,
            due_source,
            sla_hours,
            origin,
            creator,
            created_at: from.take()?,
            updated_at: from.take()?,
            revision: Revision(from.take::<i32>()? as u32),
        };
        let task = match (percent_before, completed_at, completed_by) {
            (Some(percent_before), Some(at), Some(by)) => Task::Complete {
                details,
                at,
                by,
                percent_before,
            },
            _ => {
                let status: OpenStatus = status
                    .parse::<Stored<_>>()
                    .map(|Stored(status)| status)
                    .map_err(|e| unreadable(&status, e))?;
                Task::Open {
                    details,
                    status,
                    percent,
                }
            }
        };
        let version = Version(from.take::<i32>()? as u32);
        Ok((
            key,
            AggregateRow {
                state: task,
                version,
                position: Position(from.take()?),
            },
        ))
    }
}
