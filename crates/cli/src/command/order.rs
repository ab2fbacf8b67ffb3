//! `handoff order`: purchases of services, and their checklists.

mod change;
mod look;
mod place;
mod view;

use clap::{Args, Subcommand, ValueEnum};
use handoff_proto::v1::{self, order_query_service_client::OrderQueryServiceClient};

use crate::{
    command::{CommandArgs, document},
    error::Error,
    filter::Filter,
    html,
    list::{self, ConsistencyArgs, ListArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

use change::{AddTask, EditTask, Note, PlaceOrder, Renew, UpdateOrder};
use look::{Notes, ShowTask};
use place::Move;

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Places an order: the service's template becomes its checklist
    Place(PlaceOrder),
    /// Shows one order: whose turn it is, who does what, what is due
    Show {
        /// The order: its id or orders/ID
        order: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists orders
    List(OrderList),
    /// Shows one task of an order with the notes and documents on it
    Task(ShowTask),
    /// Lists the notes on an order and its tasks, the newest first
    Notes(Notes),
    /// Changes what an order is called, or when it starts
    Update(UpdateOrder),
    /// Marks a task as done
    Check(OneTask),
    /// Takes back that a task is done
    Uncheck(OneTask),
    /// Adds a task, from scratch or from the service's template
    Add(Box<AddTask>),
    /// Changes what a task says
    Edit(Box<EditTask>),
    /// Moves tasks to their places: all of them, in the new order, or one of them
    Move(Move),
    /// Takes a task out of the checklist
    Remove(OneTask),
    /// Puts members on an order, or on a task of it, and takes others off
    Assign {
        #[command(flatten)]
        order: Target,
        /// The task; without it, the order as a whole
        #[arg(long, value_name = "ID")]
        task: Option<String>,
        /// Members who join
        #[arg(
            long,
            value_name = "MEMBER",
            value_delimiter = ',',
            required_unless_present = "remove"
        )]
        add: Vec<String>,
        /// Members who leave
        #[arg(long, value_name = "MEMBER", value_delimiter = ',')]
        remove: Vec<String>,
    },
    /// Adds a note, for the team or for contacts too
    Note(Note),
    /// Completes an order by hand
    Complete(Target),
    /// Cancels an order
    Cancel(Target),
    /// Opens a closed order again
    Reopen(Target),
    /// Begins the next round of an order that recurs
    Renew(Renew),
}

/// The order that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The order: its id or orders/ID
    order: String,
    /// Refuse if the order changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

/// The task of an order that a command changes.
#[derive(Debug, Args)]
pub(crate) struct OneTask {
    /// The order: its id or orders/ID
    order: String,
    /// The task's id
    task: String,
    /// Refuse if the task changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

/// Who sees a task of a checklist.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Visibility {
    /// The team
    Internal,
    /// Contacts too
    Portal,
    /// Contacts too, and one of them does it
    Client,
}

impl From<Visibility> for v1::ChecklistVisibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Internal => Self::Internal,
            Visibility::Portal => Self::Portal,
            Visibility::Client => Self::ClientAssigned,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct OrderList {
    /// Only orders of this account
    #[arg(long)]
    account: Option<String>,
    /// Only orders of this service
    #[arg(long)]
    service: Option<String>,
    /// Only orders that this member works on now, or me, or nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only orders that are open
    #[arg(long)]
    open: bool,
    /// Only orders with a task that should have been done by now
    #[arg(long)]
    overdue: bool,
    /// Only orders with these words in their title
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

impl OrderCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Place(place) => place.run(session, printer).await,
            Self::Show { order, consistency } => {
                show(&order, consistency.min_position, session, printer).await
            }
            Self::List(list) => list.run(session, printer).await,
            Self::Task(task) => task.run(session, printer).await,
            Self::Notes(notes) => notes.run(session, printer).await,
            Self::Update(update) => update.run(session, printer).await,
            Self::Check(task) => task.check(session, printer).await,
            Self::Uncheck(task) => task.uncheck(session, printer).await,
            Self::Add(add) => add.run(session, printer).await,
            Self::Edit(edit) => edit.run(session, printer).await,
            Self::Move(moved) => moved.run(session, printer).await,
            Self::Remove(task) => task.remove(session, printer).await,
            Self::Assign {
                order,
                task,
                add,
                remove,
            } => match task {
                None => order.assign(&add, &remove, session, printer).await,
                Some(task) => {
                    order
                        .assign_task(&task, &add, &remove, session, printer)
                        .await
                }
            },
            Self::Note(note) => note.run(session, printer).await,
            Self::Complete(order) => order.complete(session, printer).await,
            Self::Cancel(order) => order.cancel(session, printer).await,
            Self::Reopen(order) => order.reopen(session, printer).await,
            Self::Renew(renew) => renew.run(session, printer).await,
        }
    }
}

async fn show(
    order: &str,
    min_position: i64,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let request = v1::GetOrderRequest {
        name: name::order(order)?,
        min_position,
    };
    let answer = session
        .call(request, async |service, request| {
            OrderQueryServiceClient::new(service)
                .max_decoding_message_size(LARGEST_ANSWER)
                .get_order(request)
                .await
        })
        .await?;
    if printer.is_json() {
        return Ok(printer.line(&crate::json::line(&answer))?);
    }
    draw(&answer, printer)
}

/// Draws an order with its checklist and notes.
pub(crate) fn draw(answer: &v1::GetOrderResponse, printer: &Printer) -> Result<(), Error> {
    let shown = answer.order.clone().unwrap_or_default();
    if !answer.account_notes.is_empty() {
        let notes = html::text(&answer.account_notes);
        printer.line(&format!("Notes of {}:\n{notes}\n", shown.account))?;
    }
    printer.fields(view::fields(answer))?;
    if !shown.tasks.is_empty() {
        printer.title("Checklist")?;
        printer.table(
            view::CHECKLIST,
            view::checklist(&shown, &answer.display_names),
        )?;
    }
    look::show_notes(&answer.notes, &answer.display_names, printer)?;
    document::show(&answer.documents, &shown.name, printer)?;
    Ok(())
}

impl OrderList {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(account) = &self.account {
            filter = filter.equals("account", &name::account(account)?);
        }
        if let Some(service) = &self.service {
            filter = filter.equals("service", &name::service(service)?);
        }
        if let Some(assignee) = &self.assignee {
            filter = filter.has_member("assignees", assignee)?;
        }
        if self.open {
            filter = filter.and("open".to_owned());
        }
        if self.overdue {
            filter = filter.and("overdue".to_owned());
        }
        if let Some(text) = &self.text {
            filter = filter.has("text", text);
        }
        let filter = filter.finish();
        list::show(&self.list, printer, async |page| {
            let request = v1::ListOrdersRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    OrderQueryServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_orders(request)
                        .await
                })
                .await?;
            Ok((answer.orders, answer.next_page_token))
        })
        .await
    }
}
