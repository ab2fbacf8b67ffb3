//! Creates a task.

use clap::Args;
use handoff_proto::v1::{
    self, Task, TaskStatus, task_command_service_client::TaskCommandServiceClient,
};

use super::{fields::FieldArgs, view, words::OpenStatus};
use crate::{command::CommandArgs, error::Error, name, output::Printer, session::Session, time};

#[derive(Debug, Args)]
pub(crate) struct CreateTask {
    /// What it is about: an account, acme or accounts/acme, or a member, members/ana
    subject: String,
    /// The work in a few words
    title: String,
    /// Id of the new task [default: a new UUID]
    #[arg(long)]
    id: Option<String>,
    /// How far it is
    #[arg(long, value_enum, default_value_t = OpenStatus::NotStarted)]
    status: OpenStatus,
    /// A member who does it; may be given several times [default: whoever has the account]
    #[arg(long, value_name = "MEMBER")]
    assign: Vec<String>,
    /// A task that has to do with it; may be given several times
    #[arg(long, value_name = "tasks/ID")]
    related: Vec<String>,
    /// The tracker integration takes it up too
    #[arg(long)]
    save_to_tracker: bool,
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
            status: TaskStatus::from(self.status).into(),
            assignees: name::members(&self.assign)?,
            related_tasks: self.related,
            save_to_tracker: self.save_to_tracker,
            ..Task::default()
        };
        self.fields.give(&mut task, session).await?;
        let request_id = self.command.request_id();
        let request = v1::CreateTaskRequest {
            task_id: self.id.unwrap_or_default(),
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
