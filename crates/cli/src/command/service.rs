//! `handoff service`: what is sold, and the templates of its checklists.

use std::collections::HashMap;

use clap::{Args, Subcommand};
use handoff_proto::v1::{
    self, Service, ServiceSummary, TemplateTask,
    catalog_command_service_client::CatalogCommandServiceClient,
    catalog_query_service_client::CatalogQueryServiceClient,
};

use crate::{
    command::{CommandArgs, order::Visibility, words},
    error::Error,
    filter::Filter,
    html,
    list::{self, ConsistencyArgs, ListArgs},
    name,
    output::{Cell, Printer, Row, Tone},
    session::{LARGEST_ANSWER, Session},
    time,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Creates a service
    Create {
        /// Name shown to people
        display_name: String,
        /// Id of the new service [default: made from the name]
        #[arg(long)]
        id: Option<String>,
        /// What it is, as HTML
        #[arg(long, value_name = "HTML")]
        description: Option<String>,
        #[command(flatten)]
        command: CommandArgs,
    },
    /// Shows one service with its template
    Show {
        /// The service: seo or services/seo
        service: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists services
    List {
        /// Retired ones too
        #[arg(long)]
        all: bool,
        /// Only services with these words in their name or id
        #[arg(long, value_name = "WORDS")]
        text: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Takes a service off what is sold; its orders go on
    Retire {
        /// The service: seo or services/seo
        service: String,
        #[command(flatten)]
        command: CommandArgs,
    },
    /// The tasks of the template, which new orders get
    #[command(subcommand)]
    Task(TemplateCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Adds a task at the end of its tier
    Add(Box<AddTask>),
    /// Takes a task out
    Remove {
        /// The service: seo or services/seo
        service: String,
        /// The task's id
        task: String,
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
    /// The work in detail, as HTML
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// Hours after an order's start at which it is due
    #[arg(long, value_name = "HOURS")]
    deadline_hours: Option<i32>,
    /// Members who do it
    #[arg(long, value_name = "MEMBER", value_delimiter = ',')]
    assign: Vec<String>,
    /// The role of the account whose holder it follows
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Its tier; tasks of the same tier run in parallel [default: after all others]
    #[arg(long)]
    tier: Option<i32>,
    /// Who sees it, and who does it
    #[arg(long, value_enum, default_value_t = Visibility::Internal)]
    visibility: Visibility,
    #[command(flatten)]
    command: CommandArgs,
}

/// Sends a command, and says what there is after it.
macro_rules! send {
    ($session:ident, $printer:ident, $method:ident, $request:expr) => {{
        let request = $request;
        let answer = $session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    CatalogCommandServiceClient::new(service)
                        .$method(request)
                        .await
                },
            )
            .await?;
        let sentence = sentence(answer.service.as_ref().unwrap_or(&Service::default()));
        Ok($printer.done(&answer, &sentence)?)
    }};
}

fn sentence(service: &Service) -> String {
    let retired = if service.retired {
        ", and is retired"
    } else {
        ""
    };
    let count = service.tasks.len();
    format!("{} has a template of {count} tasks{retired}.", service.name)
}

impl ServiceCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Create {
                display_name,
                id,
                description,
                command,
            } => send!(
                session,
                printer,
                create_service,
                v1::CreateServiceRequest {
                    service_id: id.unwrap_or_default(),
                    service: Some(Service {
                        display_name,
                        description: description.unwrap_or_default(),
                        ..Default::default()
                    }),
                    request_id: command.request_id(),
                }
            ),
            Self::Show {
                service,
                consistency,
            } => show(&service, consistency.min_position, session, printer).await,
            Self::List { all, text, list } => {
                show_list(all, text.as_deref(), &list, session, printer).await
            }
            Self::Retire { service, command } => {
                send!(
                    session,
                    printer,
                    retire_service,
                    v1::RetireServiceRequest {
                        name: name::service(&service)?,
                        request_id: command.request_id(),
                        etag: String::new(),
                    }
                )
            }
            Self::Task(TemplateCommand::Add(add)) => add.run(session, printer).await,
            Self::Task(TemplateCommand::Remove {
                service,
                task,
                command,
            }) => send!(
                session,
                printer,
                remove_template_task,
                v1::RemoveTemplateTaskRequest {
                    name: name::in_checklist(&name::service(&service)?, &task)?,
                    request_id: command.request_id(),
                    etag: String::new(),
                }
            ),
        }
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
                    description: self.description.unwrap_or_default(),
                    deadline_hours: self.deadline_hours,
                    assignees: name::members(&self.assign)?,
                    responsible_role: self.role.unwrap_or_default(),
                    tier: self.tier.unwrap_or_default(),
                    visibility: v1::ChecklistVisibility::from(self.visibility).into(),
                    ..Default::default()
                }),
                request_id: self.command.request_id(),
                etag: String::new(),
            }
        )
    }
}

