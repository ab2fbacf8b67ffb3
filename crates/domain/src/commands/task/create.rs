//! The command that creates a task.

use chrono::{DateTime, Utc};

use crate::{
    account,
    commands::{
        account::create_for_action,
        member::assignable,
        task::{
            allow, assign::known_recipients, caller, check_count, distinct, offered_category,
            offered_role, successor::default_assignees,
        },
    },
    context::Context,
    limits,
    names::{Actor, ContactName, MemberName, StreamName, Subject, TaskName},
    rejection::{Reason, Rejection},
    settings::Settings,
    task::{self, Created, Draft, Event, Field, Origin, Recipient, Requester, Visibility, follows},
    text::{Line, SlaHours},
    unit::{Command, Stop, Unit},
};

#[cfg(test)]
mod tests;

const ASSIGNEES: &str = "task.assignees";
const RECIPIENTS: &str = "task.notify.recipients";

/// Creates a task about an account or a member, with the next number of that subject.
/// An account that does not exist yet is created in the same append.
///
/// A contact creates tasks about their own account: they are for the portal, and of origin `portal`.
#[derive(Debug, Clone)]
pub struct CreateTask {
    pub name: TaskName,
    pub draft: Draft,
    /// Of a contact's task, `portal` whatever is given here.
    pub origin: Origin,
}

/// A draft that has what every task must have.
struct Checked {
    subject: Subject,
    title: Line,
    start: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
}

/// What the subject gives a new task.
struct Numbered {
    number: Box<str>,
    sla_hours: Option<SlaHours>,
}

impl Command for CreateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        unit.need(self.streams(context))?;
        let caller = caller(context, unit)?;
        let creating = |field: Field| field.rights().create;
        allow(context, caller, &self.draft.fields(), creating, false)?;
        match &context.actor {
            Actor::Contact(contact) => self.submitted(contact, unit)?.create(context, unit),
            Actor::Member(_) | Actor::ServiceAccount(_) | Actor::System => {
                self.create(context, unit)
            }
        }
    }
}

impl CreateTask {
    /// Every stream that is known to be read before any state is: one round of loading.
    fn streams(&self, context: &Context) -> Vec<StreamName> {
        let draft = &self.draft;
        let subject = draft.subject.as_ref().map(|subject| match subject {
            Subject::Account(name) => name.into(),
            Subject::Member(name) => name.into(),
        });
        let members = draft.assignees.iter().chain(context.acting_member());
        let recipients = draft.notify.recipients.iter();
        let recipients = recipients.filter_map(|recipient| match recipient {
            Recipient::Member(name) => Some(StreamName::from(name)),
            Recipient::Contact(_) | Recipient::Email(_) => None,
        });
        [(&self.name).into(), StreamName::settings()]
            .into_iter()
            .chain(subject)
            .chain(members.map(StreamName::from))
            .chain(recipients)
            .chain(draft.related.iter().map(StreamName::from))
            // Longer lists are refused: nothing is loaded for them.
            .take(4 * limits::ASSIGNEES)
            .collect()
    }

    /// The same as a contact's own: about their account, for the portal, with them as requester.
    fn submitted(&self, contact: &ContactName, unit: &mut Unit<'_>) -> Result<Self, Stop> {
        let name = contact.account();
        let own = Subject::Account(name.clone());
        if let Some(other) = self.draft.subject.as_ref().filter(|given| **given != own) {
            return Err(Rejection::NotFound {
                resource: other.as_str().to_owned(),
            }
            .into());
        }
        let account = unit.account(&name)?;
        let known = account.existing(&name)?.contact(contact)?;
        let draft = Draft {
            subject: Some(own),
            visibility: Visibility::Portal,
            requester: requester(known),
            ..self.draft.clone()
        };
        Ok(Self {
            name: self.name.clone(),
            draft,
            origin: Origin::Portal,
        })
    }

