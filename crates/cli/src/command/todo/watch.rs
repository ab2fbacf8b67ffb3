//! `handoff todo --watch`.

use std::time::Duration;

use clap::Args;
use handoff_proto::v1::{
    self, TodoChange,
    todo_change::Item as Shown,
    todo_query_service_client::TodoQueryServiceClient,
    watch_todo_response::{Changes, Item},
};
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};
use tonic_types::StatusExt;

use crate::{
    command::{activity, task},
    error::Error,
    json,
    output::Printer,
    retry::{Retry, resume_after},
    session::{LARGEST_ANSWER, Session},
    time,
};

/// How soon after a change all is drawn again: what changes until then is drawn with it.
const SETTLE: Duration = Duration::from_millis(200);
/// How old what is drawn may be: what falls due without a change is seen as late at most so much later, and the
/// time between two heartbeats.
const OLDEST: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Go on with what changes: draws all again on a terminal, else writes a line for each change
    #[arg(long, conflicts_with_all = ["list", "counts"])]
    watch: bool,
    /// Begin after this position of the log, rather than now
    #[arg(long, requires = "watch", value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// End after this many changes
    #[arg(long, requires = "watch", value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    changes: Option<u64>,
}

impl WatchArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.watch
    }

    /// Shows what changes. `draw` shows all lists as they are at a position or later.
    pub(super) async fn run(
        self,
        filter: String,
        draw: impl AsyncFn(i64) -> Result<(), Error>,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::WatchTodoRequest {
            filter,
            after_position: self.after,
            epoch: 0,
        };
        Watching {
            request,
            left: self.changes,
            retry: Retry::default(),
            draws: printer.is_terminal() && !printer.is_json(),
            // Whoever looks sees something at once.
            stale: Some(Instant::now()),
            drawn: Instant::now(),
        }
        .run(draw, session, printer)
        .await
    }
}

/// A stream of changes that survives the loss of its connection.
struct Watching {
    /// What is still wanted.
    request: v1::WatchTodoRequest,
    left: Option<u64>,
    retry: Retry,
    /// Whether all is drawn again after a change, instead of a line for it.
    draws: bool,
    /// Since when what is drawn is not what is.
    stale: Option<Instant>,
    /// When all was drawn.
    drawn: Instant,
}

impl Watching {
    async fn run(
        mut self,
        draw: impl AsyncFn(i64) -> Result<(), Error>,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        loop {
            let status = match self.until_it_breaks(&draw, session, printer).await? {
                None => break,
                Some(status) => status,
            };
            if let Some((position, epoch)) = resume_after(&status) {
                self.request.after_position = Some(position);
                self.request.epoch = epoch;
            }
            if self.begins_anew(&status) {
                tokio::time::sleep(SETTLE).await;
                continue;
            }
            self.retry.pause(status, session).await?;
        }
        self.draw(&draw).await
    }

    /// Whether all is to be drawn anew, rather than to go on with changes of what is drawn: the log may have lost
    /// some of it, or the caller sees something else now. Whoever wants each change has to know instead.
    fn begins_anew(&mut self, status: &Status) -> bool {
        let info = status.get_details_error_info();
        let reason = info.map(|info| info.reason).unwrap_or_default();
        let anew = self.draws && matches!(reason.as_str(), "EPOCH_CHANGED" | "RIGHTS_CHANGED");
        if anew {
            self.request.after_position = None;
            self.request.epoch = 0;
            self.stale = Some(Instant::now());
        }
        anew
    }

