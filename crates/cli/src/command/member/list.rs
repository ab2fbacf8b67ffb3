//! `handoff member list`.

use clap::Args;
use handoff_proto::v1::{self, member_query_service_client::MemberQueryServiceClient};

use super::Kind;
use crate::{
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct MemberList {
    /// Only members of this kind
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only members who may sign in and be assigned
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
    /// Only members who may not
    #[arg(long)]
    disabled: bool,
    /// Only members with these words in their name, e-mail address or id
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

impl MemberList {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(kind) = self.kind {
            filter = filter.equals("kind", kind.value());
        }
        if self.enabled {
            filter = filter.and("enabled".to_owned());
        }
        if self.disabled {
            filter = filter.and("NOT enabled".to_owned());
        }
        if let Some(text) = &self.text {
            filter = filter.has("text", text);
        }
        let filter = filter.finish();
        list::show(&self.list, printer, async |page| {
            let request = v1::ListMembersRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    MemberQueryServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_members(request)
                        .await
                })
                .await?;
            Ok((answer.members, answer.next_page_token))
        })
        .await
    }
}
