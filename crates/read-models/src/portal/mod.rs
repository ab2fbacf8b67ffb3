//! The portal: what the contacts of an account see of its tasks and orders (S1, S3); one row for each.
//!
//! What contacts see is in the column `shown`, and the columns beside it that are asked about; all are null
//! where they see nothing. `held`, from which it is folded, is withheld from whoever reads.

mod list;
mod shared_order;
mod shared_task;

use handoff_domain::{
    Event,
    names::{OrderName, StreamName, TaskName},
    order::Order,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Timestamp;

use crate::stored::{Json, json, label};

pub(crate) use list::{ORDERS, TASKS, one, orders, tasks};
pub use shared_order::{OrderForContacts, OrderTaskForContacts};
pub use shared_task::{SharedTask, TaskForContacts};

/// The read model `portal`.
#[derive(Debug)]
pub struct Portal;

/// What a row is folded from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Held {
    Task(SharedTask),
    /// With the version of its last event, so that none is applied twice.
    Order {
        order: Order,
        version: u32,
    },
}

/// A task or order, with what is known of it so far.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalRow {
    pub held: Held,
    /// Of the last event that changed it.
    pub position: Position,
}

/// A task as contacts see it, found by a query.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalTaskEntry {
    pub name: TaskName,
    pub task: TaskForContacts,
}

/// An order as contacts see it, found by a query.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalOrderEntry {
    pub name: OrderName,
    pub order: OrderForContacts,
    /// What the service is called now.
    pub service_display_name: Option<String>,
}

impl ReadModel for Portal {
    const NAME: &'static str = "portal";
    const VERSION: i32 = 2;
    const KEY: &'static [&'static str] = &["resource text collate \"C\" not null"];
    const COLUMNS: &'static [&'static str] = &[
        "held text collate \"C\" not null",
        "position bigint not null",
        // All that follows is null where contacts see nothing.
        "account text collate \"C\"",
        "kind text collate \"C\"",
        "shown text collate \"C\"",
        "status text collate \"C\"",
        // Of what is never due, `infinity`: it comes last.
        "due timestamptz",
        "created_at timestamptz",
        "service text collate \"C\"",
        // The tasks of an order that they see.
        "tasks text[] collate \"C\"",
    ];
    const WITHHELD: &'static [&'static str] = &["held"];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = StreamName;
    type Row = PortalRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = StreamName> {
        let concerns = match event {
            Event::Task(event) => shared_task::concerns(event),
            Event::Order(_) => true,
            _ => false,
        };
        concerns.then(|| recorded.stream.clone())
    }

    fn fold(
        rows: &mut Rows<StreamName, PortalRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        match event {
            Event::Task(event) if shared_task::concerns(event) => {
                shared_task::fold(rows, recorded, event)
            }
            Event::Order(event) => shared_order::fold(rows, recorded, event),
            _ => Ok(()),
        }
    }

    fn put_key(key: &StreamName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(PortalRow { held, position }: &PortalRow, to: &mut Put<'_>) {
        to.put(json(held)).put(position.0);
        let nothing: Option<&str> = None;
        let due = |due: Option<_>| due.map_or(Timestamp::PosInfinity, Timestamp::Value);
        match held {
            Held::Task(task) => match task.shown() {
                Some(shown) => to
                    .put(task.account.as_str())
                    .put(list::TASK)
                    .put(json(shown))
                    .put(label(&shown.status))
                    .put(due(Some(shown.due)))
                    .put(shown.created_at)
                    .put(nothing)
                    .put(Vec::<&str>::new()),
                None => put_nothing(to),
            },
            Held::Order { order, .. } => match order.details() {
                Some(details) => {
                    let shown = OrderForContacts::of(details);
                    let tasks = shown.tasks.iter().map(|task| task.name.to_string());
                    to.put(details.account.as_str())
                        .put(list::ORDER)
                        .put(json(&shown))
                        .put(label(&shown.status))
                        .put(due(shown.next_due()))
                        .put(shown.created_at)
                        .put(details.service.as_str())
                        .put(tasks.collect::<Vec<_>>())
                }
                None => put_nothing(to),
            },
        };
    }

    fn take(from: &mut Take<'_>) -> Result<(StreamName, PortalRow), UnreadableRow> {
        let key = from.parse()?;
        let Json(held) = from.parse()?;
        let row = PortalRow {
            held,
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}

/// Leaves every column null that contacts are answered from.
fn put_nothing<'p, 'a>(to: &'p mut Put<'a>) -> &'p mut Put<'a> {
    let (text, moment): (Option<&str>, Option<chrono::DateTime<chrono::Utc>>) = (None, None);
    let texts: Option<Vec<&str>> = None;
    to.put(text)
        .put(text)
        .put(text)
        .put(text)
        .put(moment)
        .put(moment)
        .put(text)
        .put(texts)
}
