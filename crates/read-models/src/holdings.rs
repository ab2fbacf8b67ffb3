//! Holdings: what a member holds and would have to pass on, found when it is asked from the read models of
//! accounts, tasks, orders, activities and services, by the indexes of the holders.

use handoff_domain::{
    commands::{Holding, HoldingKind},
    limits,
    names::MemberName,
};
use tokio_postgres::types::Type;

use crate::{
    filter::{Field, Parameters},
    list::{Listing, Plan, Statement},
    order::Sortable,
    tasks::{ORDER, STANDALONE},
};

/// The words for the kinds that read models know, in the order of [`Holding`].
const KINDS: &[&str] = &[
    HoldingKind::Role.as_str(),
    HoldingKind::SupportTeam.as_str(),
    HoldingKind::OpenTask.as_str(),
    HoldingKind::OpenOrderTask.as_str(),
    HoldingKind::Order.as_str(),
    HoldingKind::OpenActivity.as_str(),
    HoldingKind::TemplateTask.as_str(),
];

/// What a list of holdings can be asked for.
pub(crate) static LISTING: Listing = Listing {
    name: "holdings",
    fields: &[Field::label("kind", "h.what", KINDS)],
    sortables: &[Sortable::new("kind", "h.rank", "integer")],
    default_order: "kind",
    ties: &[
        Sortable::new("resource", "h.name", "text"),
        Sortable::new("role", "coalesce(h.role, '')", "text"),
    ],
};

/// One place in which holdings of one kind are found. Its SQL selects the name of the account or task and
/// the role or null.
struct Part {
    kind: HoldingKind,
    sql: String,
}

impl Part {
    /// Selects the place of the kind in the order of [`Holding`], the word for it, the name and the role.
    fn select(&self) -> String {
        let (rank, word) = (rank(self.kind), self.kind.as_str());
        format!(
            "select {rank} as rank, '{word}' as what, p.name, p.role from ({}) p (name, role)",
            self.sql
        )
    }
}

/// Where a kind stands in the order of [`Holding`].
fn rank(kind: HoldingKind) -> usize {
    let mut kinds = HoldingKind::ALL.iter();
    kinds.position(|one| *one == kind).unwrap_or_default()
}

/// All places in which something of a member is found. `{0}` is the schema of `accounts`, `{1}` that of
/// `tasks`, `{2}` that of `orders`, `{3}` that of `activities`, `{4}` that of `services`. What the settings say
/// is in none.
fn parts(member: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut push = |kind, sql| parts.push(Part { kind, sql });
    push(
        HoldingKind::Role,
        format!("select a.account, 'assignee' from {{0}}.rows a where a.assignee = {member}"),
    );
    // `members/ana:` to `members/ana;`: all that begins with the holder, whatever the role.
    for held in ["a.role_1", "a.role_2", "a.role_3"] {
        push(
            HoldingKind::Role,
            format!(
                "select a.account, split_part({held}, ':', 2) from {{0}}.rows a \
                 where {held} >= {member} || ':' and {held} < {member} || ';'"
            ),
        );
    }
    push(
        HoldingKind::Role,
        format!(
            "select a.account, split_part(r.held, ':', 2) \
             from {{0}}.rows a cross join unnest(a.more_roles) r(held) \
             where cardinality(a.more_roles) > 0 and a.more_roles @> array[{member}] \
                 and r.held >= {member} || ':' and r.held < {member} || ';'"
        ),
    );
    push(
        HoldingKind::SupportTeam,
        format!(
            "select a.account, null from {{0}}.rows a \
             where cardinality(a.support_team) > 0 and a.support_team @> array[{member}]"
        ),
    );
    // A task has a member once, at one place.
    for place in [
        format!("t.assignees[1] = {member}"),
        format!("t.assignees[2] = {member}"),
        format!("t.assignees[3] = {member}"),
        format!("cardinality(t.assignees) > 3 and t.assignees[4:] @> array[{member}]"),
    ] {
        for (kind, of) in [
            (HoldingKind::OpenTask, STANDALONE),
            (HoldingKind::OpenOrderTask, ORDER),
        ] {
            push(
                kind,
                format!(
                    "select t.task, null from {{1}}.rows t where {place} and t.kind = '{of}' \
                     and t.status in ('not_started', 'in_progress', 'waiting_on_customer')"
                ),
            );
        }
    }
    push(
        HoldingKind::Order,
        format!(
            "select o.order_name, null from {{2}}.rows o where o.status = 'open' \
             and cardinality(o.added) > 0 and o.added @> array[{member}]"
        ),
    );
    push(
        HoldingKind::OpenActivity,
        format!(
            "select c.activity, null from {{3}}.rows c \
             where c.assignee = {member} and c.status = 'open'"
        ),
    );
    // The template is in the service itself.
    push(
        HoldingKind::TemplateTask,
        format!(
            "select t.task ->> 'name', null from {{4}}.rows s \
             cross join json_array_elements(s.details::json -> 'tasks') t(task) \
             where cardinality(s.assignees) > 0 and s.assignees @> array[{member}] \
                 and t.task::jsonb -> 'assignees' @> to_jsonb({member})"
        ),
    );
    parts
}

