//! Workloads: how much each member has, counted when it is asked from the read models of members,
//! accounts and tasks.
//!
//! Nothing is kept: a change of an account's status does not say who holds its roles, nor the end of a
//! task who does it, so counts of their own would need a second copy of every account and task.

use handoff_domain::{names::MemberName, terms::Role};

use crate::{
    filter::Parameters,
    list::{Listing, Plan, Statement},
    members::{BY_NAME, FIELDS, SORTABLES},
};

/// What a member has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadEntry {
    pub member: MemberName,
    pub display_name: String,
    /// How many open tasks the member is an assignee of.
    pub open_tasks: i64,
    /// What the member is responsible for, by role: those that are held at any account.
    pub roles: Vec<RoleWorkload>,
}

/// At how many accounts a member holds a role, by their status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleWorkload {
    pub role: Role,
    pub active: i64,
    pub paused: i64,
    pub deactivated: i64,
}

pub(crate) static LISTING: Listing = Listing {
    name: "workloads",
    fields: FIELDS,
    sortables: SORTABLES,
    default_order: "name",
    ties: &[BY_NAME],
};

/// Counts the open tasks of `p.member`: each is counted at one place among its assignees. `{2}` is the
/// schema of `tasks`.
fn open_tasks() -> String {
    let places = [
        "t.assignees[1] = p.member",
        "t.assignees[2] = p.member",
        "t.assignees[3] = p.member",
        "cardinality(t.assignees) > 3 and t.assignees[4:] @> array[p.member]",
    ];
    let counts = places.map(|place| {
        format!(
            "(select count(*) from {{2}}.rows t where {place} \
             and t.status in ('not_started', 'in_progress', 'waiting_on_customer'))"
        )
    });
    counts.join(" + ")
}

/// The roles that `p.member` holds, counted by the statuses of the accounts: a row for each role and status.
/// Each part counts what an index has side by side, so that what is said of a role is said once and not for
/// each account. `{1}` is the schema of `accounts`.
fn held() -> String {
    let mut parts = vec![
        "select 'assignee' as role, a.status, count(*) as accounts \
         from {1}.rows a where a.assignee = p.member group by a.status"
            .to_owned(),
    ];
    // `members/ana:` to `members/ana;`: all that begins with the holder, whatever the role.
    parts.extend(["a.role_1", "a.role_2", "a.role_3"].map(|held| {
        format!(
            "select split_part(g.held, ':', 2), g.status, g.accounts from ( \
                 select {held} as held, a.status, count(*) as accounts from {{1}}.rows a \
                 where {held} >= p.member || ':' and {held} < p.member || ';' group by {held}, a.status \
             ) g"
        )
    }));
    parts.push(
        "select split_part(r.held, ':', 2), a.status, 1 from {1}.rows a cross join unnest(a.more_roles) r(held) \
         where cardinality(a.more_roles) > 0 and a.more_roles @> array[p.member] \
             and r.held >= p.member || ':' and r.held < p.member || ';'"
            .to_owned(),
    );
    parts.join(" union all ")
}

/// The statement for a page of workloads. `{0}` is the schema of `members`, `{1}` that of `accounts`,
/// `{2}` that of `tasks`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let filter = plan.filter_sql(&mut parameters);
    let place = plan.order.place_sql();
    let (order, limit) = (plan.order.sql(), plan.limit());
    let (open_tasks, held) = (open_tasks(), held());
    let sql = format!(
        "select p.member, p.display_name, p.place, ({open_tasks}) as open_tasks, w.* from \
         (select k.member, k.display_name, {place} as place, row_number() over (order by {order}) as row \
             from {{0}}.rows k where {filter} order by {order} limit {limit}) p \
         cross join lateral ( \
             select array_agg(c.role order by c.role) as roles, array_agg(c.active order by c.role) as active, \
                 array_agg(c.paused order by c.role) as paused, array_agg(c.deactivated order by c.role) as deactivated \
             from ( \
                 select h.role, coalesce(sum(h.accounts) filter (where h.status = 'active'), 0)::bigint as active, \
                     coalesce(sum(h.accounts) filter (where h.status = 'paused'), 0)::bigint as paused, \
                     coalesce(sum(h.accounts) filter (where h.status = 'deactivated'), 0)::bigint as deactivated \
                 from ({held}) h group by h.role \
             ) c \
         ) w order by p.row"
    );
    Statement { sql, parameters }
}
