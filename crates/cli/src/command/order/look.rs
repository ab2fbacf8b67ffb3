//! What is on an order beside its checklist.

use std::collections::HashMap;

use clap::Args;
use handoff_proto::v1::{self, OrderNote, order_query_service_client::OrderQueryServiceClient};

use super::view;
use crate::{
    command::document,
    error::Error,
    html,
    list::{self, ConsistencyArgs, ListArgs},
    name,
    output::{Cell, Printer, Row},
    session::{LARGEST_ANSWER, Session},
    time,
};

#[derive(Debug, Args)]
pub(crate) struct ShowTask {
    /// The order: its id or orders/ID
    order: String,
    /// The task's id
    task: String,
    #[command(flatten)]
    consistency: ConsistencyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Notes {
    /// The order: its id or orders/ID
    order: String,
    /// Only those on this task
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

impl ShowTask {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::GetOrderTaskRequest {
            name: name::in_checklist(&name::order(&self.order)?, &self.task)?,
            min_position: self.consistency.min_position,
        };
        let answer = session
            .call(request, async |service, request| {
                OrderQueryServiceClient::new(service)
                    .max_decoding_message_size(LARGEST_ANSWER)
                    .get_order_task(request)
                    .await
            })
            .await?;
        if printer.is_json() {
            return Ok(printer.line(&crate::json::line(&answer))?);
        }
        printer.fields(view::task(&answer))?;
        show_notes(&answer.notes, &answer.display_names, printer)?;
        let task = answer.task.unwrap_or_default();
        Ok(document::show(&answer.documents, &task.name, printer)?)
    }
}

/// The newest notes that came with an order or a task of one; nothing if there are none.
pub(super) fn show_notes(
    notes: &[OrderNote],
    display_names: &HashMap<String, String>,
    printer: &Printer,
) -> Result<(), Error> {
    if notes.is_empty() {
        return Ok(());
    }
    printer.title("Notes")?;
    for note in notes {
        printer.line(&view::note(note, display_names))?;
    }
    Ok(())
}

impl Notes {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let order = name::order(&self.order)?;
        let parent = match &self.task {
            None => order,
            Some(task) => name::in_checklist(&order, task)?,
        };
        if self.list.filter.is_some() || self.list.order_by.is_some() {
            return Err(Error::usage(
                "notes have no filter and no other order",
                "Leave --filter and --order out; --task names one task.",
            ));
        }
        list::show(&self.list, printer, async |page| {
            let request = v1::ListOrderNotesRequest {
                parent: parent.clone(),
                page_size: page.size,
                page_token: page.token,
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    OrderQueryServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_order_notes(request)
                        .await
                })
                .await?;
            Ok((answer.notes, answer.next_page_token))
        })
        .await
    }
}

impl Row for OrderNote {
    const HEADER: &'static [&'static str] = &["WRITTEN", "BY", "ON TASK", "FOR", "NOTE"];

    fn row(&self) -> Vec<Cell> {
        let on = match self.parent.split_once("/tasks/") {
            Some((_, task)) => task,
            None => "",
        };
        let readers = match self.internal {
            true => "the team",
            false => "contacts too",
        };
        vec![
            time::minutes(self.create_time.as_ref()).into(),
            self.author.rsplit('/').next().unwrap_or_default().into(),
            on.into(),
            readers.into(),
            html::line(&self.note).into(),
        ]
    }
}
