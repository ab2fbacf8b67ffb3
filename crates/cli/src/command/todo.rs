//! `handoff todo`: all open work in one view.

use clap::{Args, ValueEnum};
use handoff_proto::v1::{self, todo_query_service_client::TodoQueryServiceClient};

use crate::{
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

/// What there is to do: an admin sees all, others their own and nobody's
#[derive(Debug, Args)]
pub(crate) struct TodoCommand {
    /// Only this list [default: all]
    #[arg(value_enum)]
    list: Option<List>,
    /// Only how much there is in each list
    #[arg(long, conflicts_with_all = ["list", "limit", "order_by"])]
    counts: bool,
    /// Only work of this member, or of me, or of nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only work on this account
    #[arg(long)]
    account: Option<String>,
    /// Only work that should have been done by now
    #[arg(long)]
    overdue: bool,
    /// Only work due at this time or before: 2026-12-01, "2026-12-01 17:00", today, friday, +3d
    #[arg(long, value_name = "DATE")]
    due_by: Option<String>,
    #[command(flatten)]
    args: ListArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum List {
    /// Follow-ups on accounts
    Activities,
    /// Tasks about accounts and members
    Tasks,
}

impl TodoCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.args.filter.as_deref());
        if let Some(assignee) = &self.assignee {
            filter = filter.has_member("assignee", assignee)?;
        }
        if let Some(account) = &self.account {
            filter = filter.equals("account", &name::account(account)?);
        }
        if self.overdue {
            filter = filter.and("overdue".to_owned());
        }
        if let Some(due_by) = &self.due_by {
            let due_by = session.calendar().await?.bound(due_by);
            let due_by = due_by
                .map_err(|error| Error::usage(error.to_string(), "Correct --due-by."))?
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            filter = filter.and(format!("due_time <= {due_by}"));
        }
        let filter = filter.finish();
        if !self.counts
            && let Some(list) = self.list
        {
            return self.show(list, &filter, session, printer).await;
        }
        let counts = self.count(&filter, session).await?;
        if self.counts {
            let sentence = format!(
                "{}, {}.",
                number(counts.activity_count, "activity", "activities"),
                number(counts.task_count, "task", "tasks")
            );
            return Ok(printer.done(&counts, &sentence)?);
        }
        for (list, title, count) in [
            (List::Activities, "Activities", counts.activity_count),
            (List::Tasks, "Tasks", counts.task_count),
        ] {
            if !printer.is_json() {
                printer.title(&format!("{title} ({count})"))?;
            }
            if count > 0 {
                self.show(list, &filter, session, printer).await?;
            }
        }
        Ok(())
    }

    async fn count(&self, filter: &str, session: &Session) -> Result<v1::GetCountsResponse, Error> {
        let request = v1::GetCountsRequest {
            filter: filter.to_owned(),
            min_position: self.args.consistency.min_position,
        };
        session
            .call(request, async |service, request| {
                TodoQueryServiceClient::new(service)
                    .get_counts(request)
                    .await
            })
            .await
    }

    async fn show(
        &self,
        list: List,
        filter: &str,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let order_by = self.args.order_by.clone().unwrap_or_default();
        let min_position = self.args.consistency.min_position;
        match list {
            List::Activities => {
                list::show(&self.args, printer, async |page| {
                    let request = v1::TodoQueryServiceListActivitiesRequest {
                        page_size: page.size,
                        page_token: page.token,
                        filter: filter.to_owned(),
                        order_by: order_by.clone(),
                        min_position,
                    };
                    let answer = session
                        .call(request, async |service, request| {
                            TodoQueryServiceClient::new(service)
                                .max_decoding_message_size(LARGEST_ANSWER)
                                .list_activities(request)
                                .await
                        })
                        .await?;
                    Ok((answer.activities, answer.next_page_token))
                })
                .await
            }
            List::Tasks => {
                list::show(&self.args, printer, async |page| {
                    let request = v1::TodoQueryServiceListTasksRequest {
                        page_size: page.size,
                        page_token: page.token,
                        filter: filter.to_owned(),
                        order_by: order_by.clone(),
                        min_position,
                    };
                    let answer = session
                        .call(request, async |service, request| {
                            TodoQueryServiceClient::new(service)
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
    }
}

/// So many of something.
fn number(count: i64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
