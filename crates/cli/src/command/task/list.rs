//! `handoff task list`.

use clap::Args;
use handoff_proto::v1::{self, task_query_service_client::TaskQueryServiceClient};

use super::which::Which;
use crate::{
    error::Error,
    list::{self, ListArgs},
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct TaskList {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    list: ListArgs,
}

impl TaskList {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let filter = self
            .which
            .filter(self.list.filter.as_deref(), session.now())?;
        list::show(&self.list, printer, async |page| {
            let request = v1::ListTasksRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    let client = TaskQueryServiceClient::new(service);
                    client
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_tasks(request)
                        .await
                })
                .await?;
            Ok((answer.tasks, answer.next_page_token))
        })
        .await
    }
}
