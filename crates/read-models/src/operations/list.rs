//! Lists of operations: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{AccountName, Actor, MemberName, OperationName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Operations;
use crate::{
    filter::{Column, Comparison, Condition, Field, Kind, Parameters, Test, Value},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const KINDS: &[&str] = &[
    "assign_role",
    "vacate_role",
    "batch_assign_role",
    "disable_member",
    "transfer_resources",
    "undo",
];
const STATUSES: &[&str] = &["planning", "running", "finished"];

const NAME: &str = "k.operation";
const KIND: &str = "k.kind";
const STATUS: &str = "k.status";
const ACCOUNT: &str = "k.account";
const ACTOR: &str = "k.actor";
const STARTED: &str = "k.started_at";
const BY_NAME: Sortable = Sortable::new("name", NAME, "text");

pub(super) const INDEXES: &[Index] = &[
    // Any set of statuses and kinds by time: one range for each pair, merged.
    Index {
        name: "rows_status_kind",
        on: "(status, kind, started_at, operation)",
    },
    // What happened to the roles of one account, by time.
    Index {
        name: "rows_account",
        on: "(account, started_at, operation) where account is not null",
    },
    // What one caller asked for, by time.
    Index {
        name: "rows_actor",
        on: "(actor, started_at, operation)",
    },
    // What took from one member or gave to them; sorted, for one member has few.
    Index {
        name: "rows_members",
        on: "using gin (members)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "operations",
    fields: &[
        Field::name("name", NAME, operation),
        Field::label("kind", KIND, KINDS),
        Field::label("status", STATUS, STATUSES),
        Field::new(
            "account",
            Kind::Name {
                column: Column::optional(ACCOUNT),
                check: account,
            },
        ),
        Field::new(
            "member",
            Kind::Names {
                has: "(k.members @> array[{}])",
                any: "(cardinality(k.members) > 0)",
                check: member,
            },
        ),
        Field::name("actor", ACTOR, actor),
        Field::moment("start_time", STARTED),
        Field::moment("update_time", "k.updated_at"),
        Field::new(
            "finish_time",
            Kind::Moment(Column::optional("k.finished_at")),
        ),
    ],
    sortables: &[
        Sortable::new("start_time", STARTED, "timestamptz"),
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
    ],
    default_order: "start_time desc",
    ties: &[BY_NAME],
};

fn operation(name: &str) -> Result<String, Invalid> {
    name.parse::<OperationName>().map(String::from)
}

fn account(name: &str) -> Result<String, Invalid> {
    name.parse::<AccountName>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

fn actor(name: &str) -> Result<String, Invalid> {
    name.parse::<Actor>().map(String::from)
}

/// The statement for one operation: [`page`] without a list.
pub(crate) fn one(name: &OperationName) -> Statement {
    let mut parameters = Parameters::default();
    let operation = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Operations>("k");
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{0}}.rows k where {NAME} = {operation}"
    );
    Statement { sql, parameters }
}

/// Whether every row that is wanted is of one account, caller or member, who have an index each.
fn is_narrow(condition: &Condition) -> bool {
    let narrow = |test: &Test| match test {
        Test::Compare {
            column,
            comparison: Comparison::Equal,
            ..
        } => (column.is(ACCOUNT) || column.is(ACTOR)).then_some(()),
        Test::HasName { .. } => Some(()),
        _ => None,
    };
    condition.required(&narrow).is_some()
}

/// The statement for a page of operations. `{0}` is the schema of `operations`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let (order, limit) = (plan.order.sql(), plan.limit());
    let from = if plan.order.follows(&[STARTED, NAME]) && !is_narrow(&plan.condition) {
        // The statuses and kinds are what the ranges are made of.
        let rest = plan.condition.clone().without(
            &|condition| matches!(condition, Condition::OneOf { sql, .. } if [STATUS, KIND].contains(sql)),
        );
        let filter = plan.with_place(&rest, &mut parameters);
        let mut possible =
            |sql, all| parameters.add(plan.condition.possible(sql, all), Type::TEXT_ARRAY);
        let (statuses, kinds) = (possible(STATUS, STATUSES), possible(KIND, KINDS));
        format!(
            "(select r.* from unnest({statuses}) s(status) cross join unnest({kinds}) t(kind) cross join lateral \
             (select k.* from {{0}}.rows k where k.status = s.status and k.kind = t.kind and {filter} \
             order by {order} limit {limit}) r) k"
        )
    } else {
        // Said plainly too, for the index: a filter asks whether it is true, and null is not.
        let of_account = |test: &Test| match test {
            Test::Compare {
                column,
                comparison: Comparison::Equal,
                value: Value::Text(name),
            } if column.is(ACCOUNT) => Some(name.clone()),
            _ => None,
        };
        let account = plan.condition.required(&of_account).map(|name| {
            let account = parameters.add(name, Type::TEXT);
            format!("{ACCOUNT} = {account} and ")
        });
        let filter = plan.filter_sql(&mut parameters);
        format!("{{0}}.rows k where {}{filter}", account.unwrap_or_default())
    };
    let (columns, place) = (columns::<Operations>("k"), plan.order.place_sql());
    let sql =
        format!("select {columns}, {place} as place from {from} order by {order} limit {limit}");
    Statement { sql, parameters }
}
