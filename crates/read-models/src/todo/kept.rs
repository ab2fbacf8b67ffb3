//! Counts as sums of tallies, where a filter asks for nothing but what they tell: whose it is, its status, its due time.
//!
//! The rows of a list fall into groups that are alike in these three, as far as the filter tells them apart: a status; a
//! member whom it names, nobody or somebody else; a stretch between two due times that it names. It is met by all rows of
//! a group or by none, whatever is joined in it by `AND`, `OR` and `NOT`, so the count is the sum of the groups that meet
//! it. Each group is a difference of tallies, of which most cancel out: what is left of `NOT overdue` is all less what is due before now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveTime, Utc};
use handoff_domain::names::MemberName;

use super::{
    STATUSES,
    tallies::{self, ALL, NOBODY},
};
use crate::{
    filter::{Column, Comparison, Condition, Parameters, Test, Value, Viewer},
    list::{Plan, Shown},
};

/// Points in the order of due times, its end among them, that a filter may tell apart; with more the rows are counted.
const MOST_POINTS: usize = 8;

/// What decides which rows of a list are meant, as far as the lists differ in it.
pub(super) struct List {
    /// The column of the status.
    pub(super) status: &'static str,
    /// The statuses that the list has.
    pub(super) statuses: &'static [&'static str],
    /// Columns of words that hold the same in all rows, each with its word.
    pub(super) constant: &'static [(&'static str, &'static str)],
    /// Whether a row is a member's, as a filter asks.
    pub(super) has: &'static str,
    /// Whether it is anybody's.
    pub(super) has_any: &'static str,
    /// Whether a row can be several members'.
    pub(super) shared: bool,
    /// The column of the due time, `infinity` in what is never due.
    pub(super) due: &'static str,
    /// Whether a row is due at all, if some are not.
    pub(super) due_at_all: Option<&'static str>,
}

/// A point in the order of due times: how much of it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Until {
    /// What is due before the moment; at it too if that is said.
    Moment(DateTime<Utc>, bool),
    /// What is due at all.
    Ever,
    /// That and what is never due.
    Never,
}

/// Rows that are alike in what a filter asks.
struct Group<'a> {
    status: &'static str,
    /// None: somebody's whom the filter does not name.
    whose: Option<&'a str>,
    /// Due before this point and not before the one that precedes it in the filter.
    until: Until,
}