    fn create(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        if unit.task(&self.name)?.known().is_some() {
            return Err(Rejection::AlreadyExists {
                resource: self.name.to_string(),
            }
            .into());
        }
        let settings = unit.settings()?;
        let checked = self.check(context, &settings, unit)?;
        let Checked { subject, start, .. } = &checked;
        let numbered = self.number(context, &settings, subject, unit)?;
        let recipients = &self.draft.notify.recipients;
        known_recipients(unit, subject, RECIPIENTS, recipients)?;
        let assignees = self.assignees(unit, subject)?;
        let sla_hours = numbered.sla_hours.unwrap_or(settings.default_sla_hours);
        let (due, due_source) = task::due(*start, checked.due, sla_hours)
            .map_err(|invalid| Rejection::invalid("task.due_time", invalid.to_string()))?;
        let (by, at) = (context.by(), context.now);
        let related = distinct(&self.draft.related);
        for other in &related {
            let event = related_to(unit, other)?.relate(other, &self.name, by.clone(), at)?;
            event.map_or(Ok(()), |event| unit.append_task(other, event))?;
        }
        let draft = &self.draft;
        let created = Created {
            number: numbered.number,
            subject: checked.subject,
            title: checked.title,
            description: draft.description.clone().filter(|html| !html.is_blank()),
            category: draft.category.clone(),
            status: draft.status,
            percent: draft.percent,
            priority: draft.priority,
            visibility: draft.visibility,
            assignees,
            notify: draft.notify.distinct(),
            start: checked.start,
            due,
            due_source,
            sla_hours,
            estimated_hours: draft.estimated_hours,
            actual_hours: draft.actual_hours,
            billable: draft.billable,
            requester: draft.requester.clone(),
            quantity: draft.quantity,
            price: draft.price,
            mileage: draft.mileage,
            expenses: draft.expenses,
            related,
            tags: distinct(&draft.tags),
            responsible_role: draft.responsible_role.clone(),
            origin: self.origin,
            by: by.clone(),
            at,
        };
        let event = unit.task(&self.name)?.create(&self.name, created)?;
        unit.append_task(&self.name, event)?;
        if draft.tracker {
            unit.append_task(&self.name, Event::TrackerRequested { by, at })?;
        }
        Ok((&self.name).into())
    }

    /// Whatever is missing or malformed, with what was found in what could not be read: all is told at
    /// once (S3).
    fn check(
        &self,
        context: &Context,
        settings: &Settings,
        unit: &mut Unit<'_>,
    ) -> Result<Checked, Stop> {
        let draft = &self.draft;
        let mut violations = draft.found.clone();
        let v = &mut violations;
        v.require("task.subject", draft.subject.is_some());
        v.require("task.title", draft.title.is_some());
        check_count(v, ASSIGNEES, &draft.assignees, limits::ASSIGNEES);
        let recipients = &draft.notify.recipients;
        check_count(v, RECIPIENTS, recipients, limits::RECIPIENTS);
        let related = &draft.related;
        check_count(v, "task.related_tasks", related, limits::RELATED_TASKS);
        check_count(v, "task.tags", &draft.tags, limits::TAGS);
        if related.contains(&self.name) {
            v.add(
                "task.related_tasks",
                format!("names {}, the task itself", self.name),
            );
        }
        // One that could not be read is not compared with anything.
        let start = if v.names("task.start_time") {
            None
        } else {
            let start = task::in_range(draft.start.unwrap_or(context.now));
            v.check("task.start_time", start)
        };
        let due = draft.due.map(|due| {
            let due = due.instant(settings.time_zone);
            let due = match (due, start) {
                // The same rule that gives the due time in the end.
                (Ok(due), Some(start)) => {
                    task::due(start, Some(due), settings.default_sla_hours).map(|(due, _)| due)
                }
                (due, _) => due,
            };
            v.check("task.due_time", due)
        });
        if let Some(subject) = &draft.subject {
            if let Some(role) = &draft.responsible_role {
                v.check("task.responsible_role", follows(subject, role));
            }
            if draft.assignees.is_empty() && !v.names(ASSIGNEES) && is_nobodys(unit, subject)? {
                v.add(ASSIGNEES, nobody(subject));
            }
        }
        violations.finish()?;
        const NOTED: &str = "what is missing was noted as a violation";
        let (subject, title) = (draft.subject.clone(), draft.title.clone());
        let (subject, title) = (subject.expect(NOTED), title.expect(NOTED));
        let start = start.expect(NOTED);
        if let Some(category) = &draft.category {
            offered_category(settings, category)?;
        }
        if let Some(role) = &draft.responsible_role {
            offered_role(settings, role)?;
        }
        Ok(Checked {
            subject,
            title,
            start,
            due: due.flatten(),
        })
    }

