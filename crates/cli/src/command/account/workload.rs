//! `handoff account workload`: how much each member has.

use clap::Args;
use handoff_proto::v1::{
    self, RoleWorkload, Workload, account_query_service_client::AccountQueryServiceClient,
};

use super::view::id;
use crate::{
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    output::{Cell, Printer, Row},
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct Workloads {
    /// Only this member, or me
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

impl Workloads {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(member) = &self.member {
            filter = filter.equals_member("name", member)?;
        }
        let filter = filter.finish();
        list::show(&self.list, printer, async |page| {
            let request = v1::ListWorkloadsRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    AccountQueryServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_workloads(request)
                        .await
                })
                .await?;
            Ok((answer.workloads, answer.next_page_token))
        })
        .await
    }
}

/// Such as `assignee of 12 (2 paused)`.
fn accounts(of: &RoleWorkload) -> String {
    let total = of.active_account_count + of.paused_account_count + of.deactivated_account_count;
    let counts = [
        (of.paused_account_count, "paused"),
        (of.deactivated_account_count, "deactivated"),
    ];
    let others: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, status)| format!("{count} {status}"))
        .collect();
    if others.is_empty() {
        format!("{} of {total}", of.role)
    } else {
        format!("{} of {total} ({})", of.role, others.join(", "))
    }
}

impl Row for Workload {
    const HEADER: &'static [&'static str] = &["MEMBER", "DISPLAY NAME", "OPEN TASKS", "ACCOUNTS"];

    fn row(&self) -> Vec<Cell> {
        let roles: Vec<_> = self.roles.iter().map(accounts).collect();
        vec![
            id(&self.member).into(),
            self.member_display_name.as_str().into(),
            self.open_task_count.to_string().into(),
            roles.join(", ").into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_are_not_active_are_told_apart() {
        let mut of = RoleWorkload {
            role: "assignee".to_owned(),
            active_account_count: 9,
            ..RoleWorkload::default()
        };
        assert_eq!(accounts(&of), "assignee of 9");
        (of.paused_account_count, of.deactivated_account_count) = (2, 1);
        assert_eq!(accounts(&of), "assignee of 12 (2 paused, 1 deactivated)");
    }
}
