//! What contacts ask of the portal, and the statements that answer. Each names an account; no other's rows
//! are read, and of a row nothing but what is shown.

use handoff_domain::names::{AccountName, StreamName};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use crate::{
    filter::{Column, Comparison, Condition, Field, Kind, Parameters, Test, Value, Viewer},
    list::{Listing, Plan, Statement},
    order::Sortable,
    page::PAGE_BYTES,
};

pub(super) const TASK: &str = "task";
pub(super) const ORDER: &str = "order";

/// Every status of a task; the open ones first.
const TASK_STATUSES: &[&str] = &[
    "not_started",
    "in_progress",
    "waiting_on_customer",
    "complete",
    "cancelled",
];
const OPEN: usize = 3;
const ORDER_STATUSES: &[&str] = &["open", "complete", "cancelled"];

const STATUS: &str = "k.status";
const DUE: &str = "k.due";
const CREATED: Sortable = Sortable::new("create_time", "k.created_at", "timestamptz");
const BY_DUE: Sortable = Sortable::new("due_time", DUE, "timestamptz");
const BY_NAME: Sortable = Sortable::new("name", "k.resource", "text");

pub(super) const INDEXES: &[Index] = &[
    // The tasks or orders of one account.
    Index {
        name: "rows_created",
        on: "(account, kind, created_at, resource) where account is not null",
    },
    Index {
        name: "rows_due",
        on: "(account, kind, due, created_at, resource) where account is not null",
    },
];

pub(crate) static TASKS: Listing = Listing {
    name: "portal_tasks",
    fields: &[
        Field::label("status", STATUS, TASK_STATUSES),
        Field::moment("due_time", DUE),
        Field::moment("create_time", "k.created_at"),
        Field::new("open", Kind::Flag(task_open)),
        Field::new("overdue", Kind::Flag(task_overdue)),
    ],
    sortables: &[BY_DUE, CREATED],
    default_order: "due_time",
    ties: &[CREATED, BY_NAME],
};

pub(crate) static ORDERS: Listing = Listing {
    name: "portal_orders",
    fields: &[
        Field::label("status", STATUS, ORDER_STATUSES),
        Field::moment("create_time", "k.created_at"),
        Field::new("open", Kind::Flag(order_open)),
    ],
    sortables: &[CREATED, BY_DUE],
    default_order: "create_time desc",
    ties: &[CREATED, BY_NAME],
};

fn task_open(_: &Viewer) -> Condition {
    Condition::OneOf {
        sql: STATUS,
        all: TASK_STATUSES,
        labels: TASK_STATUSES[..OPEN].to_vec(),
    }
}

fn task_overdue(viewer: &Viewer) -> Condition {
    let due = Test::Compare {
        column: Column::required(DUE),
        comparison: Comparison::Less,
        value: Value::Now(viewer.now),
    };
    Condition::all(vec![task_open(viewer), due.into()])
}

fn order_open(_: &Viewer) -> Condition {
    Condition::OneOf {
        sql: STATUS,
        all: ORDER_STATUSES,
        labels: vec!["open"],
    }
}

/// Bytes after which no more rows are fetched for a page. By then it is full, as a row has less than one page.
const FETCHED_BYTES: usize = 2 * PAGE_BYTES;

/// What the service of the order `k` is called. `{1}` is the schema of `services`.
const SERVICE: &str = "(select s.display_name from {1}.rows s where s.service = k.service)";

/// The statement for one task or order of an account. `{0}` is the schema of `portal`, `{1}` that of
/// `services`.
pub(crate) fn one(account: &AccountName, name: &StreamName) -> Statement {
    let mut parameters = Parameters::default();
    let account = parameters.add(account.as_str().to_owned(), Type::TEXT);
    let resource = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let sql = format!(
        "select k.resource, k.shown, {SERVICE}, array[]::text[] as place from {{0}}.rows k \
         where k.resource = {resource} and k.account = {account}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of the tasks of an account. Its schemas are those of [`one`].
pub(crate) fn tasks(plan: &Plan, account: &AccountName) -> Statement {
    page(plan, account, TASK)
}

/// The statement for a page of the orders of an account. Its schemas are those of [`one`].
pub(crate) fn orders(plan: &Plan, account: &AccountName) -> Statement {
    page(plan, account, ORDER)
}

fn page(plan: &Plan, account: &AccountName, kind: &'static str) -> Statement {
    let mut parameters = Parameters::default();
    let account = parameters.add(account.as_str().to_owned(), Type::TEXT);
    let filter = plan.filter_sql(&mut parameters);
    let (order, limit, place) = (plan.order.sql(), plan.limit(), plan.order.place_sql());
    // Of orders with long texts a page has few; the rest is not fetched. How long they are costs nothing to know.
    let sql = format!(
        "select k.resource, k.shown, {SERVICE}, k.place from (select k.resource, k.shown, k.service, {place} as place, \
             sum(octet_length(k.shown)) over (order by {order} rows between unbounded preceding and 1 preceding) as before \
         from {{0}}.rows k where k.account = {account} and k.kind = '{kind}' and {filter} \
         order by {order} limit {limit}) k where coalesce(k.before, 0) < {FETCHED_BYTES}"
    );
    Statement { sql, parameters }
}
