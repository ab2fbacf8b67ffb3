//! Services as callers see them.

use handoff_domain::{
    checklist::Visibility,
    service::{Details, Service, TemplateTask},
};
use handoff_proto::v1;

use crate::{time, views::View};

/// A service as its events make it, if it exists.
pub(crate) fn of_state(view: View, name: &str, service: &Service) -> Option<v1::Service> {
    let details = service.details()?;
    match view {
        View::Admin | View::Team | View::Analyst => Some(team(name, details)),
    }
}

fn team(name: &str, details: &Details) -> v1::Service {
    v1::Service {
        name: name.to_owned(),
        display_name: details.display_name.as_str().to_owned(),
        description: details
            .description
            .as_ref()
            .map(|html| html.as_str().to_owned())
            .unwrap_or_default(),
        retired: details.retired,
        tasks: details.tasks.iter().map(|of| task(of)).collect(),
        etag: details.revision.to_string(),
        create_time: Some(time::to_proto(details.created_at)),
        update_time: Some(time::to_proto(details.updated_at)),
    }
}

fn task(TemplateTask { name, content }: &TemplateTask) -> v1::TemplateTask {
    v1::TemplateTask {
        name: name.as_str().to_owned(),
        title: content.title.as_str().to_owned(),
        description: content
            .description
            .as_ref()
            .map(|html| html.as_str().to_owned())
            .unwrap_or_default(),
        deadline_hours: content.deadline_hours.map(|hours| hours.hours().into()),
        assignees: content.assignees.iter().map(ToString::to_string).collect(),
        responsible_role: content
            .responsible_role
            .as_ref()
            .map(|role| role.as_str().to_owned())
            .unwrap_or_default(),
        tier: content.tier.number().into(),
        visibility: visibility(content.visibility).into(),
    }
}

pub(crate) fn visibility(visibility: Visibility) -> v1::ChecklistVisibility {
    match visibility {
        Visibility::Internal => v1::ChecklistVisibility::Internal,
        Visibility::Portal => v1::ChecklistVisibility::Portal,
        Visibility::ClientAssigned => v1::ChecklistVisibility::ClientAssigned,
    }
}
