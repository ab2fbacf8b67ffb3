//! Lists of accounts: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{AccountName, MemberName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Accounts;
use crate::{
    filter::{Condition, Field, Parameters},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const STATUSES: &[&str] = &["active", "paused", "deactivated"];
const KINDS: &[&str] = &["customer", "lead"];
const ORIGINS: &[&str] = &["manual", "auto"];

const NAME: &str = "k.account";
const STATUS: &str = "k.status";
const OPEN_TASKS: &str = "c.open_tasks";
const BY_NAME: Sortable = Sortable::new("name", NAME, "text");

pub(super) const INDEXES: &[Index] = &[
    // By display name; the primary key serves the order by name.
    Index {
        name: "rows_display_name",
        on: "(display_name, account)",
    },
    // The accounts of one member.
    Index {
        name: "rows_assignee",
        on: "(assignee, account)",
    },
    // What came and what changed last.
    Index {
        name: "rows_created",
        on: "(created_at, account)",
    },
    Index {
        name: "rows_updated",
        on: "(updated_at, account)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "accounts",
    fields: &[
        Field::name("name", NAME, account),
        Field::text("display_name", "k.display_name"),
        Field::label("kind", "k.kind", KINDS),
        Field::label("status", STATUS, STATUSES),
        Field::name("assignee", "k.assignee", member),
        Field::label("origin", "k.origin", ORIGINS),
        Field::moment("create_time", "k.created_at"),
        Field::moment("update_time", "k.updated_at"),
    ],
    sortables: &[
        BY_NAME,
        Sortable::new("display_name", "k.display_name", "text"),
        Sortable::new("create_time", "k.created_at", "timestamptz"),
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
        Sortable::new("open_task_count", OPEN_TASKS, "bigint"),
    ],
    default_order: "name",
    ties: &[BY_NAME],
};

fn account(name: &str) -> Result<String, Invalid> {
    name.parse::<AccountName>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

/// Lists show active accounts, unless they are asked for a status or for accounts by name (S0).
pub(crate) fn active_unless_asked(condition: Condition) -> Condition {
    if condition.mentions(STATUS) || condition.mentions(NAME) {
        return condition;
    }
    let active = Condition::OneOf {
        sql: STATUS,
        all: STATUSES,
        labels: vec!["active"],
    };
    Condition::All(vec![active, condition])
}

/// Counts the open tasks of the account `account`. `{1}` is the schema of `tasks`.
fn open_tasks(account: &str) -> String {
    format!(
        "select count(*) as open_tasks from {{1}}.rows t \
         where t.subject = {account} and t.status in ('not_started', 'in_progress', 'waiting_on_customer')"
    )
}

/// The statement for one account: [`page`] without a list.
pub(crate) fn one(name: &AccountName) -> Statement {
    let mut parameters = Parameters::default();
    let account = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let (columns, open_tasks) = (columns::<Accounts>("p"), open_tasks("p.account"));
    let sql = format!(
        "select {columns}, array[]::text[] as place, ({open_tasks}) from {{0}}.rows p where p.account = {account}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of accounts with the numbers of their open tasks. `{0}` is the schema of
/// `accounts`, `{1}` that of `tasks`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let filter = plan.filter_sql(&mut parameters);
    let (columns, place) = (columns::<Accounts>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    // Every account's tasks are counted only where the order asks for it, else those of the page.
    let counted = if plan.order.mentions(OPEN_TASKS) {
        format!("cross join lateral ({}) c", open_tasks(NAME))
    } else {
        String::new()
    };
    let sql = format!(
        "select p.*, ({}) from (select {columns}, {place} as place from {{0}}.rows k {counted} \
         where {filter} order by {order} limit {limit}) p",
        open_tasks("p.account")
    );
    Statement { sql, parameters }
}
