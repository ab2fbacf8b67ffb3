//! `handoff document list`.

use clap::Args;
use handoff_proto::v1::{self, document_service_client::DocumentServiceClient};

use crate::{
    command::task,
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct DocumentList {
    /// Only documents on this task: its number, id, tasks/ID or orders/ID/tasks/ID
    #[arg(long)]
    task: Option<String>,
    /// Only documents on this order and its tasks: its id or orders/ID
    #[arg(long, value_name = "ORDER", conflicts_with = "task")]
    on_order: Option<String>,
    /// Only documents about this account or member
    #[arg(long, visible_alias = "account")]
    subject: Option<String>,
    /// Only documents of this category
    #[arg(long)]
    category: Option<String>,
    /// Only active ones
    #[arg(long, conflicts_with = "inactive")]
    active: bool,
    /// Only inactive ones
    #[arg(long)]
    inactive: bool,
    #[command(flatten)]
    list: ListArgs,
}

impl DocumentList {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(task) = &self.task {
            let min_position = self.list.consistency.min_position;
            filter = filter.equals("parent", &task::find(session, task, min_position).await?);
        }
        if let Some(order) = &self.on_order {
            filter = filter.equals("order", &name::order(order)?);
        }
        if let Some(subject) = &self.subject {
            filter = filter.equals("subject", &name::subject(subject)?);
        }
        if let Some(category) = &self.category {
            filter = filter.equals("category", category);
        }
        if self.active {
            filter = filter.and("active".to_owned());
        }
        if self.inactive {
            filter = filter.and("NOT active".to_owned());
        }
        let filter = filter.finish();
        list::show(&self.list, printer, async |page| {
            let request = v1::ListDocumentsRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    DocumentServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_documents(request)
                        .await
                })
                .await?;
            Ok((answer.documents, answer.next_page_token))
        })
        .await
    }
}
