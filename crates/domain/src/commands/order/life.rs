//! Commands about an order as a whole.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    commands::order::{append, append_new_work, editable, place, stand_ins},
    context::Context,
    names::{OrderName, StreamName},
    order::{Cycle, Renewal},
    text::Line,
    unit::{Command, Stop, Unit},
};

/// Changes an order's title or start. The due times of its tasks move with the start.
#[derive(Debug, Clone)]
pub struct UpdateOrder {
    pub name: OrderName,
    /// None: as it is.
    pub title: Option<Line>,
    /// None: as it is.
    pub start: Option<DateTime<Utc>>,
}

impl Command for UpdateOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let order = editable(context, unit, &self.name)?;
        let start = match self.start {
            None => None,
            given => Some(place::start(given, context)?),
        };
        let (by, at) = (context.by(), context.now);
        let events = order.update(&self.name, self.title.as_ref(), start, by, at)?;
        append(unit, &self.name, events)
    }
}

/// Completes an order by hand, whatever is still open. Its checklist then refuses changes until it is
/// reopened. Completing it again changes nothing; a cancelled one must be reopened first.
#[derive(Debug, Clone)]
pub struct CompleteOrder {
    pub name: OrderName,
}

impl Command for CompleteOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let order = editable(context, unit, &self.name)?;
        let events = order.complete(&self.name, context.by(), context.now)?;
        append(unit, &self.name, events)
    }
}

/// Cancels an order. Its checklist then refuses changes until it is reopened. Cancelling it again changes
/// nothing; a complete one must be reopened first.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    pub name: OrderName,
}

impl Command for CancelOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let order = editable(context, unit, &self.name)?;
        let events = order.cancel(&self.name, context.by(), context.now)?;
        append(unit, &self.name, events)
    }
}

/// Opens a closed order again; what was checked stays so. The account must take new work. Assignees who do
/// not take work any more are replaced by their successors, in the same append (S4).
#[derive(Debug, Clone)]
pub struct ReopenOrder {
    pub name: OrderName,
}

impl Command for ReopenOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let order = editable(context, unit, &self.name)?;
        let details = order.existing(&self.name)?;
        if details.is_open() {
            return Ok((&self.name).into());
        }
        let tasks = details.open_tasks();
        let members = tasks.flat_map(|task| &task.content.assignees);
        let members = members.chain(&details.added);
        let stand_ins = stand_ins(unit, &details.account, members)?;
        let events = order.reopen(&self.name, &stand_ins, context.by(), context.now)?;
        append_new_work(unit, &self.name, &details.account, events)
    }
}

/// Begins the next round of an order that recurs (S1): every task is incomplete, those whose template
/// still exists get its assignees as they are now, nobody is on it or off it by hand. The account must
/// take new work, which a paused one does: it is paid for. Not of a cancelled order. The same cycle again
/// changes nothing, also after others.
#[derive(Debug, Clone)]
pub struct RenewOrder {
    pub name: OrderName,
    pub cycle: Cycle,
    /// From when its deadlines count. None: now.
    pub start: Option<DateTime<Utc>>,
}

impl Command for RenewOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let order = editable(context, unit, &self.name)?;
        let details = order.existing(&self.name)?;
        if details.was_renewed_for(&self.cycle) {
            return Ok((&self.name).into());
        }
        let start = place::start(self.start, context)?;
        let service = unit.service(&details.service)?;
        let templates = service.details().map_or(&[][..], |service| &service.tasks);
        let template = templates
            .iter()
            .map(|task| (&task.name, &task.content.assignees[..]));
        let template: BTreeMap<_, _> = template.collect();
        let tasks = details.tasks.iter();
        let own = tasks.flat_map(|task| &task.content.assignees);
        let members = template.values().copied().flatten().chain(own);
        let stand_ins = stand_ins(unit, &details.account, members)?;
        let renewal = Renewal {
            cycle: &self.cycle,
            start,
            template,
        };
        let (by, at) = (context.by(), context.now);
        let events = order.renew(&self.name, &renewal, &stand_ins, by, at)?;
        append_new_work(unit, &self.name, &details.account, events)
    }
}
