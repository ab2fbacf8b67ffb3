//! `handoff settings set`.

use clap::{Args, ValueEnum};
use handoff_proto::v1::{
    self, AccountStatus, OwnershipPolicy, Settings,
    settings_command_service_client::SettingsCommandServiceClient,
};
use prost_types::FieldMask;

use crate::{command::CommandArgs, error::Error, name, output::Printer, session::Session};

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true).args([
    "default_account_status", "default_assignee", "task_number_format", "default_sla_hours", "ownership_policy",
    "digest_minutes", "time_zone", "call_default_account", "no_call_default_account", "document_max_bytes",
]))]
pub(crate) struct SetSettings {
    /// Status of new accounts
    #[arg(long, value_enum)]
    default_account_status: Option<FirstStatus>,
    /// Assignee of accounts for which nobody else is named
    #[arg(long, value_name = "MEMBER")]
    default_assignee: Option<String>,
    /// How new tasks are numbered, such as {SUBJECT}-TASK-{n} or {subject}-{n:05}
    #[arg(long, value_name = "FORMAT")]
    task_number_format: Option<String>,
    /// Hours within which a task is due where its account says nothing else
    #[arg(long, value_name = "HOURS")]
    default_sla_hours: Option<i32>,
    /// What becomes of open work when a role changes hands
    #[arg(long, value_enum)]
    ownership_policy: Option<Policy>,
    /// Minutes for which a digest of notifications collects
    #[arg(long, value_name = "MINUTES")]
    digest_minutes: Option<i32>,
    /// Time zone in which a due date without a time ends, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Account of calls from a number that no contact has
    #[arg(long, value_name = "ACCOUNT")]
    call_default_account: Option<String>,
    /// Calls from unknown numbers belong to no account
    #[arg(long, conflicts_with = "call_default_account")]
    no_call_default_account: bool,
    /// Bytes of the largest document
    #[arg(long, value_name = "BYTES")]
    document_max_bytes: Option<i64>,
    /// Refuse if the settings changed since they were read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FirstStatus {
    Active,
    Paused,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Policy {
    /// Nothing moves
    None,
    /// Open work moves, but for what was made by hand
    OpenExceptManual,
    /// All open work moves
    AllOpen,
}

impl From<FirstStatus> for AccountStatus {
    fn from(status: FirstStatus) -> Self {
        match status {
            FirstStatus::Active => Self::Active,
            FirstStatus::Paused => Self::Paused,
        }
    }
}

impl From<Policy> for OwnershipPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::None => Self::None,
            Policy::OpenExceptManual => Self::OpenExceptManual,
            Policy::AllOpen => Self::AllOpen,
        }
    }
}

impl SetSettings {
    /// The new values, and which they are.
    fn changes(&self) -> Result<(Settings, Vec<String>), Error> {
        let mut settings = Settings::default();
        let mut paths = Vec::new();
        let mut changed = |path: &str| paths.push(path.to_owned());
        if let Some(status) = self.default_account_status {
            settings.set_default_account_status(status.into());
            changed("default_account_status");
        }
        if let Some(member) = &self.default_assignee {
            settings.default_assignee = name::member(member)?;
            changed("default_assignee");
        }
        if let Some(format) = &self.task_number_format {
            settings.task_number_format.clone_from(format);
            changed("task_number_format");
        }
        if let Some(hours) = self.default_sla_hours {
            settings.default_sla_hours = hours;
            changed("default_sla_hours");
        }
        if let Some(policy) = self.ownership_policy {
            settings.set_ownership_policy(policy.into());
            changed("ownership_policy");
        }
        if let Some(minutes) = self.digest_minutes {
            settings.digest_minutes = minutes;
            changed("digest_minutes");
        }
        if let Some(zone) = &self.time_zone {
            settings.time_zone.clone_from(zone);
            changed("time_zone");
        }
        if let Some(account) = &self.call_default_account {
            settings.call_default_account = name::account(account)?;
        }
        if self.call_default_account.is_some() || self.no_call_default_account {
            changed("call_default_account");
        }
        if let Some(bytes) = self.document_max_bytes {
            settings.document_max_bytes = bytes;
            changed("document_max_bytes");
        }
        Ok((settings, paths))
    }

    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let (settings, paths) = self.changes()?;
        let sentence = format!("Set {}.", paths.join(", "));
        let request = v1::UpdateSettingsRequest {
            settings: Some(settings),
            update_mask: Some(FieldMask { paths }),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    SettingsCommandServiceClient::new(service)
                        .update_settings(request)
                        .await
                },
            )
            .await?;
        Ok(printer.done(&answer, &sentence)?)
    }
}
