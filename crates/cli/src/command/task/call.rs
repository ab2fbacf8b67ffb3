//! `handoff task call`: what a telephone system reports, by hand.

use clap::Args;
use handoff_proto::v1::{
    self, Task, TaskStatus, task_command_service_client::TaskCommandServiceClient,
};

use super::{fields::FieldArgs, view, words::OpenStatus};
use crate::{command::CommandArgs, error::Error, name, output::Printer, session::Session, time};

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The number that calls, with its country code: "+49 30 123456". The account at which a contact has it is what the task is about,
    /// else the one of the setting call_default_account
    number: String,
    /// The work in a few words [default: Call from the contact or number]
    title: Option<String>,
    /// Id of the new task [default: a new UUID]
    #[arg(long)]
    id: Option<String>,
    /// How far it is
    #[arg(long, value_enum, default_value_t = OpenStatus::NotStarted)]
    status: OpenStatus,
    /// A member who does it; may be given several times [default: whoever has the account]
    #[arg(long, value_name = "MEMBER")]
    assign: Vec<String>,
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
            status: TaskStatus::from(self.status).into(),
            assignees: name::members(&self.assign)?,
            ..Task::default()
        };
        self.fields.give(&mut task, session).await?;
        let request_id = self.command.request_id();
        let request = v1::CreateTaskFromCallRequest {
            task_id: self.id.unwrap_or_default(),
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
