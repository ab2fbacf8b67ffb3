//! How an order is placed: the service's template becomes its checklist.

use chrono::{DateTime, Utc};

use crate::{
    limits,
    names::{AccountName, Actor, OrderName, OrderTaskName, ServiceName},
    order::{Copied, Decision, Details, Event, Order, Placed, StandIns},
    rejection::Rejection,
    service,
    text::Line,
};

/// An order that is to be placed.
#[derive(Debug, Clone)]
pub struct Placing {
    pub account: AccountName,
    pub service: ServiceName,
    /// None: as the service is called.
    pub title: Option<Line>,
    pub start: DateTime<Utc>,
}

impl Order {
    /// Places the order with the template of `service` as it is now. A checklist that is too big for one
    /// event is spread over several.
    pub fn place(
        &self,
        name: &OrderName,
        placing: &Placing,
        service: &service::Details,
        stand_ins: &StandIns,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        if let Self::Existing(_) = self {
            return Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            });
        }
        let mut slices = slices(name, service, stand_ins).into_iter();
        let placed = Placed {
            account: placing.account.clone(),
            service: placing.service.clone(),
            service_version: service.revision,
            title: placing
                .title
                .clone()
                .unwrap_or_else(|| service.display_name.clone()),
            start: placing.start,
            task_count: u32::try_from(service.tasks.len()).unwrap_or(u32::MAX),
            tasks: slices.next().unwrap_or_default(),
            by: by.clone(),
            at,
        };
        let details = Details::placed(&placed).ok_or_else(|| Rejection::AlreadyExists {
            resource: name.to_string(),
        })?;
        let events = vec![Event::Placed(Box::new(placed))];
        let mut decision = Decision::placing(details, events, by.clone(), at);
        for tasks in slices {
            let by = by.clone();
            decision.then(Event::ChecklistCopied { tasks, by, at });
        }
        Ok(decision.settle(stand_ins))
    }
}

/// The template's tasks as an order gets them, as many in a slice as an event may hold.
fn slices(name: &OrderName, service: &service::Details, stand_ins: &StandIns) -> Vec<Vec<Copied>> {
    let mut slices: Vec<Vec<Copied>> = vec![Vec::new()];
    let mut bytes = 0;
    for template in &service.tasks {
        let copied = Copied {
            task: OrderTaskName::from_id(name, template.name.id())
                .expect("the id of a template's task is an id"),
            template: template.name.clone(),
            content: crate::checklist::Content {
                assignees: stand_ins.assignees(&template.content.assignees),
                ..template.content.clone()
            },
        };
        let size = serde_json::to_string(&copied).map_or(0, |json| json.len()) + 1;
        if bytes + size > limits::CHECKLIST_SLICE_BYTES && bytes > 0 {
            slices.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(slice) = slices.last_mut() {
            slice.push(copied);
        }
    }
    slices
}
