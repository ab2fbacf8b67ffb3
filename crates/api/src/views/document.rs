//! Documents as callers see them.

use handoff_domain::{
    document::{Details, Document},
    task::Visibility,
};
use handoff_proto::v1;
use handoff_read_models::documents::DocumentEntry;

use crate::{time, views::View};

/// A document as its events make it, if it exists.
pub(crate) fn of_state(view: View, name: &str, document: &Document) -> Option<v1::Document> {
    Some(of_details(view, name, document.details()?))
}

/// A document as a query finds it.
pub(crate) fn of_entry(view: View, entry: &DocumentEntry) -> Option<v1::Document> {
    of_state(view, entry.name.as_str(), &entry.row.state)
}

/// A document that exists.
pub(crate) fn of_details(view: View, name: &str, details: &Details) -> v1::Document {
    match view {
        View::Admin | View::Team | View::Analyst => whole(name, details),
    }
}

fn whole(name: &str, details: &Details) -> v1::Document {
    let file = &details.file;
    v1::Document {
        name: name.to_owned(),
        parent: details.parent.to_string(),
        subject: details.subject.to_string(),
        file_name: file.name.as_str().to_owned(),
        media_type: file.media_type.to_string(),
        size_bytes: i64::try_from(file.size).unwrap_or(i64::MAX),
        sha256: file.sha256.to_string(),
        category: details
            .category
            .as_ref()
            .map(|category| category.as_str().to_owned())
            .unwrap_or_default(),
        active: details.active,
        visibility: visibility(details.visibility).into(),
        short_description: details
            .short_description
            .as_ref()
            .map(|text| text.as_str().to_owned())
            .unwrap_or_default(),
        description: details
            .description
            .as_ref()
            .map(|html| html.as_str().to_owned())
            .unwrap_or_default(),
        document_date: details
            .document_date
            .map(|date| date.to_string())
            .unwrap_or_default(),
        available_from_time: details.availability.from.map(time::to_proto),
        available_until_time: details.availability.until.map(time::to_proto),
        view_count: i32::try_from(details.views).unwrap_or(i32::MAX),
        uploader: details.uploaded_by.as_str().to_owned(),
        create_time: Some(time::to_proto(details.created_at)),
        update_time: Some(time::to_proto(details.updated_at)),
        etag: details.revision.to_string(),
    }
}

fn visibility(visibility: Visibility) -> v1::DocumentVisibility {
    match visibility {
        Visibility::Internal => v1::DocumentVisibility::Internal,
        Visibility::Portal => v1::DocumentVisibility::Portal,
    }
}
