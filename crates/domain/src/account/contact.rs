//! A person at an account.

use serde::{Deserialize, Serialize};

use crate::{
    text::{Email, Line, Phone},
    version::Revision,
};

/// What a contact is to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// Of the account itself.
    Client,
    /// Somebody from outside who works with it.
    Collaborator,
}

/// A person at an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub display_name: Line,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub kind: ContactKind,
    /// Whether the person may sign in to the portal.
    pub portal_access: bool,
    /// How many events changed this contact.
    pub revision: Revision,
}

/// New values for a contact; what is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContactChanges {
    pub display_name: Option<Line>,
    pub email: Option<Option<Email>>,
    pub phone: Option<Option<Phone>>,
    pub kind: Option<ContactKind>,
    pub portal_access: Option<bool>,
}
