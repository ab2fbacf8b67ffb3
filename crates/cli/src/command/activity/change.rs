//! What becomes of an activity: done, opened again, given to somebody, edited, deleted.

use clap::Args;
use handoff_proto::v1::{
    self, Activity, activity_command_service_client::ActivityCommandServiceClient,
};
use prost_types::FieldMask;

use super::{Target, view};
use crate::{error::Error, name, output::Printer, session::Session};

#[derive(Debug, Args)]
pub(crate) struct UpdateActivity {
    #[command(flatten)]
    activity: Target,
    /// What to do or to remember, as HTML
    #[arg(long, value_name = "HTML")]
    note: Option<String>,
    /// When it should be done: 2026-12-01, "2026-12-01 17:00", today, friday, "friday 17:00", +3d
    #[arg(long, value_name = "DATE", conflicts_with = "never_due")]
    due: Option<String>,
    /// It is not due any more: a note in the timeline
    #[arg(long)]
    never_due: bool,
}

impl UpdateActivity {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut paths = Vec::new();
        let mut activity = Activity {
            name: name::activity(&self.activity.activity)?,
            ..Activity::default()
        };
        if let Some(note) = self.note {
            activity.note = note;
            paths.push("note".to_owned());
        }
        if let Some(due) = session.due(self.due.as_deref()).await? {
            (activity.due_time, activity.due_date) = due.due();
            let path = activity.due_time.map_or("due_date", |_| "due_time");
            paths.push(path.to_owned());
        } else if self.never_due {
            paths.push("due_time".to_owned());
        }
        if paths.is_empty() {
            return Err(Error::usage(
                "nothing is to change".to_owned(),
                "Give --note, --due or --never-due.",
            ));
        }
        let request = v1::UpdateActivityRequest {
            activity: Some(activity),
            update_mask: Some(FieldMask { paths }),
            request_id: self.activity.command.request_id(),
            etag: self.activity.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    ActivityCommandServiceClient::new(service)
                        .update_activity(request)
                        .await
                },
            )
            .await?;
        let activity = answer.activity.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is saved.", activity.name))?)
    }
}

impl Target {
    pub(super) async fn complete(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::CompleteActivityRequest {
            name: name::activity(&self.activity)?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    ActivityCommandServiceClient::new(service)
                        .complete_activity(request)
                        .await
                },
            )
            .await?;
        let activity = answer.activity.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is complete.", activity.name))?)
    }

    pub(super) async fn reopen(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::ReopenActivityRequest {
            name: name::activity(&self.activity)?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    ActivityCommandServiceClient::new(service)
                        .reopen_activity(request)
                        .await
                },
            )
            .await?;
        let activity = answer.activity.clone().unwrap_or_default();
        let sentence = format!(
            "{} is {}, assigned to {}.",
            activity.name,
            view::status_words(&activity),
            view::assignee(&activity)
        );
        Ok(printer.done(&answer, &sentence)?)
    }

    pub(super) async fn assign(
        self,
        member: Option<&str>,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::AssignActivityRequest {
            name: name::activity(&self.activity)?,
            assignee: member.map(name::member).transpose()?.unwrap_or_default(),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    ActivityCommandServiceClient::new(service)
                        .assign_activity(request)
                        .await
                },
            )
            .await?;
        let activity = answer.activity.clone().unwrap_or_default();
        let assignee = view::assignee(&activity);
        let sentence = format!("{} is assigned to {assignee}.", activity.name);
        Ok(printer.done(&answer, &sentence)?)
    }

    pub(super) async fn delete(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::DeleteActivityRequest {
            name: name::activity(&self.activity)?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let name = request.name.clone();
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    ActivityCommandServiceClient::new(service)
                        .delete_activity(request)
                        .await
                },
            )
            .await?;
        Ok(printer.done(&answer, &format!("Deleted {name}."))?)
    }
}
