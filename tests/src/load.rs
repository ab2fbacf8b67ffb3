//! Commands from many clients, recorded for the check.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use handoff_load::{Client, Command, Outcome, Recorder, Recording, Sender, Target, Tries};
use handoff_testkit::eventually;
use tokio::task::JoinSet;
use uuid::Uuid;

/// How long one try may take, and how long an outcome may stay unknown.
const TRIES: Tries = Tries {
    timeout: Some(Duration::from_secs(3)),
    resolve: Some(Duration::from_secs(90)),
};
/// How long [`Load::some_more`] waits: longer than any fault may stop everything.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the clients of a load do.
#[derive(Debug, Clone)]
pub struct Mix {
    pub clients: usize,
    /// Accounts that all new tasks are about: the fewer, the more the replicas race. None: no new tasks.
    pub accounts: usize,
    /// Begins the choices of every client.
    pub seed: u64,
    /// Tasks that other loads made, which all clients complete and reopen.
    pub tasks: Vec<String>,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            clients: 8,
            accounts: 8,
            seed: 1,
            tasks: Vec::new(),
        }
    }
}

/// Clients that create, complete and reopen tasks until they are told to stop. One command in ten is sent
/// twice.
pub struct Load {
    go_on: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    clients: JoinSet<Vec<String>>,
    recording: Recording,
    record: PathBuf,
}

impl Load {
    /// Begins; each client starts with another server and turns to the others where that does not answer.
    pub fn start(target: &Target, mix: Mix, record: &Path) -> Self {
        let (recorder, recording) = Recorder::create(record).expect("a record");
        let go_on = Arc::new(AtomicBool::new(true));
        let done = Arc::new(AtomicU64::new(0));
        let mut clients = JoinSet::new();
        let connections = Client::connect(target).expect("addresses");
        for number in 0..mix.clients {
            let mut own = connections.clone();
            own.rotate_left(number % connections.len());
            let first = own.remove(0);
            let worker = Worker {
                sender: Sender::new(first, TRIES, Some(recorder.clone())).or_to(own),
                choices: fastrand::Rng::with_seed(mix.seed.wrapping_mul(1_000) + number as u64),
                own: Vec::new(),
                mix: mix.clone(),
                go_on: go_on.clone(),
                done: done.clone(),
            };
            clients.spawn(worker.run());
        }
        Self {
            go_on,
            done,
            clients,
            recording,
            record: record.to_owned(),
        }
    }

    /// How many commands were acknowledged.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Waits until so many more commands are acknowledged.
    pub async fn some_more(&self, commands: u64) {
        let wanted = self.done() + commands;
        eventually("more acknowledged commands", PATIENCE, async || {
            let done = self.done();
            if done >= wanted {
                Ok(())
            } else {
                Err(format!("{done} of {wanted}"))
            }
        })
        .await;
    }

    /// Waits until nothing is acknowledged any more: for half a second.
    pub async fn stands_still(&self) {
        let mut last = (self.done(), Instant::now());
        eventually("a standstill", PATIENCE, async || {
            let done = self.done();
            if done != last.0 {
                last = (done, Instant::now());
            }
            if last.1.elapsed() > Duration::from_millis(500) {
                Ok(())
            } else {
                Err(done)
            }
        })
        .await;
    }

    /// Stops and completes the record; answers where it is, and some of the tasks that there are now.
    pub async fn stop(self) -> (PathBuf, Vec<String>) {
        self.go_on.store(false, Ordering::Relaxed);
        let tasks = self.clients.join_all().await;
        self.recording.finish().await.expect("a whole record");
        (self.record, tasks.into_iter().flatten().take(100).collect())
    }
}

struct Worker {
    sender: Sender,
    choices: fastrand::Rng,
    own: Vec<String>,
    mix: Mix,
    go_on: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
}

impl Worker {
    /// Answers with the tasks that it has made.
    async fn run(mut self) -> Vec<String> {
        while self.go_on.load(Ordering::Relaxed) {
            let command = self.next();
            let id = unique();
            let outcome = self.sender.send_as(id, &command).await;
            if matches!(outcome, Outcome::Done(_)) {
                self.done.fetch_add(1, Ordering::Relaxed);
                if let Command::Create { task, .. } = command.clone() {
                    self.own.push(task);
                }
                if self.choices.u8(0..10) == 0 {
                    self.sender.send_as(id, &command).await;
                }
            }
        }
        self.own
    }

    fn next(&mut self) -> Command {
        let choice = self.choices.u8(0..10);
        let accounts = self.mix.accounts;
        let own = accounts > 0 && (self.mix.tasks.is_empty() || choice < 7);
        let tasks = match own {
            true => &self.own,
            false => &self.mix.tasks,
        };
        let task = self.choices.choice(tasks);
        match task.filter(|_| accounts == 0 || choice > 1) {
            Some(task) => Command::in_turn(self.choices.usize(0..2), task.clone()),
            None => Command::Create {
                task: format!("tasks/{}", unique()),
                subject: format!("accounts/a{}", self.choices.usize(0..accounts.max(1))),
            },
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "tests have no part in the service's ids"
)]
fn unique() -> Uuid {
    Uuid::now_v7()
}
