//! The list of open tasks of open orders.

use super::{List, STATUSES, account, member};
use crate::{
    filter::{Column, Condition, Field, Kind, Parameters, Test, Viewer},
    list::{Listing, Plan, Shown, Statement},
    order::Sortable,
    tasks::{
        self, ASSIGNED_ANYWHERE, ASSIGNED_AT_ALL, CREATED, CURRENT, DUE, DUE_AT_ALL, OPEN_STATUSES,
        ORDER, STATUS, TURN, TURNS,
    },
};

pub(crate) static LISTING: Listing = Listing {
    name: "todo_order_tasks",
    fields: &[
        Field::new(
            "assignee",
            Kind::Names {
                has: ASSIGNED_ANYWHERE,
                any: ASSIGNED_AT_ALL,
                check: member,
            },
        ),
        // Whether it is its turn: that it is open, all of the list are.
        Field::label("status", TURN, STATUSES),
        Field::name("account", "k.subject", account),
        Field::new(
            "due_time",
            Kind::MomentIfAny {
                column: Column::required(DUE),
                any: DUE_AT_ALL,
            },
        ),
        Field::moment("create_time", "k.created_at"),
        Field::new("overdue", Kind::Flag(tasks::overdue)),
    ],
    sortables: &[Sortable::new("due_time", DUE, "timestamptz")],
    default_order: "due_time",
    ties: &[CREATED, Sortable::new("name", "k.task", "text")],
};

const LIST: List = List {
    status: TURN,
    statuses: TURNS,
    // What of it is open is not started.
    constant: &[(STATUS, OPEN_STATUSES[0])],
    has: ASSIGNED_ANYWHERE,
    has_any: ASSIGNED_AT_ALL,
    shared: true,
    due: DUE,
    due_at_all: Some(DUE_AT_ALL),
};

/// Narrows a filter to what is open and what the viewer is shown. Of an order that is closed, the read model has
/// no open tasks.
pub(super) fn narrowed(filter: &Condition, shown: Shown, viewer: &Viewer) -> Condition {
    let (kind, open) = (tasks::of_kind(ORDER), tasks::open(viewer));
    let meant = Condition::all(vec![by_column(&LIST.simply(filter)), kind, open]);
    tasks::shown(meant, shown, viewer)
}

/// The filter with its statuses asked of the column that tells them, of which Postgres knows how many rows have which.
fn by_column(filter: &Condition) -> Condition {
    let each = |conditions: &[Condition]| conditions.iter().map(by_column).collect();
    match filter {
        Condition::All(conditions) => Condition::All(each(conditions)),
        Condition::Any(conditions) => Condition::Any(each(conditions)),
        Condition::OneOf { sql, labels, .. } if *sql == TURN => {
            let current = Condition::Is(Test::Holds { sql: CURRENT });
            match TURNS
                .iter()
                .map(|turn| labels.contains(turn))
                .collect::<Vec<_>>()[..]
            {
                [true, true] => Condition::ALWAYS,
                [true, false] => current,
                [false, true] => current.negated(),
                // No row has any of the statuses asked for.
                _ => Condition::ALWAYS.negated(),
            }
        }
        condition => condition.clone(),
    }
}

/// The statement for a page: `{0}` is the schema of `tasks`, `{1}` that of `accounts`.
pub(crate) fn page(plan: &mut Plan, shown: Shown, viewer: &Viewer) -> Statement {
    plan.condition = narrowed(&plan.condition, shown, viewer);
    tasks::page(plan)
}

/// How many there are in all pages, as a query of one row; `{1}` is the schema of `tasks`.
pub(super) fn count(
    plan: &Plan,
    shown: Shown,
    viewer: &Viewer,
    parameters: &mut Parameters,
) -> String {
    LIST.count(
        plan,
        shown,
        viewer,
        parameters,
        "{1}",
        |condition, shown, parameters| {
            tasks::count_exactly(&narrowed(condition, shown, viewer), "{1}", parameters)
        },
    )
}
