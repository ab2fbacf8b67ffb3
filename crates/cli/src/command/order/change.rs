//! What changes an order and its checklist.

use clap::{Args, ValueEnum};
use handoff_proto::v1::{
    self, Order, OrderTask, TaskVisibility, order_command_service_client::OrderCommandServiceClient,
};
use prost_types::FieldMask;

use super::{OneTask, Target, Visibility, view};
use crate::{command::CommandArgs, error::Error, name, output::Printer, session::Session};

/// Sends a command, and says how the order stands after it.
macro_rules! send {
    ($session:ident, $printer:ident, $method:ident, $request:expr) => {
        send!($session, $printer, $method, $request, view::sentence)
    };
    ($session:ident, $printer:ident, $method:ident, $request:expr, $sentence:expr) => {{
        let request = $request;
        let answer = $session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    OrderCommandServiceClient::new(service)
                        .$method(request)
                        .await
                },
            )
            .await?;
        let sentence = $sentence(answer.order.as_ref().unwrap_or(&Order::default()));
        Ok($printer.done(&answer, &sentence)?)
    }};
}

#[derive(Debug, Args)]
pub(crate) struct PlaceOrder {
    /// The account that it is for; one that does not exist yet is created
    account: String,
    /// The service that was bought
    service: String,
    /// What it is called [default: as the service]
    #[arg(long)]
    title: Option<String>,
    /// From when its deadlines count [default: now]
    #[arg(long, value_name = "DATE")]
    start: Option<String>,
    /// Id of the new order [default: a new one]
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateOrder {
    #[command(flatten)]
    order: Target,
    /// Another title
    #[arg(long)]
    title: Option<String>,
    /// From when its deadlines count; the due times move with it
    #[arg(long, value_name = "DATE")]
    start: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AddTask {
    #[command(flatten)]
    order: Target,
    /// The work in a few words
    #[arg(required_unless_present = "template")]
    title: Option<String>,
    /// A task of the service's template instead, by its id, as it is there; only its tier may be another
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["title", "description", "deadline_hours", "role", "visibility", "assign"]
    )]
    template: Option<String>,
    /// Id of the new task [default: a new one]
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    content: Content,
    /// Members who do it
    #[arg(long, value_name = "MEMBER", value_delimiter = ',')]
    assign: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EditTask {
    #[command(flatten)]
    task: OneTask,
    /// Another title
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    content: Content,
    /// Takes a field away; may be given several times
    #[arg(long, value_enum, value_name = "FIELD")]
    clear: Vec<Clearable>,
}

/// What a task of a checklist can be without. Who does it is changed by `assign`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Clearable {
    Description,
    DeadlineHours,
    Role,
}

impl Clearable {
    fn path(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::DeadlineHours => "deadline_hours",
            Self::Role => "responsible_role",
        }
    }
}

/// What a task of a checklist says beside its title.
#[derive(Debug, Args)]
pub(crate) struct Content {
    /// The work in detail, as HTML
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// Hours after the order's start at which it is due
    #[arg(long, value_name = "HOURS")]
    deadline_hours: Option<i32>,
    /// The role of the account whose holder it follows
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Its tier; tasks of the same tier run in parallel
    #[arg(long)]
    tier: Option<i32>,
    /// Who sees it, and who does it
    #[arg(long, value_enum)]
    visibility: Option<Visibility>,
}

#[derive(Debug, Args)]
pub(crate) struct Note {
    /// The order: its id or orders/ID
    order: String,
    /// The note, as HTML
    note: String,
    /// On this task instead of the order as a whole
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Contacts read it too
    #[arg(long)]
    portal: bool,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    order: Target,
    /// What tells this billing cycle from others, such as 2026-12
    cycle: String,
    /// From when its deadlines count [default: now]
    #[arg(long, value_name = "DATE")]
    start: Option<String>,
}

impl PlaceOrder {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            place_order,
            v1::PlaceOrderRequest {
                order_id: self.id.unwrap_or_default(),
                order: Some(Order {
                    account: name::account(&self.account)?,
                    service: name::service(&self.service)?,
                    title: self.title.unwrap_or_default(),
                    start_time: session.start(self.start.as_deref()).await?,
                    ..Default::default()
                }),
                request_id: self.command.request_id(),
            }
        )
    }
}

impl UpdateOrder {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let named = [
            ("title", self.title.is_some()),
            ("start_time", self.start.is_some()),
        ];
        let paths = named.into_iter().filter(|(_, given)| *given);
        let paths: Vec<String> = paths.map(|(path, _)| path.to_owned()).collect();
        if paths.is_empty() {
            return Err(Error::usage(
                "nothing is to be changed",
                "Give --title or --start.",
            ));
        }
        send!(
            session,
            printer,
            update_order,
            v1::UpdateOrderRequest {
                order: Some(Order {
                    name: name::order(&self.order.order)?,
                    title: self.title.unwrap_or_default(),
                    start_time: session.start(self.start.as_deref()).await?,
                    ..Default::default()
                }),
                update_mask: Some(FieldMask { paths }),
                request_id: self.order.command.request_id(),
                etag: self.order.etag.unwrap_or_default(),
            }
        )
    }
}

impl Content {
    fn task(&self, title: Option<&str>) -> OrderTask {
        let visibility = self.visibility.map(v1::ChecklistVisibility::from);
        OrderTask {
            title: title.unwrap_or_default().to_owned(),
            description: self.description.clone().unwrap_or_default(),
            deadline_hours: self.deadline_hours,
            responsible_role: self.role.clone().unwrap_or_default(),
            tier: self.tier.unwrap_or_default(),
            visibility: visibility.unwrap_or_default().into(),
            ..Default::default()
        }
    }
}

