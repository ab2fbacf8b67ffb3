//! Settings: what an admin decides for the whole service. Today every setting has its first value.

use serde::{Deserialize, Serialize};

use crate::{account::Status, event::CorruptHistory, names::MemberName, text::SlaHours};

/// What is stored: an event per change of a setting. No setting can be changed yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {}

/// The categories that a task may have at first (S2).
const TASK_CATEGORIES: [&str; 19] = [
    "Appointment",
    "Bug Fix",
    "Content Writing",
    "Development",
    "Email",
    "Feature Request",
    "General Inquiry",
    "Graphic Design",
    "Headshots",
    "Letter",
    "Maintenance",
    "Meeting (In Office)",
    "Meeting (Out of Office)",
    "New Work",
    "Phone Call",
    "Project",
    "Software Development",
    "Training",
    "Video",
];

/// The settings as the events so far make them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The status of a new account, also of one that a first action creates.
    pub default_account_status: Status,
    /// The assignee of an account for which nobody else is named.
    pub default_assignee: MemberName,
    /// How a task's number reads.
    pub task_number_format: NumberFormat,
    /// The hours within which a task is due where its account says nothing else.
    pub default_sla_hours: SlaHours,
    /// What a task's category may be.
    pub task_categories: Vec<Box<str>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_account_status: Status::Active,
            default_assignee: Self::first_member(),
            task_number_format: NumberFormat::default(),
            default_sla_hours: SlaHours::DEFAULT,
            task_categories: TASK_CATEGORIES.map(Box::from).into(),
        }
    }
}

impl Settings {
    /// The member whom the first start creates.
    pub fn first_member() -> MemberName {
        MemberName::from_id("admin").expect("admin is an id")
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match *event {}
    }
}

/// How a task's number is written: one `{SUBJECT}` or `{subject}` and one `{n}` or `{n:05}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NumberFormat(Box<str>);

impl Default for NumberFormat {
    fn default() -> Self {
        Self("{SUBJECT}-TASK-{n}".into())
    }
}

impl NumberFormat {
    /// The number of the `n`th task of a subject; `part` is what stands for the subject.
    pub fn number(&self, part: &str, n: u32) -> String {
        self.0
            .replace("{SUBJECT}", &part.to_uppercase())
            .replace("{subject}", part)
            .replace("{n:05}", &format!("{n:05}"))
            .replace("{n}", &n.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_its_subject_and_counts() {
        let format = NumberFormat::default();
        assert_eq!(format.number("acme", 1), "ACME-TASK-1");
        assert_eq!(format.number("member-ana", 12), "MEMBER-ANA-TASK-12");
        assert_eq!(
            NumberFormat("{subject}/{n:05}".into()).number("acme", 7),
            "acme/00007"
        );
    }
}
