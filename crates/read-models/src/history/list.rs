//! Lists of events: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid,
    names::{Actor, Kind as Aggregate, StreamName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::History;
use crate::{
    filter::{Column, Field, Kind, Parameters},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const POSITION: &str = "k.position";

pub(super) const INDEXES: &[Index] = &[
    // The events of one resource. The primary key serves those of all.
    Index {
        name: "rows_stream",
        on: "(stream, position)",
    },
    // The streams of an account or member.
    Index {
        name: "rows_subject",
        on: "(subject, stream) where subject is not null",
    },
    // What one caller did.
    Index {
        name: "rows_actor",
        on: "(actor, position)",
    },
];

pub(crate) static LISTING: Listing = Listing {
    name: "history",
    fields: &[
        Field::text("type", "k.type"),
        Field::name("actor", "k.actor", actor),
        Field::new("position", Kind::Integer(Column::required(POSITION))),
        Field::new("record_time", Kind::RecordTime { position: POSITION }),
    ],
    sortables: &[Sortable::new("position", POSITION, "bigint")],
    default_order: "position desc",
    ties: &[],
};

fn actor(name: &str) -> Result<String, Invalid> {
    name.parse::<Actor>().map(String::from)
}

/// The statement for one event of a stream. `{0}` is the schema of `history`.
pub(crate) fn one(stream: &StreamName, event_id: Uuid) -> Statement {
    let mut parameters = Parameters::default();
    let stream = parameters.add(stream.as_str().to_owned(), Type::TEXT);
    let event_id = parameters.add(event_id, Type::UUID);
    let columns = columns::<History>("k");
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{0}}.rows k \
         where k.stream = {stream} and k.event_id = {event_id}"
    );
    Statement { sql, parameters }
}

/// The statement for a page of history: of one resource, or of everything. `{0}` is the schema of
/// `history`. The history of an account or member has that of the tasks, activities and documents about it,
/// and of its orders.
pub(crate) fn page(plan: &Plan, resource: Option<&StreamName>) -> Statement {
    let mut parameters = Parameters::default();
    let stream = resource.map(|resource| parameters.add(resource.as_str().to_owned(), Type::TEXT));
    let filter = plan.filter_sql(&mut parameters);
    let (order, limit) = (plan.order.sql(), plan.limit());
    let from = match (resource.map(StreamName::kind), stream) {
        (Some(Aggregate::Account | Aggregate::Member), Some(owner)) => {
            let streams = format!(
                "select {owner} as stream union all select c.stream from {{0}}.rows c where c.subject = {owner}"
            );
            // Of each stream no more than the page; positions first, which the index on streams has.
            format!(
                "(select r.* from ({streams}) s cross join lateral \
                 (select k.position from {{0}}.rows k where k.stream = s.stream and {filter} \
                 order by {order} limit {limit}) r) p join {{0}}.rows k on k.position = p.position"
            )
        }
        (Some(_), Some(stream)) => {
            format!("{{0}}.rows k where k.stream = {stream} and {filter}")
        }
        _ => format!("{{0}}.rows k where {filter}"),
    };
    let (columns, place) = (columns::<History>("k"), plan.order.place_sql());
    let sql =
        format!("select {columns}, {place} as place from {from} order by {order} limit {limit}");
    Statement { sql, parameters }
}
