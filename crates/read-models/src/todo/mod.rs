//! Todo: all open work in one view, with a badge count on each of its lists (S1).
//!
//! There is no table of its own. What is open stands in the read models that know it, `tasks` and
//! `activities`: a third copy of each would cost another projector for every event, and could be at
//! another position than the two that already are. What was missing is the counts, and those are kept where the
//! rows are: each of the two keeps tallies (see `handoff_projections::Tally`) of its open rows by whose they
//! are and by status, written in the transaction that writes the rows. A badge and its list are read from one
//! snapshot of the same read model, so they agree under whatever filter.
//!
//! - A row counts under [`ALL`], and under each of its assignees or else under [`NOBODY`]. What a viewer is shown
//!   without a filter is a sum of these: of an admin, `all`; of staff, their own and nobody's, which have no row
//!   in common. That is one row for each partition and status, however many items there are.
//! - A filter by whose they are, by status, or by both is answered from the tallies too. Whatever else is asked (overdue, due
//!   time, account) is counted exactly, by the same ranges of the same indexes that the list is read by.
//!
//! The three lists share one language of filters, so that one filter gives all badges: `assignee`, `status`,
//! `account`, `due_time`, `create_time`, `overdue`. A status that a list does not have matches nothing in it.
//!
//! Order tasks and tasks are rows of one read model, told apart by their kind. Their tallies are told apart by their
//! labels: no two lists have a status in common, and those of order tasks say whose turn it is, `current` or `upcoming`.

pub(crate) mod activities;
pub(crate) mod order_tasks;
pub(crate) mod tasks;
mod watched;

use handoff_domain::{
    Invalid,
    names::{AccountName, MemberName},
};
use handoff_projections::Tally;
use tokio_postgres::types::Type;

use crate::{
    filter::{Condition, Parameters, Viewer},
    list::{Plan, Shown, Statement},
};

pub use watched::{CountedTodo, TodoList, WatchedTodo};

/// Under which everything is counted. Names of members have a `/`.
pub(crate) const ALL: &str = "all";
/// Under which is counted what is nobody's.
pub(crate) const NOBODY: &str = "nobody";

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

/// In which tallies a row counts.
pub(crate) fn tallies<'a>(
    status: &str,
    assignees: impl IntoIterator<Item = &'a MemberName>,
) -> Vec<Tally> {
    let tally = |whose: &str| Tally {
        whose: whose.into(),
        label: status.into(),
    };
    let mut tallies = vec![tally(ALL)];
    tallies.extend(assignees.into_iter().map(|member| tally(member.as_str())));
    if tallies.len() == 1 {
        tallies.push(tally(NOBODY));
    }
    tallies
}

/// What decides which rows of a list are meant, as far as the lists differ in it.
struct List {
    /// The column of the status.
    status: &'static str,
    /// The statuses that the list has.
    statuses: &'static [&'static str],
    /// Recognises the part of a filter that says whose: a member's name, [`NOBODY`].
    whose: fn(&Condition) -> Option<&str>,
    /// Whether a row can be several members'.
    shared: bool,
}

/// The tallies that make a count.
#[derive(Debug, PartialEq)]
struct Kept {
    whose: Vec<String>,
    labels: Vec<&'static str>,
}

impl List {
    /// The tallies whose sum is the count; none if the filter asks for what they do not tell.
    fn kept(&self, filter: &Condition, shown: Shown, viewer: &Viewer) -> Option<Kept> {
        let of_status =
            |part: &Condition| matches!(part, Condition::OneOf { sql, .. } if *sql == self.status);
        let parts = filter.parts();
        let mut asked = parts.into_iter().filter(|part| !of_status(part));
        let whose = asked.next().map(self.whose);
        if asked.next().is_some() {
            return None;
        }
        let me = viewer.me.as_ref().map(MemberName::as_str);
        let whose = match (whose, shown) {
            (None, Shown::All) => vec![ALL],
            (None, Shown::OwnAndNobodys) => me.into_iter().chain([NOBODY]).collect(),
            (Some(whose), Shown::All) => vec![whose?],
            (Some(whose), Shown::OwnAndNobodys) => match whose? {
                whose if whose == NOBODY || Some(whose) == me => vec![whose],
                // Somebody else's that are shown are those that are the viewer's too.
                _ if self.shared => return None,
                _ => Vec::new(),
            },
        };
        // A filter may name the statuses of other lists, whose tallies stand in the same table.
        let mut labels = filter.possible(self.status, self.statuses);
        labels.retain(|label| self.statuses.contains(label));
        Some(Kept {
            whose: whose.into_iter().map(str::to_owned).collect(),
            labels,
        })
    }
}

impl Kept {
    /// The sum, as a query of one row; `{n}` is the schema of the read model, given as `schema`.
    fn sql(self, schema: &str, parameters: &mut Parameters) -> String {
        let whose = parameters.add(self.whose, Type::TEXT_ARRAY);
        let labels = parameters.add(self.labels, Type::TEXT_ARRAY);
        format!(
            "(select coalesce(sum(t.count), 0)::bigint from {schema}.tallies t \
             where t.whose = any({whose}) and t.label = any({labels}))"
        )
    }
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
