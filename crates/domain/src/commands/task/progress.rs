//! Commands about how far a task is: its status, and whether it is there at all.

use std::sync::Arc;

use crate::{
    commands::task::{
        accept_new_work, allow, append, caller, changing, editable, successor::replace_disabled,
    },
    context::Context,
    names::{StreamName, TaskName},
    rejection::Rejection,
    task::{Field, OpenStatus, Status, Task},
    unit::{Command, Stop, Unit},
};

#[cfg(test)]
mod tests;

/// Gives a task a status. `complete` completes it and `cancelled` cancels it: both ways of saying it
/// (S2) are one. A closed task opens only by [`ReopenTask`].
#[derive(Debug, Clone)]
pub struct SetTaskStatus {
    pub name: TaskName,
    pub status: Status,
}

impl Command for SetTaskStatus {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::Status)?;
        let event = task.set_status(&self.name, self.status, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Completes a task: status, date, 100 % (S2). Completing it again changes nothing; a cancelled one
/// must be reopened first.
#[derive(Debug, Clone)]
pub struct CompleteTask {
    pub name: TaskName,
}

impl Command for CompleteTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::Status)?;
        let event = task.set_status(&self.name, Status::Complete, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Cancels a task: it is closed as far as it is. Cancelling it again changes nothing; a complete one
/// must be reopened first.
#[derive(Debug, Clone)]
pub struct CancelTask {
    pub name: TaskName,
}

impl Command for CancelTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::Status)?;
        let event = task.set_status(&self.name, Status::Cancelled, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Opens a closed task again. The account must take new work. Assignees who do not take work any more
/// are replaced by their successors, in the same append (S4).
#[derive(Debug, Clone)]
pub struct ReopenTask {
    pub name: TaskName,
    pub status: OpenStatus,
}

impl Command for ReopenTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::Status)?;
        let event = task.reopen(&self.name, self.status, context.by(), context.now)?;
        if let Some(event) = event {
            accept_new_work(unit, &task.existing(&self.name)?.subject)?;
            unit.append_task(&self.name, event)?;
            replace_disabled(context, unit, &self.name)?;
        }
        Ok((&self.name).into())
    }
}

/// Hides a task everywhere but in history. Deleting it again changes nothing.
#[derive(Debug, Clone)]
pub struct DeleteTask {
    pub name: TaskName,
}

impl Command for DeleteTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = known(context, unit, &self.name)?;
        let event = task.delete(&self.name, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Brings a deleted task back as it was. The account must take new work. Assignees who do not take work
/// any more are replaced by their successors, in the same append (S4).
#[derive(Debug, Clone)]
pub struct UndeleteTask {
    pub name: TaskName,
}

impl Command for UndeleteTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = known(context, unit, &self.name)?;
        let event = task.undelete(&self.name, context.by(), context.now)?;
        if let (Some(event), Some(details)) = (event, task.known()) {
            accept_new_work(unit, &details.subject)?;
            unit.append_task(&self.name, event)?;
            replace_disabled(context, unit, &self.name)?;
        }
        Ok((&self.name).into())
    }
}

/// The task, deleted or not, which is at the revision that the caller read and is the team's.
fn known(context: &Context, unit: &mut Unit<'_>, name: &TaskName) -> Result<Arc<Task>, Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([name.into()]))?;
    let caller = caller(context, unit)?;
    allow(context, caller, &[Field::Status], changing, false)?;
    let task = unit.task(name)?;
    let details = task.known().ok_or_else(|| Rejection::NotFound {
        resource: name.to_string(),
    })?;
    context.check_revision(name.as_str(), details.revision)?;
    Ok(task)
}
