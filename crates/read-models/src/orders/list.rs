//! Lists of orders: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{AccountName, Actor, MemberName, OrderName, ServiceName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Orders;
use crate::{
    filter::{Column, Comparison, Condition, Field, Kind, Parameters, Test, Value, Viewer},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const STATUSES: &[&str] = &["open", "complete", "cancelled"];

const NAME: &str = "k.order_name";
const STATUS: &str = "k.status";
const DUE: &str = "k.due";
const ASSIGNED: &str = "(cardinality(k.assignees) > 0 and k.assignees @> array[{}])";
const ASSIGNED_AT_ALL: &str = "(cardinality(k.assignees) > 0)";
const BY_NAME: Sortable = Sortable::new("name", NAME, "text");
const CREATED: Sortable = Sortable::new("create_time", "k.created_at", "timestamptz");

pub(super) const INDEXES: &[Index] = &[
    // The orders of one status by what is due in them.
    Index {
        name: "rows_status_due",
        on: "(status, due, created_at, order_name)",
    },
    // The orders of one account by creation.
    Index {
        name: "rows_account",
        on: "(account, created_at, order_name)",
    },
    // Those of one service.
    Index {
        name: "rows_service",
        on: "(service, created_at, order_name)",
    },
    // The orders that one member works on now.
    Index {
        name: "rows_assignees",
        on: "using gin (assignees) where cardinality(assignees) > 0",
    },
    // The open orders that one member is on by hand: what the member holds.
    Index {
        name: "rows_added",
        on: "using gin (added) where cardinality(added) > 0",
    },
    // What came, changed and starts last.
    Index {
        name: "rows_created",
        on: "(created_at, order_name)",
    },
    Index {
        name: "rows_updated",
        on: "(updated_at, created_at, order_name)",
    },
    Index {
        name: "rows_start",
        on: "(start, created_at, order_name)",
    },
    // Words in the title.
    Index {
        name: "rows_search",
        on: "using gin (search trigrams.gin_trgm_ops)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "orders",
    fields: &[
        Field::name("name", NAME, order),
        Field::name("account", "k.account", account),
        Field::name("service", "k.service", service),
        Field::text("title", "k.title"),
        Field::new("text", Kind::Search("k.search")),
        Field::label("status", STATUS, STATUSES),
        Field::new("assignees", ASSIGNEES),
        // The same, as people say it of one.
        Field::new("assignee", ASSIGNEES),
        Field::new("unassigned", Kind::Flag(unassigned)),
        Field::moment("start_time", "k.start"),
        Field::new(
            "due_time",
            Kind::MomentIfAny {
                column: Column::required(DUE),
                any: "(k.due < 'infinity')",
            },
        ),
        Field::new("close_time", Kind::Moment(Column::optional("k.closed_at"))),
        Field::name("creator", "k.creator", actor),
        Field::moment("create_time", "k.created_at"),
        Field::moment("update_time", "k.updated_at"),
        Field::new("open", Kind::Flag(open)),
        Field::new("overdue", Kind::Flag(overdue)),
    ],
    sortables: &[
        Sortable::new("due_time", DUE, "timestamptz"),
        Sortable::new("start_time", "k.start", "timestamptz"),
        CREATED,
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
    ],
    default_order: "create_time desc",
    ties: &[CREATED, BY_NAME],
};

const ASSIGNEES: Kind = Kind::Names {
    has: ASSIGNED,
    any: ASSIGNED_AT_ALL,
    check: member,
};

fn order(name: &str) -> Result<String, Invalid> {
    name.parse::<OrderName>().map(String::from)
}

fn account(name: &str) -> Result<String, Invalid> {
    name.parse::<AccountName>().map(String::from)
}

fn service(name: &str) -> Result<String, Invalid> {
    name.parse::<ServiceName>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

fn actor(name: &str) -> Result<String, Invalid> {
    name.parse::<Actor>().map(String::from)
}

fn unassigned(_: &Viewer) -> Condition {
    Condition::from(Test::Holds {
        sql: ASSIGNED_AT_ALL,
    })
    .negated()
}

fn open(_: &Viewer) -> Condition {
    Condition::OneOf {
        sql: STATUS,
        all: STATUSES,
        labels: vec!["open"],
    }
}

fn overdue(viewer: &Viewer) -> Condition {
    let due = Test::Compare {
        column: Column::required(DUE),
        comparison: Comparison::Less,
        value: Value::Now(viewer.now),
    };
    Condition::all(vec![open(viewer), due.into()])
}

/// The names of account, service and members of the order `p`, the last being those of `members`. `{1}` is
/// the schema of `accounts`, `{2}` that of `services`, `{3}` that of `members`.
fn names(members: &str) -> String {
    format!(
        "(select a.display_name from {{1}}.rows a where a.account = p.account), \
         (select s.display_name from {{2}}.rows s where s.service = p.service), \
         (select json_object_agg(m.member, m.display_name)::text from {{3}}.rows m where m.member = any({members}))"
    )
}

/// The statement for one order with the names in it. `{0}` is the schema of `orders`, the others are those of
/// [`names`].
pub(crate) fn one(name: &OrderName) -> Statement {
    let mut parameters = Parameters::default();
    let order = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let (columns, names) = (columns::<Orders>("p"), names("p.people"));
    let sql = format!(
        "select {columns}, array[]::text[] as place, {names}, \
         (select a.details::json ->> 'notes' from {{1}}.rows a where a.account = p.account), \
         (select json_object_agg(c.key, c.value ->> 'display_name')::text from {{1}}.rows a \
             cross join json_each(a.details::json -> 'contacts') c where a.account = p.account) \
         from {{0}}.rows p where p.order_name = {order}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of orders without their checklists. Its schemas are those of [`one`].
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let filter = plan.filter_sql(&mut parameters);
    let place = plan.order.place_sql();
    let (order, limit) = (plan.order.sql(), plan.limit());
    // The names are looked up for the rows of the page only.
    let sql = format!(
        "select p.*, {} from (select k.order_name, k.account, k.service, k.title, k.status, k.start, \
         nullif(k.due, 'infinity') as due, k.assignees, k.task_count, k.open_task_count, k.current_tier, k.closed_at, \
         k.closed_by, k.creator, k.revision, k.created_at, k.updated_at, {place} as place \
         from {{0}}.rows k where {filter} order by {order} limit {limit}) p",
        names("p.assignees")
    );
    Statement { sql, parameters }
}
