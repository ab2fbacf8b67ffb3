//! Commands that check and uncheck the tasks of an order.

use crate::{
    checklist::Visibility,
    commands::{
        order::{
            added_of_closed, append, append_new_work, of_own_account, stand_ins, with_editable_task,
        },
        task::caller,
    },
    context::Context,
    names::{Actor, OrderTaskName, StreamName},
    order::Details,
    rejection::Rejection,
    unit::{Command, Stop, Unit},
};

/// Marks a task of an order as done. The team checks any task; checking one again changes nothing. When
/// the last open one is checked the order is complete.
///
/// A contact checks an open `client_assigned` task of the current tier of an order of their account,
/// which must not be deactivated.
#[derive(Debug, Clone)]
pub struct CheckOrderTask {
    pub name: OrderTaskName,
}

impl Command for CheckOrderTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = self.name.order();
        let member = context.acting_member().map(StreamName::from);
        unit.need(member.into_iter().chain([(&name).into()]))?;
        caller(context, unit)?;
        let order = unit.order(&name)?;
        let details = order.existing(&name)?;
        if let Actor::Contact(contact) = &context.actor {
            of_own_account(contact, &name, details)?;
            self.is_for_a_contact(context, details)?;
            unit.account(&details.account)?
                .accept_new_work(&details.account)?;
        }
        let task = details.existing_task(&self.name)?;
        context.check_revision(self.name.as_str(), task.revision)?;
        let events = order.check_task(&self.name, context.by(), context.now)?;
        append(unit, &name, events)
    }
}

impl CheckOrderTask {
    /// Requires that a contact sees the task and that it is theirs to do. Of what they see, the open tasks
    /// are those of the current tier.
    fn is_for_a_contact(&self, context: &Context, details: &Details) -> Result<(), Rejection> {
        let mut visible = details.visible_to_contact();
        let Some(task) = visible.find(|task| task.name == self.name) else {
            return Err(Rejection::NotFound {
                resource: self.name.to_string(),
            });
        };
        match task.content.visibility {
            Visibility::ClientAssigned => Ok(()),
            Visibility::Internal | Visibility::Portal => Err(Rejection::NotAllowed {
                actor: context.actor.to_string(),
                description: format!("the team does {}", self.name),
            }),
        }
    }
}

/// Takes back that a task of an order is done. The account must take new work. Assignees who do not take
/// work any more are replaced by their successors, in the same append (S4). An order that completed by
/// itself opens again.
#[derive(Debug, Clone)]
pub struct UncheckOrderTask {
    pub name: OrderTaskName,
}

impl Command for UncheckOrderTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = self.name.order();
        let order = with_editable_task(context, unit, &self.name)?;
        let details = order.existing(&name)?;
        let task = details.existing_task(&self.name)?;
        let members = task.content.assignees.iter();
        let members = members.chain(added_of_closed(details));
        let stand_ins = stand_ins(unit, &details.account, members)?;
        let (by, at) = (context.by(), context.now);
        let events = order.uncheck_task(&self.name, &stand_ins, by, at)?;
        append_new_work(unit, &name, &details.account, events)
    }
}
