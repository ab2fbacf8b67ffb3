//! Lists and counts of tasks that are searched for words.
//!
//! How many tasks have a word decides how they are found. A sample of the texts is looked at first, which
//! costs little: where it has the words often, rows are looked at along the order asked for until enough have
//! them. Otherwise the index on the texts is asked; what it finds is looked up among the tasks once, and
//! sorted, unless it is much after all.

use tokio_postgres::types::Type;

use super::{
    fields::{CREATED_AT, DUE, NAME, STATUS, STATUSES, SUBJECT, UPDATED_AT},
    list::{MOST_COUNTED, assigned, places},
};
use crate::{
    filter::{Comparison, Condition, Parameters, Test},
    list::Plan,
    search, task_texts,
};

/// Tasks that are looked up and sorted at most.
const MOST_SORTED: usize = 5_000;
/// Part of the texts' pages that is looked at, in hundredths: a few hundred texts of a million.
const SAMPLE: &str = "0.05";
/// A word is frequent that more than one of so many texts in the sample has,
const FREQUENT: usize = 60;
/// and common that more than one of so many has.
const COMMON: usize = 10;
/// Texts in the sample that are to have the words at least, so that one alone does not decide.
const TEXTS: usize = 4;

/// A search for words, and what else is asked.
pub(super) struct Searched {
    patterns: Vec<String>,
    rest: Condition,
}

/// What the parts of a statement share.
struct Parts {
    /// Whether the text `x` has the words.
    has_words: String,
    /// Whether the text of the task `k` has them; looked up for each task by itself.
    is_found: String,
}

