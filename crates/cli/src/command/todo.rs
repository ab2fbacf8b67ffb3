//! `handoff todo`: all open work in one view.

mod watch;

use clap::{Args, ValueEnum};
use handoff_proto::v1::{self, todo_query_service_client::TodoQueryServiceClient};

use crate::{
    command::task,
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

use watch::WatchArgs;

/// What there is to do: an admin sees all, others their own and nobody's
#[derive(Debug, Args)]
pub(crate) struct TodoCommand {
    /// Only this list [default: all]
    #[arg(value_enum)]
    list: Option<List>,
    /// Only how much there is in each list
    #[arg(long, conflicts_with_all = ["list", "limit", "order_by"])]
    counts: bool,
    #[command(flatten)]
    watch: WatchArgs,
    /// Only work of this member, or of me, or of nobody
    #[arg(long, visible_alias = "member", value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only work with one of these statuses; each belongs to one list
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATUS")]
    status: Vec<Status>,
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
    /// Tasks of orders
    OrderTasks,
    /// Follow-ups on accounts
    Activities,
    /// Tasks about accounts and members
    Tasks,
}

/// How open work can stand.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    /// A task of an order whose turn it is
    Current,
    /// A task of an order whose turn comes
    Upcoming,
    /// An activity
    Open,
    /// A task that nobody has begun
    NotStarted,
    /// A task that is worked on
    InProgress,
    /// A task that waits for the customer
    WaitingOnCustomer,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Current => "CURRENT",
            Self::Upcoming => "UPCOMING",
            Self::Open => "OPEN",
            Self::NotStarted => "NOT_STARTED",
            Self::InProgress => "IN_PROGRESS",
            Self::WaitingOnCustomer => "WAITING_ON_CUSTOMER",
        }
    }
}

/// Rows of each list that are drawn again and again where no limit was given.
const DRAWN: u32 = 15;

impl TodoCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let filter = self.filter(session).await?;
        if self.watch.is_asked() {
            return self.watch(filter, session, printer).await;
        }
        if !self.counts
            && let Some(list) = self.list
        {
            return show(list, &self.args, &filter, session, printer).await;
        }
        if self.counts {
            let counts = count(&self.args, &filter, session).await?;
            let sentence = format!(
                "{}, {}, {}.",
                number(counts.order_task_count, "order task", "order tasks"),
                number(counts.activity_count, "activity", "activities"),
                number(counts.task_count, "task", "tasks")
            );
            return Ok(printer.done(&counts, &sentence)?);
        }
        show_all(&self.args, &filter, session, printer).await
    }

    /// What the flags ask for.
    async fn filter(&self, session: &Session) -> Result<String, Error> {
        let mut filter = Filter::new(self.args.filter.as_deref());
        if let Some(assignee) = &self.assignee {
            filter = filter.has_member("assignee", assignee)?;
        }
        filter = filter.equals_any("status", self.status.iter().map(|status| status.as_str()));
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
        Ok(filter.finish())
    }

    /// Goes on with what changes: whoever looks at a terminal sees all lists again, a program each change.
    async fn watch(
        self,
        filter: String,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let args = self.args.limited(DRAWN);
        let draw = async |position| {
            printer.clear()?;
            show_all(&args.including(position), &filter, session, printer).await
        };
        self.watch.run(filter.clone(), draw, session, printer).await
    }
}

/// Every list under its title with how much there is.
async fn show_all(
    args: &ListArgs,
    filter: &str,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let counts = count(args, filter, session).await?;
    for (list, title, count) in [
        (List::OrderTasks, "Order tasks", counts.order_task_count),
        (List::Activities, "Activities", counts.activity_count),
        (List::Tasks, "Tasks", counts.task_count),
    ] {
        if !printer.is_json() {
            printer.title(&format!("{title} ({count})"))?;
        }
        if count > 0 {
            show(list, args, filter, session, printer).await?;
        }
    }
    Ok(())
}

async fn count(
    args: &ListArgs,
    filter: &str,
    session: &Session,
) -> Result<v1::GetCountsResponse, Error> {
    let request = v1::GetCountsRequest {
        filter: filter.to_owned(),
        min_position: args.consistency.min_position,
    };
    session
        .call(request, async |service, request| {
            TodoQueryServiceClient::new(service)
                .get_counts(request)
                .await
        })
        .await
}

/// One of the lists.
async fn show(
    list: List,
    args: &ListArgs,
    filter: &str,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let order_by = args.order_by.clone().unwrap_or_default();
    let min_position = args.consistency.min_position;
    // The requests and answers are alike but for their names.
    macro_rules! fetch {
        ($request:ident, $method:ident, $items:ident) => {
            async |page: list::Page| {
                let request = v1::$request {
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
                            .$method(request)
                            .await
                    })
                    .await?;
                Ok((answer.$items, answer.next_page_token))
            }
        };
    }
    match list {
        List::OrderTasks => {
            let fetch = fetch!(ListOrderTasksRequest, list_order_tasks, order_tasks);
            list::show_as(args, printer, task::OF_ORDERS, fetch).await
        }
        List::Activities => {
            let fetch = fetch!(
                TodoQueryServiceListActivitiesRequest,
                list_activities,
                activities
            );
            list::show(args, printer, fetch).await
        }
        List::Tasks => {
            let fetch = fetch!(TodoQueryServiceListTasksRequest, list_tasks, tasks);
            list::show(args, printer, fetch).await
        }
    }
}

/// So many of something.
fn number(count: i64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
