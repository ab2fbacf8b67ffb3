//! `handoff task call`: what a telephone system reports, by hand.

use clap::Args;
use handoff_proto::v1::{self, Task, task_command_service_client::TaskCommandServiceClient};

use super::{beginning::BeginningArgs, fields::FieldArgs, view};
use crate::{command::CommandArgs, error::Error, output::Printer, session::Session, time};

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The number that calls, with its country code: "+49 30 123456". The account at which a contact has it is what the task is about,
    /// else the one of the setting call_default_account
    number: String,
    /// The work in a few words [default: Call from the contact or number]
    title: Option<String>,
    #[command(flatten)]
    beginning: BeginningArgs,
    /// Look the number up in contacts that include everything up to this position
    #[arg(long, default_value_t = 0, value_name = "POSITION")]
    min_position: i64,
    #[command(flatten)]
    fields: FieldArgs,
    #[command(flatten)]
    command: CommandArgs,
}

impl Call {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut task = Task {
            title: self.title.unwrap_or_default(),
            ..Task::default()
        };
        let id = self.beginning.id.clone();
        self.beginning.give(&mut task, session).await?;
        self.fields.give(&mut task, session).await?;
        let request_id = self.command.request_id();
        let request = v1::CreateTaskFromCallRequest {
            task_id: id.unwrap_or_default(),
            caller_number: self.number,
            task: Some(task),
            request_id: request_id.clone(),
            min_position: self.min_position,
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .create_task_from_call(request)
                    .await
            })
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        let due = time::minutes_and_zone(task.due_time.as_ref());
        let sentence = format!(
            "Created {} for {}, due {due}, assigned to {}: {}.",
            task.number,
            task.subject,
            view::assignees(&task),
            task.title
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}
