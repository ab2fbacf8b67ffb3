//! Lists of events: what they can be asked for, and the statement that answers.

use handoff_domain::{
    Invalid, Partition,
    names::{Actor, Kind as Aggregate, StreamName},
};
use handoff_projections::Index;
use tokio_postgres::types::Type;

use super::History;
use crate::{
    filter::{Column, Field, Kind, Parameters},
    list::{Listing, Plan, Statement, columns},
    order::Sortable,
};

const POSITION: &str = "k.position";

pub(super) const INDEXES: &[Index] = &[
    // The events of one resource. The primary key serves those of all.
    Index { name: "rows_stream", on: "(stream, position)" },
    // The streams of an account or member.
    Index { name: "rows_subject", on: "(subject, stream) where subject is not null" },
    // What one caller did.
    Index { name: "rows_actor", on: "(actor, position)" },
];

pub(crate) static LISTING: Listing = Listing {
    name: "history",
    fields: &[
        Field { name: "type", kind: Kind::Text(Column::required("k.type")) },
        Field { name: "actor", kind: Kind::Name { column: Column::required("k.actor"), check: actor } },
        Field { name: "position", kind: Kind::Integer(Column::required(POSITION)) },
        Field { name: "record_time", kind: Kind::RecordTime { position: POSITION } },
    ],
    sortables: &[Sortable { name: "position", sql: POSITION, cast: "bigint" }],
    default_order: "position desc",
    ties: &[],
};

fn actor(name: &str) -> Result<String, Invalid> {
    name.parse::<Actor>().map(String::from)
}

/// The statement for a page of history: of one resource, or of everything. `history` is the schema that
/// the rows are read from. The history of an account or member has that of the tasks about it.
pub(crate) fn page(plan: &Plan, resource: Option<&StreamName>, history: &str) -> Statement {
    let mut parameters = Parameters::default();
    let (from, scope) = match resource {
        None => (format!("{history}.rows k"), "true".to_owned()),
        Some(resource) => {
            let stream = parameters.add(resource.as_str().to_owned(), Type::TEXT);
            match resource.kind() {
                Aggregate::Task | Aggregate::Settings => {
                    (format!("{history}.rows k"), format!("k.stream = {stream}"))
                }
                Aggregate::Account | Aggregate::Member => {
                    let partition = Partition::of(resource.as_str()).number();
                    let streams = format!(
                        "select {stream} as stream union all \
                         select c.stream from {history}.rows c where c.subject = {stream}"
                    );
                    (
                        format!("({streams}) s join {history}.rows k on k.stream = s.stream"),
                        format!("k.partition = {partition}"),
                    )
                }
            }
        }
    };
    let filter = plan.filter_sql(&mut parameters);
    let (columns, place) = (columns::<History>("k"), plan.order.place_sql());
    let (order, limit) = (plan.order.sql(), plan.limit());
    let sql = format!(
        "select {columns}, {place} as place from {from} where {scope} and {filter} order by {order} limit {limit}"
    );
    Statement { sql, parameters }
}
