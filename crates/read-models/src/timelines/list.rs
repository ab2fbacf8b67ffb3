//! Timelines: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{AccountName, Actor},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Timelines;
use crate::{
    filter::{Condition, Field, Parameters},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
    tasks::{DELETED, STANDALONE},
};

const KINDS: &[&str] = &[
    "interaction",
    "question",
    "notes",
    "status",
    "role",
    "task_created",
    "task_completed",
    "activity_noted",
    "activity_open",
    "activity_completed",
    "order_placed",
    "order_completed",
];

const KIND: &str = "k.kind";

pub(super) const INDEXES: &[Index] = &[
    // Any set of kinds of one account by time: one range for each kind, merged.
    Index {
        name: "rows_account",
        on: "(account, kind, happened_at, position)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "timelines",
    fields: &[
        Field::label("kind", KIND, KINDS),
        Field::name("actor", "k.actor", actor),
        Field::moment("happen_time", "k.happened_at"),
        Field::moment("record_time", "k.recorded_at"),
    ],
    sortables: &[Sortable::new("happen_time", "k.happened_at", "timestamptz")],
    default_order: "happen_time desc",
    ties: &[Sortable::new("position", "k.position", "bigint")],
};

fn actor(name: &str) -> Result<String, Invalid> {
    name.parse::<Actor>().map(String::from)
}

/// The statement for a page of an account's timeline. `{0}` is the schema of `timelines`, `{1}` that of
/// `tasks`, `{2}` that of `orders`.
pub(crate) fn page(plan: &Plan, account: &AccountName) -> Statement {
    let mut parameters = Parameters::default();
    // The kinds are what the ranges are made of.
    let rest = plan
        .condition
        .clone()
        .without(&|condition| matches!(condition, Condition::OneOf { sql, .. } if *sql == KIND));
    let filter = plan.with_place(&rest, &mut parameters);
    let account = parameters.add(account.as_str().to_owned(), Type::TEXT);
    let kinds = parameters.add(plan.condition.possible(KIND, KINDS), Type::TEXT_ARRAY);
    let (columns, place) = (columns::<Timelines>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    // A deleted task is hidden everywhere but in the history.
    // Captions are looked up for the entries of the page only.
    let caption = |of| format!("(select t.{of} from {{1}}.rows t where t.task = p.stream)");
    let sql = format!(
        "select p.*, {}, {}, (select o.title from {{2}}.rows o where o.order_name = p.stream) from (select {columns}, {place} as place from ( \
             select r.* from unnest({kinds}) s(kind) cross join lateral \
             (select k.* from {{0}}.rows k where k.account = {account} and k.kind = s.kind and {filter} \
             and not exists (select from {{1}}.rows t where t.task = k.stream and t.kind = '{STANDALONE}' and t.status = '{DELETED}') \
             order by {order} limit {limit}) r \
         ) k order by {order} limit {limit}) p",
        caption("number"),
        caption("title"),
    );
    Statement { sql, parameters }
}
