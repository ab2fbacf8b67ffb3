//! `handoff history`: what happened to a resource, and how it was.

use clap::Args;
use handoff_proto::v1::{
    self, HistoryEntry, get_resource_at_request::Point, get_resource_at_response::Resource,
    history_query_service_client::HistoryQueryServiceClient,
};

use crate::{
    command::{order, service, task},
    error::Error,
    json,
    list::{self, ListArgs},
    output::{Cell, Printer, Row, Tone},
    session::{LARGEST_ANSWER, Session},
    time,
};

#[derive(Debug, Args)]
pub(crate) struct HistoryCommand {
    /// The resource: a task's number or id, tasks/ID, accounts/ID or members/ID, the last two with the tasks about them [default: all]
    resource: Option<String>,
    /// Show the resource as it was at this position of the log, or at this time: yesterday, "monday 17:00", 2026-12-01 (its end), "2026-12-01 17:00"; in the zone of the settings
    #[arg(
        long,
        value_name = "POSITION|TIME",
        requires = "resource",
        allow_hyphen_values = true
    )]
    at: Option<String>,
    /// Oldest first
    #[arg(long, conflicts_with = "order_by")]
    oldest_first: bool,
    #[command(flatten)]
    list: ListArgs,
}

impl HistoryCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let resource = match &self.resource {
            Some(text) => Some(find(session, text, self.list.consistency.min_position).await?),
            None => None,
        };
        match (&resource, &self.at) {
            (Some(name), Some(at)) => show_at(session, printer, name, at).await,
            _ => {
                self.list(resource.unwrap_or_default(), session, printer)
                    .await
            }
        }
    }

    async fn list(
        &self,
        resource: String,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let order_by = match &self.list.order_by {
            Some(order_by) => order_by,
            None if self.oldest_first => "position",
            None => "",
        };
        list::show(&self.list, printer, async |page| {
            let request = v1::ListHistoryRequest {
                resource: resource.clone(),
                page_size: page.size,
                page_token: page.token,
                filter: self.list.filter.clone().unwrap_or_default(),
                order_by: order_by.to_owned(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    let client = HistoryQueryServiceClient::new(service);
                    client
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_history(request)
                        .await
                })
                .await?;
            Ok((answer.entries, answer.next_page_token))
        })
        .await
    }
}

/// The name of the resource. Without its collection it is taken for a task.
async fn find(session: &Session, text: &str, min_position: i64) -> Result<String, Error> {
    if text.contains('/') && !text.starts_with("tasks/") {
        return Ok(text.to_owned());
    }
    task::find(session, text, min_position).await
}

async fn show_at(session: &Session, printer: &Printer, name: &str, at: &str) -> Result<(), Error> {
    let point = match at.parse::<i64>() {
        Ok(position) => Point::Position(position),
        Err(_) => match session.calendar().await?.past(at) {
            Ok(instant) => Point::Time(time::timestamp(instant)),
            Err(error) => {
                return Err(Error::usage(
                    error.to_string(),
                    "Correct --at: a position of the log, or a date.",
                ));
            }
        },
    };
    let request = v1::GetResourceAtRequest {
        name: name.to_owned(),
        point: Some(point),
    };
    let answer = session
        .call(request, async |service, request| {
            HistoryQueryServiceClient::new(service)
                .get_resource_at(request)
                .await
        })
        .await?;
    match answer.resource {
        Some(Resource::Account(account)) => printer.resource(&account)?,
        Some(Resource::Task(task)) => printer.resource(&task)?,
        Some(Resource::Member(member)) => printer.resource(&member)?,
        Some(Resource::Settings(settings)) => printer.resource(&settings)?,
        Some(Resource::Document(document)) => printer.resource(&document)?,
        Some(Resource::Activity(activity)) => printer.resource(&activity)?,
        Some(Resource::Operation(operation)) => printer.resource(&operation)?,
        Some(Resource::Service(service)) if printer.is_json() => {
            printer.line(&json::line(&service))?;
        }
        Some(Resource::Service(service)) => {
            let service = v1::GetServiceResponse {
                service: Some(service),
                ..Default::default()
            };
            service::draw(&service, printer)?;
        }
        Some(Resource::Order(order)) if printer.is_json() => printer.line(&json::line(&order))?,
        Some(Resource::Order(order)) => {
            let order = v1::GetOrderResponse {
                order: Some(order),
                ..Default::default()
            };
            order::draw(&order, printer)?;
        }
        None => {
            return Err(Error::Failed(format!(
                "the server shows nothing of {name} that this version of handoff knows"
            )));
        }
    }
    Ok(())
}

impl Row for HistoryEntry {
    const HEADER: &'static [&'static str] =
        &["POSITION", "TIME", "RESOURCE", "EVENT", "BY", "DETAILS"];

    fn row(&self) -> Vec<Cell> {
        let by = match self.on_behalf_of.as_str() {
            "" => self.actor.clone(),
            member => format!("{} for {member}", self.actor),
        };
        let details = if self.redacted {
            "(not shown)"
        } else {
            self.payload_json.as_str()
        };
        vec![
            self.position.to_string().into(),
            time::seconds(self.record_time.as_ref()).into(),
            self.resource.as_str().into(),
            self.r#type.as_str().into(),
            by.into(),
            Cell::new(details, Tone::Faint),
        ]
    }
}
