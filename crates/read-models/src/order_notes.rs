//! Notes on orders and their tasks: one row for each, only ever added to.

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Version,
    names::{Actor, MemberName, OrderName, OrderTaskName},
    order,
    task::Visibility,
    text::Html,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};
use tokio_postgres::types::Type;

use crate::{
    filter::Parameters,
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
    stored::Stored,
};

/// The read model `order_notes`.
#[derive(Debug)]
pub struct OrderNotes;

/// Which event a note is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderNoteKey {
    pub order: OrderName,
    /// Of the event in the order's stream: later notes have higher ones.
    pub version: Version,
}

/// A note on an order or on one of its tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderNoteRow {
    /// None: on the order as a whole.
    pub task: Option<OrderTaskName>,
    /// For the team only; else for the account's contacts too.
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
pub struct OrderNoteEntry {
    pub key: OrderNoteKey,
    pub row: OrderNoteRow,
}

/// What the notes are on that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotesOf {
    /// The order and all its tasks.
    Order(OrderName),
    /// One task.
    Task(OrderTaskName),
}

impl NotesOf {
    /// The order.
    pub fn order(&self) -> OrderName {
        match self {
            Self::Order(name) => name.clone(),
            Self::Task(name) => name.order(),
        }
    }
}

impl ReadModel for OrderNotes {
    const NAME: &'static str = "order_notes";
    const VERSION: i32 = 1;
    // The notes of one order by time are one range of the primary key.
    const KEY: &'static [&'static str] = &[
        "order_name text collate \"C\" not null",
        "version integer not null",
    ];
    const COLUMNS: &'static [&'static str] = &[
        "task text collate \"C\"",
        "internal boolean not null",
        "note text collate \"C\" not null",
        "author text collate \"C\" not null",
        "on_behalf_of text collate \"C\"",
        "written_at timestamptz not null",
        "position bigint not null",
    ];
    const INDEXES: &'static [Index] = &[
        // The notes of one task by time.
        Index {
            name: "rows_task",
            on: "(task, version) where task is not null",
        },
    ];
    const INSERT_ONLY: bool = true;

    type Key = OrderNoteKey;
    type Row = OrderNoteRow;

    fn touches(_: &Recorded, _: &Event) -> impl IntoIterator<Item = OrderNoteKey> {
        None
    }

    fn fold(
        rows: &mut Rows<OrderNoteKey, OrderNoteRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Order(order::Event::NoteAdded {
            task,
            note,
            visibility,
            by,
            at,
        }) = event
        else {
            return Ok(());
        };
        let order = recorded.stream.as_str().parse();
        let key = OrderNoteKey {
            order: order
                .map_err(|_| FoldError::because("an event of an order stands in another stream"))?,
            version: recorded.version,
        };
        let metadata = recorded
            .metadata()
            .map_err(|error| FoldError::because(format!("its metadata are malformed: {error}")))?;
        let row = OrderNoteRow {
            task: task.clone(),
            internal: match visibility {
                Visibility::Internal => true,
                Visibility::Portal => false,
            },
            note: note.clone(),
            author: by.clone(),
            on_behalf_of: metadata.on_behalf_of,
            written_at: *at,
            position: recorded.position,
        };
        rows.insert(key, row)
    }

    fn put_key(key: &OrderNoteKey, to: &mut Put<'_>) {
        to.put(key.order.as_str()).put(key.version.0 as i32);
    }

    fn put_row(row: &OrderNoteRow, to: &mut Put<'_>) {
        to.put(row.task.as_ref().map(OrderTaskName::as_str))
            .put(row.internal)
            .put(row.note.as_str())
            .put(row.author.as_str())
            .put(row.on_behalf_of.as_ref().map(MemberName::as_str))
            .put(row.written_at)
            .put(row.position.0);
    }

    fn take(from: &mut Take<'_>) -> Result<(OrderNoteKey, OrderNoteRow), UnreadableRow> {
        let key = OrderNoteKey {
            order: from.parse()?,
            version: Version(from.take::<i32>()? as u32),
        };
        let (task, internal) = (from.parse_optional()?, from.take()?);
        let Stored(note) = from.parse()?;
        let row = OrderNoteRow {
            task,
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
    name: "order_notes",
    fields: &[],
    sortables: &[Sortable::new("version", "k.version", "integer")],
    default_order: "version desc",
    ties: &[],
};

/// The statement for a page of notes. `{0}` is the schema of `order_notes`.
pub(crate) fn page(plan: &Plan, of: &NotesOf) -> Statement {
    let mut parameters = Parameters::default();
    let of = match of {
        NotesOf::Order(name) => {
            let name = parameters.add(name.as_str().to_owned(), Type::TEXT);
            format!("k.order_name = {name}")
        }
        NotesOf::Task(name) => {
            let name = parameters.add(name.as_str().to_owned(), Type::TEXT);
            format!("k.task = {name}")
        }
    };
    let filter = plan.filter_sql(&mut parameters);
    let (columns, place) = (columns::<OrderNotes>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    let sql = format!(
        "select {columns}, {place} as place from {{0}}.rows k where {of} and {filter} order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
