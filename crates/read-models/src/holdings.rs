//! Holdings: what a member holds and would have to pass on, found when it is asked from the read models of
//! accounts and tasks, by the indexes of the holders.

use handoff_domain::{limits, names::MemberName};
use tokio_postgres::types::Type;

use crate::{
    filter::{Field, Parameters},
    list::{Listing, Plan, Statement},
    order::Sortable,
};

pub(crate) const ROLE: &str = "role";
pub(crate) const SUPPORT_TEAM: &str = "support_team";
pub(crate) const OPEN_TASK: &str = "open_task";

/// What a list of holdings can be asked for.
pub(crate) static LISTING: Listing = Listing {
    name: "holdings",
    fields: &[Field::label(
        "kind",
        "h.what",
        &[ROLE, SUPPORT_TEAM, OPEN_TASK],
    )],
    sortables: &[Sortable::new("kind", "h.rank", "integer")],
    default_order: "kind",
    ties: &[
        Sortable::new("resource", "h.name", "text"),
        Sortable::new("role", "coalesce(h.role, '')", "text"),
    ],
};

/// What a member holds, as rows of its rank, what it is, the account or task, and the role or null. `{0}` is
/// the schema of `accounts`, `{1}` that of `tasks`.
fn rows(name: &MemberName, parameters: &mut Parameters) -> String {
    let member = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let mut parts = vec![format!(
        "select 1 as rank, '{ROLE}' as what, a.account as name, 'assignee' as role \
         from {{0}}.rows a where a.assignee = {member}"
    )];
    // `members/ana:` to `members/ana;`: all that begins with the holder, whatever the role.
    parts.extend(["a.role_1", "a.role_2", "a.role_3"].map(|held| {
        format!(
            "select 1, '{ROLE}', a.account, split_part({held}, ':', 2) from {{0}}.rows a \
             where {held} >= {member} || ':' and {held} < {member} || ';'"
        )
    }));
    parts.push(format!(
        "select 1, '{ROLE}', a.account, split_part(r.held, ':', 2) \
         from {{0}}.rows a cross join unnest(a.more_roles) r(held) \
         where cardinality(a.more_roles) > 0 and a.more_roles @> array[{member}] \
             and r.held >= {member} || ':' and r.held < {member} || ';'"
    ));
    parts.push(format!(
        "select 2, '{SUPPORT_TEAM}', a.account, null from {{0}}.rows a \
         where cardinality(a.support_team) > 0 and a.support_team @> array[{member}]"
    ));
    // A task has a member once, at one place.
    let places = [
        format!("t.assignees[1] = {member}"),
        format!("t.assignees[2] = {member}"),
        format!("t.assignees[3] = {member}"),
        format!("cardinality(t.assignees) > 3 and t.assignees[4:] @> array[{member}]"),
    ];
    parts.extend(places.map(|place| {
        format!(
            "select 3, '{OPEN_TASK}', t.task, null from {{1}}.rows t where {place} \
             and t.status in ('not_started', 'in_progress', 'waiting_on_customer')"
        )
    }));
    parts.join(" union all ")
}

/// The statement for what a member holds: the first by name, and how much there is in every row. Its
/// columns are the place, what it is, the account or task, the role or null, and the count. Its schemas are
/// those of `accounts` and `tasks`.
pub(crate) fn of(name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
    let (parts, limit) = (rows(name, &mut parameters), limits::NAMED_HOLDINGS);
    let sql = format!(
        "select array[]::text[] as place, h.what, h.name, h.role, count(*) over () as count \
         from ({parts}) h order by h.rank, h.name, h.role limit {limit}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of what a member holds. Its columns are those of [`of`], with 0 as the count.
pub(crate) fn page(plan: &Plan, name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
    let rows = rows(name, &mut parameters);
    let filter = plan.filter_sql(&mut parameters);
    let (place, order, limit) = (plan.order.place_sql(), plan.order.sql(), plan.limit());
    let sql = format!(
        "select {place} as place, h.what, h.name, h.role, 0::bigint as count from ({rows}) h where {filter} \
         order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}

/// The statement for how much of each kind a member holds.
pub(crate) fn counts(name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
    let rows = rows(name, &mut parameters);
    let sql = format!(
        "select array[]::text[] as place, h.what, count(*) as count from ({rows}) h group by h.what"
    );
    Statement { sql, parameters }
}