impl Searched {
    /// What a condition asks of the texts of every row, if their index can find that.
    pub(super) fn of(condition: &Condition) -> Option<Self> {
        let texts =
            |condition: &Condition| matches!(condition, Condition::Is(Test::LikeElsewhere { .. }));
        let patterns: Vec<_> = condition
            .parts()
            .into_iter()
            .filter_map(|part| match part {
                Condition::Is(Test::LikeElsewhere { patterns, .. }) => Some(patterns.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        let indexed = patterns.iter().any(|pattern| search::is_indexed(pattern));
        indexed.then(|| Self {
            patterns,
            rest: condition.clone().without(&texts),
        })
    }

    fn parts(&self, parameters: &mut Parameters) -> Parts {
        let each: Vec<_> = self
            .patterns
            .iter()
            .map(|pattern| {
                let pattern = parameters.add(pattern.clone(), Type::TEXT);
                format!("{} like {pattern}", task_texts::SEARCH)
            })
            .collect();
        let has_words = each.join(" and ");
        // The offset keeps the planner from finding all texts with the words first.
        let is_found = format!(
            "exists (select from {{2}}.rows x where x.task = k.task and {has_words} offset 0)"
        );
        Parts {
            has_words,
            is_found,
        }
    }

    /// Whose tasks are asked for, where an index tells them.
    fn is_owned(&self) -> bool {
        self.rest.parts().iter().any(|part| {
            assigned(part).is_some()
                || matches!(part, Condition::Is(Test::Compare { comparison: Comparison::Equal, .. }) if part.mentions(SUBJECT))
        })
    }

    /// The page as a query of whole rows of `tasks` in the plan's order, and what stands before the statement.
    pub(super) fn page(&self, plan: &Plan, parameters: &mut Parameters) -> (String, String) {
        let parts = self.parts(parameters);
        let (order, limit) = (plan.order.sql(), plan.limit());
        let rows = format!("order by {order} limit {limit}");
        let few = self.looked_up(plan, "k.*", "(select few from few)", &rows, parameters);
        let many = if plan.order.follows(&[DUE, CREATED_AT, NAME]) {
            let condition = format!("not (select few from few) and {}", parts.is_found);
            let rows = format!("order by {order}");
            let leaves = self.leaves(plan, "k.*", &condition, &rows, parameters);
            format!("select k.* from ({leaves}) k order by {order} limit {limit}")
        } else {
            // Without an index in the order asked for, all rows that have the words are sorted.
            let filter = match plan.order.follows(&[UPDATED_AT, CREATED_AT, NAME]) {
                true => plan.with_place(&self.rest, parameters) + " and " + &parts.is_found,
                false => plan.filter_sql(parameters),
            };
            let statuses = self.statuses(plan, parameters);
            format!(
                "select k.* from {{0}}.rows k where not (select few from few) and {STATUS} = any({statuses}) \
                 and {filter} {rows}"
            )
        };
        let with = few_of(&parts.has_words);
        (with, format!("(({few}) union all ({many}))"))
    }

    /// The tasks to be counted as a query of one row for each, and what stands before the statement.
    pub(super) fn count(&self, plan: &Plan, parameters: &mut Parameters) -> (String, String) {
        let parts = self.parts(parameters);
        let most = format!("limit {}", MOST_COUNTED + 1);
        let has_words = &parts.has_words;
        let (with, few) = if self.is_owned() {
            (few_of(has_words), "(select few from few)")
        } else {
            // As many as are counted are looked up, and no more: `found` is read as far as that takes.
            let common = is_more_than(COMMON);
            let with = format!(
                "with sampled as materialized ({}), few as materialized (select not ({common}) as few from sampled), \
                 found as materialized (select x.task from {{2}}.rows x where {has_words} and (select few from few))",
                sample(has_words)
            );
            (with, "(select few from few)")
        };
        let condition = format!("not {few} and {}", parts.is_found);
        let few = self.looked_up(plan, "1", few, &most, parameters);
        let many = self.leaves(plan, "1", &condition, &most, parameters);
        (with, format!("({few}) union all {many}"))
    }

    /// The tasks of the texts found, where `condition` holds.
    fn looked_up(
        &self,
        plan: &Plan,
        columns: &str,
        condition: &str,
        rows: &str,
        parameters: &mut Parameters,
    ) -> String {
        let filter = plan.with_place(&self.rest, parameters);
        let statuses = self.statuses(plan, parameters);
        // The offset has each looked up by its name, whatever the planner believes of their number.
        format!(
            "select {columns} from found f cross join lateral \
             (select k.* from {{0}}.rows k where k.task = f.task offset 0) k \
             where {condition} and {STATUS} = any({statuses}) and {filter} {rows}"
        )
    }

    /// A query for each range of an index: for each status that the filter leaves possible, so that each is
    /// in the order of the due times and they can be merged as they are read.
    fn leaves(
        &self,
        plan: &Plan,
        columns: &str,
        condition: &str,
        rows: &str,
        parameters: &mut Parameters,
    ) -> String {
        let (places, rest) = places(&self.rest, parameters);
        let filter = plan.with_place(&rest, parameters);
        let mut leaves = Vec::new();
        for status in plan.condition.possible(STATUS, STATUSES) {
            let status = parameters.add(status, Type::TEXT);
            leaves.extend(places.iter().map(|place| {
                format!(
                    "(select {columns} from {{0}}.rows k where {STATUS} = {status} and {place} and {filter} \
                     and {condition} {rows})"
                )
            }));
        }
        if leaves.is_empty() {
            leaves.push(format!("(select {columns} from {{0}}.rows k where false)"));
        }
        leaves.join(" union all ")
    }

    fn statuses(&self, plan: &Plan, parameters: &mut Parameters) -> String {
        parameters.add(plan.condition.possible(STATUS, STATUSES), Type::TEXT_ARRAY)
    }
}

/// How many texts the sample has, and how many of them have the words. The same ones each time, so that a page and the
/// next are found in one way.
fn sample(has_words: &str) -> String {
    format!(
        "select count(*) as texts, count(*) filter (where {has_words}) as hits \
         from {{2}}.rows x tablesample system ({SAMPLE}) repeatable (1)"
    )
}

/// Whether more than one of so many texts in the sample has the words.
fn is_more_than(one_of: usize) -> String {
    format!("hits >= {TEXTS} and hits * {one_of} > texts")
}

/// The texts that have the words, one more than are sorted at most, and whether they are [`few`](MOST_SORTED).
fn few_of(has_words: &str) -> String {
    let (sample, frequent) = (sample(has_words), is_more_than(FREQUENT));
    format!(
        "with sampled as materialized ({sample}), rare as materialized (select not ({frequent}) as rare from sampled), \
         found as materialized (select x.task from {{2}}.rows x where {has_words} and (select rare from rare) \
             limit {most}), \
         few as materialized (select (select rare from rare) and (select count(*) from found) < {most} as few)",
        most = MOST_SORTED + 1
    )
}
