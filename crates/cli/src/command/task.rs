//! `handoff task`: pieces of work.

mod find;
mod generate;
mod list;
mod view;
mod words;

use clap::{Args, Subcommand};
use handoff_proto::v1::{
    self, Task, TaskPriority, TaskStatus, TaskVisibility,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};

use crate::{
    command::CommandArgs, date, error::Error, html, list::ConsistencyArgs, name, output::Printer,
    session::Session, time,
};

pub(crate) use find::find;
use generate::GenerateTask;
use list::TaskList;
pub(crate) use view::{HEADER_OF_ONE, row_of_one};
use words::{OpenStatus, Priority, Visibility};

#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// Creates a task
    Create(Box<CreateTask>),
    /// Reports relevant work, which gives a task if the account is active and wants tasks of its type
    Generate(Box<GenerateTask>),
    /// Shows one task, below the notes of its account
    Show {
        /// The task: its number, id or tasks/ID
        task: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists tasks
    List(TaskList),
    /// Replaces the members who do a task
    Assign {
        #[command(flatten)]
        task: Target,
        /// All the members who shall do it
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        members: Vec<String>,
        /// Nobody shall do it for now
        #[arg(long)]
        nobody: bool,
    },
    /// Completes a task
    Complete {
        #[command(flatten)]
        task: Target,
    },
    /// Opens a closed task again
    Reopen {
        #[command(flatten)]
        task: Target,
        /// The status it gets
        #[arg(long, value_enum, default_value_t = OpenStatus::NotStarted)]
        status: OpenStatus,
    },
}

/// The task that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The task: its number, id or tasks/ID
    task: String,
    /// Refuse if the task changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CreateTask {
    /// What it is about: an account, acme or accounts/acme, or a member, members/ana
    subject: String,
    /// The work in a few words
    title: String,
    /// Id of the new task [default: a new UUID]
    #[arg(long)]
    id: Option<String>,
    /// The work in detail
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// One of the categories in the settings
    #[arg(long)]
    category: Option<String>,
    /// How far it is
    #[arg(long, value_enum, default_value_t = OpenStatus::NotStarted)]
    status: OpenStatus,
    /// How urgent it is
    #[arg(long, value_enum, default_value_t = Priority::Normal)]
    priority: Priority,
    /// Who may see it besides the team
    #[arg(long, value_enum, default_value_t = Visibility::Internal)]
    visibility: Visibility,
    /// A member who does it; may be given several times [default: whoever has the account]
    #[arg(long, value_name = "MEMBER")]
    assign: Vec<String>,
    /// When it may begin, written as for --due [default: now]
    #[arg(long, value_name = "DATE")]
    start: Option<String>,
    /// When it should be done: 2026-12-01, "2026-12-01 17:00", today, friday, "friday 17:00", +3d; in UTC [default: by the account's SLA]
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

impl TaskCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Create(create) => create.run(session, printer).await,
            Self::Show { task, consistency } => {
                let name = find(session, &task, consistency.min_position).await?;
                let request = v1::GetTaskRequest {
                    name,
                    min_position: consistency.min_position,
                };
                let answer = session
                    .call(request, async |service, request| {
                        TaskQueryServiceClient::new(service).get_task(request).await
                    })
                    .await?;
                let task = answer.task.unwrap_or_default();
                if !answer.account_notes.is_empty() && !printer.is_json() {
                    let notes = html::text(&answer.account_notes);
                    printer.line(&format!("Notes of {}:\n{notes}\n", task.subject))?;
                }
                Ok(printer.resource(&task)?)
            }
            Self::Generate(generate) => generate.run(session, printer).await,
            Self::List(list) => list.run(session, printer).await,
            Self::Assign {
                task,
                members,
                nobody: _,
            } => task.assign(&members, session, printer).await,
            Self::Complete { task } => task.complete(session, printer).await,
            Self::Reopen { task, status } => task.reopen(status, session, printer).await,
        }
    }
}

impl CreateTask {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let date = |text: &Option<String>, flag: &str| {
            let date = text
                .as_deref()
                .map(|text| date::parse(text, session.now()))
                .transpose();
            let date =
                date.map_err(|error| Error::usage(error.to_string(), format!("Correct {flag}.")))?;
            Ok::<_, Error>(date.map(time::timestamp))
        };
        let task = Task {
            subject: name::subject(&self.subject)?,
            title: self.title,
            description: self.description.unwrap_or_default(),
            category: self.category.unwrap_or_default(),
            status: TaskStatus::from(self.status).into(),
            priority: TaskPriority::from(self.priority).into(),
            visibility: TaskVisibility::from(self.visibility).into(),
            assignees: name::members(&self.assign)?,
            start_time: date(&self.start, "--start")?,
            due_time: date(&self.due, "--due")?,
            ..Task::default()
        };
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
        let due = time::minutes(task.due_time.as_ref());
        let sentence = format!(
            "Created {} for {}, due {due} UTC, assigned to {}.",
            task.number,
            task.subject,
            view::assignees(&task)
        );
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl Target {
    async fn assign(
        self,
        members: &[String],
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::AssignTaskRequest {
            assignees: name::members(members)?,
            name: find(session, &self.task, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .assign_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(
            &answer,
            &format!("{} is assigned to {}.", task.number, view::assignees(&task)),
        )?)
    }

    async fn complete(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::CompleteTaskRequest {
            name: find(session, &self.task, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .complete_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is complete.", task.number))?)
    }

    async fn reopen(
        self,
        status: OpenStatus,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::ReopenTaskRequest {
            name: find(session, &self.task, 0).await?,
            status: TaskStatus::from(status).into(),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .reopen_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(
            &answer,
            &format!(
                "{} is open again: {}.",
                task.number,
                view::status_words(&task)
            ),
        )?)
    }
}
