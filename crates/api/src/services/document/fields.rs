//! What is said about documents, in headers and updates alike.

use chrono::{Datelike, NaiveDate};
use handoff_domain::{
    Invalid,
    commands::UpdateDocument,
    document::{Changes, FileName},
    limits,
    task::Visibility,
    text::{Html, Line},
};
use handoff_proto::v1;

use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::{Fields, Mask, given},
    time,
};

/// What can be changed.
const FIELDS: &[&str] = &[
    "file_name",
    "category",
    "active",
    "visibility",
    "short_description",
    "description",
    "document_date",
    "available_from_time",
    "available_until_time",
];

/// The visibility, if one is given.
pub(super) fn visibility(
    field: &str,
    number: i32,
    fields: &mut Fields,
) -> Option<Option<Visibility>> {
    Some(match fields.known(field, number)? {
        v1::DocumentVisibility::Unspecified => None,
        v1::DocumentVisibility::Internal => Some(Visibility::Internal),
        v1::DocumentVisibility::Portal => Some(Visibility::Portal),
    })
}

/// The date of a document.
pub(super) fn date(text: &str) -> Result<NaiveDate, Invalid> {
    let date = time::day(text)?;
    match limits::YEARS.contains(&date.year()) {
        true => Ok(date),
        false => Err(Invalid::new(format!(
            "is {date}; it must be in the years {} to {}",
            limits::YEARS.start(),
            limits::YEARS.end()
        ))),
    }
}

impl CommandRequest for v1::UpdateDocumentRequest {
    type Command = UpdateDocument;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateDocument> {
        let mask = fields.mask(self.update_mask.as_ref(), FIELDS);
        let document = fields.present("document", self.document.as_ref())?;
        let name = fields.name("document.name", &document.name);
        let changes = changes(document, &mask?, fields);
        Some(UpdateDocument {
            name: name?,
            changes: changes?,
        })
    }
}

fn changes(document: &v1::Document, mask: &Mask, fields: &mut Fields) -> Option<Changes> {
    let has = |field| mask.has(field);
    let file_name = has("file_name")
        .then(|| fields.required("document.file_name", &document.file_name, FileName::new));
    let category = has("category")
        .then(|| fields.optional("document.category", &document.category, Line::new));
    let visibility = has("visibility").then(|| {
        let field = "document.visibility";
        match visibility(field, document.visibility, fields)? {
            Some(visibility) => Some(visibility),
            None => fields.violation(field, "is required: an update says which"),
        }
    });
    let short_description = has("short_description").then(|| {
        let text = &document.short_description;
        fields.optional("document.short_description", text, Line::new)
    });
    let description = has("description")
        .then(|| fields.optional("document.description", &document.description, Html::new));
    let document_date = has("document_date")
        .then(|| fields.optional("document.document_date", &document.document_date, date));
    let available_from = has("available_from_time").then(|| {
        let time = document.available_from_time.as_ref();
        fields.time("document.available_from_time", time)
    });
    let available_until = has("available_until_time").then(|| {
        let time = document.available_until_time.as_ref();
        fields.time("document.available_until_time", time)
    });
    Some(Changes {
        file_name: given(file_name)?,
        category: given(category)?,
        active: has("active").then_some(document.active),
        visibility: given(visibility)?,
        short_description: given(short_description)?,
        description: given(description)?,
        document_date: given(document_date)?,
        available_from: given(available_from)?,
        available_until: given(available_until)?,
    })
}
