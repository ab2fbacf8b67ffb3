//! `handoff task generate`: what an internal service does when it finds relevant work.

use clap::Args;
use handoff_proto::v1::{
    self, Task, TaskGenerationSkip, TaskGenerationSkipReason, TaskPriority, TaskVisibility,
    generate_task_response::Outcome, task_command_service_client::TaskCommandServiceClient,
};

use super::{
    fields::wrong,
    view,
    words::{Priority, Visibility},
};
use crate::{command::CommandArgs, error::Error, name, output::Printer, session::Session, time};

#[derive(Debug, Args)]
pub(crate) struct GenerateTask {
    /// The account: acme or accounts/acme
    account: String,
    /// The type, such as review-response
    task_type: String,
    /// What tells this piece of work from others of its type, such as the id of a review
    work_key: String,
    /// The work in a few words
    title: String,
    /// The work in detail
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// One of the categories in the settings
    #[arg(long)]
    category: Option<String>,
    /// How urgent it is
    #[arg(long, value_enum, default_value_t = Priority::Normal)]
    priority: Priority,
    /// Who may see it besides the team
    #[arg(long, value_enum, default_value_t = Visibility::Internal)]
    visibility: Visibility,
    /// A member who does it; may be given several times [default: whoever has the account]
    #[arg(long, value_name = "MEMBER")]
    assign: Vec<String>,
    /// When it should be done, as for `handoff task create` [default: by the account's SLA]
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

impl GenerateTask {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let due = match &self.due {
            Some(due) => {
                let calendar = session.calendar().await?;
                let moment = calendar.ahead(due);
                let instant = moment.and_then(|moment| calendar.by(moment, due));
                Some(instant.map_err(|error| wrong("--due", &error))?)
            }
            None => None,
        };
        let task = Task {
            title: self.title,
            description: self.description.unwrap_or_default(),
            category: self.category.unwrap_or_default(),
            priority: TaskPriority::from(self.priority).into(),
            visibility: TaskVisibility::from(self.visibility).into(),
            assignees: name::members(&self.assign)?,
            due_time: due.map(time::timestamp),
            ..Task::default()
        };
        let request = v1::GenerateTaskRequest {
            account: name::account(&self.account)?,
            task_type: self.task_type,
            work_key: self.work_key,
            task: Some(task),
            request_id: self.command.request_id(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .generate_task(request)
                        .await
                },
            )
            .await?;
        let is_new = answer
            .receipt
            .as_ref()
            .is_some_and(|receipt| receipt.events_appended > 0);
        let sentence = match &answer.outcome {
            Some(Outcome::Task(task)) => generated(task, is_new),
            Some(Outcome::Skip(skip)) => skipped(skip),
            None => "The server answered what this version of handoff does not know.".to_owned(),
        };
        Ok(printer.done(&answer, &sentence)?)
    }
}

fn generated(task: &Task, is_new: bool) -> String {
    if is_new {
        let due = time::minutes_and_zone(task.due_time.as_ref());
        format!(
            "Generated {} for {}, due {due}, assigned to {}.",
            task.number,
            task.subject,
            view::assignees(task)
        )
    } else {
        format!(
            "{} was generated before; it is {}.",
            task.number,
            view::status_words(task)
        )
    }
}

fn skipped(skip: &TaskGenerationSkip) -> String {
    let account = skip
        .account
        .as_ref()
        .map_or("the account", |account| account.name.as_str());
    let reason = match skip.reason() {
        TaskGenerationSkipReason::AccountPaused => format!("{account} is paused"),
        TaskGenerationSkipReason::AccountDeactivated => format!("{account} is deactivated"),
        TaskGenerationSkipReason::TypeNotSelected => {
            format!("{account} does not want tasks of this type")
        }
        TaskGenerationSkipReason::TypeRetired => "the type is retired".to_owned(),
        TaskGenerationSkipReason::Unspecified => "the server does not say why".to_owned(),
    };
    format!("No task: {reason}.")
}
