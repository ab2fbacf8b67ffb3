//! In which tallies open work counts, and how they are summed.
//!
//! A row counts under [`ALL`] and under each of its assignees or else under [`NOBODY`], by its status. Of everybody's and of
//! nobody's there are also tallies by day of the due time, in UTC: they tell how much is due before the day of a moment, so that
//! only what is due on that day is to be counted. Tallies by block of 32 days spare a backlog of years its days. A
//! member has no such tallies: what is due of theirs is a range of an index, no longer than what they hold.

use chrono::{DateTime, Utc};
use handoff_domain::names::MemberName;
use handoff_projections::Tally;
use tokio_postgres::types::Type;

use crate::filter::Parameters;

/// Under which everything is counted. Names of members have a `/`.
pub(crate) const ALL: &str = "all";
/// Under which is counted what is nobody's.
pub(crate) const NOBODY: &str = "nobody";

/// Days of a block.
const BLOCK: i64 = 32;
/// What is added to the days since 1970, so that those of all years that can be written have 7 digits and no sign.
const FIRST_DAY: i64 = -1_000_000;
/// In which tallies a row counts that is open.
pub(crate) fn tallies<'a>(
    status: &str,
    assignees: impl IntoIterator<Item = &'a MemberName>,
    due: Option<DateTime<Utc>>,
) -> Vec<Tally> {
    let tally = |whose: &str, label: String| Tally {
        whose: whose.into(),
        label: label.into(),
    };
    let members = assignees.into_iter().map(MemberName::as_str);
    let mut tallies: Vec<_> = members
        .map(|member| tally(member, status.to_owned()))
        .collect();
    let nobody = tallies.is_empty().then_some(NOBODY);
    for whose in [ALL].into_iter().chain(nobody) {
        tallies.push(tally(whose, status.to_owned()));
        if let Some(due) = due {
            let day = day(due);
            tallies.push(tally(whose, of_block(status, day.div_euclid(BLOCK))));
            tallies.push(tally(whose, of_day(status, day)));
        }
    }
    tallies
}

fn day(moment: DateTime<Utc>) -> i64 {
    const SECONDS: i64 = 24 * 60 * 60;
    moment.timestamp().div_euclid(SECONDS) - FIRST_DAY
}

/// The label of what is due on a day; in the order of the days.
fn of_day(status: &str, day: i64) -> String {
    format!("{status} d{day:07}")
}

/// The label of what is due in a block of days; in their order, and all before those of days.
fn of_block(status: &str, block: i64) -> String {
    format!("{status} b{block:06}")
}

/// The labels of what is due at all, as a stretch: from one up to but not including another.
pub(super) fn ever(status: &str) -> [String; 2] {
    [of_block(status, 0), of_day(status, 0)]
}

/// The labels of what is due before the day of a moment, as stretches.
pub(super) fn before_day(status: &str, moment: DateTime<Utc>) -> [[String; 2]; 2] {
    let day = day(moment);
    let block = day.div_euclid(BLOCK);
    [
        [of_block(status, 0), of_block(status, block)],
        [of_day(status, block * BLOCK), of_day(status, day)],
    ]
}

/// The sum of the tallies with some labels.
pub(super) fn whole(
    whose: String,
    labels: Vec<&'static str>,
    schema: &str,
    parameters: &mut Parameters,
) -> String {
    let whose = parameters.add(whose, Type::TEXT);
    let labels = parameters.add(labels, Type::TEXT_ARRAY);
    format!(
        "(select coalesce(sum(t.count), 0)::bigint from {schema}.tallies t \
         where t.whose = {whose} and t.label = any({labels}))"
    )
}

/// The sum of the tallies with labels from one up to but not including another.
pub(super) fn stretches(
    whose: String,
    ranges: impl Iterator<Item = [String; 2]>,
    schema: &str,
    parameters: &mut Parameters,
) -> String {
    let (from, to): (Vec<_>, Vec<_>) = ranges.map(|[from, to]| (from, to)).unzip();
    let whose = parameters.add(whose, Type::TEXT);
    let from = parameters.add(from, Type::TEXT_ARRAY);
    let to = parameters.add(to, Type::TEXT_ARRAY);
    // Each stretch by itself, so that it is a range of the key.
    format!(
        "(select coalesce(sum(s.count), 0)::bigint from unnest({from}, {to}) r(since, until) cross join lateral \
         (select sum(t.count) as count from {schema}.tallies t where t.whose = {whose} \
         and t.label >= r.since collate \"C\" and t.label < r.until collate \"C\") s)"
    )
}
