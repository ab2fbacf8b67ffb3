//! The words and small values of a task.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    rejection::Invalid,
    text::{Email, Line, Phone},
};

/// Where a task came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A member, by hand.
    #[default]
    Manual,
    /// A contact, in the portal.
    Portal,
    /// A service's template.
    Template,
    /// The service that reports relevant work.
    Automation,
    /// Another program.
    Integration,
    /// A phone call.
    Call,
}

/// The statuses of work that is not done yet. Moves among them are free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenStatus {
    #[default]
    NotStarted,
    InProgress,
    WaitingOnCustomer,
}

/// Every status (S2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    NotStarted,
    InProgress,
    WaitingOnCustomer,
    Complete,
    Cancelled,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::InProgress => "in_progress",
            Self::WaitingOnCustomer => "waiting_on_customer",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
        }
    }

    /// The same among the open ones; none if it is closed.
    pub fn open(self) -> Option<OpenStatus> {
        match self {
            Self::NotStarted => Some(OpenStatus::NotStarted),
            Self::InProgress => Some(OpenStatus::InProgress),
            Self::WaitingOnCustomer => Some(OpenStatus::WaitingOnCustomer),
            Self::Complete | Self::Cancelled => None,
        }
    }
}

impl From<OpenStatus> for Status {
    fn from(status: OpenStatus) -> Self {
        match status {
            OpenStatus::NotStarted => Self::NotStarted,
            OpenStatus::InProgress => Self::InProgress,
            OpenStatus::WaitingOnCustomer => Self::WaitingOnCustomer,
        }
    }
}

/// How urgent a task is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    /// "Medium" in S3.
    #[default]
    Normal,
    High,
    Urgent,
}

/// Who may see a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The team.
    #[default]
    Internal,
    /// The account's contacts too.
    Portal,
}

/// How much is done, 0 to 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(u8);

impl Percent {
    /// All of it.
    pub const DONE: Self = Self(100);

    /// Checks the number.
    pub fn new(percent: i64) -> Result<Self, Invalid> {
        match u8::try_from(percent) {
            Ok(percent @ 0..=100) => Ok(Self(percent)),
            _ => Err(Invalid::new(format!("is {percent}; it must be 0 to 100"))),
        }
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A word that tasks are found by later (S2): one line of 1 to 50 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(Line);

impl Tag {
    /// Checks and trims `text`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let line = Line::new(text)?;
        match line.as_str().chars().count() {
            ..=limits::TAG_CHARACTERS => Ok(Self(line)),
            count => Err(Invalid::new(format!(
                "has {count} characters; a tag has at most {}",
                limits::TAG_CHARACTERS
            ))),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who asked for the work (S2: full name, e-mail address, phone number).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Requester {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

impl Requester {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_0_to_100() {
        assert!(Percent::new(0).is_ok() && Percent::new(100).is_ok());
        for bad in [-1, 101, i64::MAX] {
            assert!(Percent::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_is_a_short_line() {
        assert_eq!(
            Tag::new(" urgent client ").unwrap().as_str(),
            "urgent client"
        );
        assert!(Tag::new(&"x".repeat(50)).is_ok());
        for bad in ["", " ", "a\nb", &"x".repeat(51)] {
            assert!(Tag::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn three_statuses_are_open() {
        let open = [
            OpenStatus::NotStarted,
            OpenStatus::InProgress,
            OpenStatus::WaitingOnCustomer,
        ];
        for status in open {
            assert_eq!(Status::from(status).open(), Some(status));
        }
        assert_eq!(Status::Complete.open(), None);
        assert_eq!(Status::Cancelled.open(), None);
    }
}
