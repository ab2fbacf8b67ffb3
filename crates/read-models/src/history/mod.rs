//! History: one row for each event, only ever added to.
//!
//! The events of a task, activity, document or order say whose it is only when it begins. The row of that event keeps it as
//! `subject`, so an account's history is its own stream and every stream that names it as subject:
//! found when it is asked for. To keep the owner on every row, the fold would have to look each task
//! up, and a rebuild could no longer pour events into the table as fast as the log gives them.

mod list;

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Version, activity, document,
    names::{Actor, MemberName, StreamName, Subject},
    order, task,
};
use handoff_event_log::{Metadata, Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};
use uuid::Uuid;

pub(crate) use list::{LISTING, one, page};

/// The read model `history`.
#[derive(Debug)]
pub struct History;

/// One event with who did it and why.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    pub stream: StreamName,
    pub version: Version,
    /// What happened: `task.completed`.
    pub event_type: String,
    /// The account or member that a new task, activity or document is about, the account of a new order;
    /// none for other events.
    pub subject: Option<Subject>,
    pub actor: Actor,
    pub on_behalf_of: Option<MemberName>,
    /// The RPC or policy that issued the command.
    pub request: String,
    pub event_id: Uuid,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    pub causation_id: Option<Uuid>,
    pub recorded_at: DateTime<Utc>,
    /// The payload as JSON, as the log has it.
    pub payload: String,
}

/// An event as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    pub position: Position,
    pub row: HistoryRow,
}

impl ReadModel for History {
    const NAME: &'static str = "history";
    const VERSION: i32 = 3;
    const KEY: &'static [&'static str] = &["position bigint not null"];
    const COLUMNS: &'static [&'static str] = &[
        "stream text collate \"C\" not null",
        "version integer not null",
        "type text collate \"C\" not null",
        "subject text collate \"C\"",
        "actor text collate \"C\" not null",
        "on_behalf_of text collate \"C\"",
        "request text collate \"C\" not null",
        "event_id uuid not null",
        "command_id uuid not null",
        "correlation_id uuid not null",
        "causation_id uuid",
        "recorded_at timestamptz not null",
        "payload text collate \"C\" not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;
    const INSERT_ONLY: bool = true;

    type Key = Position;
    type Row = HistoryRow;

    fn touches(_: &Recorded, _: &Event) -> impl IntoIterator<Item = Position> {
        None
    }

    fn fold(
        rows: &mut Rows<Position, HistoryRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let Metadata {
            actor,
            on_behalf_of,
            request,
            request_hash: _,
            correlation_id,
            causation_id,
        } = recorded
            .metadata()
            .map_err(|error| FoldError::because(format!("its metadata are malformed: {error}")))?;
        let subject = match event {
            Event::Task(task::Event::Created(created)) => Some(created.subject.clone()),
            Event::Document(document::Event::Uploaded(uploaded)) => Some(uploaded.subject.clone()),
            Event::Activity(activity::Event::Created(created)) => {
                Some(Subject::Account(created.account.clone()))
            }
            Event::Order(order::Event::Placed(placed)) => {
                Some(Subject::Account(placed.account.clone()))
            }
            Event::Task(_)
            | Event::Account(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_)
            | Event::Activity(_)
            | Event::Service(_)
            | Event::Order(_) => None,
        };
        let row = HistoryRow {
            stream: recorded.stream.clone(),
            version: recorded.version,
            event_type: recorded.event_type.clone(),
            subject,
            actor,
            on_behalf_of,
            request,
            event_id: recorded.event_id,
            command_id: recorded.command_id,
            correlation_id,
            causation_id,
            recorded_at: recorded.recorded_at,
            payload: recorded.payload.clone(),
        };
        rows.insert(recorded.position, row)
    }

    fn put_key(key: &Position, to: &mut Put<'_>) {
        to.put(key.0);
    }

    fn put_row(row: &HistoryRow, to: &mut Put<'_>) {
        to.put(row.stream.as_str())
            .put(row.version.0 as i32)
            .put(&*row.event_type)
            .put(row.subject.as_ref().map(Subject::as_str))
            .put(row.actor.as_str())
            .put(row.on_behalf_of.as_ref().map(MemberName::as_str))
            .put(&*row.request)
            .put(row.event_id)
            .put(row.command_id)
            .put(row.correlation_id)
            .put(row.causation_id)
            .put(row.recorded_at)
            .put(&*row.payload);
    }

    fn take(from: &mut Take<'_>) -> Result<(Position, HistoryRow), UnreadableRow> {
        let key = Position(from.take()?);
        let row = HistoryRow {
            stream: from.parse()?,
            version: Version(from.take::<i32>()? as u32),
            event_type: from.take()?,
            subject: from.parse_optional()?,
            actor: from.parse()?,
            on_behalf_of: from.parse_optional()?,
            request: from.take()?,
            event_id: from.take()?,
            command_id: from.take()?,
            correlation_id: from.take()?,
            causation_id: from.take()?,
            recorded_at: from.take()?,
            payload: from.take()?,
        };
        Ok((key, row))
    }
}
