//! An order as contacts see it: through the client gate (S1).

use chrono::{DateTime, Utc};
use handoff_domain::{
    CorruptHistory,
    checklist::Visibility,
    names::{OrderTaskName, StreamName},
    order::{Details, Event, Order, Status},
    text::{Html, Line},
};
use handoff_event_log::Recorded;
use handoff_projections::{FoldError, Rows};
use serde::{Deserialize, Serialize};

use super::{Held, PortalRow};

/// What contacts see of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderForContacts {
    pub title: Line,
    pub status: Status,
    pub start: DateTime<Utc>,
    /// In their order.
    pub tasks: Vec<OrderTaskForContacts>,
    pub created_at: DateTime<Utc>,
    /// When it was completed or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
}

/// What contacts see of a task of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderTaskForContacts {
    pub name: OrderTaskName,
    pub title: Line,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Html>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<DateTime<Utc>>,
    /// Whether a contact does it, and not the team.
    pub is_clients: bool,
    /// Whether it is now that a contact does it.
    pub waits: bool,
}

impl OrderForContacts {
    /// What they see of an order.
    pub fn of(details: &Details) -> Self {
        let tasks = details.visible_to_contact().map(|task| {
            let is_clients = task.content.visibility == Visibility::ClientAssigned;
            OrderTaskForContacts {
                name: task.name.clone(),
                title: task.content.title.clone(),
                description: task.content.description.clone(),
                due: details.due(task),
                done_at: task.checked.as_ref().map(|checked| checked.at),
                is_clients,
                waits: is_clients && details.is_current(task),
            }
        });
        Self {
            title: details.title.clone(),
            status: details.status(),
            start: details.start,
            tasks: tasks.collect(),
            created_at: details.created_at,
            closed_at: details.closed().map(|(at, _)| at),
        }
    }

    /// When the first of the tasks is due that wait for a contact.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let waiting = self.tasks.iter().filter(|task| task.waits);
        waiting.filter_map(|task| task.due).min()
    }
}

/// Applies an event of an order.
pub(super) fn fold(
    rows: &mut Rows<StreamName, PortalRow>,
    recorded: &Recorded,
    event: &Event,
) -> Result<(), FoldError> {
    let key = &recorded.stream;
    let version = recorded.version.0;
    let evolved = |order: Order| {
        let order = order.evolve(event).map_err(FoldError::because)?;
        Ok::<_, FoldError>(Held::Order { order, version })
    };
    if version == 1 {
        let row = PortalRow {
            held: evolved(Order::Absent)?,
            position: recorded.position,
        };
        return rows.insert(key.clone(), row);
    }
    let row = rows.get_mut(key)?;
    let absent = Held::Order {
        order: Order::Absent,
        version,
    };
    row.held = match std::mem::replace(&mut row.held, absent) {
        Held::Order {
            order,
            version: before,
        } if before + 1 == version => evolved(order)?,
        Held::Order { .. } | Held::Task(_) => return Err(FoldError::because(CorruptHistory)),
    };
    row.position = recorded.position;
    Ok(())
}
