//! Lists of tasks: the statements that answer what [`fields`](super::fields) lets be asked.

use tokio_postgres::types::Type;

use super::{
    TaskKey, Tasks,
    fields::{
        ASSIGNED, ASSIGNED_ANYWHERE, ASSIGNED_AT_ALL, CREATED_AT, DELETED, DUE, KIND, KINDS, NAME,
        ORDER, ORDER_STATUSES, STATUS, STATUSES, UNASSIGNED,
    },
    searched::Searched,
};
use crate::{
    filter::{Condition, Parameters, Test},
    list::{Plan, Statement, columns},
};

/// Tasks that are counted at most.
pub const MOST_COUNTED: i64 = 10_000;

const SUBJECT_DISPLAY_NAME: &str =
    "(select a.display_name from {1}.rows a where a.account = p.subject)";
const ACCOUNT_NOTES: &str =
    "(select a.details::json ->> 'notes' from {1}.rows a where a.account = p.subject)";

/// The statement for one task: [`page`] without a list.
pub(crate) fn one(name: &TaskKey) -> Statement {
    let mut parameters = Parameters::default();
    let task = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Tasks>("p");
    let sql = format!(
        "select {columns}, array[]::text[] as place, {SUBJECT_DISPLAY_NAME}, {ACCOUNT_NOTES} \
         from {{0}}.rows p where p.task = {task} and p.status <> '{DELETED}'"
    );
    Statement { sql, parameters }
}

/// Whether the condition looks into the texts of tasks, which are in a table of their own.
pub(crate) fn is_searched(condition: &Condition) -> bool {
    condition.asks(&|test| matches!(test, Test::LikeElsewhere { .. }))
}

/// The statement for a page of tasks with the names of the accounts that they are about. `{0}` is the
/// schema of `tasks`, `{1}` that of `accounts`, `{2}` that of `task_texts` where it [is searched](is_searched).
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let (order, limit) = (plan.order.sql(), plan.limit());
    let mut with = String::new();
    let from = if let Some(searched) = Searched::of(&plan.condition) {
        let (before, rows) = searched.page(plan, &mut parameters);
        with = before;
        format!("{rows} k")
    } else if plan.order.follows(&[DUE, CREATED_AT, NAME]) {
        // Nobody's are few among all, or many. What says that they are read by the index of assignees, whatever the
        // planner expects of them, is an order that no other index has; it is the same order, as all are nobody's.
        let nobodys = match order.ends_with(" desc") {
            true => format!("order by k.assignees[1] desc, {order} limit {limit}"),
            false => format!("order by k.assignees[1], {order} limit {limit}"),
        };
        let others = format!("order by {order} limit {limit}");
        let rows = |place: &str| match place == UNASSIGNED {
            true => nobodys.clone(),
            false => others.clone(),
        };
        format!("({}) k", ranges(plan, "k.*", rows, &mut parameters))
    } else {
        format!(
            "{{0}}.rows k where k.status <> '{DELETED}' and {}",
            plan.filter_sql(&mut parameters)
        )
    };
    let (columns, place) = (columns::<Tasks>("k"), plan.order.place_sql());
    // The names are looked up for the rows of the page only. Of notes, which may be long, a page has none.
    let sql = format!(
        "{with} select p.*, {SUBJECT_DISPLAY_NAME}, null::text from \
         (select {columns}, {place} as place from {from} order by {order} limit {limit}) p"
    );
    Statement { sql, parameters }
}

/// The statement for how many tasks there are, one more than [`MOST_COUNTED`] at most. Its schemas are those
/// of [`page`], of which it reads the names of no accounts.
pub(crate) fn count(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let most = format!("limit {}", MOST_COUNTED + 1);
    let (with, rows) = match Searched::of(&plan.condition) {
        Some(searched) => searched.count(plan, &mut parameters),
        None => {
            let rows = ranges(plan, "1", |_| most.clone(), &mut parameters);
            (String::new(), rows)
        }
    };
    let sql = format!(
        "{with} select array[]::text[] as place, count(*) as count from (select from ({rows}) k {most}) c"
    );
    Statement { sql, parameters }
}

