//! What is sold, as queries show it.

use handoff_domain::text::Html;
use handoff_proto::v1;
use handoff_read_models::services::{ServiceEntry, ServiceSummary};

use crate::{
    time,
    views::{View, service},
};

/// A service with its template.
pub(crate) fn of_entry(view: View, entry: &ServiceEntry) -> Option<v1::Service> {
    service::of_state(view, entry.name.as_str(), &entry.row.state)
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

/// A document; empty for none.
pub(crate) fn html(html: Option<&Html>) -> String {
    html.map(|html| html.as_str().to_owned())
        .unwrap_or_default()
}
