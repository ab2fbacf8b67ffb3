//! What lists of tasks can be asked for, and what of it an index serves.

use handoff_domain::{
    Invalid,
    names::{Actor, MemberName, OrderName, Subject},
    terms::Role,
};
use handoff_projections::Index;

use super::TaskKey;
use crate::{
    filter::{Column, Comparison, Condition, Field, Kind, Test, Value, Viewer},
    list::{Listing, Shown},
    order::Sortable,
    task_texts,
};

/// Every status; the open ones first.
pub(super) const STATUSES: &[&str] = &[
    "not_started",
    "in_progress",
    "waiting_on_customer",
    "complete",
    "cancelled",
];
/// Those of work that is not done yet.
pub(crate) const OPEN_STATUSES: &[&str] = STATUSES.split_at(3).0;
/// Those of tasks of orders, which are done or not.
pub(super) const ORDER_STATUSES: &[&str] = &["not_started", "complete"];
/// What the column holds instead for a deleted task, which no list shows.
pub(crate) const DELETED: &str = "deleted";
const PRIORITIES: &[&str] = &["low", "normal", "high", "urgent"];
const VISIBILITIES: &[&str] = &["internal", "portal"];
const ORIGINS: &[&str] = &[
    "manual",
    "portal",
    "template",
    "automation",
    "integration",
    "call",
];

pub(super) const KINDS: &[&str] = &[STANDALONE, ORDER];
const DUE_SOURCES: &[&str] = &["sla", "manual"];
/// Whether it is the turn of a task of an order.
pub(crate) const TURNS: &[&str] = &["current", "upcoming"];
/// The kind of a task of its own.
pub(crate) const STANDALONE: &str = "standalone";
/// The kind of a task of an order's checklist.
pub(crate) const ORDER: &str = "order";
/// What is in the column for an order itself, which is no task.
pub(super) const CHECKLIST: &str = "checklist";

// What the fields are in the table. `Asked` knows each of them too.
pub(super) const NAME: &str = "k.task";
pub(crate) const KIND: &str = "k.kind";
pub(super) const SUBJECT: &str = "k.subject";
pub(super) const NUMBER: &str = "k.number";
pub(super) const TITLE: &str = "k.title";
pub(super) const SEARCH: &str = task_texts::SEARCH;
pub(super) const CATEGORY: &str = "k.category";
pub(crate) const STATUS: &str = "k.status";
pub(super) const PRIORITY: &str = "k.priority";
pub(super) const VISIBILITY: &str = "k.visibility";
pub(super) const START: &str = "k.start";
pub(crate) const DUE: &str = "k.due";
/// What is never due has `infinity`, so that it comes last.
pub(crate) const DUE_AT_ALL: &str = "(k.due < 'infinity')";
pub(super) const DUE_SOURCE: &str = "k.due_source";
pub(super) const PERCENT: &str = "k.percent";
pub(super) const ORIGIN: &str = "k.origin";
pub(super) const CREATOR: &str = "k.creator";
pub(super) const COMPLETED_AT: &str = "k.completed_at";
pub(super) const COMPLETED_BY: &str = "k.completed_by";
pub(super) const CREATED_AT: &str = "k.created_at";
pub(super) const UPDATED_AT: &str = "k.updated_at";
pub(super) const ESTIMATED_HOURS: &str = "k.estimated_hours";
pub(super) const ACTUAL_HOURS: &str = "k.actual_hours";
pub(super) const BILLABLE: &str = "k.billable";
pub(super) const BILLED: &str = "k.billed";
pub(super) const REQUESTER_NAME: &str = "k.requester_name";
pub(super) const REQUESTER_EMAIL: &str = "k.requester_email";
pub(super) const REQUESTER_PHONE: &str = "k.requester_phone";
pub(super) const QUANTITY: &str = "k.quantity";
pub(super) const PRICE: &str = "k.price";
pub(super) const PRICE_CURRENCY: &str = "k.price_currency";
pub(super) const MILEAGE: &str = "k.mileage";
pub(super) const EXPENSES: &str = "k.expenses";
pub(super) const EXPENSES_CURRENCY: &str = "k.expenses_currency";
pub(super) const RESPONSIBLE_ROLE: &str = "k.responsible_role";
pub(super) const ORDER_NAME: &str = "k.order_name";
pub(crate) const CURRENT: &str = "k.is_current";
/// Of an open task of an order, one of [`TURNS`].
pub(crate) const TURN: &str = "(case when k.is_current then 'current' else 'upcoming' end)";
/// Few tasks have tags, and only those are in the index.
pub(super) const TAGGED: &str = "(cardinality(k.tags) > 0 and k.tags @> array[{}])";
pub(super) const TAGGED_AT_ALL: &str = "(cardinality(k.tags) > 0)";
/// The texts that are searched change seldom, so they have a read model and an index of their own.
const FOUND: &str = "(exists (select from {2}.rows x where x.task = k.task and {}))";

