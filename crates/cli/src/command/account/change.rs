//! The commands that change one thing about an account: its status, kind, support team, report and types of tasks.

use clap::Args;
use handoff_proto::v1::{self, TaskTypeSelection};

use super::{Target, send, view, words::Switch};
use crate::{error::Error, name, output::Printer, session::Session};

pub(super) async fn convert(
    target: Target,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let (name, request_id, etag) = target.parts()?;
    let request = v1::ConvertLeadRequest {
        name,
        request_id: request_id.clone(),
        etag,
    };
    let answer = send(
        session,
        &request_id,
        request,
        async |mut client, request| client.convert_lead(request).await,
    )
    .await?;
    let account = answer.account.clone().unwrap_or_default();
    Ok(printer.done(&answer, &format!("{} is a customer.", account.name))?)
}

pub(super) async fn activate(
    target: Target,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let (name, request_id, etag) = target.parts()?;
    let request = v1::ActivateAccountRequest {
        name,
        request_id: request_id.clone(),
        etag,
    };
    let answer = send(
        session,
        &request_id,
        request,
        async |mut client, request| client.activate_account(request).await,
    )
    .await?;
    let account = answer.account.clone().unwrap_or_default();
    Ok(printer.done(&answer, &format!("{} is active.", account.name))?)
}

pub(super) async fn pause(
    target: Target,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let (name, request_id, etag) = target.parts()?;
    let request = v1::PauseAccountRequest {
        name,
        request_id: request_id.clone(),
        etag,
    };
    let answer = send(
        session,
        &request_id,
        request,
        async |mut client, request| client.pause_account(request).await,
    )
    .await?;
    let account = answer.account.clone().unwrap_or_default();
    let sentence = format!(
        "{} is paused: no tasks are generated; work made by hand goes on.",
        account.name
    );
    Ok(printer.done(&answer, &sentence)?)
}

pub(super) async fn deactivate(
    target: Target,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let (name, request_id, etag) = target.parts()?;
    let request = v1::DeactivateAccountRequest {
        name,
        request_id: request_id.clone(),
        etag,
    };
    let answer = send(
        session,
        &request_id,
        request,
        async |mut client, request| client.deactivate_account(request).await,
    )
    .await?;
    let account = answer.account.clone().unwrap_or_default();
    let sentence = format!(
        "{} is deactivated: new work is refused; what is open may be finished.",
        account.name
    );
    Ok(printer.done(&answer, &sentence)?)
}

#[derive(Debug, Args)]
pub(crate) struct Team {
    #[command(flatten)]
    target: Target,
    /// All the members who shall be in it
    #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
    members: Vec<String>,
    /// The account shall have none: its assignee gets new tasks
    #[arg(long)]
    nobody: bool,
}

impl Team {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let (name, request_id, etag) = self.target.parts()?;
        let request = v1::SetSupportTeamRequest {
            name,
            members: name::members(&self.members)?,
            request_id: request_id.clone(),
            etag,
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.set_support_team(request).await,
        )
        .await?;
        let account = answer.account.clone().unwrap_or_default();
        let sentence = match view::short(&account.support_team) {
            team if team.is_empty() => {
                format!(
                    "{} has no support team; its assignee gets new tasks.",
                    account.name
                )
            }
            team => format!("New tasks of {} go to {team}.", account.name),
        };
        Ok(printer.done(&answer, &sentence)?)
    }
}

#[derive(Debug, Args)]
pub(crate) struct ReportSwitch {
    #[command(flatten)]
    target: Target,
    /// Whether contacts get it
    #[arg(value_enum)]
    report: Switch,
}

impl ReportSwitch {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let (name, request_id, etag) = self.target.parts()?;
        let request = v1::SetMonthlyReportRequest {
            name,
            monthly_report: self.report == Switch::On,
            request_id: request_id.clone(),
            etag,
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.set_monthly_report(request).await,
        )
        .await?;
        let account = answer.account.clone().unwrap_or_default();
        let report = if account.monthly_report {
            "a monthly report"
        } else {
            "no monthly report"
        };
        Ok(printer.done(
            &answer,
            &format!("Contacts of {} get {report}.", account.name),
        )?)
    }
}

#[derive(Debug, Args)]
pub(crate) struct TaskTypes {
    #[command(flatten)]
    target: Target,
    /// The types, such as review-response; others are not generated
    #[arg(required_unless_present_any = ["all", "none"], conflicts_with_all = ["all", "none"])]
    types: Vec<String>,
    /// All types, also those that the settings will add
    #[arg(long, conflicts_with = "none")]
    all: bool,
    /// No types
    #[arg(long)]
    none: bool,
}

impl TaskTypes {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let (name, request_id, etag) = self.target.parts()?;
        let request = v1::SelectTaskTypesRequest {
            name,
            task_types: Some(TaskTypeSelection {
                all: self.all,
                task_types: self.types,
            }),
            request_id: request_id.clone(),
            etag,
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.select_task_types(request).await,
        )
        .await?;
        let account = answer.account.clone().unwrap_or_default();
        let sentence = format!(
            "Types of tasks that are generated for {}: {}.",
            account.name,
            view::task_types(&account)
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}
