//! Lists of activities: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{AccountName, ActivityName, MemberName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Activities;
use crate::{
    filter::{Column, Comparison, Condition, Field, Kind, Parameters, Test, Value, Viewer},
    list::{Listing, Plan, Shown, Statement, columns},
    order::Sortable,
};

/// Every status; what is to be done first.
const STATUSES: &[&str] = &["open", "noted", "complete"];
pub(crate) const OPEN: &str = "open";
/// What the column holds instead for a deleted activity, which no list shows.
pub(super) const DELETED: &str = "deleted";

pub(crate) const STATUS: &str = "k.status";
pub(super) const ACCOUNT: &str = "k.account";
/// Null for nobody.
pub(super) const ASSIGNEE: &str = "nullif(k.assignee, '')";
/// The same as questions, for a list that is asked by `:`.
pub(crate) const HAS_ASSIGNEE: &str = "(k.assignee = {})";
pub(crate) const HAS_ASSIGNEE_AT_ALL: &str = "(k.assignee <> '')";
/// What is never due comes last.
pub(crate) const DUE: &str = "coalesce(k.due, 'infinity')";

pub(super) const CREATED_AT: &str = "k.created_at";
pub(crate) const CREATED: Sortable = Sortable::new("create_time", CREATED_AT, "timestamptz");

