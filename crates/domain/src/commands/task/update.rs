//! The command that edits a task.

use crate::{
    commands::task::{allow, append, caller, changing, offered_category, offered_role},
    context::Context,
    names::{StreamName, TaskName},
    task::{Changes, Event, Field},
    unit::{Command, Stop, Unit},
};

#[cfg(test)]
mod tests;

/// Changes the fields of a task that `changes` gives another value: one save, one event. Everything
/// else of a task has commands of its own.
#[derive(Debug, Clone)]
pub struct UpdateTask {
    pub name: TaskName,
    pub changes: Changes,
}

impl Command for UpdateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        unit.need(
            member
                .into_iter()
                .chain([(&self.name).into(), StreamName::settings()]),
        )?;
        let caller = caller(context, unit)?;
        // Who may change no field at all is not told whether the task exists.
        allow(context, caller, &[Field::Tags], changing, false)?;
        let task = unit.task(&self.name)?;
        let details = task.existing(&self.name)?;
        context.check_revision(self.name.as_str(), details.revision)?;
        let settings = unit.settings()?;
        let updated = task.update(
            &self.name,
            &self.changes,
            settings.time_zone,
            context.by(),
            context.now,
        )?;
        let Some(updated) = updated else {
            return Ok((&self.name).into());
        };
        let submitted = details.was_submitted();
        allow(context, caller, &updated.fields(), changing, submitted)?;
        // What was retired since it was chosen stays.
        if let Some(category) = updated.category.as_ref().and_then(|to| to.to.as_ref()) {
            offered_category(&settings, category)?;
        }
        if let Some(role) = updated
            .responsible_role
            .as_ref()
            .and_then(|to| to.to.as_ref())
        {
            offered_role(&settings, role)?;
        }
        append(unit, &self.name, Some(Event::Updated(Box::new(updated))))
    }
}
