//! Lists of tasks: the statements that answer what [`fields`](super::fields) lets be asked.

use handoff_domain::names::TaskName;
use tokio_postgres::types::Type;

use super::{
    Tasks,
    fields::{ASSIGNED, ASSIGNED_ANYWHERE, CREATED_AT, DELETED, DUE, NAME, STATUS, STATUSES},
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

/// Whether the condition looks into the texts of tasks, which are in a table of their own.
pub(crate) fn is_searched(condition: &Condition) -> bool {
    condition.asks(&|test| matches!(test, Test::LikeElsewhere { .. }))
}

/// The statement for a page of tasks with the names of the accounts that they are about. `{0}` is the
/// schema of `tasks`, `{1}` that of `accounts`, `{2}` that of `task_texts` where it [is searched](is_searched).
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let (order, limit) = (plan.order.sql(), plan.limit());
    let from = if plan.order.follows(&[DUE, CREATED_AT, NAME]) {
        let rows = format!("order by {order} limit {limit}");
        format!("({}) k", ranges(plan, "k.*", &rows, &mut parameters))
    } else {
        format!(
            "{{0}}.rows k where k.status <> '{DELETED}' and {}",
            plan.filter_sql(&mut parameters)
        )
    };
    let (columns, place) = (columns::<Tasks>("k"), plan.order.place_sql());
    // The names are looked up for the rows of the page only. Of notes, which may be long, a page has none.
    let sql = format!(
        "select p.*, {SUBJECT_DISPLAY_NAME}, null::text from \
         (select {columns}, {place} as place from {from} order by {order} limit {limit}) p"
    );
    Statement { sql, parameters }
}

/// The statement for how many tasks there are, one more than [`MOST_COUNTED`] at most. Its schemas are those
/// of [`page`], of which it reads the names of no accounts.
pub(crate) fn count(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let most = format!("limit {}", MOST_COUNTED + 1);
    let rows = ranges(plan, "1", &most, &mut parameters);
    let sql = format!(
        "select array[]::text[] as place, count(*) as count from (select from ({rows}) k {most}) c"
    );
    Statement { sql, parameters }
}

/// The rows as a few ranges of an index: one for each status that the filter leaves possible, so that each
/// is in the order of the due times. Where it asks for one assignee, one for each status and each place that
/// the assignee may have. `rows` says in which order rows of a range are read, and how many at most.
fn ranges(plan: &Plan, columns: &str, rows: &str, parameters: &mut Parameters) -> String {
    let assignee = plan.condition.required(&|test| match test {
        Test::HasName {
            sql: ASSIGNED_ANYWHERE,
            name,
        } => Some(name.clone()),
        _ => None,
    });
    // What every row of a range meets is not asked again: it would only mislead the planner, which
    // takes conditions for independent and expects far fewer rows than there are.
    let rest = plan
        .condition
        .clone()
        .without(&|condition| match condition {
            Condition::OneOf { sql, .. } => *sql == STATUS,
            Condition::Is(Test::HasName {
                sql: ASSIGNED_ANYWHERE,
                name,
            }) => assignee.as_ref() == Some(name),
            _ => false,
        });
    let filter = plan.with_place(&rest, parameters);
    let statuses = parameters.add(plan.condition.possible(STATUS, STATUSES), Type::TEXT_ARRAY);
    let places = match assignee {
        None => vec!["true".to_owned()],
        Some(assignee) => {
            let assignee = parameters.add(assignee, Type::TEXT);
            ASSIGNED
                .iter()
                .map(|place| place.replace("{}", &assignee))
                .collect()
        }
    };
    let ranges: Vec<_> = places
        .iter()
        .map(|place| {
            format!(
                "select r.* from unnest({statuses}) s(status) cross join lateral \
                 (select {columns} from {{0}}.rows k where k.status = s.status and {place} and {filter} \
                 {rows}) r"
            )
        })
        .collect();
    ranges.join(" union all ")
}
