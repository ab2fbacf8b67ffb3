//! `handoff events`: the log, event by event.

use clap::{Args, Subcommand};
use handoff_proto::v1::{
    self, Event, history_query_service_client::HistoryQueryServiceClient,
    read_events_response::Item,
};
use tonic::Status;

use crate::{
    error::Error,
    json,
    output::Printer,
    retry::{Retry, resume_after},
    session::{LARGEST_ANSWER, Session},
    time,
};

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Shows the last events, or all from a position on
    Tail(Tail),
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Begin with this position, rather than near the end
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
    from: Option<i64>,
    /// Without --from: begin this many events before the end
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(i32).range(0..=500))]
    lines: i32,
    /// Go on with new events until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Only events of this resource, such as accounts/acme
    #[arg(long, value_name = "NAME")]
    resource: Option<String>,
    /// End after this many events
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(i64).range(1..))]
    limit: Option<i64>,
}

impl EventsCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let Self::Tail(tail) = self;
        let from = match tail.from {
            Some(from) => from,
            None => tail.near_the_end(session).await?,
        };
        let request = v1::ReadEventsRequest {
            after_position: from - 1,
            resource: tail.resource.unwrap_or_default(),
            follow: tail.follow,
            max_events: tail.limit.unwrap_or(0),
        };
        Reading {
            request,
            left: tail.limit,
            retry: Retry::default(),
        }
        .run(session, printer)
        .await
    }
}

impl Tail {
    /// The position of the event that is `lines` before the end.
    async fn near_the_end(&self, session: &Session) -> Result<i64, Error> {
        let resource = self.resource.as_deref().unwrap_or_default();
        // The history of an account has that of its tasks too, which the stream of its own events has not.
        let page_size = if resource.is_empty() {
            self.lines.max(1)
        } else {
            500
        };
        let request = v1::ListHistoryRequest {
            resource: resource.to_owned(),
            page_size,
            ..Default::default()
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
        let mut newest_first = answer
            .entries
            .iter()
            .filter(|entry| resource.is_empty() || entry.resource == resource);
        Ok(match usize::try_from(self.lines).unwrap_or(0) {
            0 => newest_first.next().map_or(1, |newest| newest.position + 1),
            lines => newest_first
                .take(lines)
                .last()
                .map_or(1, |oldest| oldest.position),
        })
    }
}

/// A stream of events that survives the loss of its connection.
struct Reading {
    /// What is still wanted.
    request: v1::ReadEventsRequest,
    left: Option<i64>,
    retry: Retry,
}

impl Reading {
    async fn run(mut self, session: &Session, printer: &Printer) -> Result<(), Error> {
        session.show_dates().await;
        loop {
            let status = match self.until_it_breaks(session, printer).await? {
                None => return Ok(()),
                Some(status) => status,
            };
            if let Some((position, _)) = resume_after(&status) {
                self.request.after_position = position;
            }
            self.retry.pause(status, session).await?;
        }
    }

    /// Shows events until there are no more. Answers why the stream broke, if it did.
    async fn until_it_breaks(
        &mut self,
        session: &Session,
        printer: &Printer,
    ) -> Result<Option<Status>, Error> {
        let mut client = HistoryQueryServiceClient::new(session.service())
            .max_decoding_message_size(LARGEST_ANSWER);
        let mut stream = match client.read_events(self.request.clone()).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(Some(status)),
        };
        loop {
            match stream.message().await {
                Ok(None) => return Ok(None),
                Err(status) => return Ok(Some(status)),
                Ok(Some(message)) => {
                    self.retry.reset();
                    if self.accept(message, printer)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Shows an event and notes how far reading is. Answers whether enough was shown.
    fn accept(
        &mut self,
        message: v1::ReadEventsResponse,
        printer: &Printer,
    ) -> Result<bool, Error> {
        match message.item {
            None => {}
            Some(Item::Heartbeat(heartbeat)) => self.request.after_position = heartbeat.position,
            Some(Item::Event(event)) => {
                self.request.after_position = event.position;
                printer.line(&if printer.is_json() {
                    json::line(&event)
                } else {
                    text(&event)
                })?;
                self.left = self.left.map(|left| left - 1);
                self.request.max_events = self.left.unwrap_or(0);
            }
        }
        Ok(self.left == Some(0))
    }
}

fn text(event: &Event) -> String {
    let time = time::seconds(event.record_time.as_ref());
    let payload = if event.redacted {
        "(not shown)"
    } else {
        &event.payload_json
    };
    format!(
        "{:>8}  {time}  {:<22}  {}  {payload}",
        event.position, event.r#type, event.stream
    )
}
