//! Adds an activity.

use clap::Args;
use handoff_proto::v1::{
    self, Activity, activity_command_service_client::ActivityCommandServiceClient,
};

use super::view;
use crate::{
    command::CommandArgs, date::Moment, error::Error, name, output::Printer, session::Session, time,
};

#[derive(Debug, Args)]
pub(crate) struct AddActivity {
    /// The account: acme or accounts/acme
    account: String,
    /// What to do or to remember, as HTML
    note: String,
    /// When it should be done: 2026-12-01, "2026-12-01 17:00", today, friday, "friday 17:00", +3d
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    /// The member whose it is [default: nobody]
    #[arg(long, value_name = "MEMBER")]
    assign: Option<String>,
    /// Id of the new activity [default: a new UUID]
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

impl AddActivity {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let due = session.due(self.due.as_deref()).await?;
        let (due_time, due_date) = due.map(Moment::due).unwrap_or_default();
        let assignee = self.assign.as_deref().map(name::member).transpose()?;
        let activity = Activity {
            account: name::account(&self.account)?,
            note: self.note,
            due_time,
            due_date,
            assignee: assignee.unwrap_or_default(),
            ..Activity::default()
        };
        let request_id = self.command.request_id();
        let request = v1::CreateActivityRequest {
            activity_id: self.id.unwrap_or_default(),
            activity: Some(activity),
            request_id: request_id.clone(),
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                ActivityCommandServiceClient::new(service)
                    .create_activity(request)
                    .await
            })
            .await?;
        let activity = answer.activity.clone().unwrap_or_default();
        let due = match &activity.due_time {
            Some(due) => format!("due {}", time::minutes_and_zone(Some(due))),
            None => "to remember".to_owned(),
        };
        let sentence = format!(
            "Added {} to {}, {due}, assigned to {}.",
            activity.name,
            activity.account,
            view::assignee(&activity)
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}
