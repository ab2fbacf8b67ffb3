//! Clients that wait for their answer before they send the next command.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{Command, LoadError, Sender, Summary, prepare_tasks};

/// How a closed loop runs.
#[derive(Debug, Clone, clap::Args)]
pub struct ClosedLoop {
    /// Seconds that each number of clients runs
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
    /// Tasks created for each client before the clock starts. A client completes all of its tasks, then reopens all, and so on: each command appends one event to an existing stream
    #[arg(long, default_value_t = 64)]
    pub tasks: usize,
    /// All clients work on the same tasks, so that they compete for streams
    #[arg(long)]
    pub shared: bool,
}

impl ClosedLoop {
    /// Prepares the tasks, then runs so many clients.
    pub async fn run(&self, senders: &[Sender], clients: usize) -> Result<Summary, LoadError> {
        let count = if self.shared { 1 } else { clients } * self.tasks.max(1);
        let names = prepare_tasks(senders, count, clients).await?;
        let end = Instant::now() + Duration::from_secs(self.seconds);
        let go_on = move || Instant::now() < end;
        Ok(run(senders, clients, names, self.shared, go_on).await)
    }
}

/// Runs clients on existing tasks while `go_on`, which each asks before each command.
pub async fn run(
    senders: &[Sender],
    clients: usize,
    tasks: Vec<String>,
    shared: bool,
    go_on: impl Fn() -> bool + Clone + Send + 'static,
) -> Summary {
    let tasks: Arc<[String]> = tasks.into();
    let share = tasks.len() / clients.max(1);
    let mut running = JoinSet::new();
    let mut total = Summary::begin();
    for client in 0..clients {
        let sender = senders[client % senders.len()].clone();
        let (tasks, go_on) = (tasks.clone(), go_on.clone());
        let own = if shared {
            0..tasks.len()
        } else {
            client * share..(client + 1) * share
        };
        running.spawn(async move { one_client(&sender, &tasks[own], go_on).await });
    }
    for seen in running.join_all().await {
        total.add(&seen);
    }
    total.end()
}

async fn one_client(sender: &Sender, tasks: &[String], go_on: impl Fn() -> bool) -> Summary {
    let mut seen = Summary::begin();
    if tasks.is_empty() {
        return seen;
    }
    for turn in 0.. {
        for task in tasks {
            if !go_on() {
                return seen;
            }
            let command = Command::in_turn(turn, task.clone());
            let sent = Instant::now();
            let outcome = sender.send(&command).await;
            seen.count(&outcome, sent.elapsed());
        }
    }
    seen
}
