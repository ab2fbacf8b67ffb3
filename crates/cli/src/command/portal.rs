//! `handoff portal`: what a contact sees and does, with a contact's token.

mod documents;

use clap::{Args, Subcommand};
use handoff_proto::v1::{
    self, PortalNewTask, PortalNote, PortalOrder, PortalTask,
    portal_service_client::PortalServiceClient,
};

use crate::{
    command::{CommandArgs, words},
    error::Error,
    html,
    list::{self, ConsistencyArgs, ListArgs},
    name::{self, TaskReference},
    output::{Cell, Printer, Row, Show, Tone},
    session::{LARGEST_ANSWER, Session},
    time,
};

use documents::{Download, Upload};

#[derive(Debug, Subcommand)]
pub(crate) enum PortalCommand {
    /// Lists the orders of the account
    Orders(ListArgs),
    /// Shows one order: what is done, and what waits for you
    Order {
        /// The order: its id or orders/ID
        order: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Says that you have done a task of an order
    Check {
        /// The order: its id or orders/ID
        order: String,
        /// The task's id
        task: String,
        #[command(flatten)]
        command: CommandArgs,
    },
    /// Lists the tasks of the account
    Tasks(ListArgs),
    /// Shows one task
    Task {
        /// The task: its id or tasks/ID
        task: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Creates a task for the team
    Create(NewTask),
    /// Adds a note to a task, or to an order
    Note {
        /// What it is on: tasks/ID, orders/ID or orders/ID/tasks/ID
        on: String,
        /// The note, as HTML
        note: String,
        #[command(flatten)]
        command: CommandArgs,
    },
    /// Attaches files to a task or an order, all of them or none
    Upload(Upload),
    /// Writes the content of a document to a file or the standard output
    Download(Download),
    /// Asks the team a question
    Ask {
        /// The question, as HTML
        question: String,
        #[command(flatten)]
        command: CommandArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewTask {
    /// The work in a few words
    title: String,
    /// The work in detail, as HTML
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// One of the team's categories, such as "Bug Fix"
    #[arg(long)]
    category: Option<String>,
    /// Day by the end of which it should be done, such as 2026-12-01
    #[arg(long, value_name = "DAY")]
    due: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

/// Asks, and answers what came.
macro_rules! ask {
    ($session:ident, $method:ident, $request:expr) => {
        $session
            .call($request, async |service, request| {
                PortalServiceClient::new(service)
                    .max_decoding_message_size(LARGEST_ANSWER)
                    .$method(request)
                    .await
            })
            .await?
    };
}

/// Sends a command, and answers what came.
macro_rules! send {
    ($session:ident, $method:ident, $request:expr) => {{
        let request = $request;
        $session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| PortalServiceClient::new(service).$method(request).await,
            )
            .await?
    }};
}

impl PortalCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Orders(args) => {
                list::show(&args, printer, async |page| {
                    let request = v1::PortalServiceListOrdersRequest {
                        page_size: page.size,
                        page_token: page.token,
                        filter: args.filter.clone().unwrap_or_default(),
                        order_by: args.order_by.clone().unwrap_or_default(),
                        min_position: args.consistency.min_position,
                    };
                    let answer = ask!(session, list_orders, request);
                    Ok((answer.orders, answer.next_page_token))
                })
                .await
            }
            Self::Tasks(args) => {
                list::show(&args, printer, async |page| {
                    let request = v1::PortalServiceListTasksRequest {
                        page_size: page.size,
                        page_token: page.token,
                        filter: args.filter.clone().unwrap_or_default(),
                        order_by: args.order_by.clone().unwrap_or_default(),
                        min_position: args.consistency.min_position,
                    };
                    let answer = ask!(session, list_tasks, request);
                    Ok((answer.tasks, answer.next_page_token))
                })
                .await
            }
            Self::Order { order, consistency } => {
                let request = v1::PortalServiceGetOrderRequest {
                    name: name::order(&order)?,
                    min_position: consistency.min_position,
                    ..Default::default()
                };
                let answer = ask!(session, get_order, request);
                if printer.is_json() {
                    return Ok(printer.line(&crate::json::line(&answer))?);
                }
                let order = answer.order.unwrap_or_default();
                show_order(&order, printer)?;
                show_notes(&answer.notes, printer)?;
                documents::show(&answer.documents, &order.name, printer)
            }
            Self::Task { task, consistency } => {
                let request = v1::PortalServiceGetTaskRequest {
                    name: of_task(&task)?,
                    min_position: consistency.min_position,
                    ..Default::default()
                };
                let answer = ask!(session, get_task, request);
                if printer.is_json() {
                    return Ok(printer.line(&crate::json::line(&answer))?);
                }
                let task = answer.task.unwrap_or_default();
                printer.resource(&task)?;
                show_notes(&answer.notes, printer)?;
                documents::show(&answer.documents, &task.name, printer)
            }
            Self::Check {
                order,
                task,
                command,
            } => {
                let answer = send!(
                    session,
                    check_task,
                    v1::PortalServiceCheckTaskRequest {
                        name: name::in_checklist(&name::order(&order)?, &task)?,
                        request_id: command.request_id(),
                    }
                );
                let waiting = answer.order.iter().flat_map(|order| &order.tasks);
                let waiting = waiting.filter(|task| task.waits).count();
                let sentence = match waiting {
                    0 => "Done. Nothing waits for you now.".to_owned(),
                    count => format!("Done. {count} more of this order wait for you."),
                };
                Ok(printer.done(&answer, &sentence)?)
            }
            Self::Create(new) => new.run(session, printer).await,
            Self::Upload(upload) => upload.run(session, printer).await,
            Self::Download(download) => download.run(session, printer).await,
            Self::Note { on, note, command } => {
                let request_id = command.request_id();
                if on.starts_with("orders/") {
                    let answer = send!(
                        session,
                        add_order_note,
                        v1::PortalServiceAddOrderNoteRequest {
                            name: on,
                            note,
                            request_id,
                        }
                    );
                    return Ok(printer.done(&answer, "The note is added.")?);
                }
                let answer = send!(
                    session,
                    add_note,
                    v1::PortalServiceAddNoteRequest {
                        name: of_task(&on)?,
                        note,
                        request_id,
                    }
                );
                Ok(printer.done(&answer, "The note is added.")?)
            }
            Self::Ask { question, command } => {
                let answer = send!(
                    session,
                    ask_question,
                    v1::PortalServiceAskQuestionRequest {
                        question,
                        request_id: command.request_id(),
                    }
                );
                Ok(printer.done(&answer, "The team has your question.")?)
            }
        }
    }
}

impl NewTask {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let answer = send!(
            session,
            create_task,
            v1::PortalServiceCreateTaskRequest {
                task: Some(PortalNewTask {
                    title: self.title,
                    description: self.description.unwrap_or_default(),
                    category: self.category.unwrap_or_default(),
                    due_date: self.due.unwrap_or_default(),
                    ..Default::default()
                }),
                request_id: self.command.request_id(),
            }
        );
        let task = answer.task.clone().unwrap_or_default();
        let due = time::minutes(task.due_time.as_ref());
        Ok(printer.done(&answer, &format!("Created {}, due {due} UTC.", task.number))?)
    }
}

