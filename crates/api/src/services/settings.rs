//! SettingsCommandService.

use handoff_domain::{
    account::Status,
    commands::UpdateSettings,
    limits,
    settings::{
        AccountRole, Changes, DigestMinutes, DocumentBytes, NumberFormat, OwnershipPolicy, TimeZone,
    },
    text::{Line, SlaHours},
};
use handoff_proto::v1::{self, settings_command_service_server::SettingsCommandService};
use tonic::{Request, Response, Status as RpcStatus};

use crate::{
    caller::Caller,
    command::{CommandRequest, Commands},
    fields::{Fields, given},
};

/// The command about the settings.
pub(crate) struct SettingsCommands(pub(crate) Commands);

#[tonic::async_trait]
impl SettingsCommandService for SettingsCommands {
    async fn update_settings(
        &self,
        request: Request<v1::UpdateSettingsRequest>,
    ) -> Result<Response<v1::UpdateSettingsResponse>, RpcStatus> {
        let done = self.0.run(request).await?;
        let settings = Some(done.settings()?);
        Ok(Response::new(v1::UpdateSettingsResponse {
            settings,
            receipt: Some(done.receipt()),
        }))
    }
}

/// What can be changed.
const FIELDS: &[&str] = &[
    "default_account_status",
    "default_assignee",
    "account_roles",
    "task_categories",
    "task_types",
    "document_categories",
    "task_number_format",
    "default_sla_hours",
    "ownership_policy",
    "digest_minutes",
    "time_zone",
    "call_default_account",
    "document_max_bytes",
];

impl CommandRequest for v1::UpdateSettingsRequest {
    type Command = UpdateSettings;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateSettings> {
        let mask = fields.mask(self.update_mask.as_ref(), FIELDS);
        let settings = fields.present("settings", self.settings.as_ref())?;
        let mask = mask?;
        let has = |field| mask.has(field);
        let status = has("default_account_status").then(|| status(settings, fields));
        let assignee = has("default_assignee")
            .then(|| fields.name("settings.default_assignee", &settings.default_assignee));
        let roles = has("account_roles").then(|| roles(&settings.account_roles, fields));
        let task_categories = has("task_categories").then(|| {
            categories(
                "settings.task_categories",
                &settings.task_categories,
                fields,
            )
        });
        let task_types = has("task_types").then(|| {
            let offered = settings.task_types.iter().filter(|of| !of.retired);
            let ids: Vec<_> = offered.map(|of| of.task_type.clone()).collect();
            fields.each("settings.task_types", &ids, limits::TASK_TYPES, str::parse)
        });
        let document_categories = has("document_categories").then(|| {
            categories(
                "settings.document_categories",
                &settings.document_categories,
                fields,
            )
        });
        let number_format = has("task_number_format").then(|| {
            fields.required(
                "settings.task_number_format",
                &settings.task_number_format,
                NumberFormat::new,
            )
        });
        let sla_hours = has("default_sla_hours").then(|| {
            let hours = SlaHours::new(settings.default_sla_hours.into());
            fields.check("settings.default_sla_hours", hours)
        });
        let policy = has("ownership_policy").then(|| policy(settings, fields));
        let digest_minutes = has("digest_minutes").then(|| {
            let minutes = DigestMinutes::new(settings.digest_minutes.into());
            fields.check("settings.digest_minutes", minutes)
        });
        let time_zone = has("time_zone")
            .then(|| fields.required("settings.time_zone", &settings.time_zone, TimeZone::new));
        let call_default_account = has("call_default_account").then(|| {
            let account = &settings.call_default_account;
            fields.optional("settings.call_default_account", account, str::parse)
        });
        let document_max_bytes = has("document_max_bytes").then(|| {
            let bytes = DocumentBytes::new(settings.document_max_bytes);
            fields.check("settings.document_max_bytes", bytes)
        });
        Some(UpdateSettings {
            changes: Changes {
                default_account_status: given(status)?,
                default_assignee: given(assignee)?,
                account_roles: given(roles)?,
                task_categories: given(task_categories)?,
                task_types: given(task_types)?,
                document_categories: given(document_categories)?,
                task_number_format: given(number_format)?,
                default_sla_hours: given(sla_hours)?,
                ownership_policy: given(policy)?,
                digest_minutes: given(digest_minutes)?,
                time_zone: given(time_zone)?,
                call_default_account: given(call_default_account)?,
                document_max_bytes: given(document_max_bytes)?,
            },
        })
    }
}

fn status(settings: &v1::Settings, fields: &mut Fields) -> Option<Status> {
    let field = "settings.default_account_status";
    match fields.known(field, settings.default_account_status)? {
        v1::AccountStatus::Active => Some(Status::Active),
        v1::AccountStatus::Paused => Some(Status::Paused),
        v1::AccountStatus::Deactivated => Some(Status::Deactivated),
        v1::AccountStatus::Unspecified => fields.violation(field, "is required"),
    }
}

fn policy(settings: &v1::Settings, fields: &mut Fields) -> Option<OwnershipPolicy> {
    let policy = fields.known("settings.ownership_policy", settings.ownership_policy)?;
    Some(match policy {
        v1::OwnershipPolicy::Unspecified | v1::OwnershipPolicy::None => OwnershipPolicy::None,
        v1::OwnershipPolicy::OpenExceptManual => OwnershipPolicy::OpenExceptManual,
        v1::OwnershipPolicy::AllOpen => OwnershipPolicy::AllOpen,
    })
}

/// The roles that are to be offered.
fn roles(roles: &[v1::AccountRole], fields: &mut Fields) -> Option<Vec<AccountRole>> {
    let offered = roles.iter().enumerate().filter(|(_, of)| !of.retired);
    let roles: Vec<_> = offered
        .map(|(index, of)| {
            let field = format!("settings.account_roles[{index}]");
            let role = fields.required(&format!("{field}.role"), &of.role, str::parse);
            let display_name = fields.required(
                &format!("{field}.display_name"),
                &of.display_name,
                Line::new,
            );
            Some(AccountRole {
                role: role?,
                display_name: display_name?,
            })
        })
        .collect();
    roles.into_iter().collect()
}

/// The categories that are to be offered.
fn categories(field: &str, categories: &[v1::Category], fields: &mut Fields) -> Option<Vec<Line>> {
    let offered = categories.iter().enumerate().filter(|(_, of)| !of.retired);
    let categories: Vec<_> = offered
        .map(|(index, of)| {
            let field = format!("{field}[{index}].display_name");
            fields.required(&field, &of.display_name, Line::new)
        })
        .collect();
    categories.into_iter().collect()
}
