//! Holdings: what a member holds and would have to pass on, found when it is asked from the read models of
//! accounts, tasks, orders and services, by the indexes of the holders.

use handoff_domain::{limits, names::MemberName};
use tokio_postgres::types::Type;

use crate::{filter::Parameters, list::Statement};

pub(crate) const ROLE: &str = "role";
pub(crate) const SUPPORT_TEAM: &str = "support_team";
pub(crate) const OPEN_TASK: &str = "open_task";
pub(crate) const OPEN_ORDER_TASK: &str = "open_order_task";
pub(crate) const ORDER: &str = "order";
pub(crate) const TEMPLATE_TASK: &str = "template_task";

/// The statement for what a member holds: the first by name, and how much there is in every row. Its
/// columns are the place, what it is, the account or task, the role or null, and the count. `{0}` is the
/// schema of `accounts`, `{1}` that of `tasks`, `{2}` that of `orders`, `{3}` that of `services`.
pub(crate) fn of(name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
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
            "select case t.kind when 'order' then 4 else 3 end, \
             case t.kind when 'order' then '{OPEN_ORDER_TASK}' else '{OPEN_TASK}' end, t.task, null from {{1}}.rows t where {place} \
             and t.status in ('not_started', 'in_progress', 'waiting_on_customer')"
        )
    }));
    parts.push(format!(
        "select 5, '{ORDER}', o.order_name, null from {{2}}.rows o \
         where cardinality(o.added) > 0 and o.added @> array[{member}]"
    ));
    // The template is in the service itself.
    parts.push(format!(
        "select 6, '{TEMPLATE_TASK}', t.task ->> 'name', null from {{3}}.rows s \
         cross join json_array_elements(s.details::json -> 'tasks') t(task) \
         where cardinality(s.assignees) > 0 and s.assignees @> array[{member}] \
             and t.task::jsonb -> 'assignees' @> to_jsonb({member})"
    ));
    let (parts, limit) = (parts.join(" union all "), limits::NAMED_HOLDINGS);
    let sql = format!(
        "select array[]::text[] as place, h.what, h.name, h.role, count(*) over () as count \
         from ({parts}) h order by h.rank, h.name, h.role limit {limit}"
    );
    Statement { sql, parameters }
}