pub(super) const INDEXES: &[Index] = &[
    // Any set of statuses by due time: one range for each status, merged.
    Index {
        name: "rows_status_due",
        on: "(status, coalesce(due, 'infinity'), created_at, activity)",
    },
    // The same of one member, or of nobody.
    Index {
        name: "rows_assignee_status_due",
        on: "(assignee, status, coalesce(due, 'infinity'), created_at, activity)",
    },
    // The same of one account.
    Index {
        name: "rows_account_status_due",
        on: "(account, status, coalesce(due, 'infinity'), created_at, activity)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "activities",
    fields: &[
        Field::name("name", "k.activity", activity),
        Field::name("account", "k.account", account),
        Field::new(
            "assignee",
            Kind::Name {
                column: Column::optional(ASSIGNEE),
                check: member,
            },
        ),
        Field::label("status", STATUS, STATUSES),
        Field::new("due_time", Kind::Moment(Column::optional("k.due"))),
        Field::new(
            "complete_time",
            Kind::Moment(Column::optional("k.completed_at")),
        ),
        Field::moment("create_time", "k.created_at"),
        Field::moment("update_time", "k.updated_at"),
        Field::new("overdue", Kind::Flag(overdue)),
    ],
    sortables: &[
        Sortable::new("due_time", DUE, "timestamptz"),
        CREATED,
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
        // Activities that are not complete come after all that are.
        Sortable::new(
            "complete_time",
            "coalesce(k.completed_at, 'infinity')",
            "timestamptz",
        ),
    ],
    default_order: "due_time",
    ties: &[CREATED, Sortable::new("name", "k.activity", "text")],
};

fn activity(name: &str) -> Result<String, Invalid> {
    name.parse::<ActivityName>().map(String::from)
}

fn account(name: &str) -> Result<String, Invalid> {
    name.parse::<AccountName>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

pub(crate) fn overdue(viewer: &Viewer) -> Condition {
    let open = Condition::OneOf {
        sql: STATUS,
        all: STATUSES,
        labels: vec![OPEN],
    };
    // Of what is open the due time is never absent, so the index is asked.
    let due = Test::Compare {
        column: Column::required(DUE),
        comparison: Comparison::Less,
        value: Value::Now(viewer.now),
    };
    Condition::all(vec![open, due.into()])
}

/// Narrows a list to what its viewer is shown.
pub(crate) fn shown(condition: Condition, shown: Shown, viewer: &Viewer) -> Condition {
    let column = Column::optional(ASSIGNEE);
    let own = viewer.me.as_ref().map(|me| {
        let value = Value::Text(me.as_str().to_owned());
        let comparison = Comparison::Equal;
        Condition::Is(Test::Compare {
            column,
            comparison,
            value,
        })
    });
    match shown {
        Shown::All => condition,
        Shown::OwnAndNobodys => {
            let nobodys = Condition::Not(Test::Present(column));
            let any = Condition::any(own.into_iter().chain([nobodys]).collect());
            Condition::all(vec![condition, any])
        }
    }
}

/// Whose activities a part of a condition leaves, if it says that and nothing else; empty for nobody's.
fn assignees(condition: &Condition) -> Option<Vec<String>> {
    match condition {
        Condition::Is(Test::Compare {
            column,
            comparison: Comparison::Equal | Comparison::Has,
            value: Value::Text(name),
        }) if column.is(ASSIGNEE) => Some(vec![name.clone()]),
        Condition::Is(Test::HasName {
            sql: HAS_ASSIGNEE,
            name,
        }) => Some(vec![name.clone()]),
        Condition::Not(Test::Present(column)) if column.is(ASSIGNEE) => Some(vec![String::new()]),
        Condition::Not(Test::Holds {
            sql: HAS_ASSIGNEE_AT_ALL,
        }) => Some(vec![String::new()]),
        Condition::Any(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(assignees).collect();
            each.map(|each| each.concat())
        }
        _ => None,
    }
}

const ACCOUNT_DISPLAY_NAME: &str =
    "(select a.display_name from {1}.rows a where a.account = p.account)";

/// The statement for one activity: [`page`] without a list.
pub(crate) fn one(name: &ActivityName) -> Statement {
    let mut parameters = Parameters::default();
    let activity = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Activities>("p");
    let sql = format!(
        "select {columns}, array[]::text[] as place, {ACCOUNT_DISPLAY_NAME} \
         from {{0}}.rows p where p.activity = {activity} and p.status <> '{DELETED}'"
    );
    Statement { sql, parameters }
}

/// The statement for a page of activities with the names of their accounts. `{0}` is the schema of
/// `activities`, `{1}` that of `accounts`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let from = if plan.order.follows(&[DUE, "k.created_at", "k.activity"]) {
        format!("({}) k", ranges(plan, &mut parameters))
    } else {
        format!(
            "{{0}}.rows k where k.status <> '{DELETED}' and {}",
            plan.filter_sql(&mut parameters)
        )
    };
    let (columns, place) = (columns::<Activities>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    // The names are looked up for the rows of the page only.
    let sql = format!(
        "select p.*, {ACCOUNT_DISPLAY_NAME} from \
         (select {columns}, {place} as place from {from} order by {order} limit {limit}) p"
    );
    Statement { sql, parameters }
}

/// Whose rows meet a condition, if it says that; and what is to be asked of them besides their status.
fn found(condition: &Condition) -> (Option<Vec<String>>, Condition) {
    let whose = condition.values(&assignees);
    // What every row of a range meets is not asked again: it would only mislead the planner.
    let rest = condition.clone().without(&|condition| match condition {
        Condition::OneOf { sql, .. } => *sql == STATUS,
        condition => assignees(condition).is_some(),
    });
    (whose.map(|whose| whose.into_iter().collect()), rest)
}

/// How many rows meet a condition, as a query of one row; `schema` stands for the schema of `activities`.
pub(crate) fn count(condition: &Condition, schema: &str, parameters: &mut Parameters) -> String {
    let (whose, rest) = found(condition);
    let filter = rest.sql(parameters);
    let statuses = parameters.add(condition.possible(STATUS, STATUSES), Type::TEXT_ARRAY);
    let whose = match whose {
        None => "true".to_owned(),
        Some(whose) => format!(
            "k.assignee = any({})",
            parameters.add(whose, Type::TEXT_ARRAY)
        ),
    };
    format!(
        "(select count(*) from {schema}.rows k where k.status = any({statuses}) and {whose} and {filter})"
    )
}

/// The rows in the order of their due times, as a few ranges of an index, each in that order and no longer
/// than the page: one for each status that the filter leaves possible, and for each assignee where it
/// says whose they are.
fn ranges(plan: &Plan, parameters: &mut Parameters) -> String {
    let (whose, rest) = found(&plan.condition);
    let filter = plan.with_place(&rest, parameters);
    let statuses = parameters.add(plan.condition.possible(STATUS, STATUSES), Type::TEXT_ARRAY);
    let (also, assignee) = match whose {
        None => (String::new(), "true"),
        Some(whose) => {
            let whose = parameters.add(whose, Type::TEXT_ARRAY);
            let also = format!("cross join unnest({whose}) w(assignee)");
            (also, "k.assignee = w.assignee")
        }
    };
    let (order, limit) = (plan.order.sql(), plan.limit());
    format!(
        "select r.* from unnest({statuses}) s(status) {also} cross join lateral \
         (select k.* from {{0}}.rows k where k.status = s.status and {assignee} and {filter} \
         order by {order} limit {limit}) r"
    )
}
