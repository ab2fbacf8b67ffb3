//! Lists of tasks: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{MemberName, Subject, TaskName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Tasks;
use crate::{
    filter::{Column, Comparison, Condition, Field, Kind, Parameters, Test, Value, Viewer},
    list::{Listing, Plan, Shown, Statement, columns},
    order::Sortable,
};

/// Every status; the open ones first.
const STATUSES: &[&str] = &[
    "not_started",
    "in_progress",
    "waiting_on_customer",
    "complete",
    "cancelled",
];
/// Those of work that is not done yet.
pub(crate) const OPEN_STATUSES: &[&str] = STATUSES.split_at(3).0;
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

pub(crate) const STATUS: &str = "k.status";
pub(crate) const DUE: &str = "k.due";

/// The first three assignees have an index each, so that one's tasks are found in the order of their
/// due times. The few tasks with more are found by the last of these, and sorted.
const ASSIGNED: [&str; 4] = [
    "k.assignees[1] = {}",
    "k.assignees[2] = {}",
    "k.assignees[3] = {}",
    "cardinality(k.assignees) > 3 and k.assignees[4:] @> array[{}]",
];
/// The tasks of nobody stand before all others in the index of the first assignee.
const UNASSIGNED: &str = "k.assignees[1] is null";
pub(crate) const ASSIGNED_ANYWHERE: &str = "(k.assignees[1] = {} or k.assignees[2] = {} or k.assignees[3] = {} \
     or cardinality(k.assignees) > 3 and k.assignees[4:] @> array[{}])";

pub(crate) const ASSIGNED_AT_ALL: &str = "(cardinality(k.assignees) > 0)";

pub(crate) const CREATED: Sortable = Sortable::new("create_time", "k.created_at", "timestamptz");
const PRIORITY_RANK: &str = "array_position(array['low', 'normal', 'high', 'urgent'], k.priority)";
/// ACME-TASK-2 comes before ACME-TASK-10.
const NUMBER_ORDER: &str = "(regexp_replace(k.number, '[0-9]*$', '') || lpad(substring(k.number from '[0-9]*$'), 10, '0'))";

