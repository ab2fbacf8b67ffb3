//! Notes on tasks: one row for each, only ever added to.

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Version,
    names::{Actor, MemberName, TaskName},
    task,
    text::Html,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Put, ReadModel, Rows, Take, UnreadableRow};
use tokio_postgres::types::Type;

use crate::{
    filter::Parameters,
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
    stored::Stored,
    tasks::DELETED,
};

/// The read model `task_notes`.
#[derive(Debug)]
pub struct TaskNotes;

/// Which event a note is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteKey {
    pub task: TaskName,
    /// Of the event in the task's stream: later notes have higher ones.
    pub version: Version,
}

/// A note on a task.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteRow {
    /// For admins only; else for everyone who sees the task.
    pub internal: bool,
    pub note: Html,
    pub author: Actor,
    /// The member for whom a service account wrote it.
    pub on_behalf_of: Option<MemberName>,
    pub written_at: DateTime<Utc>,
    pub position: Position,
}

/// A note as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteEntry {
    pub key: NoteKey,
    pub row: NoteRow,
}

impl ReadModel for TaskNotes {
    const NAME: &'static str = "task_notes";
    const VERSION: i32 = 1;
    // The notes of one task by time are one range of the primary key.
    const KEY: &'static [&'static str] = &[
        "task text collate \"C\" not null",
        "version integer not null",
    ];
    const COLUMNS: &'static [&'static str] = &[
        "internal boolean not null",
        "note text collate \"C\" not null",
        "author text collate \"C\" not null",
        "on_behalf_of text collate \"C\"",
        "written_at timestamptz not null",
        "position bigint not null",
    ];
    const INSERT_ONLY: bool = true;

    type Key = NoteKey;
    type Row = NoteRow;

    fn touches(_: &Recorded, _: &Event) -> impl IntoIterator<Item = NoteKey> {
        None
    }

    fn fold(
        rows: &mut Rows<NoteKey, NoteRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let (internal, note, by, at) = match event {
            Event::Task(task::Event::NoteAdded { note, by, at }) => (false, note, by, at),
            Event::Task(task::Event::InternalNoteAdded { note, by, at }) => (true, note, by, at),
            _ => return Ok(()),
        };
        let task = recorded.stream.as_str().parse();
        let key = NoteKey {
            task: task
                .map_err(|_| FoldError::because("an event of a task stands in another stream"))?,
            version: recorded.version,
        };
        let metadata = recorded
            .metadata()
            .map_err(|error| FoldError::because(format!("its metadata are malformed: {error}")))?;
        let row = NoteRow {
            internal,
            note: note.clone(),
            author: by.clone(),
            on_behalf_of: metadata.on_behalf_of,
            written_at: *at,
            position: recorded.position,
        };
        rows.insert(key, row)
    }

    fn put_key(key: &NoteKey, to: &mut Put<'_>) {
        to.put(key.task.as_str()).put(key.version.0 as i32);
    }

    fn put_row(row: &NoteRow, to: &mut Put<'_>) {
        to.put(row.internal)
            .put(row.note.as_str())
            .put(row.author.as_str())
            .put(row.on_behalf_of.as_ref().map(MemberName::as_str))
            .put(row.written_at)
            .put(row.position.0);
    }

    fn take(from: &mut Take<'_>) -> Result<(NoteKey, NoteRow), UnreadableRow> {
        let key = NoteKey {
            task: from.parse()?,
            version: Version(from.take::<i32>()? as u32),
        };
        let internal = from.take()?;
        let Stored(note) = from.parse()?;
        let row = NoteRow {
            internal,
            note,
            author: from.parse()?,
            on_behalf_of: from.parse_optional()?,
            written_at: from.take()?,
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}

pub(crate) static LISTING: Listing = Listing {
    name: "task_notes",
    fields: &[],
    sortables: &[Sortable::new("version", "k.version", "integer")],
    default_order: "version desc",
    ties: &[],
};

/// The statement for a page of a task's notes; nothing of a deleted task. `{0}` is the schema of
/// `task_notes`, `{1}` that of `tasks`.
pub(crate) fn page(plan: &Plan, task: &TaskName, internal_too: bool) -> Statement {
    let mut parameters = Parameters::default();
    let task = parameters.add(task.as_str().to_owned(), Type::TEXT);
    let filter = plan.filter_sql(&mut parameters);
    let (columns, place) = (columns::<TaskNotes>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    let shown = if internal_too {
        "true"
    } else {
        "not k.internal"
    };
    let sql = format!(
        "select {columns}, {place} as place from {{0}}.rows k where k.task = {task} and {shown} and {filter} \
         and exists (select from {{1}}.rows t where t.task = {task} and t.status <> '{DELETED}') \
         order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
