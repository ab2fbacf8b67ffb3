//! What is sold, as queries show it.

use handoff_domain::{checklist, service::Service, text::Html};
use handoff_proto::v1;
use handoff_read_models::services::{ServiceEntry, ServiceSummary};

use crate::{time, views::View};

/// A service with its template.
pub(crate) fn of_entry(view: View, entry: &ServiceEntry) -> Option<v1::Service> {
    let Service::Existing(details) = &entry.row.state else {
        return None;
    };
    match view {
        View::Admin | View::Team | View::Analyst => Some(v1::Service {
            name: entry.name.to_string(),
            display_name: details.display_name.as_str().to_owned(),
            description: html(details.description.as_ref()),
            retired: details.retired,
            tasks: details.tasks.iter().map(|task| template(task)).collect(),
            etag: details.revision.to_string(),
            create_time: Some(time::to_proto(details.created_at)),
            update_time: Some(time::to_proto(details.updated_at)),
        }),
    }
}

/// A service in a list.
pub(crate) fn of_summary(view: View, summary: ServiceSummary) -> v1::ServiceSummary {
    match view {
        View::Admin | View::Team | View::Analyst => v1::ServiceSummary {
            service: Some(v1::Service {
                name: summary.name.to_string(),
                display_name: summary.display_name.as_str().to_owned(),
                description: html(summary.description.as_ref()),
                retired: summary.retired,
                tasks: Vec::new(),
                etag: summary.revision.to_string(),
                create_time: Some(time::to_proto(summary.created_at)),
                update_time: Some(time::to_proto(summary.updated_at)),
            }),
            task_count: summary.task_count,
        },
    }
}

fn template(task: &handoff_domain::service::TemplateTask) -> v1::TemplateTask {
    let content = &task.content;
    let role = content.responsible_role.as_ref().map(|role| role.as_str());
    v1::TemplateTask {
        name: task.name.to_string(),
        title: content.title.as_str().to_owned(),
        description: html(content.description.as_ref()),
        deadline_hours: content
            .deadline_hours
            .map(|deadline| deadline.hours().into()),
        assignees: content.assignees.iter().map(ToString::to_string).collect(),
        responsible_role: role.unwrap_or_default().to_owned(),
        tier: content.tier.number().into(),
        visibility: visibility(content.visibility).into(),
    }
}

/// Who sees a task of a checklist.
pub(crate) fn visibility(visibility: checklist::Visibility) -> v1::ChecklistVisibility {
    match visibility {
        checklist::Visibility::Internal => v1::ChecklistVisibility::Internal,
        checklist::Visibility::Portal => v1::ChecklistVisibility::Portal,
        checklist::Visibility::ClientAssigned => v1::ChecklistVisibility::ClientAssigned,
    }
}

/// A document; empty for none.
pub(crate) fn html(html: Option<&Html>) -> String {
    html.map(|html| html.as_str().to_owned())
        .unwrap_or_default()
}
