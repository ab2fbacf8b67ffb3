//! Document: a file with what is said about it, on a task (S2), an order or a task of one.
//!
//! Its content is no part of the aggregate: it lies in an object store, under a key that the first
//! event names.

mod event;
mod file;
mod parent;
mod values;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::{Change, apply},
    event::CorruptHistory,
    names::{Actor, DocumentName, Subject},
    rejection::Rejection,
    task::Visibility,
    text::{Html, Line},
    version::Revision,
};

pub use event::{Event, Updated, Uploaded};
pub use file::{File, FileName, MediaType, Sha256};
pub use parent::Parent;
pub use values::{Availability, Description};

/// A document as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    #[default]
    Absent,
    Existing(Box<Details>),
}

/// What is known of a document that was uploaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub parent: Parent,
    /// What the parent is about.
    pub subject: Subject,
    pub file: File,
    /// One of the settings when it was chosen; it may be retired since.
    pub category: Option<Line>,
    /// Contacts see only active ones (S2).
    pub active: bool,
    pub visibility: Visibility,
    pub short_description: Option<Line>,
    pub description: Option<Html>,
    /// The date of the document itself, such as that of a letter (S2).
    pub document_date: Option<NaiveDate>,
    pub availability: Availability,
    /// How many times it was viewed (S2).
    pub views: u32,
    pub uploaded_by: Actor,
    pub created_at: DateTime<Utc>,
    /// When it last changed; views are no changes.
    pub updated_at: DateTime<Utc>,
    pub revision: Revision,
}

/// New values for a document; what is none stays as it is, and none within is no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    pub file_name: Option<FileName>,
    /// One that the settings offer.
    pub category: Option<Option<Line>>,
    pub active: Option<bool>,
    pub visibility: Option<Visibility>,
    pub short_description: Option<Option<Line>>,
    pub description: Option<Option<Html>>,
    pub document_date: Option<Option<NaiveDate>>,
    pub available_from: Option<Option<DateTime<Utc>>>,
    /// Not before `available_from`.
    pub available_until: Option<Option<DateTime<Utc>>>,
}

impl Details {
    /// Whether the contacts who see its parent see it too: for the portal, active, and inside its dates.
    pub fn is_shown_to_contacts(&self, now: DateTime<Utc>) -> bool {
        self.visibility == Visibility::Portal && self.active && self.availability.includes(now)
    }
}

impl Document {
    /// What is known of the document, if it exists.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) => Some(details),
            Self::Absent => None,
        }
    }

    /// What is known of the document `name`, which must exist.
    pub fn existing(&self, name: &DocumentName) -> Result<&Details, Rejection> {
        self.details().ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }

    /// Begins the document. An id is given once.
    pub fn upload(&self, name: &DocumentName, uploaded: Uploaded) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(Event::Uploaded(Box::new(uploaded))),
            Self::Existing(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// What the save changes; none if everything is so already.
    pub fn update(
        &self,
        name: &DocumentName,
        changes: &Changes,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Updated>, Rejection> {
        let is = self.existing(name)?;
        let Availability { from, until } = is.availability;
        Availability {
            from: changes.available_from.unwrap_or(from),
            until: changes.available_until.unwrap_or(until),
        }
        .check("document.available_until_time")?;
        let description = changes
            .description
            .as_ref()
            .map(|html| html.clone().filter(|html| !html.is_blank()));
        let updated = Updated {
            file_name: Change::between(&is.file.name, changes.file_name.as_ref()),
            category: Change::between(&is.category, changes.category.as_ref()),
            active: Change::between(&is.active, changes.active.as_ref()),
            visibility: Change::between(&is.visibility, changes.visibility.as_ref()),
            short_description: Change::between(
                &is.short_description,
                changes.short_description.as_ref(),
            ),
            description: Change::between(&is.description, description.as_ref()),
            document_date: Change::between(&is.document_date, changes.document_date.as_ref()),
            available_from: Change::between(&from, changes.available_from.as_ref()),
            available_until: Change::between(&until, changes.available_until.as_ref()),
            by,
            at,
        };
        Ok((!updated.is_empty()).then_some(updated))
    }

    /// Counts a view.
    pub fn view(
        &self,
        name: &DocumentName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        self.existing(name)?;
        Ok(Event::Viewed { by, at })
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (Self::Absent, Event::Uploaded(uploaded)) => {
                Ok(Self::Existing(Box::new(Details::of(uploaded))))
            }
            (Self::Existing(mut details), Event::Updated(updated)) => {
                details.apply(updated)?;
                Ok(Self::Existing(details))
            }
            (Self::Existing(mut details), Event::Viewed { .. }) => {
                details.views = details.views.saturating_add(1);
                Ok(Self::Existing(details))
            }
            (Self::Absent, Event::Updated(_) | Event::Viewed { .. })
            | (Self::Existing(_), Event::Uploaded(_)) => Err(CorruptHistory),
        }
    }
}

impl Details {
    fn of(uploaded: &Uploaded) -> Self {
        let Uploaded {
            parent,
            subject,
            file,
            about,
            active,
            visibility,
            by,
            at,
        } = uploaded.clone();
        let Description {
            category,
            short_description,
            description,
            document_date,
            availability,
        } = about;
        Self {
            parent,
            subject,
            file,
            category,
            active,
            visibility,
            short_description,
            description,
            document_date,
            availability,
            views: 0,
            uploaded_by: by,
            created_at: at,
            updated_at: at,
            revision: Revision(1),
        }
    }

    fn apply(&mut self, updated: &Updated) -> Result<(), CorruptHistory> {
        let follows = apply(&mut self.file.name, updated.file_name.as_ref())
            && apply(&mut self.category, updated.category.as_ref())
            && apply(&mut self.active, updated.active.as_ref())
            && apply(&mut self.visibility, updated.visibility.as_ref())
            && apply(
                &mut self.short_description,
                updated.short_description.as_ref(),
            )
            && apply(&mut self.description, updated.description.as_ref())
            && apply(&mut self.document_date, updated.document_date.as_ref())
            && apply(&mut self.availability.from, updated.available_from.as_ref())
            && apply(
                &mut self.availability.until,
                updated.available_until.as_ref(),
            );
        if !follows || updated.is_empty() {
            return Err(CorruptHistory);
        }
        self.updated_at = updated.at;
        self.revision = self.revision.next();
        Ok(())
    }
}
