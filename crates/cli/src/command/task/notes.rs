//! `handoff task notes`, and the notes that `handoff task show` has below the task.

use clap::Args;
use handoff_proto::v1::{self, TaskNote, task_query_service_client::TaskQueryServiceClient};

use super::find;
use crate::{
    error::Error,
    html,
    list::ConsistencyArgs,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
    time,
};

/// Notes that are asked for at once.
const PAGE_SIZE: i32 = 50;

#[derive(Debug, Args)]
pub(crate) struct TaskNotes {
    /// The task: its number, id or tasks/ID
    task: String,
    /// Show at most this many [default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    consistency: ConsistencyArgs,
}

impl TaskNotes {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let min_position = self.consistency.min_position;
        let task = find(session, &self.task, min_position).await?;
        let (mut left, mut token) = (self.limit.unwrap_or(u32::MAX), String::new());
        let mut empty = true;
        while left > 0 {
            let request = v1::ListTaskNotesRequest {
                task: task.clone(),
                page_size: i32::try_from(left).unwrap_or(PAGE_SIZE).min(PAGE_SIZE),
                page_token: token,
                min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    let client = TaskQueryServiceClient::new(service);
                    client
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_task_notes(request)
                        .await
                })
                .await?;
            empty &= answer.notes.is_empty();
            left = left.saturating_sub(u32::try_from(answer.notes.len()).unwrap_or(u32::MAX));
            show(&answer.notes, printer)?;
            token = answer.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        if empty && !printer.is_json() {
            printer.note("There are no notes.");
        }
        Ok(())
    }
}

/// The notes, each with its author and time above it.
pub(super) fn show(notes: &[TaskNote], printer: &Printer) -> Result<(), Error> {
    for note in notes {
        printer.line(&if printer.is_json() {
            crate::json::line(note)
        } else {
            text(note)
        })?;
    }
    Ok(())
}

fn text(note: &TaskNote) -> String {
    let time = time::minutes(note.create_time.as_ref());
    let for_whom = match note.on_behalf_of.as_str() {
        "" => String::new(),
        member => format!(" for {member}"),
    };
    let internal = if note.internal {
        "  (for admins only)"
    } else {
        ""
    };
    let lines = html::text(&note.note).replace('\n', "\n  ");
    format!("{time}  {}{for_whom}{internal}\n  {lines}", note.author)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_who_wrote_it_when_and_for_whom() {
        let note = TaskNote {
            note: "<p>Called.</p><p>Again on Friday &amp; later</p>".to_owned(),
            author: "service-accounts/crm".to_owned(),
            on_behalf_of: "members/ana".to_owned(),
            create_time: Some(time::timestamp("2026-12-01T17:00:00Z".parse().unwrap())),
            internal: true,
            ..Default::default()
        };
        assert_eq!(
            text(&note),
            "2026-12-01 17:00  service-accounts/crm for members/ana  (for admins only)\n  \
             Called.\n  Again on Friday & later"
        );
    }
}
