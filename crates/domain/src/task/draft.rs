//! A new task as a caller describes it, before defaults are filled in.

use chrono::{DateTime, Utc};

use crate::{
    names::{MemberName, Subject, TaskName},
    rejection::Violations,
    task::{
        Due, Hours, Miles, Money, Notify, OpenStatus, Percent, Priority, Quantity, Requester, Tag,
        Visibility,
    },
    terms::Role,
    text::{Html, Line},
};

/// A new task as a caller describes it. What is left at its default is not given. A title, a subject,
/// and then at least one assignee, a priority, a status and a due time are required (S3); all but the
/// first two have defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// The account or member that it is about.
    pub subject: Option<Subject>,
    /// "Description (short)" in S2.
    pub title: Option<Line>,
    pub description: Option<Html>,
    /// One that the settings offer.
    pub category: Option<Box<str>>,
    pub status: OpenStatus,
    pub percent: Percent,
    pub priority: Priority,
    pub visibility: Visibility,
    /// Empty: the account's support team, else its assignee; or the member whom it is about.
    pub assignees: Vec<MemberName>,
    pub notify: Notify,
    /// None: now.
    pub start: Option<DateTime<Utc>>,
    /// None: the start plus the hours of the SLA.
    pub due: Option<Due>,
    pub estimated_hours: Option<Hours>,
    pub actual_hours: Option<Hours>,
    pub billable: bool,
    /// Of a contact's own task: the contact.
    pub requester: Requester,
    pub quantity: Option<Quantity>,
    pub price: Option<Money>,
    pub mileage: Option<Miles>,
    pub expenses: Option<Money>,
    pub related: Vec<TaskName>,
    pub tags: Vec<Tag>,
    /// A role that accounts have; only of a task about an account.
    pub responsible_role: Option<Role>,
    /// Whether the tracker integration takes it up too ("Save to tracker", S2).
    pub tracker: bool,
    /// What is wrong with parts that could not be read and are not given here: the first of what the
    /// command's own check finds, so that all is told at once (S3).
    pub found: Violations,
}
