//! Documents: one row for each, which is the aggregate itself in columns that can be asked about.

mod list;

use handoff_domain::{
    Event, Version,
    document::Document,
    names::{DocumentName, StreamName},
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    stored::{Json, json, label},
};

pub use list::MOST_OF_ONE;
pub(crate) use list::{LISTING, of_order, of_parent, one, page, shown_to_contacts};

/// The read model `documents`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Documents;

/// A document as of some event.
pub type DocumentRow = AggregateRow<Document>;

/// A document as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentEntry {
    pub name: DocumentName,
    pub row: DocumentRow,
}

/// What a document's stream is called, if it is one.
fn name(stream: &StreamName) -> Option<DocumentName> {
    stream.as_str().parse().ok()
}

impl ReadModel for Documents {
    const NAME: &'static str = "documents";
    const VERSION: i32 = 2;
    const KEY: &'static [&'static str] = &["document text collate \"C\" not null"];
    // The whole document first; the columns after `position` repeat what can be asked about.
    const COLUMNS: &'static [&'static str] = &[
        "state text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "parent text collate \"C\" not null",
        "subject text collate \"C\" not null",
        "file_name text collate \"C\" not null",
        "media_type text collate \"C\" not null",
        "category text collate \"C\"",
        "active boolean not null",
        "visibility text collate \"C\" not null",
        "short_description text collate \"C\"",
        // `2026-12-01`, which is ordered as days are.
        "document_date text collate \"C\"",
        "available_from timestamptz",
        "available_until timestamptz",
        "uploaded_by text collate \"C\" not null",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = DocumentName;
    type Row = DocumentRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = DocumentName> {
        match event {
            Event::Document(_) => name(&recorded.stream),
            Event::Account(_)
            | Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Activity(_)
            | Event::Service(_)
            | Event::Order(_) => None,
        }
    }

    fn fold(
        rows: &mut Rows<DocumentName, DocumentRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Document(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream)
            .ok_or_else(|| FoldError::because("an event of a document stands in another stream"))?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &DocumentName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &DocumentRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent document; if it were, the columns
        // that are then missing would fail the batch.
        let Some(details) = state.details() else {
            return;
        };
        to.put(json(state))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.parent.as_str())
            .put(details.subject.as_str())
            .put(details.file.name.as_str())
            .put(details.file.media_type.as_str())
            .put(details.category.as_ref().map(|category| category.as_str()))
            .put(details.active)
            .put(label(&details.visibility))
            .put(details.short_description.as_ref().map(|text| text.as_str()))
            .put(details.document_date.map(|date| date.to_string()))
            .put(details.availability.from)
            .put(details.availability.until)
            .put(details.uploaded_by.as_str())
            .put(details.created_at)
            .put(details.updated_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(DocumentName, DocumentRow), UnreadableRow> {
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
