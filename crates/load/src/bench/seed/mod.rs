//! A log that is long already: written by COPY, with a hash chain that verifies and a history that the
//! domain can fold.

mod chain;
mod history;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::SinkExt;
use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::BenchError;

const COLUMNS: &str = "position, stream, version, type, type_version, partition, event_id, command_id, \
     command_index, payload, metadata, recorded_at, hash";
/// Chunks that may wait for Postgres.
const AHEAD: usize = 4;

/// What a log is about. Task number t is about account t modulo `accounts`.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) tasks: usize,
    pub(super) accounts: usize,
    pub(super) members: usize,
    pub(super) work: Work,
}

/// What happens to tasks that were created and numbered, which is two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Each is assigned, completed and reopened: five events about each.
    EachReopened,
    /// Of an account's tasks of one assignee every other one is completed.
    HalfCompleted,
    /// Nothing: all are of one member, from whom they are to go to another. That is the last event.
    Transferred,
}

impl Shape {
    /// A log of at least so many events, five about each of the tasks, twenty tasks to an account.
    pub(super) fn of_events(events: usize) -> Self {
        let tasks = events.div_ceil(5).max(1);
        Self {
            tasks,
            accounts: tasks.div_ceil(20),
            members: 50,
            work: Work::EachReopened,
        }
    }

    pub(super) fn task(task: usize) -> String {
        format!("tasks/seed-{task}")
    }

    pub(super) fn account(account: usize) -> String {
        format!("accounts/seed-{account}")
    }

    pub(super) fn member(member: usize) -> String {
        format!("members/m{member}")
    }

    /// What is to be done with all tasks, where they are transferred.
    pub(super) fn operation() -> &'static str {
        "operations/seed-transfer"
    }

    fn account_of(&self, task: usize) -> String {
        Self::account(task % self.accounts)
    }

    /// To whom a task is assigned when it is created.
    fn assignee_of(&self, task: usize) -> String {
        match self.work {
            Work::EachReopened | Work::HalfCompleted => {
                Self::member(task / self.accounts % self.members)
            }
            Work::Transferred => Self::member(1),
        }
    }

    fn is_completed(&self, task: usize) -> bool {
        !(task / (self.accounts * self.members)).is_multiple_of(2)
    }

    fn commands(&self) -> usize {
        let work = match self.work {
            Work::EachReopened => 4,
            Work::HalfCompleted => 2,
            Work::Transferred => 1,
        };
        self.members + self.accounts + self.tasks * work + 1
    }
}

/// Writes a log into a database that has the tables and no events; answers how many there are then.
///
/// `client` is a superuser's session. The table is vacuumed, as it is soon in a database that is used.
pub(super) async fn seed(client: &Client, shape: &Shape) -> Result<i64, BenchError> {
    let began = Instant::now();
    let now: DateTime<Utc> = client
        .query_one("select clock_timestamp()", &[])
        .await?
        .try_get(0)?;
    let (chunks, mut written) = mpsc::channel(AHEAD);
    let shape = shape.clone();
    let writing = tokio::task::spawn_blocking(move || {
        history::write(&shape, now, |lines| {
            chunks.blocking_send(Bytes::from(lines)).is_ok()
        });
    });
    let copy = format!("copy event_log.events ({COLUMNS}) from stdin");
    let mut sink = Box::pin(client.copy_in::<_, Bytes>(&copy).await?);
    while let Some(lines) = written.recv().await {
        sink.send(lines).await?;
    }
    // One that failed leaves a log that is short, which does not count as a log.
    writing
        .await
        .map_err(|error| BenchError::io("write a log")(error.into()))?;
    let events = sink.as_mut().finish().await?;
    client
        .batch_execute("vacuum (analyze) event_log.events")
        .await?;
    client.batch_execute("checkpoint").await?;
    let elapsed: Duration = began.elapsed();
    eprintln!("  seeded {events} events in {:.1} s", elapsed.as_secs_f64());
    Ok(events as i64)
}
