//! Lists of accounts: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{AccountName, MemberName},
    terms::Role,
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Accounts;
use crate::{
    filter::{Comparison, Condition, Field, Kind, Parameters, Test, Value},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const STATUSES: &[&str] = &["active", "paused", "deactivated"];
const KINDS: &[&str] = &["customer", "lead"];
const ORIGINS: &[&str] = &["manual", "auto"];

const NAME: &str = "k.account";
const STATUS: &str = "k.status";
const KIND: &str = "k.kind";
const ASSIGNEE: &str = "k.assignee";
const SEARCH: &str = "(k.search || ' ' || substr(k.account, 10))";
const OPEN_TASKS: &str = "c.open_tasks";
const BY_NAME: Sortable = Sortable::new("name", NAME, "text");

/// The first three roles beside `assignee` have an index each, so that the accounts of one holder are
/// found in the order of their names. Of the few accounts with more, those are found by the last of
/// these, and sorted.
const HELD: [&str; 4] = [
    "k.role_1 = {}",
    "k.role_2 = {}",
    "k.role_3 = {}",
    "cardinality(k.more_roles) > 0 and k.more_roles @> array[{}]",
];
const HELD_ANYWHERE: &str = "(k.role_1 = {} or k.role_2 = {} or k.role_3 = {} \
     or cardinality(k.more_roles) > 0 and k.more_roles @> array[{}])";
const HELD_BY_ANYBODY: &str = "exists (select from unnest(array[k.role_1, k.role_2, k.role_3] || k.more_roles) r \
     where r like {})";

pub(super) const INDEXES: &[Index] = &[
    // Any set of statuses and kinds by name: one range for each pair, merged.
    Index {
        name: "rows_status",
        on: "(status, kind, account)",
    },
    // The same of one assignee. Workloads count by it.
    Index {
        name: "rows_assignee",
        on: "(assignee, status, kind, account)",
    },
    // The same of one holder of another role: see `HELD`. Workloads count by them.
    Index {
        name: "rows_role_1",
        on: "(role_1, status, kind, account) where role_1 is not null",
    },
    Index {
        name: "rows_role_2",
        on: "(role_2, status, kind, account) where role_2 is not null",
    },
    Index {
        name: "rows_role_3",
        on: "(role_3, status, kind, account) where role_3 is not null",
    },
    Index {
        name: "rows_more_roles",
        on: "using gin (more_roles) where cardinality(more_roles) > 0",
    },
    // The accounts of one member of their support teams: what the member holds.
    Index {
        name: "rows_support_team",
        on: "using gin (support_team) where cardinality(support_team) > 0",
    },
    // The accounts of whoever calls from a number.
    Index {
        name: "rows_phones",
        on: "using gin (phones) where cardinality(phones) > 0",
    },
    // Words in the display name or id.
    Index {
        name: "rows_search",
        on: "using gin ((search || ' ' || substr(account, 10)) trigrams.gin_trgm_ops)",
    },
    // By display name.
    Index {
        name: "rows_display_name",
        on: "(display_name, account)",
    },
    // What came and what changed last.
    Index {
        name: "rows_created",
        on: "(created_at, account)",
    },
    Index {
        name: "rows_updated",
        on: "(updated_at, account)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "accounts",
    fields: &[
        Field::name("name", NAME, account),
        Field::text("display_name", "k.display_name"),
        Field::new("text", Kind::Search(SEARCH)),
        Field::label("kind", KIND, KINDS),
        Field::label("status", STATUS, STATUSES),
        Field::name("assignee", ASSIGNEE, member),
        Field::new(
            "roles",
            Kind::Keyed {
                has: HELD_ANYWHERE,
                any: HELD_BY_ANYBODY,
                key: role,
                check: member,
            },
        ),
        Field::label("origin", "k.origin", ORIGINS),
        Field::moment("create_time", "k.created_at"),
        Field::moment("update_time", "k.updated_at"),
    ],
    sortables: &[
        BY_NAME,
        Sortable::new("display_name", "k.display_name", "text"),
        Sortable::new("create_time", "k.created_at", "timestamptz"),
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
        Sortable::new("open_task_count", OPEN_TASKS, "bigint"),
    ],
    default_order: "name",
    ties: &[BY_NAME],
};

fn account(name: &str) -> Result<String, Invalid> {
    name.parse::<AccountName>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

fn role(id: &str) -> Result<(), String> {
    match id.parse::<Role>() {
        Ok(role) if role.is_assignee() => Err("is asked about by the field assignee".to_owned()),
        Ok(_) => Ok(()),
        Err(_) => Err("names one role by its id: roles.success-manager".to_owned()),
    }
}

/// Lists show active accounts, unless they are asked for a status or for accounts by name (S0).
pub(crate) fn active_unless_asked(condition: Condition) -> Condition {
    if condition.mentions(STATUS) || condition.mentions(NAME) {
        return condition;
    }
    let active = Condition::OneOf {
        sql: STATUS,
        all: STATUSES,
        labels: vec!["active"],
    };
    Condition::All(vec![active, condition])
}

/// Counts the open tasks of the account `account`. `{1}` is the schema of `tasks`.
fn open_tasks(account: &str) -> String {
    format!(
        "select count(*) as open_tasks from {{1}}.rows t \
         where t.subject = {account} and t.status in ('not_started', 'in_progress', 'waiting_on_customer')"
    )
}

/// The statement for one account: [`page`] without a list.
pub(crate) fn one(name: &AccountName) -> Statement {
    let mut parameters = Parameters::default();
    let account = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let (columns, open_tasks) = (columns::<Accounts>("p"), open_tasks("p.account"));
    let sql = format!(
        "select {columns}, array[]::text[] as place, ({open_tasks}) from {{0}}.rows p where p.account = {account}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of accounts with the numbers of their open tasks. `{0}` is the schema of
/// `accounts`, `{1}` that of `tasks`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    // A search finds its accounts by their words, and sorts them.
    let from = if plan.order.follows(&[NAME]) && !plan.condition.mentions(SEARCH) {
        format!("({}) k", ranges(plan, &mut parameters))
    } else {
        // Every account's tasks are counted only where the order asks for it, else those of the page.
        let counted = if plan.order.mentions(OPEN_TASKS) {
            format!("cross join lateral ({}) c", open_tasks(NAME))
        } else {
            String::new()
        };
        let filter = plan.filter_sql(&mut parameters);
        format!("{{0}}.rows k {counted} where {filter}")
    };
    let (columns, place) = (columns::<Accounts>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    let sql = format!(
        "select p.*, ({}) from \
         (select {columns}, {place} as place from {from} order by {order} limit {limit}) p",
        open_tasks("p.account")
    );
    Statement { sql, parameters }
}

/// Who holds a role, where every row that is wanted has that holder.
enum Holder {
    Assignee(String),
    OtherRole(String),
}

fn of_role(test: &Test) -> Option<Holder> {
    match test {
        Test::HasName {
            sql: HELD_ANYWHERE,
            name,
        } => Some(Holder::OtherRole(name.clone())),
        _ => None,
    }
}

fn of_assignee(test: &Test) -> Option<Holder> {
    match test {
        Test::Compare {
            column,
            comparison: Comparison::Equal,
            value: Value::Text(name),
        } if column.is(ASSIGNEE) => Some(Holder::Assignee(name.clone())),
        _ => None,
    }
}

/// The rows in the order of their names, as a few ranges of an index, each in that order and no longer
/// than the page: one for each status and kind that the filter leaves possible. Where it asks for one
/// holder of a role, one for each of these and each place that the holder may have.
fn ranges(plan: &Plan, parameters: &mut Parameters) -> String {
    // Another role first: the assignee is more often one member for very many accounts.
    let holder = plan
        .condition
        .required(&of_role)
        .or_else(|| plan.condition.required(&of_assignee));
    // What every row of a range meets is not asked again: it would only mislead the planner, which
    // takes conditions for independent and expects far fewer rows than there are.
    let rest = plan
        .condition
        .clone()
        .without(&|condition| match condition {
            Condition::OneOf { sql, .. } => [STATUS, KIND].contains(sql),
            Condition::Is(test) => match (&holder, of_role(test), of_assignee(test)) {
                (Some(Holder::OtherRole(of)), Some(Holder::OtherRole(is)), _)
                | (Some(Holder::Assignee(of)), _, Some(Holder::Assignee(is))) => *of == is,
                _ => false,
            },
            _ => false,
        });
    let filter = plan.with_place(&rest, parameters);
    let mut possible =
        |sql, all| parameters.add(plan.condition.possible(sql, all), Type::TEXT_ARRAY);
    let (statuses, kinds) = (possible(STATUS, STATUSES), possible(KIND, KINDS));
    let places = match holder {
        None => vec!["true".to_owned()],
        Some(Holder::Assignee(assignee)) => {
            vec![format!(
                "k.assignee = {}",
                parameters.add(assignee, Type::TEXT)
            )]
        }
        Some(Holder::OtherRole(held)) => {
            let held = parameters.add(held, Type::TEXT);
            HELD.map(|place| place.replace("{}", &held)).into()
        }
    };
    let (order, limit) = (plan.order.sql(), plan.limit());
    let ranges: Vec<_> = places
        .iter()
        .map(|place| {
            format!(
                "select r.* from unnest({statuses}) s(status) cross join unnest({kinds}) t(kind) cross join lateral \
                 (select k.* from {{0}}.rows k where k.status = s.status and k.kind = t.kind and {place} and {filter} \
                 order by {order} limit {limit}) r"
            )
        })
        .collect();
    ranges.join(" union all ")
}
