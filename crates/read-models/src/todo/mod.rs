//! Todo: all open work in one view, with a badge count on each of its lists (S1).
//!
//! There is no table of its own. What is open stands in the read models that know it, `tasks` and
//! `activities`: a third copy of each would cost another projector for every event, and could be at
//! another position than the two that already are. What was missing is the counts, and those are kept where the
//! rows are: each of the two keeps tallies (see `handoff_projections::Tally`) of its open rows by whose they
//! are and by status, written in the transaction that writes the rows. A badge and its list are read from one
//! snapshot of the same read model, so they agree under whatever filter.
//!
//! - A row counts under `all`, and under each of its assignees or else under `nobody`. What a viewer is shown
//!   without a filter is a sum of these: of an admin, `all`; of staff, their own and nobody's, which have no row
//!   in common. That is one row for each partition and status, however many items there are.
//! - A filter by whose they are, by status and by due time, however joined, is answered from the tallies too: see [`kept`].
//!   Whatever else is asked (account, creation, two members who can share a task) is counted exactly, by the same ranges of the
//!   same indexes that the list is read by.
//!
//! The three lists share one language of filters, so that one filter gives all badges: `assignee`, `status`,
//! `account`, `due_time`, `create_time`, `overdue`. A status that a list does not have matches nothing in it.
//!
//! Order tasks and tasks are rows of one read model, told apart by their kind. Their tallies are told apart by their
//! labels: no two lists have a status in common, and those of order tasks say whose turn it is, `current` or `upcoming`.

pub(crate) mod activities;
mod kept;
pub(crate) mod order_tasks;
mod tallies;
pub(crate) mod tasks;
mod watched;

use handoff_domain::{
    Invalid,
    names::{AccountName, MemberName},
};

use crate::{
    filter::{Parameters, Viewer},
    list::{Plan, Shown, Statement},
};

use kept::List;
pub(crate) use tallies::tallies;
pub use watched::{CountedTodo, TodoList, WatchedTodo};

/// The statuses of open work, of all lists.
const STATUSES: &[&str] = &[
    "not_started",
    "in_progress",
    "waiting_on_customer",
    "open",
    "current",
    "upcoming",
];

/// How much there is in each list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TodoCounts {
    pub order_tasks: i64,
    pub activities: i64,
    pub tasks: i64,
}

/// The statement for the counts under one filter, which the plans are of, before they are narrowed. `{0}` is the
/// schema of `activities`, `{1}` that of `tasks`.
pub(crate) fn counts(
    of_order_tasks: &Plan,
    of_activities: &Plan,
    of_tasks: &Plan,
    shown: Shown,
    viewer: &Viewer,
) -> Statement {
    let mut parameters = Parameters::default();
    let order_tasks = order_tasks::count(of_order_tasks, shown, viewer, &mut parameters);
    let activities = activities::count(of_activities, shown, viewer, &mut parameters);
    let tasks = tasks::count(of_tasks, shown, viewer, &mut parameters);
    let sql = format!("select array[]::text[] as place, {order_tasks}, {activities}, {tasks}");
    Statement { sql, parameters }
}

fn account(name: &str) -> Result<String, Invalid> {
    name.parse::<AccountName>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::{OPEN_STATUSES, TURNS};

    /// Tallies of two lists stand in one table, told apart by their labels alone.
    #[test]
    fn no_two_lists_have_a_status_in_common_and_a_filter_can_name_each() {
        let mut all = [TURNS, OPEN_STATUSES, &[crate::activities::OPEN]].concat();
        for status in &all {
            assert!(STATUSES.contains(status), "{status}");
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), STATUSES.len());
    }
}
