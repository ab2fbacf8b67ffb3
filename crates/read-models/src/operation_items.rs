//! What became of the items of operations: one row for each result, only ever added to.
//!
//! An item has as many rows as results: work that two roles of one operation were asked about has two.

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Holding,
    names::{OperationName, StreamName},
    operation::{self, ItemResult, KeepReason, Outcome, Reassigned, SkipReason},
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Put, ReadModel, Rows, Take, UnreadableRow};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{
    filter::{Field, Parameters},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
    stored::{Json, Stored, json, unreadable},
};

/// The read model `operation_items`.
#[derive(Debug)]
pub struct OperationItems;

/// Which result it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    pub operation: OperationName,
    /// Of the event that has it.
    pub position: Position,
    /// Its place among the results of that event, from 0.
    pub ordinal: u32,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRow {
    pub result: ItemResult,
    /// The role event after which the ownership policy came to it; none: it is one of the plan.
    pub policy_event: Option<Uuid>,
    pub recorded_at: DateTime<Utc>,
}

/// A result as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemEntry {
    pub key: ItemKey,
    pub row: ItemRow,
}

const MOVED: &str = "moved";
const KEPT: &str = "kept";
const SKIPPED: &str = "skipped";
const OUTCOMES: &[&str] = &[MOVED, KEPT, SKIPPED];
/// The reason of what was moved.
const NO_REASON: &str = "none";
const REASONS: &[&str] = &[
    NO_REASON,
    "policy_none",
    "made_by_hand",
    "other_role",
    "holds_another_role",
    "about_member",
    "already_theirs",
    "not_found",
    "closed",
    "reassigned",
    "changed",
    "member_disabled",
    "role_retired",
];
const KINDS: &[&str] = &["role", "support_team", "open_task", "default_assignee"];

impl ReadModel for OperationItems {
    const NAME: &'static str = "operation_items";
    const VERSION: i32 = 1;
    // The results of one operation in the order in which they came are one range of the primary key.
    const KEY: &'static [&'static str] = &[
        "operation text collate \"C\" not null",
        "position bigint not null",
        "ordinal integer not null",
    ];
    const COLUMNS: &'static [&'static str] = &[
        "item text collate \"C\" not null",
        "kind text collate \"C\" not null",
        // The account or task, or `settings`.
        "resource text collate \"C\" not null",
        "outcome text collate \"C\" not null",
        "reason text collate \"C\" not null",
        // Who lost it and who got it; null unless it was moved.
        "change text collate \"C\"",
        "policy_event uuid",
        "recorded_at timestamptz not null",
    ];
    const INSERT_ONLY: bool = true;

    type Key = ItemKey;
    type Row = ItemRow;

    fn touches(_: &Recorded, _: &Event) -> impl IntoIterator<Item = ItemKey> {
        None
    }

    fn fold(
        rows: &mut Rows<ItemKey, ItemRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Operation(operation::Event::ItemsRecorded {
            results,
            policy,
            at,
            ..
        }) = event
        else {
            return Ok(());
        };
        let operation: OperationName =
            recorded.stream.as_str().parse().map_err(|_| {
                FoldError::because("an event of an operation stands in another stream")
            })?;
        for (ordinal, result) in (0..).zip(results) {
            let key = ItemKey {
                operation: operation.clone(),
                position: recorded.position,
                ordinal,
            };
            let row = ItemRow {
                result: result.clone(),
                policy_event: policy.map(|step| step.event),
                recorded_at: *at,
            };
            rows.insert(key, row)?;
        }
        Ok(())
    }

    fn put_key(key: &ItemKey, to: &mut Put<'_>) {
        to.put(key.operation.as_str())
            .put(key.position.0)
            .put(key.ordinal as i32);
    }

    fn put_row(row: &ItemRow, to: &mut Put<'_>) {
        let ItemResult { item, outcome } = &row.result;
        let (word, reason, change) = match outcome {
            Outcome::Moved { change } => (MOVED, NO_REASON, Some(change)),
            Outcome::Kept { reason } => (KEPT, reason.as_str(), None),
            Outcome::Skipped { reason } => (SKIPPED, reason.as_str(), None),
        };
        to.put(json(item))
            .put(item.kind().as_str())
            .put(item.subject())
            .put(word)
            .put(reason)
            .put(change.map(json))
            .put(row.policy_event)
            .put(row.recorded_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(ItemKey, ItemRow), UnreadableRow> {
        let key = ItemKey {
            operation: from.parse()?,
            position: Position(from.take()?),
            ordinal: from.take::<i32>()? as u32,
        };
        let Json::<Holding>(item) = from.parse()?;
        // What the item repeats for those who ask.
        let (_, _): (&str, &str) = (from.take()?, from.take()?);
        let (word, reason): (&str, &str) = (from.take()?, from.take()?);
        let change = from.parse_optional::<Json<Reassigned>>()?;
        let wrong = |what| unreadable(what, "is no outcome of an item");
        let outcome = match (word, change) {
            (MOVED, Some(Json(change))) => Outcome::Moved { change },
            (KEPT, None) => {
                let Stored::<KeepReason>(reason) = reason.parse().map_err(|_| wrong(reason))?;
                Outcome::Kept { reason }
            }
            (SKIPPED, None) => {
                let Stored::<SkipReason>(reason) = reason.parse().map_err(|_| wrong(reason))?;
                Outcome::Skipped { reason }
            }
            _ => return Err(wrong(word)),
        };
        let row = ItemRow {
            result: ItemResult { item, outcome },
            policy_event: from.take()?,
            recorded_at: from.take()?,
        };
        Ok((key, row))
    }
}

pub(crate) static LISTING: Listing = Listing {
    name: "operation_items",
    fields: &[
        Field::label("outcome", "k.outcome", OUTCOMES),
        Field::label("reason", "k.reason", REASONS),
        Field::label("kind", "k.kind", KINDS),
        Field::name("resource", "k.resource", resource),
    ],
    sortables: &[Sortable::new("position", "k.position", "bigint")],
    default_order: "position",
    ties: &[Sortable::new("ordinal", "k.ordinal", "integer")],
};

fn resource(name: &str) -> Result<String, handoff_domain::Invalid> {
    name.parse::<StreamName>().map(String::from)
}

/// The statement for a page of an operation's results. `{0}` is the schema of `operation_items`.
pub(crate) fn page(plan: &Plan, operation: &OperationName) -> Statement {
    let mut parameters = Parameters::default();
    let operation = parameters.add(operation.as_str().to_owned(), Type::TEXT);
    let filter = plan.filter_sql(&mut parameters);
    let (columns, place) = (columns::<OperationItems>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    let sql = format!(
        "select {columns}, {place} as place from {{0}}.rows k where k.operation = {operation} and {filter} \
         order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