/// The counts that make a count: of whom, until when and how many times, of which statuses.
#[derive(Debug)]
pub(super) struct Kept(BTreeMap<(String, Until, i64), Vec<&'static str>>);

impl List {
    /// How many rows of the list a plan means, as a query of one row: by tallies, and by `exactly` what these do not tell.
    pub(super) fn count(
        &self,
        plan: &Plan,
        shown: Shown,
        viewer: &Viewer,
        parameters: &mut Parameters,
        schema: &str,
        exactly: impl Fn(&Condition, Shown, &mut Parameters) -> String,
    ) -> String {
        match self.kept(&plan.condition, shown, viewer) {
            // Each group says already whose it is.
            Some(kept) => kept.sql(self, schema, parameters, |rows, parameters| {
                exactly(&rows, Shown::All, parameters)
            }),
            None => exactly(&plan.condition, shown, parameters),
        }
    }

    /// The counts whose sum is the count; none if the filter asks for what tallies do not tell.
    fn kept(&self, filter: &Condition, shown: Shown, viewer: &Viewer) -> Option<Kept> {
        let tests = filter.tests();
        let me = viewer.me.as_ref().map(MemberName::as_str);
        let own = me.filter(|_| matches!(shown, Shown::OwnAndNobodys));
        let members: BTreeSet<_> = tests
            .iter()
            .filter_map(|test| self.member(test))
            .chain(own)
            .collect();
        let mut points: BTreeSet<_> = tests.iter().flat_map(|test| self.points(test)).collect();
        points.insert(Until::Never);
        // What is two members' would be in the groups of both.
        if self.shared && members.len() > 1 || points.len() > MOST_POINTS {
            return None;
        }
        let whose: Vec<_> = members
            .iter()
            .map(|member| Some(*member))
            .chain([Some(NOBODY), None])
            .filter(|whose| match shown {
                Shown::All => true,
                Shown::OwnAndNobodys => whose.is_some() && [me, Some(NOBODY)].contains(whose),
            })
            .collect();
        let mut counts = BTreeMap::<_, i64>::new();
        for (status, whose) in self
            .statuses
            .iter()
            .flat_map(|status| whose.iter().map(move |whose| (*status, *whose)))
        {
            let mut before = None;
            for until in points.iter().copied() {
                let group = Group {
                    status,
                    whose,
                    until,
                };
                let since = before.replace(until);
                if !self.is_met(filter, &group)? {
                    continue;
                }
                for (until, by) in [(Some(until), 1), (since, -1)] {
                    let Some(until) = until else { continue };
                    let mut add = |whose, by| {
                        *counts.entry((whose, until, status)).or_default() += by;
                    };
                    match whose {
                        Some(whose) => add(whose, by),
                        None => {
                            add(ALL, by);
                            add(NOBODY, -by);
                            members.iter().for_each(|member| add(member, -by));
                        }
                    }
                }
            }
        }
        let mut kept = BTreeMap::<_, Vec<_>>::new();
        for ((whose, until, status), times) in counts {
            if times != 0 {
                let of = (whose.to_owned(), until, times);
                kept.entry(of).or_default().push(status);
            }
        }
        Some(Kept(kept))
    }

    /// The condition without what all rows of the list decide alike by their statuses, so that what is left of it can bound
    /// a range: `NOT overdue` is also met by all that is done, of which there is nothing here.
    pub(super) fn simply(&self, condition: &Condition) -> Condition {
        let (always, never) = (Condition::ALWAYS, Condition::ALWAYS.negated());
        let each = |parts: &[Condition]| parts.iter().map(|part| self.simply(part)).collect();
        match condition {
            Condition::All(parts) => {
                let mut parts: Vec<_> = each(parts);
                parts.retain(|part| *part != always);
                Condition::all(parts)
            }
            Condition::Any(parts) => {
                let mut parts: Vec<_> = each(parts);
                if parts.contains(&always) {
                    return always;
                }
                parts.retain(|part| *part != never);
                Condition::any(parts)
            }
            Condition::OneOf { sql, labels, .. } => {
                let mut constant = self.constant.iter();
                let words = match constant.find(|(column, _)| column == sql) {
                    Some((_, word)) => std::slice::from_ref(word),
                    None if *sql == self.status => self.statuses,
                    None => return condition.clone(),
                };
                match words.iter().filter(|word| labels.contains(word)).count() {
                    0 => never,
                    found if found == words.len() => always,
                    _ => condition.clone(),
                }
            }
            Condition::Is(_) | Condition::Not(_) => condition.clone(),
        }
    }

    /// The member whom a test names.
    fn member<'a>(&self, test: &'a Test) -> Option<&'a str> {
        match test {
            Test::HasName { sql, name } if *sql == self.has => Some(name),
            _ => None,
        }
    }

    /// The points in the order of due times that a test tells apart.
    fn points(&self, test: &Test) -> Vec<Until> {
        match test {
            Test::Compare {
                column,
                comparison,
                value: Value::Moment(moment) | Value::Now(moment),
            } if column.is(self.due) => {
                let (before, through) =
                    (Until::Moment(*moment, false), Until::Moment(*moment, true));
                match comparison {
                    Comparison::Less | Comparison::AtLeast => vec![before],
                    Comparison::AtMost | Comparison::More => vec![through],
                    Comparison::Equal | Comparison::NotEqual | Comparison::Has => {
                        vec![before, through]
                    }
                }
            }
            Test::Holds { sql } if Some(*sql) == self.due_at_all => vec![Until::Ever],
            _ => Vec::new(),
        }
    }

    /// Whether all rows of a group meet a condition, or none does; none if it asks for what the groups do not tell.
    fn is_met(&self, condition: &Condition, group: &Group<'_>) -> Option<bool> {
        // One part may decide it, whatever the others say.
        let joined = |parts: &[Condition], decides: bool| {
            let each: Vec<_> = parts.iter().map(|part| self.is_met(part, group)).collect();
            match each.contains(&Some(decides)) {
                true => Some(decides),
                false if each.contains(&None) => None,
                false => Some(!decides),
            }
        };
        match condition {
            Condition::All(parts) => joined(parts, false),
            Condition::Any(parts) => joined(parts, true),
            Condition::OneOf { sql, labels, .. } => {
                let mut constant = self.constant.iter();
                let word = match *sql == self.status {
                    true => group.status,
                    false => constant.find(|(column, _)| column == sql)?.1,
                };
                Some(labels.contains(&word))
            }
            Condition::Is(test) => self.passes(test, group),
            Condition::Not(test) => self.passes(test, group).map(|passes| !passes),
        }
    }

    fn passes(&self, test: &Test, group: &Group<'_>) -> Option<bool> {
        if let Some(member) = self.member(test) {
            return Some(group.whose == Some(member));
        }
        match (test, &self.points(test)[..]) {
            (Test::Holds { sql }, _) if *sql == self.has_any => Some(group.whose != Some(NOBODY)),
            // The column is never null.
            (Test::Present(column), _) => column.is(self.due).then_some(true),
            (Test::Holds { .. }, [point]) => Some(group.until <= *point),
            (Test::Compare { comparison, .. }, [point]) => {
                let is_before = matches!(comparison, Comparison::Less | Comparison::AtMost);
                Some((group.until <= *point) == is_before)
            }
            (Test::Compare { comparison, .. }, [before, through]) => {
                let is_equal = before < &group.until && group.until <= *through;
                Some(is_equal == (*comparison != Comparison::NotEqual))
            }
            _ => None,
        }
    }

    /// The condition on rows of whom and of which statuses is meant.
    fn rows(&self, whose: &str, statuses: &[&'static str]) -> Vec<Condition> {
        let of_status = Condition::OneOf {
            sql: self.status,
            all: STATUSES,
            labels: statuses.to_vec(),
        };
        let whose = match whose {
            ALL => Condition::ALWAYS,
            NOBODY => Condition::Not(Test::Holds { sql: self.has_any }),
            member => Condition::Is(Test::HasName {
                sql: self.has,
                name: member.to_owned(),
            }),
        };
        vec![of_status, whose]
    }

    /// The condition that the due time is as far as this, or from a moment on.
    fn due(&self, comparison: Comparison, moment: DateTime<Utc>) -> Condition {
        let (column, value) = (Column::required(self.due), Value::Moment(moment));
        Condition::Is(Test::Compare {
            column,
            comparison,
            value,
        })
    }

    fn before(&self, until: Until) -> Condition {
        match until {
            Until::Moment(moment, false) => self.due(Comparison::Less, moment),
            Until::Moment(moment, true) => self.due(Comparison::AtMost, moment),
            Until::Ever => match self.due_at_all {
                Some(sql) => Condition::Is(Test::Holds { sql }),
                None => Condition::ALWAYS,
            },
            Until::Never => Condition::ALWAYS,
        }
    }
}

