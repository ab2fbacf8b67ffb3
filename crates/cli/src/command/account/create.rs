//! `handoff account create` and `handoff account update`.

use clap::Args;
use handoff_proto::v1::{self, Account, AccountKind};
use prost_types::FieldMask;

use super::{Target, send, words::Kind};
use crate::{command::CommandArgs, error::Error, name, output::Printer, session::Session};

#[derive(Debug, Args)]
pub(crate) struct CreateAccount {
    /// Name shown to people
    display_name: String,
    /// Id of the new account [default: made from the display name]
    #[arg(long)]
    id: Option<String>,
    /// What it is to the team
    #[arg(long, value_enum, default_value_t = Kind::Customer)]
    kind: Kind,
    /// The member who is responsible [default: you]
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Hours from a task's start to its due time [default: as in the settings]
    #[arg(long, value_name = "HOURS")]
    sla_hours: Option<i32>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateAccount {
    #[command(flatten)]
    target: Target,
    /// Another name shown to people
    #[arg(long, value_name = "NAME", required_unless_present_any = ["sla_hours", "no_sla_hours"])]
    display_name: Option<String>,
    /// Hours from a new task's start to its due time
    #[arg(long, value_name = "HOURS")]
    sla_hours: Option<i32>,
    /// Let the hours of the settings apply
    #[arg(long, conflicts_with = "sla_hours")]
    no_sla_hours: bool,
}

impl CreateAccount {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let account = Account {
            display_name: self.display_name,
            kind: AccountKind::from(self.kind).into(),
            assignee: self
                .assignee
                .as_deref()
                .map(name::member)
                .transpose()?
                .unwrap_or_default(),
            sla_hours: self.sla_hours,
            ..Account::default()
        };
        let request_id = self.command.request_id();
        let request = v1::CreateAccountRequest {
            account_id: self.id.unwrap_or_default(),
            account: Some(account),
            request_id: request_id.clone(),
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.create_account(request).await,
        )
        .await?;
        let account = answer.account.clone().unwrap_or_default();
        let sentence = format!("Created {} for {}.", account.name, account.display_name);
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl UpdateAccount {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut paths = Vec::new();
        if self.display_name.is_some() {
            paths.push("display_name".to_owned());
        }
        if self.sla_hours.is_some() || self.no_sla_hours {
            paths.push("sla_hours".to_owned());
        }
        let (name, request_id, etag) = self.target.parts()?;
        let account = Account {
            name,
            display_name: self.display_name.unwrap_or_default(),
            sla_hours: self.sla_hours,
            ..Account::default()
        };
        let request = v1::UpdateAccountRequest {
            account: Some(account),
            update_mask: Some(FieldMask { paths }),
            request_id: request_id.clone(),
            etag,
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.update_account(request).await,
        )
        .await?;
        let account = answer.account.clone().unwrap_or_default();
        let hours = match account.sla_hours {
            Some(hours) => format!("{hours} SLA hours"),
            None => "the SLA hours of the settings".to_owned(),
        };
        let sentence = format!(
            "{} is {}, with {hours}.",
            account.name, account.display_name
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}
