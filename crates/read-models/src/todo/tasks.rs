//! The list of open standalone tasks, about accounts and members.

use super::{List, STATUSES, account, member};
use crate::{
    filter::{Condition, Field, Kind, Parameters, Viewer},
    list::{Listing, Plan, Shown, Statement},
    order::Sortable,
    tasks::{
        self, ASSIGNED_ANYWHERE, ASSIGNED_AT_ALL, CREATED, DUE, OPEN_STATUSES, STANDALONE, STATUS,
    },
};

pub(crate) static LISTING: Listing = Listing {
    name: "todo_tasks",
    fields: &[
        Field::new(
            "assignee",
            Kind::Names {
                has: ASSIGNED_ANYWHERE,
                any: ASSIGNED_AT_ALL,
                check: member,
            },
        ),
        Field::label("status", STATUS, STATUSES),
        Field::name("account", "k.subject", account),
        Field::moment("due_time", DUE),
        Field::moment("create_time", "k.created_at"),
        Field::new("overdue", Kind::Flag(tasks::overdue)),
    ],
    sortables: &[Sortable::new("due_time", DUE, "timestamptz")],
    default_order: "due_time",
    ties: &[CREATED, Sortable::new("name", "k.task", "text")],
};

const LIST: List = List {
    status: STATUS,
    statuses: OPEN_STATUSES,
    constant: &[],
    has: ASSIGNED_ANYWHERE,
    has_any: ASSIGNED_AT_ALL,
    shared: true,
    due: DUE,
    due_at_all: None,
};

/// Narrows a filter to what is open and what the viewer is shown.
pub(super) fn narrowed(filter: &Condition, shown: Shown, viewer: &Viewer) -> Condition {
    let (kind, open) = (tasks::of_kind(STANDALONE), tasks::open(viewer));
    let meant = Condition::all(vec![LIST.simply(filter), kind, open]);
    tasks::shown(meant, shown, viewer)
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