impl Kept {
    /// The sum, as a query of one row; `{n}` is the schema of the read model, given as `schema`. `count` gives the query
    /// for how many rows of the list meet a condition.
    pub(super) fn sql(
        self,
        list: &List,
        schema: &str,
        parameters: &mut Parameters,
        count: impl Fn(Condition, &mut Parameters) -> String,
    ) -> String {
        let mut terms = vec!["0::bigint".to_owned()];
        for ((whose, until, times), statuses) in self.0 {
            let mut rows = list.rows(&whose, &statuses);
            let mut add = |count: String| terms.push(format!("{times} * {count}"));
            match until {
                Until::Never => add(tallies::whole(whose, statuses, schema, parameters)),
                _ if ![ALL, NOBODY].contains(&&*whose) => {
                    rows.push(list.before(until));
                    add(count(Condition::all(rows), parameters));
                }
                Until::Ever => {
                    let ranges = statuses.into_iter().map(tallies::ever);
                    add(tallies::stretches(whose, ranges, schema, parameters));
                }
                Until::Moment(moment, _) => {
                    let earlier = |status| tallies::before_day(status, moment);
                    let ranges = statuses.into_iter().flat_map(earlier);
                    add(tallies::stretches(whose, ranges, schema, parameters));
                    let midnight = moment.date_naive().and_time(NaiveTime::MIN).and_utc();
                    if until != Until::Moment(midnight, false) {
                        rows.push(list.due(Comparison::AtLeast, midnight));
                        rows.push(list.before(until));
                        add(count(Condition::all(rows), parameters));
                    }
                }
            }
        }
        format!("({})", terms.join(" + "))
    }
}
