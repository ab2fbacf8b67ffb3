//! Commands about the tasks of an order's checklist. An order that was completed by hand or cancelled
//! refuses them.

use crate::{
    checklist::{Arrangement, Changes, Content, Draft, Tier},
    commands::{
        checklist::{checked, named, offered_role},
        order::{
            added_of_closed, append, append_new_work, editable, stand_ins, with_editable_task,
        },
    },
    context::Context,
    names::{OrderName, OrderTaskName, StreamName, TemplateTaskName},
    order::{Addition, Event, StandIns},
    rejection::Rejection,
    unit::{Command, Stop, Unit},
};

/// Where a new task of an order comes from.
#[derive(Debug, Clone)]
pub enum NewOrderTask {
    /// From scratch.
    Scratch(Draft),
    /// From the service's library: its template as it is now.
    Template {
        task: TemplateTaskName,
        /// None: as in the template.
        tier: Option<Tier>,
    },
}

/// Adds a task to an order, at the end of its tier. The account must take new work. An order that
/// completed by itself opens again.
#[derive(Debug, Clone)]
pub struct AddOrderTask {
    pub name: OrderTaskName,
    pub task: NewOrderTask,
}

impl Command for AddOrderTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = self.name.order();
        let (service, assignees) = match &self.task {
            NewOrderTask::Scratch(draft) => (None, &draft.assignees[..]),
            NewOrderTask::Template { task, .. } => (Some(task.service()), &[][..]),
        };
        let members = named(assignees).chain(context.acting_member());
        let streams = [(&name).into(), StreamName::settings()];
        unit.need(
            members
                .map(StreamName::from)
                .chain(service.as_ref().map(StreamName::from))
                .chain(streams),
        )?;
        let order = editable(context, unit, &name)?;
        let details = order.existing(&name)?;
        let (addition, stand_ins) = match &self.task {
            NewOrderTask::Scratch(draft) => {
                let draft = checked(unit, draft)?;
                let stand_ins = stand_ins(unit, &details.account, added_of_closed(details))?;
                (Addition::Scratch(draft), stand_ins)
            }
            NewOrderTask::Template { task, tier } => {
                let service = task.service();
                if service != details.service {
                    return Err(Rejection::invalid(
                        "template_task",
                        format!("is {task}; {name} is an order of {}", details.service),
                    )
                    .into());
                }
                let service_state = unit.service(&service)?;
                let template = service_state.existing(&service)?.existing_task(task)?;
                let assignees = &template.content.assignees;
                let members = assignees.iter().chain(added_of_closed(details));
                let stand_ins: StandIns = stand_ins(unit, &details.account, members)?;
                let content = Content {
                    assignees: stand_ins.assignees(assignees),
                    tier: tier.unwrap_or(template.content.tier),
                    ..template.content.clone()
                };
                let task = task.clone();
                (Addition::Template { task, content }, stand_ins)
            }
        };
        let (by, at) = (context.by(), context.now);
        let events = order.add_task(&self.name, &addition, &stand_ins, by, at)?;
        append_new_work(unit, &name, &details.account, events)
    }
}

/// Changes what a task of an order says. Who does it has a command of its own.
#[derive(Debug, Clone)]
pub struct UpdateOrderTask {
    pub name: OrderTaskName,
    pub changes: Changes,
}

impl Command for UpdateOrderTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = self.name.order();
        let order = with_editable_task(context, unit, &self.name)?;
        let events = order.update_task(&self.name, &self.changes, context.by(), context.now)?;
        if let Some(Event::TaskUpdated(updated)) = events.first() {
            // What was retired since it was chosen stays.
            let role = updated.changes.responsible_role.as_ref();
            let role = role.and_then(|change| change.to.as_ref());
            if role.is_some() {
                offered_role(&*unit.settings()?, role)?;
            }
        }
        append(unit, &name, events)
    }
}

/// Takes a task out of an order's checklist. Removing it again changes nothing. An order whose last open
/// task is removed completes, unless it has no task left.
#[derive(Debug, Clone)]
pub struct RemoveOrderTask {
    pub name: OrderTaskName,
}

impl Command for RemoveOrderTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let order = with_editable_task(context, unit, &self.name)?;
        let events = order.remove_task(&self.name, context.by(), context.now)?;
        append(unit, &self.name.order(), events)
    }
}

/// Puts the tasks of an order into another order, and into other tiers.
#[derive(Debug, Clone)]
pub struct ReorderOrderTasks {
    pub name: OrderName,
    pub arrangement: Arrangement<OrderTaskName>,
}

impl Command for ReorderOrderTasks {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let order = editable(context, unit, &self.name)?;
        let events =
            order.reorder_tasks(&self.name, &self.arrangement, context.by(), context.now)?;
        append(unit, &self.name, events)
    }
}
