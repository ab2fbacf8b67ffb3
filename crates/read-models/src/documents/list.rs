//! Lists of documents: what they can be asked for, and the statement that answers.

use chrono::{DateTime, Utc};
use handoff_domain::{
    Invalid,
    document::Parent,
    names::{AccountName, Actor, DocumentName, OrderName, StreamName, Subject},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::Documents;
use crate::{
    filter::{Column, Comparison, Condition, Field, Kind, Parameters, Test, Value, Viewer},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
    tasks::{DELETED, STANDALONE},
};

/// How many documents a task or an order is shown with.
pub const MOST_OF_ONE: usize = 100;

const VISIBILITIES: &[&str] = &["internal", "portal"];
/// The order that a document is on, or whose task it is on. Of a document on a task alone, that task, which is no
/// order.
const ORDER: &str = "split_part(k.parent, '/tasks/', 1)";
const NAME: Sortable = Sortable::new("name", "k.document", "text");

pub(super) const INDEXES: &[Index] = &[
    // The documents of one task by creation.
    Index {
        name: "rows_parent_created",
        on: "(parent, created_at, document)",
    },
    // The documents on one order and its tasks by creation.
    Index {
        name: "rows_order_created",
        on: "(split_part(parent, '/tasks/', 1), created_at, document)",
    },
    // The documents about one account or member by creation.
    Index {
        name: "rows_subject_created",
        on: "(subject, created_at, document)",
    },
    // All documents by creation.
    Index {
        name: "rows_created",
        on: "(created_at, document)",
    },
    // What changed last.
    Index {
        name: "rows_updated",
        on: "(updated_at, document)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "documents",
    fields: &[
        Field::name("name", "k.document", document),
        Field::name("parent", "k.parent", parent),
        Field::name("order", ORDER, order),
        Field::name("subject", "k.subject", subject),
        Field::text("file_name", "k.file_name"),
        Field::text("media_type", "k.media_type"),
        Field::new("category", Kind::Text(Column::optional("k.category"))),
        Field::label("visibility", "k.visibility", VISIBILITIES),
        Field::name("uploader", "k.uploaded_by", actor),
        Field::new(
            "short_description",
            Kind::Text(Column::optional("k.short_description")),
        ),
        Field::new(
            "document_date",
            Kind::Text(Column::optional("k.document_date")),
        ),
        Field::moment("create_time", "k.created_at"),
        Field::moment("update_time", "k.updated_at"),
        Field::new("active", Kind::Flag(active)),
        Field::new("available", Kind::Flag(available)),
    ],
    sortables: &[
        Sortable::new("create_time", "k.created_at", "timestamptz"),
        Sortable::new("update_time", "k.updated_at", "timestamptz"),
        Sortable::new("file_name", "k.file_name", "text"),
    ],
    default_order: "create_time desc",
    ties: &[NAME],
};

fn document(name: &str) -> Result<String, Invalid> {
    name.parse::<DocumentName>().map(String::from)
}

fn parent(name: &str) -> Result<String, Invalid> {
    name.parse::<Parent>().map(String::from)
}

fn order(name: &str) -> Result<String, Invalid> {
    name.parse::<OrderName>().map(String::from)
}

fn subject(name: &str) -> Result<String, Invalid> {
    name.parse::<Subject>().map(String::from)
}

fn actor(name: &str) -> Result<String, Invalid> {
    name.parse::<Actor>().map(String::from)
}

fn active(_: &Viewer) -> Condition {
    Test::Holds { sql: "k.active" }.into()
}

/// Inside its dates: neither before the first nor after the last moment, where it has such.
fn available(viewer: &Viewer) -> Condition {
    let outside = |column, comparison| {
        Condition::Not(Test::Compare {
            column: Column::optional(column),
            comparison,
            value: Value::Moment(viewer.now),
        })
    };
    Condition::all(vec![
        outside("k.available_from", Comparison::More),
        outside("k.available_until", Comparison::Less),
    ])
}

/// Documents of a deleted task are as hidden as the task; those on orders, and on what was taken out of them, are
/// not. `{1}` is the schema of `tasks`.
fn parent_is_there() -> String {
    format!(
        "not exists (select from {{1}}.rows t where t.task = k.parent and t.kind = '{STANDALONE}' and t.status = '{DELETED}')"
    )
}

/// The statement for one document: [`page`] without a list.
pub(crate) fn one(name: &DocumentName) -> Statement {
    let mut parameters = Parameters::default();
    let document = parameters.add(name.as_str().to_owned(), Type::TEXT);
    let (columns, there) = (columns::<Documents>("k"), parent_is_there());
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{0}}.rows k \
         where k.document = {document} and {there}"
    );
    Statement { sql, parameters }
}

/// The statement for the newest documents of one parent, at most [`MOST_OF_ONE`].
pub(crate) fn of_parent(parent: &Parent) -> Statement {
    let mut parameters = Parameters::default();
    let parent = parameters.add(parent.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Documents>("k");
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{0}}.rows k where k.parent = {parent} \
         order by k.created_at desc, k.document desc limit {MOST_OF_ONE}"
    );
    Statement { sql, parameters }
}

/// The statement for the newest documents on an order and its tasks, also on those that were taken out, at most
/// [`MOST_OF_ONE`].
pub(crate) fn of_order(order: &OrderName) -> Statement {
    let mut parameters = Parameters::default();
    let order = parameters.add(order.as_str().to_owned(), Type::TEXT);
    let columns = columns::<Documents>("k");
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{0}}.rows k where {ORDER} = {order} \
         order by k.created_at desc, k.document desc limit {MOST_OF_ONE}"
    );
    Statement { sql, parameters }
}

/// The statement for the newest documents that contacts of an account see at a moment on a task or an order of
/// it, and on those of its tasks that they see, at most [`MOST_OF_ONE`]. `{0}` is the schema of `documents`, `{1}`
/// that of `portal`.
pub(crate) fn shown_to_contacts(
    account: &AccountName,
    of: &StreamName,
    now: DateTime<Utc>,
) -> Statement {
    let mut parameters = Parameters::default();
    let account = parameters.add(account.as_str().to_owned(), Type::TEXT);
    let of = parameters.add(of.as_str().to_owned(), Type::TEXT);
    let now = parameters.add(now, Type::TIMESTAMPTZ);
    let columns = columns::<Documents>("k");
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{1}}.rows p join {{0}}.rows k \
             on k.parent = any(array_append(p.tasks, p.resource)) \
         where p.resource = {of} and p.account = {account} and k.subject = {account} \
             and k.active and k.visibility = 'portal' \
             and (k.available_from is null or k.available_from <= {now}) \
             and (k.available_until is null or k.available_until >= {now}) \
         order by k.created_at desc, k.document desc limit {MOST_OF_ONE}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of documents. `{0}` is the schema of `documents`.
pub(crate) fn page(plan: &Plan) -> Statement {
    let mut parameters = Parameters::default();
    let filter = plan.filter_sql(&mut parameters);
    let (columns, place) = (columns::<Documents>("k"), plan.order.place_sql());
    let (order, limit, there) = (plan.order.sql(), plan.limit(), parent_is_there());
    let sql = format!(
        "select {columns}, {place} as place from {{0}}.rows k \
         where {filter} and {there} order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
