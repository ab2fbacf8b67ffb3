//! Commands about who works on a task, and who is told about it.

use crate::{
    commands::{
        member::assignable,
        task::{append, check_count, editable},
    },
    context::Context,
    limits,
    names::{StreamName, Subject, TaskName},
    rejection::{Reason, Rejection, Violations},
    task::{Assignment, AssignmentCause, Event, Field, Notify, Recipient},
    unit::{Command, Stop, Unit},
};

#[cfg(test)]
mod tests;

/// Changes who works on a task. Whoever joins must take work; their streams are read, so that the
/// append fails where they cease to meanwhile.
#[derive(Debug, Clone)]
pub struct AssignTask {
    pub name: TaskName,
    pub assignment: Assignment,
    /// Which path the change takes.
    pub cause: AssignmentCause,
}

impl Command for AssignTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let named = self.assignment.named().iter().take(limits::ASSIGNEES);
        let members = named.chain(context.acting_member()).map(StreamName::from);
        unit.need(members.chain([StreamName::from(&self.name)]))?;
        let task = editable(context, unit, &self.name, Field::Assignees)?;
        self.assignment.check()?;
        let event = task.assign(
            &self.name,
            &self.assignment,
            self.cause.clone(),
            context.by(),
            context.now,
        )?;
        if let Some(Event::Assigned { joined, .. }) = &event {
            for member in joined {
                assignable(unit, "assignees", member)?;
            }
        }
        append(unit, &self.name, event)
    }
}

/// Says who is told about a task beside its assignees, and of what.
#[derive(Debug, Clone)]
pub struct SetNotify {
    pub name: TaskName,
    pub notify: Notify,
}

impl Command for SetNotify {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::Notify)?;
        let recipients = &self.notify.recipients;
        let mut violations = Violations::new();
        let field = "notify.recipients";
        check_count(&mut violations, field, recipients, limits::RECIPIENTS);
        violations.finish()?;
        let event = task.set_notify(&self.name, &self.notify, context.by(), context.now)?;
        if event.is_some() {
            // Whoever is on the list already may stay, whatever became of them.
            let details = task.existing(&self.name)?;
            let listed = &details.notify.recipients;
            let new: Vec<_> = recipients
                .iter()
                .filter(|recipient| !listed.contains(recipient))
                .cloned()
                .collect();
            known_recipients(unit, &details.subject, field, &new)?;
        }
        append(unit, &self.name, event)
    }
}

/// Requires that recipients are members who take work, contacts of the account that the task is about,
/// or addresses. `field` is where they stand in the request.
pub(super) fn known_recipients(
    unit: &mut Unit<'_>,
    subject: &Subject,
    field: &str,
    recipients: &[Recipient],
) -> Result<(), Stop> {
    for recipient in recipients {
        match recipient {
            Recipient::Email(_) => {}
            Recipient::Member(member) => assignable(unit, field, member)?,
            Recipient::Contact(contact) => {
                let known = match subject {
                    Subject::Account(name) => unit
                        .account(name)?
                        .existing(name)
                        .is_ok_and(|account| account.contacts.contains_key(contact)),
                    Subject::Member(_) => false,
                };
                if !known {
                    return Err(Rejection::Precondition {
                        reason: Reason::UnknownContact,
                        subject: contact.to_string(),
                        description: format!(
                            "{field}: {contact} is not a contact of {}",
                            subject.as_str()
                        ),
                    }
                    .into());
                }
            }
        }
    }
    Ok(())
}
