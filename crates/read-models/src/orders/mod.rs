//! Orders: one row for each, which is the aggregate itself, checklist and all, in columns that can be asked
//! about.

mod list;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Revision, Version,
    names::{AccountName, Actor, ContactName, MemberName, OrderName, ServiceName, StreamName},
    order::{Details, Order, Status},
    text::{Html, Line},
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};
use tokio_postgres::types::Timestamp;

use crate::{
    aggregate::{AggregateRow, evolve},
    search,
    stored::{Json, json, label},
};

pub(crate) use list::{LISTING, one, page};

/// The read model `orders`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Orders;

/// An order as of some event.
pub type OrderRow = AggregateRow<Order>;

/// An order with its checklist, as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderEntry {
    pub name: OrderName,
    pub row: OrderRow,
    pub names: Names,
    /// Of its account, as they are now.
    pub account_notes: Option<Html>,
}

/// What is called how in an order, as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub account: Option<String>,
    pub service: Option<String>,
    /// Of the members in it.
    pub members: BTreeMap<MemberName, String>,
    /// Of the account's contacts who checked a task of it; in lists there are none.
    pub contacts: BTreeMap<ContactName, String>,
}

/// An order as a list shows it: without its checklist.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderSummary {
    pub name: OrderName,
    pub account: AccountName,
    pub service: ServiceName,
    pub title: Line,
    pub status: Status,
    pub start: DateTime<Utc>,
    /// When the first of its open tasks is due, if it is open and any of them is ever due.
    pub due: Option<DateTime<Utc>>,
    pub assignees: Vec<MemberName>,
    pub task_count: i32,
    pub open_task_count: i32,
    /// The tier whose turn it is; none if nothing is to be done.
    pub current_tier: Option<i16>,
    /// When it was completed or cancelled, and by whom.
    pub closed: Option<(DateTime<Utc>, Actor)>,
    pub creator: Actor,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub names: Names,
}

/// When the first of an open order's open tasks is due.
pub fn next_due(details: &Details) -> Option<DateTime<Utc>> {
    let open = details.open_tasks().filter(|_| details.is_open());
    open.filter_map(|task| details.due(task)).min()
}

/// What an order's stream is called, if it is one.
fn name(stream: &StreamName) -> Option<OrderName> {
    stream.as_str().parse().ok()
}

/// Every member who is in an order by any part.
fn people(details: &Details) -> BTreeSet<&str> {
    let tasks = &details.tasks;
    let of_tasks = tasks.iter().flat_map(|task| &task.content.assignees);
    let on_it = details
        .assignees
        .iter()
        .chain(&details.added)
        .chain(of_tasks);
    let checked = tasks.iter().filter_map(|task| task.checked.as_ref());
    let actors = checked.map(|checked| &checked.by);
    let actors = actors
        .chain(tasks.iter().map(|task| &task.creator))
        .chain([&details.creator])
        .chain(details.closed().map(|(_, by)| by));
    let actors = actors.filter_map(|actor| match actor {
        Actor::Member(member) => Some(member),
        Actor::Contact(_) | Actor::ServiceAccount(_) | Actor::System => None,
    });
    on_it.chain(actors).map(MemberName::as_str).collect()
}

impl ReadModel for Orders {
    const NAME: &'static str = "orders";
    const VERSION: i32 = 1;
    // `order` is a word of SQL.
    const KEY: &'static [&'static str] = &["order_name text collate \"C\" not null"];
    // The whole order first; the columns after `position` repeat what can be asked about or is listed.
    const COLUMNS: &'static [&'static str] = &[
        "details text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "account text collate \"C\" not null",
        "service text collate \"C\" not null",
        "title text collate \"C\" not null",
        "status text collate \"C\" not null",
        "start timestamptz not null",
        // Of what is never due, `infinity`: it comes last.
        "due timestamptz not null",
        "assignees text[] collate \"C\" not null",
        // Those who are on an open order by hand.
        "added text[] collate \"C\" not null",
        // All the members whose names a reader wants.
        "people text[] collate \"C\" not null",
        "task_count integer not null",
        "open_task_count integer not null",
        "current_tier smallint",
        "closed_at timestamptz",
        "closed_by text collate \"C\"",
        "creator text collate \"C\" not null",
        // Title in lower case, for searches.
        "search text collate \"C\" not null",
        "revision integer not null",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = OrderName;
    type Row = OrderRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = OrderName> {
        match event {
            Event::Order(_) => name(&recorded.stream),
            _ => None,
        }
    }

    fn fold(
        rows: &mut Rows<OrderName, OrderRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Order(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream)
            .ok_or_else(|| FoldError::because("an event of an order stands in another stream"))?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &OrderName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &OrderRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent order; if it were, the columns
        // that are then missing would fail the batch.
        let Order::Existing(details) = state else {
            return;
        };
        let names = |members: &BTreeSet<MemberName>| -> Vec<String> {
            members.iter().map(ToString::to_string).collect()
        };
        let due = next_due(details);
        let tier = details.current_tier().filter(|_| details.is_open());
        let closed = details.closed();
        to.put(json(details))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.account.as_str())
            .put(details.service.as_str())
            .put(details.title.as_str())
            .put(label(&details.status()))
            .put(details.start)
            .put(due.map_or(Timestamp::PosInfinity, Timestamp::Value))
            .put(names(&details.assignees))
            .put(match details.is_open() {
                true => names(&details.added),
                false => Vec::new(),
            })
            .put(people(details).into_iter().collect::<Vec<_>>())
            .put(details.tasks.len() as i32)
            .put(details.open_tasks().count() as i32)
            .put(tier.map(|tier| tier.number() as i16))
            .put(closed.map(|(at, _)| at))
            .put(closed.map(|(_, by)| by.as_str()))
            .put(details.creator.as_str())
            .put(search::document([details.title.as_str()]))
            .put(details.revision.0 as i32)
            .put(details.created_at)
            .put(details.updated_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(OrderName, OrderRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(details) = from.parse()?;
        let row = AggregateRow {
            state: Order::Existing(details),
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
