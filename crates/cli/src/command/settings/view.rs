//! The settings as they are shown.

use handoff_proto::v1::{Category, Settings};

use crate::{
    command::words,
    output::{Cell, Show, Tone},
    time,
};

impl Show for Settings {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let roles = |retired| {
            let roles = self.account_roles.iter();
            let roles: Vec<_> = roles
                .filter(|role| role.retired == retired)
                .map(|role| format!("{} ({})", role.role, role.display_name))
                .collect();
            roles.join(", ")
        };
        let task_types = |retired| {
            let types = self.task_types.iter();
            let types: Vec<_> = types
                .filter(|of| of.retired == retired)
                .map(|of| of.task_type.as_str())
                .collect();
            types.join(", ")
        };
        let faint = |text: String| Cell::new(text, Tone::Faint);
        vec![
            (
                "Status of new accounts",
                words(
                    self.default_account_status().as_str_name(),
                    "ACCOUNT_STATUS_",
                )
                .into(),
            ),
            ("Default assignee", self.default_assignee.as_str().into()),
            ("Roles", roles(false).into()),
            ("  retired", faint(roles(true))),
            (
                "Task categories",
                categories(&self.task_categories, false).into(),
            ),
            ("  retired", faint(categories(&self.task_categories, true))),
            ("Task types", task_types(false).into()),
            ("  retired", faint(task_types(true))),
            (
                "Document categories",
                categories(&self.document_categories, false).into(),
            ),
            (
                "  retired",
                faint(categories(&self.document_categories, true)),
            ),
            ("Task numbers", self.task_number_format.as_str().into()),
            ("SLA hours", self.default_sla_hours.to_string().into()),
            (
                "Ownership policy",
                words(self.ownership_policy().as_str_name(), "OWNERSHIP_POLICY_").into(),
            ),
            ("Digest minutes", self.digest_minutes.to_string().into()),
            ("Time zone", self.time_zone.as_str().into()),
            (
                "Account of unknown callers",
                self.call_default_account.as_str().into(),
            ),
            (
                "Largest document in bytes",
                self.document_max_bytes.to_string().into(),
            ),
            ("Changed", time::minutes(self.update_time.as_ref()).into()),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
        ]
    }
}

fn categories(categories: &[Category], retired: bool) -> String {
    let names: Vec<_> = categories
        .iter()
        .filter(|category| category.retired == retired)
        .map(|category| category.display_name.as_str())
        .collect();
    names.join(", ")
}
