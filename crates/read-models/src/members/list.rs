//! Lists of members: what they can be asked for, and the statement that answers.

use handoff_domain::{Invalid, limits, names::MemberName};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Members;
use crate::{
    filter::{Column, Condition, Field, Kind, Parameters, Test, Viewer},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const KINDS: &[&str] = &["admin", "staff"];

const NAME: &str = "k.member";
pub(crate) const BY_NAME: Sortable = Sortable::new("name", NAME, "text");

// The primary key serves the order by name. Other filters and orders read the whole team.
pub(super) const INDEXES: &[Index] = &[
    // By display name.
    Index {
        name: "rows_display_name",
        on: "(display_name, member)",
    },
    // The admins who may sign in: those who may remain when another leaves.
    Index {
        name: "rows_admins",
        on: "(member) where kind = 'admin' and enabled",
    },
    // Words in the display name, e-mail address or id.
    Index {
        name: "rows_search",
        on: "using gin ((search || ' ' || substr(member, 9)) trigrams.gin_trgm_ops)",
    },
];

pub(crate) const FIELDS: &[Field] = &[
    Field::name("name", NAME, member),
    Field::text("display_name", "k.display_name"),
    Field::new("email", Kind::Text(Column::optional("k.email"))),
    Field::new(
        "text",
        Kind::Search("(k.search || ' ' || substr(k.member, 9))"),
    ),
    Field::label("kind", "k.kind", KINDS),
    Field::new("enabled", Kind::Flag(enabled)),
    Field::moment("create_time", "k.created_at"),
    Field::moment("update_time", "k.updated_at"),
];

pub(crate) const SORTABLES: &[Sortable] = &[
    BY_NAME,
    Sortable::new("display_name", "k.display_name", "text"),
    Sortable::new("create_time", "k.created_at", "timestamptz"),
    Sortable::new("update_time", "k.updated_at", "timestamptz"),
];

pub(crate) static LISTING: Listing = Listing {
    name: "members",
    fields: FIELDS,
    sortables: SORTABLES,
    default_order: "name",
    ties: &[BY_NAME],
};

fn member(name: &str) -> Result<String, Invalid> {
    name.parse::<MemberName>().map(String::from)
}

fn enabled(_: &Viewer) -> Condition {
    Test::Holds { sql: "k.enabled" }.into()
}

/// The statement for one member: [`page`] without a list.
pub(crate) fn one(name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
    let member = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Members>("k");
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{0}}.rows k where {NAME} = {member}"
    );
    Statement { sql, parameters }
}

/// The statement for some of the enabled admins beside one member, at most as many as a command may name.
pub(crate) fn other_admins(name: &MemberName) -> Statement {
    let mut parameters = Parameters::default();
    let member = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let limit = limits::OTHER_ADMINS;
    let sql = format!(
        "select {NAME}, array[]::text[] as place from {{0}}.rows k \
         where k.kind = 'admin' and k.enabled and {NAME} <> {member} order by {NAME} limit {limit}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of members. `{0}` is the schema of `members`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let filter = plan.filter_sql(&mut parameters);
    let (columns, place) = (columns::<Members>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    let sql = format!(
        "select {columns}, {place} as place from {{0}}.rows k where {filter} order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
