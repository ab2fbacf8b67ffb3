//! Operations: one row for each ownership change (S4), which is the aggregate itself in columns that can be
//! asked about. What became of its items is in [`operation_items`](crate::operation_items).

mod list;

use handoff_domain::{
    Event, Version,
    names::{AccountName, MemberName, OperationName, StreamName},
    operation::{Operation, OwnershipChange},
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    stored::{Json, json, label},
};

pub(crate) use list::{LISTING, one, page};

/// The read model `operations`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Operations;

/// An operation as of some event.
pub type OperationRow = AggregateRow<Operation>;

/// An operation as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationEntry {
    pub name: OperationName,
    pub row: OperationRow,
}

/// What an operation's stream is called, if it is one.
fn name(stream: &StreamName) -> Option<OperationName> {
    stream.as_str().parse().ok()
}

/// The account that a change is about, and the members who lose or get something by it.
fn concerned(change: &OwnershipChange) -> (Option<&AccountName>, Vec<&MemberName>) {
    match change {
        OwnershipChange::AssignRole {
            account, from, to, ..
        } => (Some(account), from.iter().chain([to]).collect()),
        OwnershipChange::VacateRole { account, from, .. } => (Some(account), vec![from]),
        OwnershipChange::BatchAssignRole { to, .. } => (None, vec![to]),
        OwnershipChange::DisableMember { member, successor } => {
            (None, [member].into_iter().chain(successor).collect())
        }
        OwnershipChange::TransferResources { from, to, .. } => (None, vec![from, to]),
        OwnershipChange::Undo { .. } => (None, Vec::new()),
    }
}

impl ReadModel for Operations {
    const NAME: &'static str = "operations";
    const VERSION: i32 = 1;
    const KEY: &'static [&'static str] = &["operation text collate \"C\" not null"];
    // The whole operation first; the columns after `position` repeat what can be asked about.
    const COLUMNS: &'static [&'static str] = &[
        "details text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "kind text collate \"C\" not null",
        "status text collate \"C\" not null",
        // The account whose role it is; null where it is not about one account.
        "account text collate \"C\"",
        // Who loses or gets something, as it was asked for.
        "members text[] collate \"C\" not null",
        "actor text collate \"C\" not null",
        "started_at timestamptz not null",
        "updated_at timestamptz not null",
        "finished_at timestamptz",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = OperationName;
    type Row = OperationRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = OperationName> {
        match event {
            Event::Operation(_) => name(&recorded.stream),
            Event::Account(_)
            | Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Document(_)
            | Event::Activity(_)
            | Event::Service(_)
            | Event::Order(_) => None,
        }
    }

    fn fold(
        rows: &mut Rows<OperationName, OperationRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Operation(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream).ok_or_else(|| {
            FoldError::because("an event of an operation stands in another stream")
        })?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &OperationName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &OperationRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent operation; if it were, the columns
        // that are then missing would fail the batch.
        let Operation::Existing(details) = state else {
            return;
        };
        let (account, members) = concerned(&details.change);
        let members: Vec<_> = members.into_iter().map(MemberName::as_str).collect();
        to.put(json(details))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.change.as_str())
            .put(label(&details.status))
            .put(account.map(AccountName::as_str))
            .put(members)
            .put(details.by.as_str())
            .put(details.started_at)
            .put(details.updated_at)
            .put(details.finished_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(OperationName, OperationRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(details) = from.parse()?;
        let row = AggregateRow {
            state: Operation::Existing(details),
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
