//! `handoff account show`: one account on one screen.

use handoff_proto::v1::{
    self, Account, Task, TimelineEntry, task_query_service_client::TaskQueryServiceClient,
};

use super::{get, timeline, view};
use crate::{
    command::task,
    error::Error,
    filter::Filter,
    html,
    list::Page,
    output::{Printer, Row},
    session::{LARGEST_ANSWER, Session},
};

/// Most open tasks and timeline entries on the screen.
const TASKS: i32 = 20;
const ENTRIES: i32 = 10;

/// Shows the account with its contacts, notes, open work and last events; as JSON, the account alone.
pub(super) async fn show(
    session: &Session,
    printer: &Printer,
    name: String,
    min_position: i64,
) -> Result<(), Error> {
    let account = get(session, name.clone(), min_position).await?;
    if printer.is_json() {
        return Ok(printer.resource(&account)?);
    }
    let request = v1::ListTimelineRequest {
        account: name.clone(),
        min_position,
        ..Default::default()
    };
    let page = Page {
        size: ENTRIES,
        token: String::new(),
    };
    let (tasks, entries) = tokio::try_join!(
        open_tasks(session, &name, min_position),
        timeline::entries(session, request, page),
    )?;
    let (entries, next) = entries;
    print(printer, &account, &tasks, &entries, !next.is_empty())
}

async fn open_tasks(
    session: &Session,
    account: &str,
    min_position: i64,
) -> Result<Vec<Task>, Error> {
    let filter = Filter::default().equals("subject", account);
    let request = v1::ListTasksRequest {
        page_size: TASKS,
        filter: filter.and("open".to_owned()).finish(),
        min_position,
        ..Default::default()
    };
    let answer = session
        .call(request, async |service, request| {
            TaskQueryServiceClient::new(service)
                .max_decoding_message_size(LARGEST_ANSWER)
                .list_tasks(request)
                .await
        })
        .await?;
    Ok(answer.tasks)
}

fn print(
    printer: &Printer,
    account: &Account,
    tasks: &[Task],
    entries: &[TimelineEntry],
    more_entries: bool,
) -> Result<(), Error> {
    let id = view::id(&account.name);
    printer.fields(view::summary(account))?;
    if !account.contacts.is_empty() {
        printer.title("Contacts")?;
        printer.rows(&account.contacts)?;
    }
    if !account.notes.is_empty() {
        printer.title("Notes")?;
        printer.line(&html::text(&account.notes))?;
    }
    if !tasks.is_empty() {
        printer.title("Open work")?;
        // Whose work it is says the screen as a whole.
        printer.table(
            task::HEADER_OF_ONE,
            tasks.iter().map(task::row_of_one).collect(),
        )?;
    }
    let shown = i64::try_from(tasks.len()).unwrap_or(i64::MAX);
    let left = account.open_task_count.unwrap_or(0) - shown;
    if left > 0 {
        printer.note(&format!(
            "{left} more: handoff task list --account {id} --open"
        ));
    }
    if !entries.is_empty() {
        printer.title("What happened last")?;
        let rows = entries.iter().map(Row::row).collect();
        printer.table(TimelineEntry::HEADER, rows)?;
    }
    if more_entries {
        printer.note(&format!("Earlier: handoff account timeline {id}"));
    }
    Ok(())
}