    /// Shows changes until there are enough. Answers why the stream broke, if it did.
    async fn until_it_breaks(
        &mut self,
        draw: &impl AsyncFn(i64) -> Result<(), Error>,
        session: &Session,
        printer: &Printer,
    ) -> Result<Option<Status>, Error> {
        let mut client = TodoQueryServiceClient::new(session.service())
            .max_decoding_message_size(LARGEST_ANSWER);
        let mut stream = match client.watch_todo(self.request.clone()).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(Some(status)),
        };
        loop {
            match self.next(&mut stream, draw).await? {
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

    /// The next message. Draws meanwhile what has changed a moment ago.
    async fn next(
        &mut self,
        stream: &mut Streaming<v1::WatchTodoResponse>,
        draw: &impl AsyncFn(i64) -> Result<(), Error>,
    ) -> Result<Result<Option<v1::WatchTodoResponse>, Status>, Error> {
        if let Some(stale) = self.stale.filter(|_| self.draws) {
            if let Ok(message) = timeout_at(stale + SETTLE, stream.message()).await {
                return Ok(message);
            }
            self.draw(draw).await?;
        }
        Ok(stream.message().await)
    }

    /// Draws all if that is wanted and something has changed.
    async fn draw(&mut self, draw: &impl AsyncFn(i64) -> Result<(), Error>) -> Result<(), Error> {
        match self.stale.take() {
            Some(_) if self.draws => {
                draw(self.request.after_position.unwrap_or_default()).await?;
                self.drawn = Instant::now();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Shows what changed and notes how far watching is. Answers whether enough was shown.
    fn accept(&mut self, message: v1::WatchTodoResponse, printer: &Printer) -> Result<bool, Error> {
        match message.item {
            None => {}
            Some(Item::Heartbeat(heartbeat)) => {
                self.request.after_position = Some(heartbeat.position);
                self.request.epoch = heartbeat.epoch;
                if self.draws && self.drawn.elapsed() >= OLDEST {
                    self.stale.get_or_insert_with(Instant::now);
                }
            }
            Some(Item::Changes(changes)) => {
                self.request.after_position = Some(changes.position);
                self.request.epoch = changes.epoch;
                if self.draws {
                    self.stale.get_or_insert_with(Instant::now);
                } else if printer.is_json() {
                    printer.line(&json::line(&changes))?;
                } else {
                    for change in &changes.items {
                        printer.line(&text(&changes, change))?;
                    }
                }
                self.left = self.left.map(|left| left.saturating_sub(1));
            }
        }
        Ok(self.left == Some(0))
    }
}

/// A change in a line: `+` came, `~` changed, `-` went.
fn text(changes: &Changes, change: &TodoChange) -> String {
    let time = time::seconds(changes.record_time.as_ref());
    let sign = task::sign(change.kind());
    let item = match &change.item {
        None => change.name.clone(),
        Some(Shown::OrderTask(task) | Shown::Task(task)) => task::sentence(task),
        Some(Shown::Activity(activity)) => activity::sentence(activity),
    };
    let what = changes.event_type.replace('_', " ");
    format!("{time}  {sign} {item}  {what} by {}", changes.actor)
}

#[cfg(test)]
mod tests {
    use handoff_proto::v1::{
        Activity, ActivityStatus, Task, TaskChangeKind, TaskKind, TaskStatus,
        watch_todo_response::Heartbeat,
    };
    use tonic::Code;
    use tonic_types::ErrorDetails;

    use super::*;
    use crate::args::Format;

    /// A watch that has drawn all so long ago.
    fn drawn(ago: Duration, draws: bool) -> Watching {
        Watching {
            request: v1::WatchTodoRequest {
                after_position: Some(7),
                epoch: 2,
                ..Default::default()
            },
            left: None,
            retry: Retry::default(),
            draws,
            stale: None,
            drawn: Instant::now() - ago,
        }
    }

    #[test]
    fn what_falls_due_is_drawn_though_nothing_changes() {
        let printer = Printer::new(Format::Table);
        for (ago, draws, stale) in [
            (OLDEST, true, true),
            (OLDEST / 2, true, false),
            (OLDEST, false, false),
        ] {
            let mut watching = drawn(ago, draws);
            let heartbeat = Heartbeat {
                position: 9,
                epoch: 2,
                ..Default::default()
            };
            let item = Some(Item::Heartbeat(heartbeat));
            let message = v1::WatchTodoResponse { item };
            assert!(!watching.accept(message, &printer).unwrap());
            assert_eq!(watching.stale.is_some(), stale, "{ago:?}, {draws}");
            assert_eq!(watching.request.after_position, Some(9));
        }
    }

    #[test]
    fn a_terminal_is_drawn_anew_after_what_ends_other_watches() {
        for (reason, draws, anew) in [
            ("EPOCH_CHANGED", true, true),
            ("RIGHTS_CHANGED", true, true),
            ("RIGHTS_CHANGED", false, false),
            ("OVERLOADED", true, false),
        ] {
            let mut watching = drawn(Duration::ZERO, draws);
            let details = ErrorDetails::with_error_info(reason, "handoff", []);
            let status = Status::with_error_details(Code::Aborted, "", details);
            assert_eq!(watching.begins_anew(&status), anew, "{reason}, {draws}");
            assert_eq!(watching.stale.is_some(), anew);
            let after = (!anew).then_some(7);
            assert_eq!(watching.request.after_position, after);
        }
    }

    #[test]
    fn a_line_says_what_became_of_which_item_by_whom() {
        let changes = Changes {
            event_type: "order.task_checked".to_owned(),
            actor: "members/ana".to_owned(),
            record_time: Some(time::timestamp("2026-12-01T17:00:05Z".parse().unwrap())),
            ..Default::default()
        };
        let mut change = TodoChange {
            kind: TaskChangeKind::Changed.into(),
            name: "orders/o/tasks/report".to_owned(),
            item: Some(Shown::OrderTask(Task {
                name: "orders/o/tasks/report".to_owned(),
                kind: TaskKind::Order.into(),
                title: "Report".to_owned(),
                status: TaskStatus::NotStarted.into(),
                current: true,
                ..Default::default()
            })),
        };
        assert_eq!(
            text(&changes, &change),
            "2026-12-01 17:00:05  ~ orders/o/tasks/report  Report  (current, nobody)  order.task checked by members/ana"
        );
        change.kind = TaskChangeKind::Left.into();
        change.item = Some(Shown::Activity(Activity {
            name: "activities/c".to_owned(),
            note: "<p>Call</p>".to_owned(),
            status: ActivityStatus::Complete.into(),
            assignee: "members/ben".to_owned(),
            ..Default::default()
        }));
        assert!(text(&changes, &change).contains("  - c  Call  (complete, ben)  "));
        change.item = None;
        assert!(text(&changes, &change).contains("  - orders/o/tasks/report  "));
    }
}