async fn show(
    service: &str,
    min_position: i64,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let request = v1::GetServiceRequest {
        name: name::service(service)?,
        min_position,
    };
    let answer = session
        .call(request, async |service, request| {
            CatalogQueryServiceClient::new(service)
                .max_decoding_message_size(LARGEST_ANSWER)
                .get_service(request)
                .await
        })
        .await?;
    if printer.is_json() {
        return Ok(printer.line(&crate::json::line(&answer))?);
    }
    draw(&answer, printer)
}

/// Draws a service with its template.
pub(crate) fn draw(answer: &v1::GetServiceResponse, printer: &Printer) -> Result<(), Error> {
    let shown = answer.service.clone().unwrap_or_default();
    let retired = if shown.retired { "yes" } else { "" };
    printer.fields(vec![
        ("Name", shown.name.as_str().into()),
        ("Display name", shown.display_name.as_str().into()),
        ("Description", html::line(&shown.description).into()),
        ("Retired", retired.into()),
        ("Created", time::minutes(shown.create_time.as_ref()).into()),
        ("Changed", time::minutes(shown.update_time.as_ref()).into()),
        ("Etag", Cell::new(shown.etag.as_str(), Tone::Faint)),
    ])?;
    if !shown.tasks.is_empty() {
        printer.title("Template")?;
        let rows = shown.tasks.iter();
        let rows = rows.map(|task| row(task, &answer.display_names));
        printer.table(
            &["TIER", "ID", "TASK", "WHO", "DUE AFTER", "VISIBILITY"],
            rows.collect(),
        )?;
    }
    Ok(())
}

fn row(task: &TemplateTask, display_names: &HashMap<String, String>) -> Vec<Cell> {
    let called = |name: &String| display_names.get(name).unwrap_or(name).clone();
    let who: Vec<_> = task.assignees.iter().map(called).collect();
    let deadline = task.deadline_hours.map(|hours| format!("{hours} h"));
    vec![
        task.tier.to_string().into(),
        task.name.rsplit('/').next().unwrap_or_default().into(),
        task.title.as_str().into(),
        who.join(", ").into(),
        deadline.unwrap_or_default().into(),
        words(task.visibility().as_str_name(), "CHECKLIST_VISIBILITY_").into(),
    ]
}

async fn show_list(
    all: bool,
    text: Option<&str>,
    args: &ListArgs,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let mut filter = Filter::new(args.filter.as_deref());
    if !all {
        filter = filter.and("NOT retired".to_owned());
    }
    if let Some(text) = text {
        filter = filter.has("text", text);
    }
    let filter = filter.finish();
    list::show(args, printer, async |page| {
        let request = v1::ListServicesRequest {
            page_size: page.size,
            page_token: page.token,
            filter: filter.clone(),
            order_by: args.order_by.clone().unwrap_or_default(),
            min_position: args.consistency.min_position,
        };
        let answer = session
            .call(request, async |service, request| {
                CatalogQueryServiceClient::new(service)
                    .max_decoding_message_size(LARGEST_ANSWER)
                    .list_services(request)
                    .await
            })
            .await?;
        Ok((answer.services, answer.next_page_token))
    })
    .await
}

impl Row for ServiceSummary {
    const HEADER: &'static [&'static str] = &["NAME", "DISPLAY NAME", "TASKS", "RETIRED"];

    fn row(&self) -> Vec<Cell> {
        let service = self.service.clone().unwrap_or_default();
        vec![
            service.name.as_str().into(),
            service.display_name.as_str().into(),
            self.task_count.to_string().into(),
            if service.retired { "yes" } else { "" }.into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_says_who_does_what_when_and_who_sees_it() {
        let task = TemplateTask {
            name: "services/seo/tasks/brief".to_owned(),
            title: "Fill in the brief".to_owned(),
            deadline_hours: Some(48),
            assignees: vec!["members/ana".to_owned(), "members/ben".to_owned()],
            tier: 2,
            visibility: v1::ChecklistVisibility::ClientAssigned.into(),
            ..Default::default()
        };
        let names = HashMap::from([("members/ana".to_owned(), "Ana".to_owned())]);
        let row = row(&task, &names);
        let texts: Vec<_> = row.iter().map(Cell::text).collect();
        assert_eq!(
            texts,
            [
                "2",
                "brief",
                "Fill in the brief",
                "Ana, members/ben",
                "48 h",
                "client assigned"
            ]
        );
    }
}