    /// Allocates the number on the subject, in the same append, so that no race gives one twice.
    fn number(
        &self,
        context: &Context,
        settings: &Settings,
        subject: &Subject,
        unit: &mut Unit<'_>,
    ) -> Result<Numbered, Stop> {
        let format = |part: &str, n| settings.task_number_format.number(part, n).into();
        match subject {
            Subject::Account(name) => {
                create_for_action(context, unit, name)?;
                let account = unit.account(name)?;
                let (n, event) = account.number_task(name, self.name.clone())?;
                unit.append_account(name, event)?;
                Ok(Numbered {
                    number: format(name.id(), n),
                    sla_hours: account.existing(name)?.sla_hours,
                })
            }
            Subject::Member(name) => {
                let (n, event) = unit.member(name)?.number_task(name, self.name.clone())?;
                unit.append_member(name, event)?;
                Ok(Numbered {
                    number: format(&format!("member-{}", name.id()), n),
                    sla_hours: None,
                })
            }
        }
    }

    /// Those who are named, or whose the task is by itself.
    fn assignees(&self, unit: &mut Unit<'_>, subject: &Subject) -> Result<Vec<MemberName>, Stop> {
        let named = distinct(&self.draft.assignees);
        for member in &named {
            assignable(unit, ASSIGNEES, member)?;
        }
        if !named.is_empty() {
            return Ok(named);
        }
        let assignees = default_assignees(unit, subject)?;
        if assignees.is_empty() {
            return Err(Rejection::invalid(ASSIGNEES, nobody(subject)).into());
        }
        Ok(assignees)
    }
}

/// Whether a task for which nobody is named would be nobody's. A subject that does not exist is refused, or
/// created with an assignee.
fn is_nobodys(unit: &mut Unit<'_>, subject: &Subject) -> Result<bool, Stop> {
    let exists = match subject {
        Subject::Account(name) => unit.account(name)?.existing(name).is_ok(),
        Subject::Member(name) => unit.member(name)?.existing(name).is_ok(),
    };
    Ok(exists && default_assignees(unit, subject)?.is_empty())
}

fn nobody(subject: &Subject) -> String {
    let subject = subject.as_str();
    format!("is required: nobody who takes work is responsible for {subject}")
}

/// A task that another is to be related to.
pub(super) fn related_to(
    unit: &mut Unit<'_>,
    other: &TaskName,
) -> Result<std::sync::Arc<task::Task>, Stop> {
    let task = unit.task(other)?;
    if task.details().is_none() {
        return Err(Rejection::Precondition {
            reason: Reason::UnknownTask,
            subject: other.to_string(),
            description: format!("{other} does not exist, so nothing can be related to it"),
        }
        .into());
    }
    Ok(task)
}

/// What an account knows of somebody who asks for work.
pub(super) fn requester(contact: &account::Contact) -> Requester {
    Requester {
        name: Some(contact.display_name.clone()),
        email: contact.email.clone(),
        phone: contact.phone.clone(),
    }
}