/// Whose tasks a part of a condition leaves, if it says that and nothing else; empty for nobody's. At most
/// one member: the tasks of two would be found twice where they are of both.
pub(super) fn assigned(part: &Condition) -> Option<Vec<&str>> {
    match part {
        Condition::Is(Test::HasName {
            sql: ASSIGNED_ANYWHERE,
            name,
        }) => Some(vec![name]),
        Condition::Not(Test::Holds {
            sql: ASSIGNED_AT_ALL,
        }) => Some(vec![""]),
        // What nothing meets says of nobody whose it is.
        Condition::Any(parts) if !parts.is_empty() => {
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
/// what is to be asked there besides their status and kind.
pub(super) fn places(
    condition: &Condition,
    parameters: &mut Parameters,
) -> (Vec<String>, Condition) {
    let parts = condition.parts().into_iter();
    let whose = parts.filter_map(|part| Some((part, assigned(part)?)));
    let whose = whose.min_by_key(|(_, whose)| whose.len());
    // What every row of a range meets is not asked again: it would only mislead the planner, which
    // takes conditions for independent and expects far fewer rows than there are.
    let rest = condition.clone().without(&|condition| match condition {
        Condition::OneOf { sql, .. } => [STATUS, KIND].contains(sql),
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
pub(crate) fn count_exactly(
    condition: &Condition,
    schema: &str,
    parameters: &mut Parameters,
) -> String {
    let (places, rest) = places(condition, parameters);
    let filter = rest.sql(parameters);
    let statuses = parameters.add(condition.possible(STATUS, STATUSES), Type::TEXT_ARRAY);
    let kinds = parameters.add(condition.possible(KIND, KINDS), Type::TEXT_ARRAY);
    let counts: Vec<_> = places
        .iter()
        .map(|place| {
            format!(
                "(select count(*) from {schema}.rows k \
                 where k.status = any({statuses}) and k.kind = any({kinds}) and {place} and {filter})"
            )
        })
        .collect();
    format!("({})", counts.join(" + "))
}

/// Which statuses of which kinds a condition leaves possible: statuses, and the kind of each.
fn possible(condition: &Condition) -> (Vec<&'static str>, Vec<&'static str>) {
    let kinds = condition.possible(KIND, KINDS).into_iter();
    let pairs = kinds.flat_map(|kind| {
        let mut statuses = condition.possible(STATUS, STATUSES);
        if kind == ORDER {
            statuses.retain(|status| ORDER_STATUSES.contains(status));
        }
        statuses.into_iter().map(move |status| (status, kind))
    });
    pairs.unzip()
}

/// The rows as a few ranges of an index: one for each status and kind that the filter leaves possible, so that
/// each is in the order of the due times. Where it says whose they are, one for each of those and each place
/// that the assignee may have. `rows` says in which order rows of such a place are read, and how many at most.
fn ranges(
    plan: &Plan,
    columns: &str,
    rows: impl Fn(&str) -> String,
    parameters: &mut Parameters,
) -> String {
    let (places, rest) = places(&plan.condition, parameters);
    let filter = plan.with_place(&rest, parameters);
    let (statuses, kinds) = possible(&plan.condition);
    let statuses = parameters.add(statuses, Type::TEXT_ARRAY);
    let kinds = parameters.add(kinds, Type::TEXT_ARRAY);
    let ranges: Vec<_> = places
        .iter()
        .map(|place| {
            let rows = rows(place);
            format!(
                "select r.* from unnest({statuses}, {kinds}) s(status, kind) cross join lateral \
                 (select {columns} from {{0}}.rows k where k.status = s.status and k.kind = s.kind \
                 and {place} and {filter} {rows}) r"
            )
        })
        .collect();
    ranges.join(" union all ")
}
