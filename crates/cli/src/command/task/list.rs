//! `handoff task list`.

use clap::Args;
use handoff_proto::v1::{self, task_query_service_client::TaskQueryServiceClient};

use super::words::Status;
use crate::{
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct TaskList {
    /// Only tasks about this account or member
    #[arg(long, visible_alias = "account")]
    subject: Option<String>,
    /// Only tasks of this member, or of me, or of nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only tasks with this status
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only tasks that are not started, in progress or waiting
    #[arg(long, conflicts_with = "status")]
    open: bool,
    /// Only tasks that should have been done by now
    #[arg(long)]
    overdue: bool,
    #[command(flatten)]
    list: ListArgs,
}

impl TaskList {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(subject) = &self.subject {
            filter = filter.equals("subject", &name::subject(subject)?);
        }
        if let Some(assignee) = &self.assignee {
            filter = filter.has_member("assignees", assignee)?;
        }
        if let Some(status) = self.status {
            filter = filter.equals("status", status.value());
        }
        if self.open {
            filter = filter.and("open".to_owned());
        }
        if self.overdue {
            filter = filter.and("overdue".to_owned());
        }
        let filter = filter.finish();
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
