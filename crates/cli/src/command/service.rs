//! `handoff service`: what is sold, and the templates of its checklists.

use std::collections::HashMap;

use clap::{Args, Subcommand};
use handoff_proto::v1::{
    self, ChecklistVisibility, Service, ServiceSummary, TemplateTask,
    catalog_command_service_client::CatalogCommandServiceClient,
    catalog_query_service_client::CatalogQueryServiceClient,
};
use prost_types::FieldMask;

use crate::{
    command::{CommandArgs, words},
    error::Error,
    filter::Filter,
    html,
    list::{self, ConsistencyArgs, ListArgs},
    name,
    output::{Cell, Printer, Row, Tone},
    session::{LARGEST_ANSWER, Session},
    time,
};

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

mod template;

use template::TemplateCommand;

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
    /// Changes what a service is called or says; its orders keep their titles
    Update {
        #[command(flatten)]
        service: Target,
        /// Another name shown to people
        #[arg(long)]
        display_name: Option<String>,
        /// What it is, as HTML; empty for nothing
        #[arg(long, value_name = "HTML")]
        description: Option<String>,
    },
    /// Takes a service off what is sold; its orders go on
    Retire(Target),
    /// The tasks of the template, which new orders get
    #[command(subcommand)]
    Task(TemplateCommand),
}

/// The service that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The service: seo or services/seo
    service: String,
    /// Refuse if the service changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

fn sentence(service: &Service) -> String {
    let retired = if service.retired {
        ", and is retired"
    } else {
        ""
    };
    let count = match service.tasks.len() {
        1 => "1 task".to_owned(),
        count => format!("{count} tasks"),
    };
    format!("{} has a template of {count}{retired}.", service.name)
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
            Self::Update {
                service,
                display_name,
                description,
            } => {
                service
                    .update(display_name, description, session, printer)
                    .await
            }
            Self::Retire(service) => send!(
                session,
                printer,
                retire_service,
                v1::RetireServiceRequest {
                    name: name::service(&service.service)?,
                    request_id: service.command.request_id(),
                    etag: service.etag.unwrap_or_default(),
                }
            ),
            Self::Task(command) => command.run(session, printer).await,
        }
    }
}

impl Target {
    async fn update(
        self,
        display_name: Option<String>,
        description: Option<String>,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let named = [
            ("display_name", display_name.is_some()),
            ("description", description.is_some()),
        ];
        let paths = named.into_iter().filter(|(_, given)| *given);
        let paths: Vec<String> = paths.map(|(path, _)| path.to_owned()).collect();
        if paths.is_empty() {
            return Err(Error::usage(
                "nothing is to be changed",
                "Give --display-name or --description.",
            ));
        }
        send!(
            session,
            printer,
            update_service,
            v1::UpdateServiceRequest {
                service: Some(Service {
                    name: name::service(&self.service)?,
                    display_name: display_name.unwrap_or_default(),
                    description: description.unwrap_or_default(),
                    ..Default::default()
                }),
                update_mask: Some(FieldMask { paths }),
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
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
    let client = match task.visibility() {
        ChecklistVisibility::ClientAssigned => Some("the client".to_owned()),
        _ => None,
    };
    let who: Vec<_> = client
        .into_iter()
        .chain(task.assignees.iter().map(called))
        .collect();
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
                "the client, Ana, members/ben",
                "48 h",
                "client assigned"
            ]
        );
    }
}