fn all(parts: &[Part]) -> String {
    let parts: Vec<_> = parts.iter().map(Part::select).collect();
    parts.join(" union all ")
}

/// The statement for what a member holds: the first by name, and how much there is in every row. Its
/// columns are the place, what it is, the account or task, the role or null, and the count.
pub(crate) fn of(name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
    let member = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let (parts, limit) = (all(&parts(&member)), limits::NAMED_HOLDINGS);
    let sql = format!(
        "select array[]::text[] as place, h.what, h.name, h.role, count(*) over () as count \
         from ({parts}) h order by h.rank, h.name, h.role limit {limit}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of what a member holds, as a list is asked for. Its columns are those of [`of`],
/// with 0 as the count.
pub(crate) fn page(plan: &Plan, name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
    let member = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let (rows, filter) = (all(&parts(&member)), plan.filter_sql(&mut parameters));
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
    let member = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let rows = all(&parts(&member));
    let sql = format!(
        "select array[]::text[] as place, h.what, count(*) as count from ({rows}) h group by h.what"
    );
    Statement { sql, parameters }
}

/// The statement for a page of what a member holds of some kinds, in the order of [`Holding`], after one of
/// them. None: no kind is left. Columns as of [`of`], the count being 0.
pub(crate) fn after(
    name: &MemberName,
    includes: impl Fn(HoldingKind) -> bool,
    after: Option<&Holding>,
    limit: usize,
) -> Option<Statement> {
    let mut parameters = Parameters::default();
    let member = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let first = after.map_or(0, |after| rank(after.kind()));
    let mut parts = parts(&member);
    parts.retain(|part| includes(part.kind) && rank(part.kind) >= first);
    if parts.is_empty() {
        return None;
    }
    let after = match after {
        None => "true".to_owned(),
        Some(after) => {
            let role = match after {
                Holding::Role { role, .. } => role.as_str(),
                _ => "",
            };
            let name = parameters.add(after.subject().to_owned(), Type::TEXT);
            let role = parameters.add(role.to_owned(), Type::TEXT);
            format!(
                "(h.rank > {first} or h.name collate \"C\" > {name} \
                 or h.name = {name} and coalesce(h.role, '') collate \"C\" > {role})"
            )
        }
    };
    let sql = format!(
        "select array[]::text[] as place, h.what, h.name, h.role, 0::bigint as count \
         from ({}) h where {after} \
         order by h.rank, h.name collate \"C\", coalesce(h.role, '') collate \"C\" limit {limit}",
        all(&parts)
    );
    Some(Statement { sql, parameters })
}
