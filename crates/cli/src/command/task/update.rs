//! Changes the fields of a task.

use clap::{Args, ValueEnum};
use handoff_proto::v1::{
    self, Task, task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use prost_types::FieldMask;

use super::{Target, fields::FieldArgs, find};
use crate::{error::Error, output::Printer, session::Session};

#[derive(Debug, Args)]
pub(crate) struct UpdateTask {
    #[command(flatten)]
    task: Target,
    /// The work in a few words
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    fields: FieldArgs,
    /// Takes a field away; may be given several times
    #[arg(long, value_enum, value_name = "FIELD")]
    clear: Vec<Clearable>,
}

/// What a task can be without. Without a due time of its own it has the SLA's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Clearable {
    Description,
    Category,
    Due,
    EstimatedHours,
    ActualHours,
    Requester,
    Quantity,
    Price,
    Mileage,
    Expenses,
    Tags,
    Role,
}

impl Clearable {
    fn path(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Category => "category",
            Self::Due => "due_time",
            Self::EstimatedHours => "estimated_hours",
            Self::ActualHours => "actual_hours",
            Self::Requester => "requester",
            Self::Quantity => "quantity",
            Self::Price => "price",
            Self::Mileage => "mileage",
            Self::Expenses => "expenses",
            Self::Tags => "tags",
            Self::Role => "responsible_role",
        }
    }
}

impl UpdateTask {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut task = Task::default();
        let mut paths = self.fields.give(&mut task, session).await?;
        if let Some(title) = self.title {
            task.title = title;
            paths.push("title");
        }
        for cleared in self.clear.into_iter().map(Clearable::path) {
            let is_due = |path: &str| path.starts_with("due_");
            if paths
                .iter()
                .any(|given| given.starts_with(cleared) || (is_due(given) && is_due(cleared)))
            {
                return Err(Error::usage(
                    format!("{cleared} is given and taken away"),
                    "Do one of both.",
                ));
            }
            paths.push(cleared);
        }
        if paths.is_empty() {
            return Err(Error::usage(
                "nothing is to change".to_owned(),
                "Give a field, such as --due, or --clear one.",
            ));
        }
        task.name = find(session, &self.task.task, 0).await?;
        self.task.update(task, &paths, session, printer).await
    }
}

impl Target {
    /// Adds words to a task's tags and takes others away, as it is in the read model now: if it
    /// changed since, that is refused.
    pub(super) async fn tag(
        mut self,
        add: Vec<String>,
        remove: &[String],
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let name = find(session, &self.task, 0).await?;
        let request = v1::GetTaskRequest {
            name: name.clone(),
            min_position: 0,
        };
        let answer = session
            .call(request, async |service, request| {
                TaskQueryServiceClient::new(service).get_task(request).await
            })
            .await?;
        let found = answer.task.unwrap_or_default();
        let mut tags = found.tags;
        tags.extend(add);
        tags.retain(|tag| !remove.contains(tag));
        self.etag.get_or_insert(found.etag);
        let task = Task {
            name,
            tags,
            ..Task::default()
        };
        self.update(task, &["tags"], session, printer).await
    }

    async fn update(
        self,
        task: Task,
        paths: &[&str],
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::UpdateTaskRequest {
            task: Some(task),
            update_mask: Some(FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            }),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .update_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is saved.", task.number))?)
    }
}
