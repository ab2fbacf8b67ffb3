//! Commands about tasks (S2, S3).

mod assign;
mod call;
mod create;
pub(super) mod note;
mod progress;
mod relate;
pub(super) mod successor;
mod update;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod rights_tests;
#[cfg(test)]
pub(super) mod samples;

use std::sync::Arc;

use crate::{
    context::Context,
    member,
    names::{Actor, ContactName, StreamName, Subject, TaskName},
    rejection::{Reason, Rejection, quoted},
    settings::Settings,
    task::{self, Caller, Details, Field, Right, Task, Visibility},
    terms::Role,
    unit::{Stop, Unit},
};

pub use assign::{AssignTask, SetNotify};
pub use call::CreateTaskFromCall;
pub use create::CreateTask;
pub use note::{AddInternalNote, AddNote, MarkBilled};
pub use progress::{CancelTask, CompleteTask, DeleteTask, ReopenTask, SetTaskStatus, UndeleteTask};
pub use relate::{RelateTasks, UnrelateTasks};
pub use update::UpdateTask;

pub(super) use successor::in_place_of;
pub(super) use task::{check_count, distinct};

/// Which class of caller this is, as the log knows it now. Reading the stream makes the append fail
/// where that changes meanwhile.
pub(super) fn caller(context: &Context, unit: &mut Unit<'_>) -> Result<Caller, Stop> {
    if let Actor::Contact(contact) = &context.actor {
        let name = contact.account();
        let account = unit.account(&name)?;
        let details = account.existing(&name).ok();
        return match details.and_then(|details| details.contacts.get(contact)) {
            Some(known) if known.portal_access => Ok(Caller::Contact),
            Some(_) | None => Err(Rejection::UnknownActor {
                actor: contact.to_string(),
            }
            .into()),
        };
    }
    context.require_team(unit)?;
    match (context.acting_member(), &context.actor) {
        (Some(name), _) => match unit.member(name)?.existing(name)?.kind {
            member::Kind::Admin => Ok(Caller::Admin),
            member::Kind::Staff => Ok(Caller::Staff),
        },
        (None, Actor::System) => Ok(Caller::Admin),
        (None, Actor::Member(_) | Actor::Contact(_) | Actor::ServiceAccount(_)) => {
            Ok(Caller::ServiceAccount)
        }
    }
}

/// Refuses fields that the caller may not give; `right` picks the right that counts, `submitted` says
/// whether a contact submitted the task.
fn allow(
    context: &Context,
    caller: Caller,
    fields: &[Field],
    right: fn(Field) -> Right,
    submitted: bool,
) -> Result<(), Rejection> {
    let refused: Vec<_> = fields
        .iter()
        .filter(|field| !right(**field).includes(caller, submitted))
        .collect();
    let Some(first) = refused.first() else {
        return Ok(());
    };
    let reason = match right(**first) {
        Right::TeamUnlessSubmitted if submitted && caller != Caller::Contact => {
            "a contact submitted the task, so only an admin may change that"
        }
        Right::Admins if caller != Caller::Contact => "only an admin may give that",
        Right::Nobody => "nobody may give that here",
        Right::Admins | Right::TeamUnlessSubmitted | Right::Team | Right::Everyone => {
            "only the team may give that"
        }
    };
    let paths: Vec<_> = refused.iter().map(|field| field.path()).collect();
    Err(Rejection::NotAllowed {
        actor: context.actor.to_string(),
        description: format!("{}: {reason}", paths.join(", ")),
    })
}

/// Who may change a field of a task that exists.
fn changing(field: Field) -> Right {
    field.rights().change
}

/// The task, which exists, is at the revision that the caller read, and whose `field` is the caller's
/// to change.
fn editable(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &TaskName,
    field: Field,
) -> Result<Arc<Task>, Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([name.into()]))?;
    let caller = caller(context, unit)?;
    // Who may not at all is not told whether the task exists.
    allow(context, caller, &[field], changing, false)?;
    let task = unit.task(name)?;
    let details = task.existing(name)?;
    if let Actor::Contact(contact) = &context.actor {
        sees(contact, name, details)?;
    }
    allow(context, caller, &[field], changing, details.was_submitted())?;
    context.check_revision(name.as_str(), details.revision)?;
    Ok(task)
}

/// Hides from a contact what is not of their account or not for it.
pub(super) fn sees(
    contact: &ContactName,
    name: &TaskName,
    details: &Details,
) -> Result<(), Rejection> {
    match &details.subject {
        Subject::Account(account)
            if contact.is_of(account) && details.visibility == Visibility::Portal =>
        {
            Ok(())
        }
        Subject::Account(_) | Subject::Member(_) => Err(Rejection::NotFound {
            resource: name.to_string(),
        }),
    }
}

/// Refuses new work about a deactivated account (S0).
pub(super) fn accept_new_work(unit: &mut Unit<'_>, subject: &Subject) -> Result<(), Stop> {
    if let Subject::Account(account) = subject {
        unit.account(account)?.accept_new_work(account)?;
    }
    Ok(())
}

/// Requires that a category can be chosen.
fn offered_category(settings: &Settings, category: &str) -> Result<(), Rejection> {
    if settings
        .task_categories
        .offers(|offered| offered.as_str() == category)
    {
        return Ok(());
    }
    Err(Rejection::Precondition {
        reason: Reason::UnknownCategory,
        subject: "settings".to_owned(),
        description: format!(
            "task.category: {} is not among the setting task_categories",
            quoted(category)
        ),
    })
}

/// Requires that a task about an account can follow a role.
fn offered_role(settings: &Settings, role: &Role) -> Result<(), Rejection> {
    let offered = settings
        .account_role(role)
        .is_some_and(|choice| !choice.retired);
    if role.is_assignee() || offered {
        return Ok(());
    }
    Err(Rejection::Precondition {
        reason: Reason::UnknownRole,
        subject: "settings".to_owned(),
        description: format!(
            "task.responsible_role: {role} is not offered by the setting account_roles"
        ),
    })
}

fn append(
    unit: &mut Unit<'_>,
    name: &TaskName,
    event: Option<task::Event>,
) -> Result<StreamName, Stop> {
    if let Some(event) = event {
        unit.append_task(name, event)?;
    }
    Ok(name.into())
}
