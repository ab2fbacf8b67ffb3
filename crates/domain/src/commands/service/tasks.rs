//! Commands about the tasks of a service's template. They reach new orders only.

use crate::{
    checklist::{Arrangement, Changes, Draft},
    commands::{
        checklist::{checked, named, offered_role},
        member::assignable,
        service::{append, editable},
    },
    context::Context,
    names::{MemberName, ServiceName, StreamName, TemplateTaskName},
    service::Event,
    task::{Assignment, AssignmentCause},
    unit::{Command, Stop, Unit},
};

/// Adds a task to a service's template, at the end of its tier.
#[derive(Debug, Clone)]
pub struct AddTemplateTask {
    pub name: TemplateTaskName,
    pub draft: Draft,
}

impl Command for AddTemplateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let service = self.name.service();
        let members = named(&self.draft.assignees).chain(context.acting_member());
        let streams = [(&service).into(), StreamName::settings()];
        unit.need(members.map(StreamName::from).chain(streams))?;
        let state = editable(context, unit, &service)?;
        let draft = checked(unit, &self.draft)?;
        let event = state.add_task(&self.name, &draft, context.by(), context.now)?;
        append(unit, &service, Some(event))
    }
}

/// Changes what a task of a template says and who gets it.
#[derive(Debug, Clone)]
pub struct UpdateTemplateTask {
    pub name: TemplateTaskName,
    pub changes: Changes,
    /// Exactly these; none: as they are.
    pub assignees: Option<Vec<MemberName>>,
}

impl Command for UpdateTemplateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let service = self.name.service();
        let assignees = self.assignees.iter().flat_map(|members| named(members));
        let members = assignees.chain(context.acting_member());
        let streams = [(&service).into(), StreamName::settings()];
        unit.need(members.map(StreamName::from).chain(streams))?;
        let state = editable(context, unit, &service)?;
        let (by, at) = (context.by(), context.now);
        let updated = state.update_task(&self.name, &self.changes, by.clone(), at)?;
        if let Some(updated) = updated {
            // What was retired since it was chosen stays.
            let role = updated.changes.responsible_role.as_ref();
            offered_role(
                &*unit.settings()?,
                role.and_then(|change| change.to.as_ref()),
            )?;
            append(unit, &service, Some(Event::TaskUpdated(Box::new(updated))))?;
        }
        if let Some(assignees) = &self.assignees {
            let assignment = Assignment::Set(assignees.clone());
            assignment.check()?;
            let cause = AssignmentCause::default();
            let state = unit.service(&service)?;
            let event = state.assign_task(&self.name, &assignment, cause, by, at)?;
            assigned(unit, event.as_ref(), "task.assignees")?;
            append(unit, &service, event)?;
        }
        Ok((&service).into())
    }
}

/// Gives one member's part in a task of a template to another: a change of ownership. Changes nothing
/// where the first has no part in it.
#[derive(Debug, Clone)]
pub struct HandOverTemplateTask {
    pub name: TemplateTaskName,
    pub from: MemberName,
    pub to: MemberName,
    /// Which path the change takes.
    pub cause: AssignmentCause,
}

impl Command for HandOverTemplateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let service = self.name.service();
        let members = context.acting_member().into_iter().chain([&self.to]);
        let streams = [(&service).into()];
        unit.need(members.map(StreamName::from).chain(streams))?;
        let state = editable(context, unit, &service)?;
        let event = state.hand_over_task(
            &self.name,
            &self.from,
            &self.to,
            self.cause,
            context.by(),
            context.now,
        )?;
        assigned(unit, event.as_ref(), "to")?;
        append(unit, &service, event)
    }
}

/// Takes a task out of a service's template. Removing it again changes nothing.
#[derive(Debug, Clone)]
pub struct RemoveTemplateTask {
    pub name: TemplateTaskName,
}

impl Command for RemoveTemplateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let service = self.name.service();
        let state = editable(context, unit, &service)?;
        let event = state.remove_task(&self.name, context.by(), context.now)?;
        append(unit, &service, event)
    }
}

/// Puts the tasks of a service's template into another order, and into other tiers.
#[derive(Debug, Clone)]
pub struct ReorderTemplateTasks {
    pub name: ServiceName,
    pub arrangement: Arrangement<TemplateTaskName>,
}

impl Command for ReorderTemplateTasks {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let state = editable(context, unit, &self.name)?;
        let event =
            state.reorder_tasks(&self.name, &self.arrangement, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Requires that those who join take work.
fn assigned(unit: &mut Unit<'_>, event: Option<&Event>, field: &str) -> Result<(), Stop> {
    if let Some(Event::TaskAssigned { joined, .. }) = event {
        for member in joined {
            assignable(unit, field, member)?;
        }
    }
    Ok(())
}
