//! Accounts: one row for each, which is the aggregate itself in columns that can be asked about.
//!
//! How many tasks it has open is counted from the read model `tasks` when it is asked: a task's later
//! events do not say whose it is, so a count kept here would need a second copy of every task.

mod list;

use handoff_domain::{
    Event, Version,
    account::Account,
    names::{AccountName, MemberName, StreamName},
    terms::Role,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    search,
    stored::{Json, json, label},
};

pub(crate) use list::{LISTING, active_unless_asked, one, page};

/// The read model `accounts`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Accounts;

/// An account as of some event.
pub type AccountRow = AggregateRow<Account>;

/// An account as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountEntry {
    pub name: AccountName,
    pub row: AccountRow,
    /// How many of its tasks are open. How many it has at all is how many it numbered.
    pub open_tasks: i64,
}

/// What an account's stream is called, if it is one.
fn name(stream: &StreamName) -> Option<AccountName> {
    stream.as_str().parse().ok()
}

impl ReadModel for Accounts {
    const NAME: &'static str = "accounts";
    const VERSION: i32 = 4;
    const KEY: &'static [&'static str] = &["account text collate \"C\" not null"];
    // The whole account first; the columns after `position` repeat what can be asked about.
    const COLUMNS: &'static [&'static str] = &[
        "details text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "display_name text collate \"C\" not null",
        "kind text collate \"C\" not null",
        "status text collate \"C\" not null",
        "assignee text collate \"C\" not null",
        // Who holds another role, `members/ana:sales-manager`, in the order of the roles. From the fourth on
        // they stand in an array, which also has each holder by itself.
        "role_1 text collate \"C\"",
        "role_2 text collate \"C\"",
        "role_3 text collate \"C\"",
        "more_roles text[] collate \"C\" not null",
        "support_team text[] collate \"C\" not null",
        // The display name in lower case, for searches.
        "search text collate \"C\" not null",
        "origin text collate \"C\" not null",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = AccountName;
    type Row = AccountRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = AccountName> {
        match event {
            Event::Account(_) => name(&recorded.stream),
            Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Service(_)
            | Event::Order(_) => None,
        }
    }

    fn fold(
        rows: &mut Rows<AccountName, AccountRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Account(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream)
            .ok_or_else(|| FoldError::because("an event of an account stands in another stream"))?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &AccountName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &AccountRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent account; if it were, the columns
        // that are then missing would fail the batch.
        let Account::Existing(details) = state else {
            return;
        };
        let held = |(role, holder): (&Role, &MemberName)| format!("{holder}:{role}");
        let mut roles = details.roles.iter();
        let mut next = || roles.next().map(held);
        let first = [next(), next(), next()];
        let more: Vec<_> = roles
            .flat_map(|(role, holder)| [holder.to_string(), held((role, holder))])
            .collect();
        to.put(json(details))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.display_name.as_str())
            .put(label(&details.kind))
            .put(label(&details.status))
            .put(details.assignee.as_str());
        for held in first {
            to.put(held);
        }
        let support_team: Vec<_> = details
            .support_team
            .iter()
            .map(|member| member.as_str())
            .collect();
        to.put(more)
            .put(support_team)
            .put(search::document([details.display_name.as_str()]))
            .put(label(&details.origin))
            .put(details.created_at)
            .put(details.updated_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(AccountName, AccountRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(details) = from.parse()?;
        let row = AggregateRow {
            state: Account::Existing(details),
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