pub(super) const INDEXES: &[Index] = &[
    // Any set of statuses by due time: one range for each status, merged.
    Index {
        name: "rows_status_due",
        on: "(status, due, created_at, task)",
    },
    // The same of one account or member.
    Index {
        name: "rows_subject_status_due",
        on: "(subject, status, due, created_at, task)",
    },
    // The tasks of one account or member by creation; counts of open ones use the index above.
    Index {
        name: "rows_subject_created",
        on: "(subject, created_at, task)",
    },
    // The tasks of one assignee in any set of statuses by due time: see `ASSIGNED`.
    Index {
        name: "rows_assignee_1",
        on: "((assignees[1]), status, due, created_at, task)",
    },
    Index {
        name: "rows_assignee_2",
        on: "((assignees[2]), status, due, created_at, task) where assignees[2] is not null",
    },
    Index {
        name: "rows_assignee_3",
        on: "((assignees[3]), status, due, created_at, task) where assignees[3] is not null",
    },
    Index {
        name: "rows_assignee_4",
        on: "using gin ((assignees[4:])) where cardinality(assignees) > 3",
    },
    // What changed last.
    Index {
        name: "rows_updated",
        on: "(updated_at, created_at, task)",
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
        Field::name("name", "k.task", task),
        Field::text("number", "k.number"),
        Field::name("subject", "k.subject", subject),
        Field::text("title", "k.title"),
        Field::new("category", Kind::Text(Column::optional("k.category"))),
        Field::label("status", STATUS, STATUSES),
        Field::new(
            "priority",
            Kind::Label {
                sql: "k.priority",
                labels: PRIORITIES,
                ranked: true,
            },
        ),
        Field::label("visibility", "k.visibility", VISIBILITIES),
        Field::new(
            "assignees",
            Kind::Names {
                has: ASSIGNED_ANYWHERE,
                any: ASSIGNED_AT_ALL,
                check: member,
            },
        ),
        Field::label("origin", "k.origin", ORIGINS),
        Field::moment("start_time", "k.start"),
        Field::moment("due_time", DUE),
        Field::new(
            "complete_time",
            Kind::Moment(Column::optional("k.completed_at")),
        ),
        Field::moment("create_time", "k.created_at"),
        Field::moment("update_time", "k.updated_at"),
        Field::new("open", Kind::Flag(open)),
        Field::new("overdue", Kind::Flag(overdue)),
    ],
    sortables: &[
        Sortable::new("due_time", DUE, "timestamptz"),
        CREATED,
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
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
    ties: &[CREATED, Sortable::new("name", "k.task", "text")],
};

fn task(name: &str) -> Result<String, Invalid> {
    name.parse::<TaskName>().map(String::from)
}

fn subject(name: &str) -> Result<String, Invalid> {
    name.parse::<Subject>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

pub(crate) fn open(_: &Viewer) -> Condition {
    Condition::OneOf {
        sql: STATUS,
        all: STATUSES,
        labels: OPEN_STATUSES.to_vec(),
    }
}

pub(crate) fn overdue(viewer: &Viewer) -> Condition {
    let due = Test::Compare {
        column: Column::required(DUE),
        comparison: Comparison::Less,
        value: Value::Moment(viewer.now),
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

const SUBJECT_DISPLAY_NAME: &str =
    "(select a.display_name from {1}.rows a where a.account = p.subject)";
const ACCOUNT_NOTES: &str =
    "(select a.details::json ->> 'notes' from {1}.rows a where a.account = p.subject)";

/// The statement for one task: [`page`] without a list.
pub(crate) fn one(name: &TaskName) -> Statement {
    let mut parameters = Parameters::default();
    let task = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Tasks>("p");
    let sql = format!(
        "select {columns}, array[]::text[] as place, {SUBJECT_DISPLAY_NAME}, {ACCOUNT_NOTES} \
         from {{0}}.rows p where p.task = {task} and p.status <> '{DELETED}'"
    );
    Statement { sql, parameters }
}

/// The statement for a page of tasks with the names of the accounts that they are about. `{0}` is the
/// schema of `tasks`, `{1}` that of `accounts`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let from = if plan.order.follows(&[DUE, "k.created_at", "k.task"]) {
        format!("({}) k", ranges(plan, &mut parameters))
    } else {
        format!(
            "{{0}}.rows k where k.status <> '{DELETED}' and {}",
            plan.filter_sql(&mut parameters)
        )
    };
    let (columns, place) = (columns::<Tasks>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    // The names are looked up for the rows of the page only. Of notes, which may be long, a page has none.
    let sql = format!(
        "select p.*, {SUBJECT_DISPLAY_NAME}, null::text from \
         (select {columns}, {place} as place from {from} order by {order} limit {limit}) p"
    );
    Statement { sql, parameters }
}

/// Whose tasks a part of a condition leaves, if it says that and nothing else; empty for nobody's. At most
/// one member: the tasks of two would be found twice where they are of both.
fn assigned(part: &Condition) -> Option<Vec<&str>> {
    match part {
        Condition::Is(Test::HasName {
            sql: ASSIGNED_ANYWHERE,
            name,
        }) => Some(vec![name]),
        Condition::Not(Test::Holds {
            sql: ASSIGNED_AT_ALL,
        }) => Some(vec![""]),
        Condition::Any(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(assigned).collect();
            let mut each = each?.concat();
            each.sort_unstable();
            each.dedup();
            let members = each.iter().filter(|name| !name.is_empty()).count();
            (members <= 1).then_some(each)
        }
        _ => None,
    }
}

/// Where the rows are that meet a condition: in which parts of the indexes, no row in two of them; and
/// what is to be asked there besides their status.
fn places(condition: &Condition, parameters: &mut Parameters) -> (Vec<String>, Condition) {
    let parts = condition.parts().into_iter();
    let whose = parts.filter_map(|part| Some((part, assigned(part)?)));
    let whose = whose.min_by_key(|(_, whose)| whose.len());
    // What every row of a range meets is not asked again: it would only mislead the planner, which
    // takes conditions for independent and expects far fewer rows than there are.
    let rest = condition.clone().without(&|condition| match condition {
        Condition::OneOf { sql, .. } => *sql == STATUS,
        condition => whose.as_ref().is_some_and(|(part, _)| *part == condition),
    });
    let Some((_, whose)) = whose else {
        return (vec!["true".to_owned()], rest);
    };
    let mut places = Vec::new();
    for name in whose {
        if name.is_empty() {
            places.push(UNASSIGNED.to_owned());
        } else {
            let name = parameters.add(name.to_owned(), Type::TEXT);
            places.extend(ASSIGNED.iter().map(|place| place.replace("{}", &name)));
        }
    }
    (places, rest)
}

/// How many rows meet a condition, as a query of one row; `schema` stands for the schema of `tasks`.
pub(crate) fn count(condition: &Condition, schema: &str, parameters: &mut Parameters) -> String {
    let (places, rest) = places(condition, parameters);
    let filter = rest.sql(parameters);
    let statuses = parameters.add(condition.possible(STATUS, STATUSES), Type::TEXT_ARRAY);
    let counts: Vec<_> = places
        .iter()
        .map(|place| {
            format!(
                "(select count(*) from {schema}.rows k \
                 where k.status = any({statuses}) and {place} and {filter})"
            )
        })
        .collect();
    format!("({})", counts.join(" + "))
}

/// The rows in the order of their due times, as a few ranges of an index, each in that order and no
/// longer than the page: one for each status that the filter leaves possible. Where it says whose they
/// are, one for each status and each place that the assignee may have.
fn ranges(plan: &Plan, parameters: &mut Parameters) -> String {
    let (places, rest) = places(&plan.condition, parameters);
    let filter = plan.with_place(&rest, parameters);
    let statuses = parameters.add(plan.condition.possible(STATUS, STATUSES), Type::TEXT_ARRAY);
    let (order, limit) = (plan.order.sql(), plan.limit());
    let ranges: Vec<_> = places
        .iter()
        .map(|place| {
            format!(
                "select r.* from unnest({statuses}) s(status) cross join lateral \
                 (select k.* from {{0}}.rows k where k.status = s.status and {place} and {filter} \
                 order by {order} limit {limit}) r"
            )
        })
        .collect();
    ranges.join(" union all ")
}
