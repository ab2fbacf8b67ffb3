//! Activities: one row for each, which is the aggregate itself in columns that can be asked about.

mod asked;
mod list;

use handoff_domain::{
    Event, Version,
    activity::{Activity, Status},
    names::{ActivityName, MemberName, StreamName},
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, Tally, UnreadableRow};

use crate::{
    aggregate::{AggregateRow, evolve},
    stored::{Json, json, label},
    todo,
};

pub(crate) use asked::AskedActivity;
pub(crate) use list::{
    CREATED, DUE, HAS_ASSIGNEE, HAS_ASSIGNEE_AT_ALL, LISTING, OPEN, STATUS, count, one, overdue,
    page, shown,
};

/// The read model `activities`. Folded by the aggregate's own `evolve`, so that a row cannot differ from it.
#[derive(Debug)]
pub struct Activities;

/// An activity as of some event.
pub type ActivityRow = AggregateRow<Activity>;

/// An activity as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivityEntry {
    pub name: ActivityName,
    pub row: ActivityRow,
    /// Of its account, as it is now; none while that is not known yet.
    pub account_display_name: Option<String>,
}

/// What an activity's stream is called, if it is one.
pub(crate) fn name(stream: &StreamName) -> Option<ActivityName> {
    stream.as_str().parse().ok()
}

impl ReadModel for Activities {
    const NAME: &'static str = "activities";
    const VERSION: i32 = 2;
    const KEY: &'static [&'static str] = &["activity text collate \"C\" not null"];
    // The whole activity first; the columns after `position` repeat what can be asked about.
    const COLUMNS: &'static [&'static str] = &[
        "state text collate \"C\" not null",
        "version integer not null",
        "position bigint not null",
        "account text collate \"C\" not null",
        // Of a deleted activity, `deleted`: no list finds it.
        "status text collate \"C\" not null",
        // Empty for nobody.
        "assignee text collate \"C\" not null",
        "due timestamptz",
        "completed_at timestamptz",
        "created_at timestamptz not null",
        "updated_at timestamptz not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;
    const TALLIES: bool = true;

    type Key = ActivityName;
    type Row = ActivityRow;

    /// Open activities are counted, for the badges of [`todo`](crate::todo).
    fn tallies(row: &ActivityRow) -> Vec<Tally> {
        match row.state.details() {
            Some(details) if details.status() == Status::Open => {
                todo::tallies(&label(&Status::Open), &details.assignee, details.due())
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = ActivityName> {
        match event {
            Event::Activity(_) => name(&recorded.stream),
            Event::Account(_)
            | Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_)
            | Event::Service(_)
            | Event::Order(_) => None,
        }
    }

    fn fold(
        rows: &mut Rows<ActivityName, ActivityRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Event::Activity(event) = event else {
            return Ok(());
        };
        let name = name(&recorded.stream).ok_or_else(|| {
            FoldError::because("an event of an activity stands in another stream")
        })?;
        evolve(rows, name, recorded, |state| state.evolve(event))
    }

    fn put_key(key: &ActivityName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(
        AggregateRow {
            state,
            version,
            position,
        }: &ActivityRow,
        to: &mut Put<'_>,
    ) {
        // A row is made by the first event, so it is never of an absent activity; if it were, the columns
        // that are then missing would fail the batch.
        let Some(details) = state.known() else {
            return;
        };
        let status = match state {
            Activity::Absent | Activity::Deleted(_) => list::DELETED.to_owned(),
            Activity::Existing(details) => label(&details.status()),
        };
        let assignee = details.assignee.as_ref().map(MemberName::as_str);
        to.put(json(state))
            .put(version.0 as i32)
            .put(position.0)
            .put(details.account.as_str())
            .put(status)
            .put(assignee.unwrap_or_default())
            .put(details.due())
            .put(details.completed().map(|(at, _)| at))
            .put(details.created_at)
            .put(details.updated_at);
    }

    fn take(from: &mut Take<'_>) -> Result<(ActivityName, ActivityRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(state) = from.parse()?;
        let row = AggregateRow {
            state,
            version: Version(from.take::<i32>()? as u32),
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
