//! Lists of services: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{MemberName, ServiceName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Services;
use crate::{
    filter::{Condition, Field, Kind, Parameters, Test, Viewer},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const NAME: &str = "k.service";
const BY_NAME: Sortable = Sortable::new("name", NAME, "text");

// There are hundreds at most: other filters and orders read them all.
pub(super) const INDEXES: &[Index] = &[
    // By display name.
    Index {
        name: "rows_display_name",
        on: "(display_name, service)",
    },
    // Words in the display name or id.
    Index {
        name: "rows_search",
        on: "using gin ((search || ' ' || substr(service, 10)) trigrams.gin_trgm_ops)",
    },
    // The services of one member of their templates: what the member holds.
    Index {
        name: "rows_assignees",
        on: "using gin (assignees) where cardinality(assignees) > 0",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "services",
    fields: &[
        Field::name("name", NAME, service),
        Field::text("display_name", "k.display_name"),
        Field::new(
            "text",
            Kind::Search("(k.search || ' ' || substr(k.service, 10))"),
        ),
        Field::new("retired", Kind::Flag(retired)),
        Field::new(
            "assignees",
            Kind::Names {
                has: "(cardinality(k.assignees) > 0 and k.assignees @> array[{}])",
                any: "(cardinality(k.assignees) > 0)",
                check: member,
            },
        ),
        Field::moment("create_time", "k.created_at"),
        Field::moment("update_time", "k.updated_at"),
    ],
    sortables: &[
        BY_NAME,
        Sortable::new("display_name", "k.display_name", "text"),
        Sortable::new("create_time", "k.created_at", "timestamptz"),
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
    ],
    default_order: "display_name",
    ties: &[BY_NAME],
};

fn service(name: &str) -> Result<String, Invalid> {
    name.parse::<ServiceName>().map(String::from)
}

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

fn retired(_: &Viewer) -> Condition {
    Test::Holds { sql: "k.retired" }.into()
}

/// The statement for one service with the names of the members in its template. `{0}` is the schema of
/// `services`, `{1}` that of `members`.
pub(crate) fn one(name: &ServiceName) -> Statement {
    let mut parameters = Parameters::default();
    let service = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Services>("k");
    let sql = format!(
        "select {columns}, array[]::text[] as place, \
         (select json_object_agg(m.member, m.display_name)::text from {{1}}.rows m where m.member = any(k.assignees)) \
         from {{0}}.rows k where k.service = {service}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of services without their templates. `{0}` is the schema of `services`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let filter = plan.filter_sql(&mut parameters);
    let place = plan.order.place_sql();
    let (order, limit) = (plan.order.sql(), plan.limit());
    let sql = format!(
        "select k.service, k.display_name, k.description, k.retired, k.task_count, k.revision, k.created_at, \
         k.updated_at, {place} as place from {{0}}.rows k where {filter} order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
