//! `handoff task watch`.

use clap::Args;
use handoff_proto::v1::{
    self, TaskChange, TaskChangeKind,
    task_query_service_client::TaskQueryServiceClient,
    watch_tasks_response::{Changes, Item},
};
use tonic::Status;

use super::{
    view::{assignees, status_words},
    which::Which,
};
use crate::{
    error::Error,
    json,
    output::Printer,
    retry::{Retry, resume_after},
    session::{LARGEST_ANSWER, Session},
    time,
};

#[derive(Debug, Args)]
pub(crate) struct TaskWatch {
    #[command(flatten)]
    which: Which,
    /// Only what matches: comparisons over fields, with AND, OR, NOT and parentheses
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Begin after this position of the log, rather than now
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// End after this many changes
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

impl TaskWatch {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::WatchTasksRequest {
            filter: self.which.filter(self.filter.as_deref(), session).await?,
            after_position: self.after,
            epoch: 0,
        };
        Watching {
            request,
            left: self.limit,
            retry: Retry::default(),
        }
        .run(session, printer)
        .await
    }
}

/// A stream of changes that survives the loss of its connection.
struct Watching {
    /// What is still wanted.
    request: v1::WatchTasksRequest,
    left: Option<u64>,
    retry: Retry,
}

impl Watching {
    async fn run(mut self, session: &Session, printer: &Printer) -> Result<(), Error> {
        loop {
            let status = match self.until_it_breaks(session, printer).await? {
                None => return Ok(()),
                Some(status) => status,
            };
            if let Some((position, epoch)) = resume_after(&status) {
                self.request.after_position = Some(position);
                self.request.epoch = epoch;
            }
            self.retry.pause(status, session).await?;
        }
    }

    /// Shows changes until there are enough. Answers why the stream broke, if it did.
    async fn until_it_breaks(
        &mut self,
        session: &Session,
        printer: &Printer,
    ) -> Result<Option<Status>, Error> {
        let mut client = TaskQueryServiceClient::new(session.service())
            .max_decoding_message_size(LARGEST_ANSWER);
        let mut stream = match client.watch_tasks(self.request.clone()).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(Some(status)),
        };
        loop {
            match stream.message().await {
                Ok(None) => return Ok(None),
                Err(status) => return Ok(Some(status)),
                Ok(Some(message)) => {
                    self.retry.reset();
                    if self.accept(message, printer)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Shows what changed and notes how far watching is. Answers whether enough was shown.
    fn accept(
        &mut self,
        message: v1::WatchTasksResponse,
        printer: &Printer,
    ) -> Result<bool, Error> {
        match message.item {
            None => {}
            Some(Item::Heartbeat(heartbeat)) => {
                self.request.after_position = Some(heartbeat.position);
                self.request.epoch = heartbeat.epoch;
            }
            Some(Item::Changes(changes)) => {
                self.request.after_position = Some(changes.position);
                self.request.epoch = changes.epoch;
                if printer.is_json() {
                    printer.line(&json::line(&changes))?;
                } else {
                    for change in &changes.tasks {
                        printer.line(&text(&changes, change))?;
                    }
                }
                self.left = self.left.map(|left| left.saturating_sub(1));
            }
        }
        Ok(self.left == Some(0))
    }
}

/// What became of a task in a list: `+` came, `~` changed, `-` went.
pub(crate) fn sign(kind: TaskChangeKind) -> char {
    match kind {
        TaskChangeKind::Entered => '+',
        TaskChangeKind::Changed => '~',
        TaskChangeKind::Left => '-',
        TaskChangeKind::Unspecified => ' ',
    }
}

/// A change in a line.
fn text(changes: &Changes, change: &TaskChange) -> String {
    let time = time::seconds(changes.record_time.as_ref());
    let sign = sign(change.kind());
    let task = match &change.task {
        None => change.name.clone(),
        Some(task) => format!(
            "{}  {}  ({}, {})",
            task.number,
            task.title,
            status_words(task),
            assignees(task)
        ),
    };
    let what = changes.event_type.trim_start_matches("task.");
    format!("{time}  {sign} {task}  {what} by {}", changes.actor)
}

#[cfg(test)]
mod tests {
    use handoff_proto::v1::{Task, TaskStatus};

    use super::*;

    #[test]
    fn a_line_says_what_became_of_which_task_by_whom() {
        let changes = Changes {
            position: 7,
            event_type: "task.completed".to_owned(),
            actor: "members/ana".to_owned(),
            record_time: Some(time::timestamp("2026-12-01T17:00:05Z".parse().unwrap())),
            ..Default::default()
        };
        let mut change = TaskChange {
            kind: TaskChangeKind::Left.into(),
            name: "tasks/a".to_owned(),
            task: Some(Task {
                number: "ACME-TASK-1".to_owned(),
                title: "Call".to_owned(),
                status: TaskStatus::Complete.into(),
                assignees: vec!["members/ben".to_owned()],
                ..Default::default()
            }),
        };
        assert_eq!(
            text(&changes, &change),
            "2026-12-01 17:00:05  - ACME-TASK-1  Call  (complete, ben)  completed by members/ana"
        );
        change.task = None;
        assert!(text(&changes, &change).contains("- tasks/a  completed"));
    }
}