/// The first three assignees have an index each, so that one's tasks are found in the order of their
/// due times. The few tasks with more are found by the last of these, and sorted.
pub(super) const ASSIGNED: [&str; 4] = [
    "k.assignees[1] = {}",
    "k.assignees[2] = {}",
    "k.assignees[3] = {}",
    "cardinality(k.assignees) > 3 and k.assignees[4:] @> array[{}]",
];
/// The tasks of nobody stand before all others in the index of the first assignee.
pub(super) const UNASSIGNED: &str = "k.assignees[1] is null";
pub(crate) const ASSIGNED_ANYWHERE: &str = "(k.assignees[1] = {} or k.assignees[2] = {} or k.assignees[3] = {} \
     or cardinality(k.assignees) > 3 and k.assignees[4:] @> array[{}])";

pub(crate) const ASSIGNED_AT_ALL: &str = "(cardinality(k.assignees) > 0)";

pub(crate) const CREATED: Sortable = Sortable::new("create_time", CREATED_AT, "timestamptz");
const PRIORITY_RANK: &str = "array_position(array['low', 'normal', 'high', 'urgent'], k.priority)";
/// ACME-TASK-2 comes before ACME-TASK-10.
const NUMBER_ORDER: &str = "(regexp_replace(k.number, '[0-9]*$', '') || lpad(substring(k.number from '[0-9]*$'), 10, '0'))";

