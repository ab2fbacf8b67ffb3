//! An account as people see it.

use handoff_proto::v1::{Account, AccountOrigin, AccountStatus};

use crate::{
    command::words,
    html,
    output::{Cell, Row, Show, Tone},
    time,
};

/// Names of members without their collection, with commas between.
pub(crate) fn short(members: &[String]) -> String {
    let ids: Vec<_> = members.iter().map(|name| id(name)).collect();
    ids.join(", ")
}

/// The last part of a resource name.
pub(crate) fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// The types of tasks that are generated: `all`, `none`, or their ids.
pub(super) fn task_types(account: &Account) -> String {
    match &account.task_types {
        Some(types) if types.all => "all".to_owned(),
        Some(types) if !types.task_types.is_empty() => types.task_types.join(", "),
        _ => "none".to_owned(),
    }
}

/// The members who hold a role beside the assignee, such as `success-manager ana`.
fn roles(account: &Account) -> String {
    let roles = account.roles.iter();
    let held: Vec<_> = roles
        .map(|held| format!("{} {}", held.role, id(&held.holder)))
        .collect();
    held.join(", ")
}

fn kind(account: &Account) -> Cell {
    words(account.kind().as_str_name(), "ACCOUNT_KIND_").into()
}

/// A status, in its colour.
pub(super) fn status(status: AccountStatus) -> Cell {
    let tone = match status {
        AccountStatus::Active => Tone::Good,
        AccountStatus::Paused => Tone::Warning,
        AccountStatus::Deactivated | AccountStatus::Unspecified => Tone::Faint,
    };
    Cell::new(words(status.as_str_name(), "ACCOUNT_STATUS_"), tone)
}

fn count(count: Option<i64>) -> Cell {
    count
        .map(|count| count.to_string())
        .unwrap_or_default()
        .into()
}

/// What an account is and who has it; its contacts and notes are not among it.
pub(super) fn summary(account: &Account) -> Vec<(&'static str, Cell)> {
    let origin = match account.origin() {
        AccountOrigin::Auto => "created by the first action that named it",
        AccountOrigin::Manual | AccountOrigin::Unspecified => "",
    };
    let report = if account.monthly_report { "on" } else { "off" };
    vec![
        ("Name", account.name.as_str().into()),
        ("Display name", account.display_name.as_str().into()),
        ("Kind", kind(account)),
        ("Status", status(account.status())),
        ("Assignee", id(&account.assignee).into()),
        ("Roles", roles(account).into()),
        ("Support team", short(&account.support_team).into()),
        (
            "SLA",
            account
                .sla_hours
                .map(|hours| format!("{hours} hours"))
                .unwrap_or_default()
                .into(),
        ),
        ("Generated tasks", task_types(account).into()),
        ("Monthly report", report.into()),
        ("Open tasks", count(account.open_task_count)),
        ("All tasks", count(account.task_count)),
        ("Origin", origin.into()),
        (
            "Created",
            time::minutes(account.create_time.as_ref()).into(),
        ),
        (
            "Changed",
            time::minutes(account.update_time.as_ref()).into(),
        ),
        ("Etag", Cell::new(account.etag.as_str(), Tone::Faint)),
    ]
}

impl Show for Account {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let contacts: Vec<_> = self
            .contacts
            .iter()
            .map(|contact| contact.display_name.as_str())
            .collect();
        let mut fields = summary(self);
        fields.push(("Contacts", contacts.join(", ").into()));
        fields.push(("Notes", html::text(&self.notes).into()));
        fields
    }
}

impl Row for Account {
    const HEADER: &'static [&'static str] = &[
        "NAME",
        "DISPLAY NAME",
        "KIND",
        "STATUS",
        "ASSIGNEE",
        "ROLES",
        "OPEN",
        "TASKS",
    ];

    fn row(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            self.display_name.as_str().into(),
            kind(self),
            status(self.status()),
            id(&self.assignee).into(),
            roles(self).into(),
            count(self.open_task_count),
            count(self.task_count),
        ]
    }
}