impl AddTask {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let parent = name::order(&self.order.order)?;
        let (task, template_task, tier) = match &self.template {
            None => {
                let mut task = self.content.task(self.title.as_deref());
                task.assignees = name::members(&self.assign)?;
                (Some(task), String::new(), 0)
            }
            Some(id) => {
                let request = v1::GetOrderRequest {
                    name: parent.clone(),
                    ..Default::default()
                };
                let answer = session
                    .call(request, async |service, request| {
                        v1::order_query_service_client::OrderQueryServiceClient::new(service)
                            .get_order(request)
                            .await
                    })
                    .await?;
                let service = answer.order.unwrap_or_default().service;
                let template = name::in_checklist(&service, id)?;
                (None, template, self.content.tier.unwrap_or_default())
            }
        };
        send!(
            session,
            printer,
            add_order_task,
            v1::AddOrderTaskRequest {
                parent,
                task_id: self.id.unwrap_or_default(),
                task,
                template_task,
                tier,
                request_id: self.order.command.request_id(),
                etag: self.order.etag.unwrap_or_default(),
            }
        )
    }
}

impl EditTask {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let content = &self.content;
        let named = [
            ("title", self.title.is_some()),
            ("description", content.description.is_some()),
            ("deadline_hours", content.deadline_hours.is_some()),
            ("responsible_role", content.role.is_some()),
            ("tier", content.tier.is_some()),
            ("visibility", content.visibility.is_some()),
        ];
        let named = named.into_iter().filter(|(_, given)| *given);
        let mut paths: Vec<String> = named.map(|(path, _)| path.to_owned()).collect();
        for cleared in self.clear.iter().map(|field| field.path()) {
            if paths.iter().any(|path| path == cleared) {
                let message = format!("{cleared} is given and cleared");
                return Err(Error::usage(message, "Do one of them."));
            }
            paths.push(cleared.to_owned());
        }
        if paths.is_empty() {
            let hint = "Give an option such as --title; `handoff order edit --help` lists them.";
            return Err(Error::usage("nothing is to be changed", hint));
        }
        send!(
            session,
            printer,
            update_order_task,
            v1::UpdateOrderTaskRequest {
                task: Some(OrderTask {
                    name: self.task.name()?,
                    ..content.task(self.title.as_deref())
                }),
                update_mask: Some(FieldMask { paths }),
                request_id: self.task.command.request_id(),
                etag: self.task.etag.unwrap_or_default(),
            }
        )
    }
}

impl Note {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let order = name::order(&self.order)?;
        let (visibility, readers) = match self.portal {
            true => (TaskVisibility::Portal, "the team and contacts"),
            false => (TaskVisibility::Internal, "the team"),
        };
        let name = match &self.task {
            None => order,
            Some(task) => name::in_checklist(&order, task)?,
        };
        let sentence = format!("Noted on {name}, for {readers}.");
        send!(
            session,
            printer,
            add_order_note,
            v1::AddOrderNoteRequest {
                name,
                note: self.note,
                visibility: visibility.into(),
                request_id: self.command.request_id(),
            },
            |_| sentence
        )
    }
}

impl Renew {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            renew_order,
            v1::RenewOrderRequest {
                name: name::order(&self.order.order)?,
                cycle: self.cycle,
                start_time: session.start(self.start.as_deref()).await?,
                request_id: self.order.command.request_id(),
                etag: self.order.etag.unwrap_or_default(),
            }
        )
    }
}

impl OneTask {
    fn name(&self) -> Result<String, Error> {
        name::in_checklist(&name::order(&self.order)?, &self.task)
    }

    pub(super) async fn check(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            check_order_task,
            v1::CheckOrderTaskRequest {
                name: self.name()?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }

    pub(super) async fn uncheck(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            uncheck_order_task,
            v1::UncheckOrderTaskRequest {
                name: self.name()?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }

    pub(super) async fn remove(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            remove_order_task,
            v1::RemoveOrderTaskRequest {
                name: self.name()?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }
}

impl Target {
    pub(super) async fn assign(
        self,
        add: &[String],
        remove: &[String],
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        send!(
            session,
            printer,
            assign_order,
            v1::AssignOrderRequest {
                name: name::order(&self.order)?,
                add: name::members(add)?,
                remove: name::members(remove)?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }

    pub(super) async fn assign_task(
        self,
        task: &str,
        add: &[String],
        remove: &[String],
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        send!(
            session,
            printer,
            assign_order_task,
            v1::AssignOrderTaskRequest {
                name: name::in_checklist(&name::order(&self.order)?, task)?,
                assignees: Vec::new(),
                add: name::members(add)?,
                remove: name::members(remove)?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }

    pub(super) async fn complete(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            complete_order,
            v1::CompleteOrderRequest {
                name: name::order(&self.order)?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }

    pub(super) async fn cancel(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            cancel_order,
            v1::CancelOrderRequest {
                name: name::order(&self.order)?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }

    pub(super) async fn reopen(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        send!(
            session,
            printer,
            reopen_order,
            v1::ReopenOrderRequest {
                name: name::order(&self.order)?,
                request_id: self.command.request_id(),
                etag: self.etag.unwrap_or_default(),
            }
        )
    }
}
