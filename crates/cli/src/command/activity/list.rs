//! `handoff activity list`.

use clap::Args;
use handoff_proto::v1::{self, activity_query_service_client::ActivityQueryServiceClient};

use super::Status;
use crate::{
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct ActivityList {
    /// Only activities on this account
    #[arg(long)]
    account: Option<String>,
    /// Only activities of this member, or of me, or of nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only activities with this status
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only activities that should have been done by now
    #[arg(long)]
    overdue: bool,
    #[command(flatten)]
    list: ListArgs,
}

impl Status {
    /// As filters name it.
    fn value(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Open => "open",
            Self::Complete => "complete",
        }
    }
}

impl ActivityList {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(account) = &self.account {
            filter = filter.equals("account", &name::account(account)?);
        }
        match self.assignee.as_deref() {
            None => {}
            Some("nobody") => filter = filter.and("NOT assignee:*".to_owned()),
            Some(member) => filter = filter.equals_member("assignee", member)?,
        }
        if let Some(status) = self.status {
            filter = filter.equals("status", status.value());
        }
        if self.overdue {
            filter = filter.and("overdue".to_owned());
        }
        let filter = filter.finish();
        list::show(&self.list, printer, async |page| {
            let request = v1::ListActivitiesRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    let client = ActivityQueryServiceClient::new(service);
                    client
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_activities(request)
                        .await
                })
                .await?;
            Ok((answer.activities, answer.next_page_token))
        })
        .await
    }
}