pub(super) const INDEXES: &[Index] = &[
    // Any set of statuses and kinds by due time: one range for each of both, merged.
    Index {
        name: "rows_status_due",
        on: "(status, kind, due, created_at, task)",
    },
    // The same of one account or member.
    Index {
        name: "rows_subject_status_due",
        on: "(subject, status, kind, due, created_at, task)",
    },
    // The tasks of one account or member by creation; counts of open ones use the index above.
    Index {
        name: "rows_subject_created",
        on: "(subject, created_at, task)",
    },
    // The tasks of one assignee in any set of statuses and kinds by due time: see `ASSIGNED`.
    Index {
        name: "rows_assignee_1",
        on: "((assignees[1]), status, kind, due, created_at, task)",
    },
    Index {
        name: "rows_assignee_2",
        on: "((assignees[2]), status, kind, due, created_at, task) where assignees[2] is not null",
    },
    Index {
        name: "rows_assignee_3",
        on: "((assignees[3]), status, kind, due, created_at, task) where assignees[3] is not null",
    },
    Index {
        name: "rows_assignee_4",
        on: "using gin ((assignees[4:])) where cardinality(assignees) > 3",
    },
    // The tasks of one order.
    Index {
        name: "rows_order_name",
        on: "(order_name) where order_name <> ''",
    },
    // What changed last.
    Index {
        name: "rows_updated",
        on: "(updated_at, created_at, task)",
    },
    // The tasks with one tag.
    Index {
        name: "rows_tags",
        on: "using gin (tags) where cardinality(tags) > 0",
    },
    // A task by the number that people know it by.
    Index {
        name: "rows_number",
        on: "(number)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "tasks",
    fields: &[
        Field::name("name", NAME, task),
        Field::label("kind", KIND, KINDS),
        Field::text("number", NUMBER),
        Field::name("subject", SUBJECT, subject),
        Field::text("title", TITLE),
        Field::new(
            "text",
            Kind::SearchElsewhere {
                column: SEARCH,
                found: FOUND,
            },
        ),
        Field::new("category", Kind::Text(Column::optional(CATEGORY))),
        Field::label("status", STATUS, STATUSES),
        Field::new(
            "priority",
            Kind::Label {
                sql: PRIORITY,
                labels: PRIORITIES,
                ranked: true,
            },
        ),
        Field::label("visibility", VISIBILITY, VISIBILITIES),
        Field::new("assignees", ASSIGNEES),
        // The same, as people say it of one.
        Field::new("assignee", ASSIGNEES),
        Field::new("unassigned", Kind::Flag(unassigned)),
        Field::label("origin", ORIGIN, ORIGINS),
        Field::name("creator", CREATOR, actor),
        Field::moment("start_time", START),
        Field::new(
            "due_time",
            Kind::MomentIfAny {
                column: Column::required(DUE),
                any: DUE_AT_ALL,
            },
        ),
        Field::label("due_source", DUE_SOURCE, DUE_SOURCES),
        Field::new(
            "complete_time",
            Kind::Moment(Column::optional(COMPLETED_AT)),
        ),
        Field::new(
            "completed_by",
            Kind::Name {
                column: Column::optional(COMPLETED_BY),
                check: actor,
            },
        ),
        Field::moment("create_time", CREATED_AT),
        Field::moment("update_time", UPDATED_AT),
        Field::new("percent_complete", Kind::Integer(Column::required(PERCENT))),
        Field::new(
            "tags",
            Kind::Texts {
                has: TAGGED,
                any: TAGGED_AT_ALL,
            },
        ),
        Field::new(
            "estimated_hours",
            Kind::Decimal(Column::optional(ESTIMATED_HOURS)),
        ),
        Field::new(
            "actual_hours",
            Kind::Decimal(Column::optional(ACTUAL_HOURS)),
        ),
        Field::new("billable", Kind::Flag(billable)),
        Field::new("billed", Kind::Flag(billed)),
        Field::new(
            "requester.display_name",
            Kind::Text(Column::optional(REQUESTER_NAME)),
        ),
        Field::new(
            "requester.email",
            Kind::Text(Column::optional(REQUESTER_EMAIL)),
        ),
        Field::new(
            "requester.phone",
            Kind::Text(Column::optional(REQUESTER_PHONE)),
        ),
        Field::new("quantity", Kind::Decimal(Column::optional(QUANTITY))),
        Field::new("price", Kind::Decimal(Column::optional(PRICE))),
        Field::new(
            "price.currency_code",
            Kind::Text(Column::optional(PRICE_CURRENCY)),
        ),
        Field::new("mileage", Kind::Decimal(Column::optional(MILEAGE))),
        Field::new("expenses", Kind::Decimal(Column::optional(EXPENSES))),
        Field::new(
            "expenses.currency_code",
            Kind::Text(Column::optional(EXPENSES_CURRENCY)),
        ),
        Field::new(
            "responsible_role",
            Kind::Name {
                column: Column::optional(RESPONSIBLE_ROLE),
                check: role,
            },
        ),
        Field::new("open", Kind::Flag(open)),
        Field::new("overdue", Kind::Flag(overdue)),
        Field::new(
            "order",
            Kind::Name {
                column: Column::required(ORDER_NAME),
                check: order,
            },
        ),
        Field::new("current", Kind::Flag(current)),
    ],
    sortables: &[
        Sortable::new("due_time", DUE, "timestamptz"),
        CREATED,
        Sortable::new("update_time", UPDATED_AT, "timestamptz"),
        // Tasks that are not complete come after all that are.
        Sortable::new(
            "complete_time",
            "coalesce(k.completed_at, 'infinity')",
            "timestamptz",
        ),
        Sortable::new("priority", PRIORITY_RANK, "integer"),
        Sortable::new("number", NUMBER_ORDER, "text"),
    ],
    default_order: "due_time",
    ties: &[CREATED, Sortable::new("name", NAME, "text")],
};

const ASSIGNEES: Kind = Kind::Names {
    has: ASSIGNED_ANYWHERE,
    any: ASSIGNED_AT_ALL,
    check: member,
};

fn task(name: &str) -> Result<String, Invalid> {
    TaskKey::of_task(name).map(|key| key.to_string())
}

fn order(name: &str) -> Result<String, Invalid> {
    name.parse::<OrderName>().map(String::from)
}

fn subject(name: &str) -> Result<String, Invalid> {
    name.parse::<Subject>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

fn actor(name: &str) -> Result<String, Invalid> {
    name.parse::<Actor>().map(String::from)
}

fn role(id: &str) -> Result<String, Invalid> {
    id.parse::<Role>().map(String::from)
}

fn unassigned(_: &Viewer) -> Condition {
    Condition::from(Test::Holds {
        sql: ASSIGNED_AT_ALL,
    })
    .negated()
}

fn billable(_: &Viewer) -> Condition {
    Test::Holds { sql: BILLABLE }.into()
}

fn billed(_: &Viewer) -> Condition {
    Test::Holds { sql: BILLED }.into()
}

pub(crate) fn open(_: &Viewer) -> Condition {
    Condition::OneOf {
        sql: STATUS,
        all: STATUSES,
        labels: OPEN_STATUSES.to_vec(),
    }
}

/// Tasks of one kind.
pub(crate) fn of_kind(kind: &'static str) -> Condition {
    Condition::OneOf {
        sql: KIND,
        all: KINDS,
        labels: vec![kind],
    }
}

fn current(_: &Viewer) -> Condition {
    Test::Holds { sql: CURRENT }.into()
}

pub(crate) fn overdue(viewer: &Viewer) -> Condition {
    let due = Test::Compare {
        column: Column::required(DUE),
        comparison: Comparison::Less,
        value: Value::Now(viewer.now),
    };
    Condition::all(vec![open(viewer), due.into()])
}

/// Narrows a list to what its viewer is shown.
pub(crate) fn shown(condition: Condition, shown: Shown, viewer: &Viewer) -> Condition {
    match shown {
        Shown::All => condition,
        Shown::OwnAndNobodys => {
            let own = viewer.me.as_ref().map(|me| {
                let (sql, name) = (ASSIGNED_ANYWHERE, me.as_str().to_owned());
                Condition::Is(Test::HasName { sql, name })
            });
            let sql = ASSIGNED_AT_ALL;
            let nobodys = Condition::Not(Test::Holds { sql });
            let any = Condition::any(own.into_iter().chain([nobodys]).collect());
            Condition::all(vec![condition, any])
        }
    }
}
