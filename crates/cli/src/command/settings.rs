//! `handoff settings`: what an admin decides for the whole service.

mod lists;
mod set;
mod view;

use clap::Subcommand;
use handoff_proto::v1::{
    self, GetSettingsResponse, settings_query_service_client::SettingsQueryServiceClient,
};

use crate::{error::Error, list::ConsistencyArgs, output::Printer, session::Session};

use lists::{NameCommand, RoleCommand, Texts, TypeCommand};
use set::SetSettings;

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Shows the settings
    Show {
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Changes settings that have one value
    Set(Box<SetSettings>),
    /// Roles that members can have at an account, beside assignee
    #[command(subcommand)]
    Role(RoleCommand),
    /// Categories of tasks
    #[command(subcommand)]
    Category(NameCommand),
    /// Categories of documents
    #[command(subcommand)]
    DocumentCategory(NameCommand),
    /// Types of generated tasks
    #[command(subcommand)]
    TaskType(TypeCommand),
}

impl SettingsCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Show { consistency } => {
                let answer = get(session, consistency.min_position).await?;
                Ok(printer.resource(&answer.settings.unwrap_or_default())?)
            }
            Self::Set(set) => set.run(session, printer).await,
            Self::Role(command) => command.run(session, printer).await,
            Self::Category(command) => command.run(Texts::Tasks, session, printer).await,
            Self::DocumentCategory(command) => {
                command.run(Texts::Documents, session, printer).await
            }
            Self::TaskType(command) => command.run(session, printer).await,
        }
    }
}

/// The settings at this position or later.
pub(crate) async fn get(
    session: &Session,
    min_position: i64,
) -> Result<GetSettingsResponse, Error> {
    session
        .call(
            v1::GetSettingsRequest { min_position },
            async |service, request| {
                SettingsQueryServiceClient::new(service)
                    .get_settings(request)
                    .await
            },
        )
        .await
}
