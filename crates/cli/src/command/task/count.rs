//! `handoff task count`.

use clap::Args;
use handoff_proto::v1::{self, task_query_service_client::TaskQueryServiceClient};

use super::which::Which;
use crate::{error::Error, list::ConsistencyArgs, output::Printer, session::Session};

#[derive(Debug, Args)]
pub(crate) struct TaskCount {
    #[command(flatten)]
    which: Which,
    /// Only what matches: comparisons over fields, with AND, OR, NOT and parentheses
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    consistency: ConsistencyArgs,
}

impl TaskCount {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::CountTasksRequest {
            filter: self.which.filter(self.filter.as_deref(), session.now())?,
            min_position: self.consistency.min_position,
        };
        let answer = session
            .call(request, async |service, request| {
                let mut client = TaskQueryServiceClient::new(service);
                client.count_tasks(request).await
            })
            .await?;
        let more = if answer.more { "+" } else { "" };
        Ok(printer.done(&answer, &format!("{}{more}", answer.count))?)
    }
}
