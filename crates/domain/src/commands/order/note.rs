//! The command that adds a note to an order.

use crate::{
    commands::{
        order::{append, of_own_account},
        task::{caller, note::written},
    },
    context::Context,
    names::{Actor, OrderName, OrderTaskName, StreamName},
    rejection::Rejection,
    task::Visibility,
    text::Html,
    unit::{Command, Stop, Unit},
};

/// What a note is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteOn {
    Order(OrderName),
    Task(OrderTaskName),
}

/// Adds a note to an order or to one of its tasks, for contacts too or for the team. Notes are not edited:
/// a correction is a new one.
///
/// A contact adds notes to an order of their account, which must not be deactivated, and to those of its
/// tasks that they see; they are for contacts, whatever is given here.
#[derive(Debug, Clone)]
pub struct AddOrderNote {
    pub on: NoteOn,
    pub note: Html,
    pub visibility: Visibility,
}

impl Command for AddOrderNote {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let (name, task) = match &self.on {
            NoteOn::Order(order) => (order.clone(), None),
            NoteOn::Task(task) => (task.order(), Some(task)),
        };
        let member = context.acting_member().map(StreamName::from);
        unit.need(member.into_iter().chain([(&name).into()]))?;
        caller(context, unit)?;
        let order = unit.order(&name)?;
        let details = order.existing(&name)?;
        let visibility = match &context.actor {
            Actor::Contact(contact) => {
                of_own_account(contact, &name, details)?;
                if let Some(task) = task
                    && details.visible_to_contact().all(|seen| seen.name != *task)
                {
                    return Err(Rejection::NotFound {
                        resource: task.to_string(),
                    }
                    .into());
                }
                unit.account(&details.account)?
                    .accept_new_work(&details.account)?;
                Visibility::Portal
            }
            Actor::Member(_) | Actor::ServiceAccount(_) | Actor::System => self.visibility,
        };
        let note = written(&self.note)?;
        let (by, at) = (context.by(), context.now);
        let event = order.add_note(&name, task, note, visibility, by, at)?;
        append(unit, &name, vec![event])
    }
}
