//! The events of a document.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    document::{Description, File, FileName, Parent},
    names::{Actor, Subject},
    task::Visibility,
    text::{Html, Line},
};

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The content was checked and lies in the object store before this is appended.
    Uploaded(Box<Uploaded>),
    /// One save, with the fields that it changed.
    Updated(Box<Updated>),
    /// One view, such as a download.
    Viewed { by: Actor, at: DateTime<Utc> },
}

/// How a document begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uploaded {
    pub parent: Parent,
    /// What the parent is about: whose partition the document's events share.
    pub subject: Subject,
    pub file: File,
    #[serde(flatten)]
    pub about: Description,
    pub active: bool,
    pub visibility: Visibility,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// The fields that one save changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Updated {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<Change<FileName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Change<Option<Line>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<Change<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Change<Visibility>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<Change<Option<Line>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Change<Option<Html>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_date: Option<Change<Option<NaiveDate>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_from: Option<Change<Option<DateTime<Utc>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_until: Option<Change<Option<DateTime<Utc>>>>,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

impl Updated {
    /// Whether it changes nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.file_name.is_none()
            && self.category.is_none()
            && self.active.is_none()
            && self.visibility.is_none()
            && self.short_description.is_none()
            && self.description.is_none()
            && self.document_date.is_none()
            && self.available_from.is_none()
            && self.available_until.is_none()
    }
}
