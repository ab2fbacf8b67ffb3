//! Members: one row for each person of the team, which is the aggregate itself in columns that can be
//! asked about.

mod list;

use handoff_domain::{
    Event, Version,
    member::Member,
    names::{MemberName, StreamName},
    text::Email,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    search,
    stored::{Json, json, label},
};

pub(crate) use list::{BY_NAME, FIELDS, LISTING, SORTABLES, one, other_admins, page};

/// The read model `members`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Members;

/// A member as of some event.
pub type MemberRow = AggregateRow<Member>;

/// A member as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberEntry {
    pub name: MemberName,
    pub row: MemberRow,
}

/// What a member's stream is called, if it is one.
fn name(stream: &StreamName) -> Option<MemberName> {
    stream.as_str().parse().ok()
}

impl ReadModel for Members {
    const NAME: &'static str = "members";
    const VERSION: i32 = 2;
    const KEY: &'static [&'static str] = &["member text collate \"C\" not null"];
    // The whole member first; the columns after `position` repeat what can be asked about.
    const COLUMNS: &'static [&'static str] = &[
        "details text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "display_name text collate \"C\" not null",
        "email text collate \"C\"",
        "kind text collate \"C\" not null",
        "enabled boolean not null",
        // Display name and e-mail address in lower case, for searches.
        "search text collate \"C\" not null",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = MemberName;
    type Row = MemberRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = MemberName> {
        match event {
            Event::Member(_) => name(&recorded.stream),
            Event::Account(_)
            | Event::Task(_)
            | Event::Settings(_)
            | Event::Service(_)
            | Event::Order(_) => None,
        }
    }

    fn fold(
        rows: &mut Rows<MemberName, MemberRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Member(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream)
            .ok_or_else(|| FoldError::because("an event of a member stands in another stream"))?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &MemberName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &MemberRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent member; if it were, the columns
        // that are then missing would fail the batch.
        let Member::Existing(details) = state else {
            return;
        };
        let email = details.email.as_ref().map(Email::as_str);
        to.put(json(details))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.display_name.as_str())
            .put(email)
            .put(label(&details.kind))
            .put(details.may_sign_in())
            .put(search::document(
                [details.display_name.as_str()].into_iter().chain(email),
            ))
            .put(details.created_at)
            .put(details.updated_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(MemberName, MemberRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(details) = from.parse()?;
        let row = AggregateRow {
            state: Member::Existing(details),
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