/// The name of a task, by its id or name. Numbers are for people: only lists have them.
fn of_task(text: &str) -> Result<String, Error> {
    match name::task(text)? {
        TaskReference::Name(name) => Ok(name),
        TaskReference::IdOrNumber(id) => Ok(format!("tasks/{id}")),
        TaskReference::Number(number) => Err(Error::usage(
            format!("{number:?} is a number, not the name of a task"),
            "Write tasks/ID, as `handoff portal tasks` shows it.",
        )),
    }
}

fn late(due: String, overdue: bool) -> Cell {
    match overdue {
        true => Cell::new(format!("{due} !"), Tone::Bad),
        false => due.into(),
    }
}

fn show_order(order: &PortalOrder, printer: &Printer) -> Result<(), Error> {
    printer.fields(vec![
        ("Name", order.name.as_str().into()),
        ("Title", order.title.as_str().into()),
        ("Service", order.service_display_name.as_str().into()),
        (
            "Status",
            words(order.status().as_str_name(), "ORDER_STATUS_").into(),
        ),
        ("Placed", time::minutes(order.create_time.as_ref()).into()),
        ("Closed", time::minutes(order.close_time.as_ref()).into()),
    ])?;
    if order.tasks.is_empty() {
        return Ok(());
    }
    printer.title("Tasks")?;
    let rows = order.tasks.iter().map(|task| {
        let mark = match (task.checked, task.waits) {
            (true, _) => Cell::new("[x]", Tone::Good),
            (false, true) => Cell::new("[ ] →", Tone::Warning),
            (false, false) => Cell::new("[ ]", Tone::Faint),
        };
        vec![
            mark,
            task.name.rsplit('/').next().unwrap_or_default().into(),
            task.title.as_str().into(),
            if task.client_assigned {
                "you"
            } else {
                "the team"
            }
            .into(),
            late(time::minutes(task.due_time.as_ref()), task.overdue),
            time::minutes(task.check_time.as_ref()).into(),
        ]
    });
    Ok(printer.table(&["", "ID", "TASK", "WHO", "DUE", "DONE"], rows.collect())?)
}

