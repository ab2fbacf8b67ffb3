//! Services: one row for each, which is the aggregate itself in columns that can be asked about.

mod list;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Revision, Version,
    names::{MemberName, ServiceName, StreamName},
    service::Service,
    text::{Html, Line},
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    search,
    stored::{Json, json},
};

pub(crate) use list::{LISTING, one, page};

/// The read model `services`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Services;

/// A service as of some event.
pub type ServiceRow = AggregateRow<Service>;

/// A service with its template, as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceEntry {
    pub name: ServiceName,
    pub row: ServiceRow,
    /// Display names, as they are now, of the members in its template.
    pub members: BTreeMap<MemberName, String>,
}

/// A service as a list shows it: without its template.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSummary {
    pub name: ServiceName,
    pub display_name: Line,
    pub description: Option<Html>,
    pub retired: bool,
    /// How many tasks its template has.
    pub task_count: i32,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a service's stream is called, if it is one.
fn name(stream: &StreamName) -> Option<ServiceName> {
    stream.as_str().parse().ok()
}

impl ReadModel for Services {
    const NAME: &'static str = "services";
    const VERSION: i32 = 1;
    const KEY: &'static [&'static str] = &["service text collate \"C\" not null"];
    // The whole service first; the columns after `position` repeat what can be asked about or is listed.
    const COLUMNS: &'static [&'static str] = &[
        "details text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "display_name text collate \"C\" not null",
        "description text collate \"C\"",
        "retired boolean not null",
        "task_count integer not null",
        // Those who have a task of the template.
        "assignees text[] collate \"C\" not null",
        // Display name in lower case, for searches.
        "search text collate \"C\" not null",
        "revision integer not null",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = ServiceName;
    type Row = ServiceRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = ServiceName> {
        match event {
            Event::Service(_) => name(&recorded.stream),
            _ => None,
        }
    }

    fn fold(
        rows: &mut Rows<ServiceName, ServiceRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Service(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream)
            .ok_or_else(|| FoldError::because("an event of a service stands in another stream"))?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &ServiceName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &ServiceRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent service; if it were, the columns
        // that are then missing would fail the batch.
        let Service::Existing(details) = state else {
            return;
        };
        let assignees = details
            .tasks
            .iter()
            .flat_map(|task| &task.content.assignees);
        let assignees: BTreeSet<_> = assignees.map(MemberName::as_str).collect();
        to.put(json(details))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.display_name.as_str())
            .put(details.description.as_ref().map(Html::as_str))
            .put(details.retired)
            .put(details.tasks.len() as i32)
            .put(assignees.into_iter().collect::<Vec<_>>())
            .put(search::document([details.display_name.as_str()]))
            .put(details.revision.0 as i32)
            .put(details.created_at)
            .put(details.updated_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(ServiceName, ServiceRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(details) = from.parse()?;
        let row = AggregateRow {
            state: Service::Existing(details),
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
