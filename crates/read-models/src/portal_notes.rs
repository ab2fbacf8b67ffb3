//! Notes that the account's contacts read, on tasks and orders: one row for each, only ever added to. Those
//! for the team or for admins are not here.
//!
//! Whether contacts see what a note is on changes, and an old note comes and goes with it; so a note on what they
//! do not see, now or ever, is a row too. Its text is withheld from whoever reads: the gate `note` gives it, of
//! what the portal shows to the account, and of nothing else.

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Version,
    names::{AccountName, Actor, ContactName, OrderTaskName, StreamName},
    order,
    task::{self, Visibility},
    text::Html,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Gate, Put, ReadModel, Rows, Take, UnreadableRow};
use tokio_postgres::types::Type;

use crate::{
    filter::Parameters,
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
    stored::Stored,
    timelines::EntryKey,
};

/// The read model `portal_notes`.
#[derive(Debug)]
pub struct PortalNotes;

/// A note that contacts read.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalNoteRow {
    /// Of a note on a task of an order, the task.
    pub task: Option<OrderTaskName>,
    pub note: Html,
    /// The contact who wrote it; none: the team.
    pub contact: Option<ContactName>,
    pub written_at: DateTime<Utc>,
    pub position: Position,
}

/// A note as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalNoteEntry {
    /// Of which event it is.
    pub key: EntryKey,
    pub row: PortalNoteRow,
}

/// The text of a note, or null where the portal does not show to the account what it is on.
const NOTE: Gate = Gate {
    signature: "note(text, text, text, integer)",
    head: "note(portal text, of_account text, of_stream text, of_version integer) returns text",
    body: "declare found text; \
        begin \
            if portal !~ '^portal_[0-9]+$' then \
                raise exception '% is not the schema of the portal', portal using errcode = 'invalid_schema_name'; \
            end if; \
            execute format('select n.note from {schema}.rows n join %I.rows p on p.resource = n.stream \
                where n.stream = $1 and n.version = $2 and p.account = $3 \
                and (n.task is null or n.task = any(p.tasks))', portal) \
            into found using of_stream, of_version, of_account; \
            return found; \
        end",
};

impl ReadModel for PortalNotes {
    const NAME: &'static str = "portal_notes";
    const VERSION: i32 = 2;
    // The notes of one task or order by time are one range of the primary key.
    const KEY: &'static [&'static str] = &[
        "stream text collate \"C\" not null",
        "version integer not null",
    ];
    const COLUMNS: &'static [&'static str] = &[
        "task text collate \"C\"",
        "note text collate \"C\" not null",
        "contact text collate \"C\"",
        "written_at timestamptz not null",
        "position bigint not null",
    ];
    const WITHHELD: &'static [&'static str] = &["note"];
    const GATES: &'static [Gate] = &[NOTE];
    const INSERT_ONLY: bool = true;

    type Key = EntryKey;
    type Row = PortalNoteRow;

    fn touches(_: &Recorded, _: &Event) -> impl IntoIterator<Item = EntryKey> {
        None
    }

    fn fold(
        rows: &mut Rows<EntryKey, PortalNoteRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let (task, note, by, at) = match event {
            Event::Task(task::Event::NoteAdded { note, by, at }) => (None, note, by, at),
            Event::Order(order::Event::NoteAdded {
                task,
                note,
                visibility: Visibility::Portal,
                by,
                at,
            }) => (task.clone(), note, by, at),
            _ => return Ok(()),
        };
        let key = EntryKey {
            stream: recorded.stream.clone(),
            version: recorded.version,
        };
        let row = PortalNoteRow {
            task,
            note: note.clone(),
            contact: match by {
                Actor::Contact(contact) => Some(contact.clone()),
                Actor::Member(_) | Actor::ServiceAccount(_) | Actor::System => None,
            },
            written_at: *at,
            position: recorded.position,
        };
        rows.insert(key, row)
    }

    fn put_key(key: &EntryKey, to: &mut Put<'_>) {
        to.put(key.stream.as_str()).put(key.version.0 as i32);
    }

    fn put_row(row: &PortalNoteRow, to: &mut Put<'_>) {
        to.put(row.task.as_ref().map(OrderTaskName::as_str))
            .put(row.note.as_str())
            .put(row.contact.as_ref().map(ContactName::as_str))
            .put(row.written_at)
            .put(row.position.0);
    }

    fn take(from: &mut Take<'_>) -> Result<(EntryKey, PortalNoteRow), UnreadableRow> {
        let key = EntryKey {
            stream: from.parse()?,
            version: Version(from.take::<i32>()? as u32),
        };
        let task = from.parse_optional()?;
        let Stored(note) = from.parse()?;
        let row = PortalNoteRow {
            task,
            note,
            contact: from.parse_optional()?,
            written_at: from.take()?,
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}

pub(crate) static LISTING: Listing = Listing {
    name: "portal_notes",
    fields: &[],
    sortables: &[Sortable::new("version", "k.version", "integer")],
    default_order: "version desc",
    ties: &[],
};

/// The statement for a page of the notes on a task or order that an account's contacts see; of its tasks,
/// those that they see too. `{0}` is the schema of `portal_notes`, `{1}` that of `portal`.
pub(crate) fn page(plan: &Plan, account: &AccountName, of: &StreamName) -> Statement {
    let mut parameters = Parameters::default();
    let account = parameters.add(account.as_str().to_owned(), Type::TEXT);
    let stream = parameters.add(of.as_str().to_owned(), Type::TEXT);
    let filter = plan.filter_sql(&mut parameters);
    let columns = columns::<PortalNotes>("k");
    let gate = format!("{{0}}.note('{{1}}', {account}, k.stream, k.version)");
    let (columns, place) = (columns.replace("k.note", &gate), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    let sql = format!(
        "select {columns}, {place} as place from {{0}}.rows k \
         where k.stream = {stream} and {filter} and exists (select from {{1}}.rows p \
             where p.resource = k.stream and p.account = {account} and (k.task is null or k.task = any(p.tasks))) \
         order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
