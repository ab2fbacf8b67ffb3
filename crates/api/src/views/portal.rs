//! What contacts are shown: made from what the read model `portal` has for them, in which nothing else is.

use chrono::{DateTime, Utc};
use handoff_domain::{
    document::Details as Document, names::Actor, order::Status as OrderStatus, task::Status,
    text::Line,
};
use handoff_proto::v1;
use handoff_read_models::{
    documents::DocumentEntry,
    portal::{OrderForContacts, TaskForContacts},
    portal_notes::PortalNoteEntry,
};

use crate::{
    time,
    views::{catalog, order, task},
};

/// A task, as of `now`.
pub(crate) fn task(name: &str, shown: &TaskForContacts, now: DateTime<Utc>) -> v1::PortalTask {
    let is_open = !matches!(shown.status, Status::Complete | Status::Cancelled);
    v1::PortalTask {
        name: name.to_owned(),
        number: shown.number.to_string(),
        title: shown.title.as_str().to_owned(),
        description: catalog::html(shown.description.as_ref()),
        status: task::status(shown.status).into(),
        due_time: Some(time::to_proto(shown.due)),
        overdue: is_open && shown.due < now,
        create_time: Some(time::to_proto(shown.created_at)),
        complete_time: shown.completed_at.map(time::to_proto),
    }
}

/// An order, as of `now`; what its service is called is known to queries only.
pub(crate) fn order(
    name: &str,
    shown: &OrderForContacts,
    service_display_name: Option<String>,
    now: DateTime<Utc>,
) -> v1::PortalOrder {
    let is_open = shown.status == OrderStatus::Open;
    let tasks = shown.tasks.iter().map(|task| v1::PortalOrderTask {
        name: task.name.to_string(),
        title: task.title.as_str().to_owned(),
        description: catalog::html(task.description.as_ref()),
        due_time: task.due.map(time::to_proto),
        overdue: is_open && task.done_at.is_none() && task.due.is_some_and(|due| due < now),
        checked: task.done_at.is_some(),
        check_time: task.done_at.map(time::to_proto),
        client_assigned: task.is_clients,
        waits: task.waits,
    });
    v1::PortalOrder {
        name: name.to_owned(),
        title: shown.title.as_str().to_owned(),
        service_display_name: service_display_name.unwrap_or_default(),
        status: order::status(shown.status).into(),
        start_time: Some(time::to_proto(shown.start)),
        tasks: tasks.collect(),
        create_time: Some(time::to_proto(shown.created_at)),
        close_time: shown.closed_at.map(time::to_proto),
    }
}

/// A document that they see.
pub(crate) fn document(name: &str, shown: &Document) -> v1::PortalDocument {
    let file = &shown.file;
    let text = |text: &Option<_>| {
        text.as_ref()
            .map(Line::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let date = shown.document_date.map(|date| date.to_string());
    v1::PortalDocument {
        name: name.to_owned(),
        parent: shown.parent.to_string(),
        file_name: file.name.as_str().to_owned(),
        media_type: file.media_type.to_string(),
        size_bytes: i64::try_from(file.size).unwrap_or(i64::MAX),
        sha256: file.sha256.to_string(),
        category: text(&shown.category),
        short_description: text(&shown.short_description),
        description: catalog::html(shown.description.as_ref()),
        document_date: date.unwrap_or_default(),
        contact: match &shown.uploaded_by {
            Actor::Contact(contact) => contact.to_string(),
            Actor::Member(_) | Actor::ServiceAccount(_) | Actor::System => String::new(),
        },
        create_time: Some(time::to_proto(shown.created_at)),
    }
}

/// A document as a query finds it, if they see it at `now`.
pub(crate) fn document_of_entry(
    entry: &DocumentEntry,
    now: DateTime<Utc>,
) -> Option<v1::PortalDocument> {
    let details = entry.row.state.details()?;
    let shown = details.is_shown_to_contacts(now);
    shown.then(|| document(entry.name.as_str(), details))
}

/// A note.
pub(crate) fn note(PortalNoteEntry { key, row }: PortalNoteEntry) -> v1::PortalNote {
    v1::PortalNote {
        parent: match row.task {
            Some(task) => task.to_string(),
            None => key.stream.as_str().to_owned(),
        },
        note: row.note.as_str().to_owned(),
        contact: row.contact.map(String::from).unwrap_or_default(),
        create_time: Some(time::to_proto(row.written_at)),
    }
}
