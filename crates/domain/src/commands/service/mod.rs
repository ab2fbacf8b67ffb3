//! Commands about services and their templates (S1). Admins only.

mod tasks;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    commands::new_id::NewId,
    context::Context,
    names::{ServiceName, StreamName},
    service::{Event, Service},
    text::{Html, Line},
    unit::{Command, Stop, Unit},
};

pub use tasks::{
    AddTemplateTask, HandOverTemplateTask, RemoveTemplateTask, ReorderTemplateTasks,
    UpdateTemplateTask,
};

/// Creates a service. Its template has no tasks at first.
#[derive(Debug, Clone)]
pub struct CreateService {
    pub id: NewId<ServiceName>,
    pub display_name: Line,
    pub description: Option<Html>,
}

impl Command for CreateService {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_admin(unit)?;
        let name = self.id.choose(
            &self.display_name,
            "service_id",
            ServiceName::from_id,
            |name| Ok(unit.service(name)?.details().is_none()),
        )?;
        let created = Event::Created {
            display_name: self.display_name.clone(),
            description: self.description.clone().filter(|html| !html.is_blank()),
            by: context.by(),
            at: context.now,
        };
        let event = unit.service(&name)?.create(&name, created)?;
        unit.append_service(&name, event)?;
        Ok((&name).into())
    }
}

/// Changes what a service is called or how it is described. Orders keep the title that they have.
#[derive(Debug, Clone)]
pub struct UpdateService {
    pub name: ServiceName,
    /// None: as it is.
    pub display_name: Option<Line>,
    /// None: as it is; none within: no description.
    pub description: Option<Option<Html>>,
}

impl Command for UpdateService {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let service = editable(context, unit, &self.name)?;
        let event = service.update(
            &self.name,
            self.display_name.as_ref(),
            self.description.as_ref(),
            context.by(),
            context.now,
        )?;
        append(unit, &self.name, event)
    }
}

/// Takes a service off what is sold: it takes no new orders. Those that there are go on, renewals
/// included.
#[derive(Debug, Clone)]
pub struct RetireService {
    pub name: ServiceName,
}

impl Command for RetireService {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let service = editable(context, unit, &self.name)?;
        let event = service.retire(&self.name, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// The service, which exists, is at the revision that the caller read, and is an admin's to change.
fn editable(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &ServiceName,
) -> Result<Arc<Service>, Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([name.into()]))?;
    context.require_admin(unit)?;
    let service = unit.service(name)?;
    context.check_revision(name.as_str(), service.existing(name)?.revision)?;
    Ok(service)
}

/// Appends what was decided about a service, if anything.
fn append(
    unit: &mut Unit<'_>,
    name: &ServiceName,
    event: Option<Event>,
) -> Result<StreamName, Stop> {
    if let Some(event) = event {
        unit.append_service(name, event)?;
    }
    Ok(name.into())
}
