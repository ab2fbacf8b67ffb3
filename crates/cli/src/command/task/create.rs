//! Creates a task.

use clap::Args;
use handoff_proto::v1::{self, Task, task_command_service_client::TaskCommandServiceClient};

use super::{beginning::BeginningArgs, fields::FieldArgs, view};
use crate::{command::CommandArgs, error::Error, name, output::Printer, session::Session, time};

#[derive(Debug, Args)]
pub(crate) struct CreateTask {
    /// What it is about: an account, acme or accounts/acme, or a member, members/ana
    subject: String,
    /// The work in a few words
    title: String,
    #[command(flatten)]
    beginning: BeginningArgs,
    #[command(flatten)]
    fields: FieldArgs,
    #[command(flatten)]
    command: CommandArgs,
}

impl CreateTask {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut task = Task {
            subject: name::subject(&self.subject)?,
            title: self.title,
            ..Task::default()
        };
        let id = self.beginning.id.clone();
        self.beginning.give(&mut task, session).await?;
        self.fields.give(&mut task, session).await?;
        let request_id = self.command.request_id();
        let request = v1::CreateTaskRequest {
            task_id: id.unwrap_or_default(),
            task: Some(task),
            request_id: request_id.clone(),
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .create_task(request)
                    .await
            })
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        let due = time::minutes_and_zone(task.due_time.as_ref());
        let sentence = format!(
            "Created {} for {}, due {due}, assigned to {}.",
            task.number,
            task.subject,
            view::assignees(&task)
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}