fn show_notes(notes: &[PortalNote], printer: &Printer) -> Result<(), Error> {
    if notes.is_empty() {
        return Ok(());
    }
    printer.title("Notes")?;
    for note in notes {
        let who = match note.contact.rsplit('/').next() {
            Some("") | None => "the team",
            Some(contact) => contact,
        };
        let lines = html::text(&note.note).replace('\n', "\n  ");
        let time = time::minutes(note.create_time.as_ref());
        printer.line(&format!("{time}  {who}\n  {lines}"))?;
    }
    Ok(())
}

impl Show for PortalTask {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let due = time::minutes(self.due_time.as_ref());
        vec![
            ("Number", self.number.as_str().into()),
            ("Name", self.name.as_str().into()),
            ("Title", self.title.as_str().into()),
            ("Description", html::text(&self.description).into()),
            (
                "Status",
                words(self.status().as_str_name(), "TASK_STATUS_").into(),
            ),
            ("Due", late(due, self.overdue)),
            ("Created", time::minutes(self.create_time.as_ref()).into()),
            (
                "Completed",
                time::minutes(self.complete_time.as_ref()).into(),
            ),
        ]
    }
}

impl Row for PortalTask {
    const HEADER: &'static [&'static str] = &["NAME", "NUMBER", "TITLE", "STATUS", "DUE"];

    fn row(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            self.number.as_str().into(),
            self.title.as_str().into(),
            words(self.status().as_str_name(), "TASK_STATUS_").into(),
            late(time::minutes(self.due_time.as_ref()), self.overdue),
        ]
    }
}

impl Row for PortalOrder {
    const HEADER: &'static [&'static str] =
        &["NAME", "TITLE", "SERVICE", "STATUS", "WAITING FOR YOU"];

    fn row(&self) -> Vec<Cell> {
        let waiting = self.tasks.iter().filter(|task| task.waits);
        let waiting: Vec<_> = waiting.map(|task| task.title.as_str()).collect();
        vec![
            self.name.as_str().into(),
            self.title.as_str().into(),
            self.service_display_name.as_str().into(),
            words(self.status().as_str_name(), "ORDER_STATUS_").into(),
            Cell::new(waiting.join(", "), Tone::Warning),
        ]
    }
}
