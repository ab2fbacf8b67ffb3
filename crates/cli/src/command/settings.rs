//! The settings as they are shown.

use handoff_proto::v1::{Category, Settings};

use crate::{
    command::words,
    output::{Cell, Show, Tone},
    time,
};

impl Show for Settings {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let roles = self.account_roles.iter().filter(|role| !role.retired);
        let roles: Vec<_> = roles.map(|role| role.role.as_str()).collect();
        let task_types = self.task_types.iter().filter(|of| !of.retired);
        let task_types: Vec<_> = task_types.map(|of| of.task_type.as_str()).collect();
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
            ("Roles", roles.join(", ").into()),
            ("Task categories", offered(&self.task_categories).into()),
            ("Task types", task_types.join(", ").into()),
            (
                "Document categories",
                offered(&self.document_categories).into(),
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

fn offered(categories: &[Category]) -> String {
    let offered = categories.iter().filter(|category| !category.retired);
    let names: Vec<_> = offered
        .map(|category| category.display_name.as_str())
        .collect();
    names.join(", ")
}
