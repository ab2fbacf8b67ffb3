//! `handoff account log` and `handoff account question`: what happened outside.

use clap::Args;
use handoff_proto::v1::{self, InteractionKind};
use prost_types::Timestamp;

use super::{contact, send, words::Touch};
use crate::{
    command::{CommandArgs, words},
    error::Error,
    name,
    output::Printer,
    session::Session,
    time,
};

#[derive(Debug, Args)]
pub(crate) struct LogInteraction {
    /// The account: acme or accounts/acme
    account: String,
    /// How the team was in touch
    #[arg(value_enum)]
    kind: Touch,
    /// What is worth noting
    #[arg(value_name = "HTML")]
    details: Option<String>,
    /// When it was: 2026-11-24, "2026-11-24 15:00", yesterday, "monday 9:30", "3 days ago", -2h; in the zone of the settings [default: now]
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    at: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RecordQuestion {
    /// The account: acme or accounts/acme
    account: String,
    /// The question
    #[arg(value_name = "HTML")]
    question: String,
    /// Who asked: the name, e-mail address or id of a contact of the account [default: not known]
    #[arg(long)]
    contact: Option<String>,
    /// When it was asked, written as for `handoff account log` [default: now]
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    at: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

async fn past(at: Option<&str>, session: &Session) -> Result<Option<Timestamp>, Error> {
    let Some(text) = at else {
        return Ok(None);
    };
    match session.calendar().await?.past(text) {
        Ok(instant) => Ok(Some(time::timestamp(instant))),
        Err(error) => Err(Error::usage(error.to_string(), "Correct --at.")),
    }
}

impl LogInteraction {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let kind = InteractionKind::from(self.kind);
        let request = v1::LogInteractionRequest {
            name: name::account(&self.account)?,
            kind: kind.into(),
            details: self.details.unwrap_or_default(),
            happen_time: past(self.at.as_deref(), session).await?,
            request_id: self.command.request_id(),
        };
        let request_id = request.request_id.clone();
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.log_interaction(request).await,
        )
        .await?;
        let account = answer.account.clone().unwrap_or_default();
        let sentence = format!(
            "Recorded: {} with {}.",
            words(kind.as_str_name(), "INTERACTION_KIND_"),
            account.name
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl RecordQuestion {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let name = name::account(&self.account)?;
        let contact = match &self.contact {
            Some(text) => contact::find(session, &name, text).await?,
            None => String::new(),
        };
        let request = v1::RecordQuestionRequest {
            name,
            contact,
            question: self.question,
            ask_time: past(self.at.as_deref(), session).await?,
            request_id: self.command.request_id(),
        };
        let request_id = request.request_id.clone();
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.record_question(request).await,
        )
        .await?;
        let account = answer.account.clone().unwrap_or_default();
        let sentence = format!(
            "Recorded a question of {} for {}.",
            account.name, account.assignee
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}
