//! A document as people see it.

use std::io;

use handoff_proto::v1::{Document, DocumentVisibility};

use crate::{
    command::words,
    html,
    output::{Cell, Printer, Row, Show, Tone},
    time,
};

/// A number of bytes for people: `183 kB`.
pub(crate) fn size(bytes: i64) -> String {
    indicatif::DecimalBytes(u64::try_from(bytes).unwrap_or_default()).to_string()
}

/// Shows the documents that come with `parent`, which they are on, or with what is part of it; nothing if there are none.
pub(crate) fn show(documents: &[Document], parent: &str, printer: &Printer) -> io::Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    printer.title("Documents")?;
    let rows = documents.iter();
    let rows = rows.map(|document| row_of_one(document, parent));
    printer.table(
        &["ID", "FILE", "SIZE", "CATEGORY", "SEEN BY", "ON TASK"],
        rows.collect(),
    )
}

fn row_of_one(document: &Document, parent: &str) -> Vec<Cell> {
    let id = document.name.rsplit('/').next().unwrap_or_default();
    let on = document.parent.strip_prefix(parent).unwrap_or_default();
    let on = on.strip_prefix("/tasks/").unwrap_or_default();
    let seen_by = match (document.visibility(), document.active) {
        (DocumentVisibility::Portal, true) => Cell::from("contacts too"),
        (DocumentVisibility::Portal, false) => Cell::new("the team, inactive", Tone::Faint),
        (_, _) => Cell::new("the team", Tone::Faint),
    };
    vec![
        id.into(),
        document.file_name.as_str().into(),
        size(document.size_bytes).into(),
        document.category.as_str().into(),
        seen_by,
        on.into(),
    ]
}

fn visibility(document: &Document) -> String {
    words(document.visibility().as_str_name(), "DOCUMENT_VISIBILITY_")
}

fn active(document: &Document) -> Cell {
    match document.active {
        true => Cell::new("yes", Tone::Good),
        false => Cell::new("no", Tone::Faint),
    }
}

impl Show for Document {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let from = self.available_from_time.as_ref();
        let until = self.available_until_time.as_ref();
        let dated = |time: Option<&_>| {
            time.map(|time| time::minutes(Some(time)))
                .unwrap_or_default()
        };
        vec![
            ("Name", self.name.as_str().into()),
            ("On", self.parent.as_str().into()),
            ("About", self.subject.as_str().into()),
            ("File", self.file_name.as_str().into()),
            ("Type", self.media_type.as_str().into()),
            ("Size", size(self.size_bytes).into()),
            ("SHA-256", Cell::new(self.sha256.as_str(), Tone::Faint)),
            ("Category", self.category.as_str().into()),
            ("Active", active(self)),
            ("Visibility", visibility(self).into()),
            ("In short", self.short_description.as_str().into()),
            ("Description", html::text(&self.description).into()),
            ("Date", self.document_date.as_str().into()),
            ("Available from", dated(from).into()),
            ("Available until", dated(until).into()),
            ("Views", self.view_count.to_string().into()),
            ("Uploaded by", self.uploader.as_str().into()),
            ("Uploaded", time::minutes(self.create_time.as_ref()).into()),
            ("Changed", time::minutes(self.update_time.as_ref()).into()),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
        ]
    }
}

impl Row for Document {
    const HEADER: &'static [&'static str] = &[
        "NAME",
        "FILE",
        "SIZE",
        "CATEGORY",
        "ACTIVE",
        "VISIBILITY",
        "VIEWS",
        "ON",
        "UPLOADED",
    ];

    fn row(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            self.file_name.as_str().into(),
            size(self.size_bytes).into(),
            self.category.as_str().into(),
            active(self),
            visibility(self).into(),
            self.view_count.to_string().into(),
            self.parent.as_str().into(),
            time::minutes(self.create_time.as_ref()).into(),
        ]
    }
}
