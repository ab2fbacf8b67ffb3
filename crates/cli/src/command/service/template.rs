//! `handoff service task`: the tasks of a template, which new orders get.

use clap::{Args, Subcommand, ValueEnum};
use handoff_proto::v1::{
    self, Service, TemplateTask, catalog_command_service_client::CatalogCommandServiceClient,
};
use prost_types::FieldMask;

use super::{Target, sentence};
use crate::{
    command::{CommandArgs, order::Visibility},
    error::Error,
    name,
    output::Printer,
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Adds a task at the end of its tier
    Add(Box<AddTask>),
    /// Changes a task; orders that there are keep theirs
    Edit(Box<EditTask>),
    /// Moves tasks to their places: all of them, in the new order
    Move {
        #[command(flatten)]
        service: Target,
        /// Ids of all tasks
        #[arg(required = true)]
        tasks: Vec<String>,
        /// The tier of each [default: the tiers stay where they are in the list]
        #[arg(long, value_delimiter = ',', value_name = "TIERS")]
        tiers: Vec<i32>,
    },
    /// Takes a task out
    Remove {
        /// The service: seo or services/seo
        service: String,
        /// The task's id
        task: String,
        /// Refuse if the service changed since it was read with this etag
        #[arg(long)]
        etag: Option<String>,
        #[command(flatten)]
        command: CommandArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddTask {
    /// The service: seo or services/seo
    service: String,
    /// The work in a few words
    title: String,
    /// Id of the new task [default: a new one]
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    content: Content,
    /// Refuse if the service changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EditTask {
    /// The service: seo or services/seo
    service: String,
    /// The task's id
    task: String,
    /// Another title
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    content: Content,
    /// Takes a field away; may be given several times
    #[arg(long, value_enum, value_name = "FIELD")]
    clear: Vec<Clearable>,
    /// Refuse if the service changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

/// What a task of a template says beside its title.
#[derive(Debug, Args)]
struct Content {
    /// The work in detail, as HTML
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// Hours after an order's start at which it is due
    #[arg(long, value_name = "HOURS")]
    deadline_hours: Option<i32>,
    /// All members who do it
    #[arg(long, value_name = "MEMBER", value_delimiter = ',')]
    assign: Vec<String>,
    /// The role of the account whose holder it follows
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Its tier; tasks of the same tier run in parallel [default for a new one: after all others]
    #[arg(long)]
    tier: Option<i32>,
    /// Who sees it, and who does it [default for a new one: internal]
    #[arg(long, value_enum)]
    visibility: Option<Visibility>,
}

/// What a task of a template can be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Clearable {
    Description,
    DeadlineHours,
    Assign,
    Role,
}

impl Clearable {
    fn path(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::DeadlineHours => "deadline_hours",
            Self::Assign => "assignees",
            Self::Role => "responsible_role",
        }
    }
}

impl TemplateCommand {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Add(add) => add.run(session, printer).await,
            Self::Edit(edit) => edit.run(session, printer).await,
            Self::Move {
                service,
                tasks,
                tiers,
            } => {
                let name = name::service(&service.service)?;
                let tasks = tasks.iter().map(|task| name::in_checklist(&name, task));
                send!(
                    session,
                    printer,
                    reorder_template_tasks,
                    v1::ReorderTemplateTasksRequest {
                        tasks: tasks.collect::<Result<_, _>>()?,
                        name,
                        tiers,
                        request_id: service.command.request_id(),
                        etag: service.etag.unwrap_or_default(),
                    }
                )
            }
            Self::Remove {
                service,
                task,
                etag,
                command,
            } => send!(
                session,
                printer,
                remove_template_task,
                v1::RemoveTemplateTaskRequest {
                    name: name::in_checklist(&name::service(&service)?, &task)?,
                    request_id: command.request_id(),
                    etag: etag.unwrap_or_default(),
                }
            ),
        }
    }
}

impl Content {
    fn task(&self) -> Result<TemplateTask, Error> {
        let visibility = self.visibility.map(v1::ChecklistVisibility::from);
        Ok(TemplateTask {
            description: self.description.clone().unwrap_or_default(),
            deadline_hours: self.deadline_hours,
            assignees: name::members(&self.assign)?,
            responsible_role: self.role.clone().unwrap_or_default(),
            tier: self.tier.unwrap_or_default(),
            visibility: visibility.unwrap_or_default().into(),
            ..Default::default()
        })
    }
}

impl AddTask {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            add_template_task,
            v1::AddTemplateTaskRequest {
                parent: name::service(&self.service)?,
                task_id: self.id.unwrap_or_default(),
                task: Some(TemplateTask {
                    title: self.title,
                    ..self.content.task()?
                }),
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }
}

impl EditTask {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let content = &self.content;
        let given = [
            ("title", self.title.is_some()),
            ("description", content.description.is_some()),
            ("deadline_hours", content.deadline_hours.is_some()),
            ("assignees", !content.assign.is_empty()),
            ("responsible_role", content.role.is_some()),
            ("tier", content.tier.is_some()),
            ("visibility", content.visibility.is_some()),
        ];
        let given = given.into_iter().filter(|(_, given)| *given);
        let mut paths: Vec<String> = given.map(|(path, _)| path.to_owned()).collect();
        for cleared in self.clear.iter().map(|field| field.path()) {
            if paths.iter().any(|path| path == cleared) {
                let message = format!("{cleared} is given and cleared");
                return Err(Error::usage(message, "Do one of them."));
            }
            paths.push(cleared.to_owned());
        }
        if paths.is_empty() {
            let hint =
                "Give an option such as --title; `handoff service task edit --help` lists them.";
            return Err(Error::usage("nothing is to be changed", hint));
        }
        send!(
            session,
            printer,
            update_template_task,
            v1::UpdateTemplateTaskRequest {
                task: Some(TemplateTask {
                    name: name::in_checklist(&name::service(&self.service)?, &self.task)?,
                    title: self.title.unwrap_or_default(),
                    ..self.content.task()?
                }),
                update_mask: Some(FieldMask { paths }),
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }
}
