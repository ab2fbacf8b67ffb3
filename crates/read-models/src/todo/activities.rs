//! The list of open activities.

use super::{List, STATUSES, account, member};
use crate::{
    activities::{self, CREATED, DUE, HAS_ASSIGNEE, HAS_ASSIGNEE_AT_ALL, OPEN, STATUS},
    filter::{Column, Condition, Field, Kind, Parameters, Viewer},
    list::{Listing, Plan, Shown, Statement},
    order::Sortable,
};

pub(crate) static LISTING: Listing = Listing {
    name: "todo_activities",
    fields: &[
        Field::new(
            "assignee",
            Kind::Names {
                has: HAS_ASSIGNEE,
                any: HAS_ASSIGNEE_AT_ALL,
                check: member,
            },
        ),
        Field::label("status", STATUS, STATUSES),
        Field::name("account", "k.account", account),
        // What is open has a due time.
        Field::new("due_time", Kind::Moment(Column::required(DUE))),
        Field::moment("create_time", "k.created_at"),
        Field::new("overdue", Kind::Flag(activities::overdue)),
    ],
    sortables: &[Sortable::new("due_time", DUE, "timestamptz")],
    default_order: "due_time",
    ties: &[CREATED, Sortable::new("name", "k.activity", "text")],
};

const LIST: List = List {
    status: STATUS,
    statuses: &[OPEN],
    constant: &[],
    has: HAS_ASSIGNEE,
    has_any: HAS_ASSIGNEE_AT_ALL,
    shared: false,
    due: DUE,
    due_at_all: None,
};

/// Narrows a filter to what is open and what the viewer is shown.
pub(super) fn narrowed(filter: &Condition, shown: Shown, viewer: &Viewer) -> Condition {
    let open = Condition::OneOf {
        sql: STATUS,
        all: STATUSES,
        labels: vec![OPEN],
    };
    activities::shown(
        Condition::all(vec![LIST.simply(filter), open]),
        shown,
        viewer,
    )
}

/// The statement for a page: `{0}` is the schema of `activities`, `{1}` that of `accounts`.
pub(crate) fn page(plan: &mut Plan, shown: Shown, viewer: &Viewer) -> Statement {
    plan.condition = narrowed(&plan.condition, shown, viewer);
    activities::page(plan)
}

/// How many there are in all pages, as a query of one row; `{0}` is the schema of `activities`.
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
        "{0}",
        |condition, shown, parameters| {
            activities::count(&narrowed(condition, shown, viewer), "{0}", parameters)
        },
    )
}
