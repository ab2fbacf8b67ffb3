//! Commands at a constant rate, whether or not the ones before were answered.
//!
//! Latency counts from the moment at which a command was due, not from when it was sent: a server that
//! stalls is charged for every command that came due meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
};

use crate::{Command, LoadError, Outcome, Sender, Summary, prepare_tasks};

/// Tasks to a command in flight, so that two are hardly ever under way for the same task.
const TASKS_PER_COMMAND: usize = 4;

/// How an open loop runs.
#[derive(Debug, Clone, clap::Args)]
pub struct OpenLoop {
    /// Commands a second
    #[arg(long)]
    pub rate: f64,
    /// Seconds that it runs
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
    /// Commands in flight, at most. One that comes due when there are so many is not sent and counts as an overrun
    #[arg(long, default_value_t = 1_024)]
    pub in_flight: usize,
}

impl OpenLoop {
    /// Prepares the tasks, then sends at the constant rate.
    pub async fn run(&self, senders: &[Sender]) -> Result<Summary, LoadError> {
        let tasks = self.prepare(senders).await?;
        self.run_on(senders, tasks).await
    }

    /// Creates as many tasks as the loop should have.
    pub async fn prepare(&self, senders: &[Sender]) -> Result<Vec<String>, LoadError> {
        let count = self.in_flight * TASKS_PER_COMMAND;
        prepare_tasks(senders, count, self.in_flight).await
    }

    /// Sends at the constant rate, to open tasks that exist: all are completed, then reopened, and so on.
    pub async fn run_on(
        &self,
        senders: &[Sender],
        tasks: Vec<String>,
    ) -> Result<Summary, LoadError> {
        let (answers, mut answered) = mpsc::channel(self.in_flight.max(1));
        let overruns = Arc::new(AtomicU64::new(0));
        let pacer = Pacer {
            interval: Duration::from_secs_f64(1.0 / self.rate.max(0.001)),
            length: Duration::from_secs(self.seconds),
            senders: senders.to_vec(),
            tasks,
            in_flight: Arc::new(Semaphore::new(self.in_flight.max(1))),
            overruns: overruns.clone(),
            answers,
            runtime: Handle::current(),
        };
        let mut seen = Summary::begin();
        let pacing = thread::spawn(move || pacer.run());
        while let Some((outcome, latency)) = answered.recv().await {
            seen.count(&outcome, latency);
        }
        seen.overruns = overruns.load(Ordering::Relaxed);
        pacing.join().map_err(|_| LoadError::Pacer)?;
        Ok(seen.end())
    }
}

/// Sends each command when it is due. In a thread of its own: the runtime's timers are exact to a
/// millisecond only.
struct Pacer {
    interval: Duration,
    length: Duration,
    senders: Vec<Sender>,
    tasks: Vec<String>,
    in_flight: Arc<Semaphore>,
    overruns: Arc<AtomicU64>,
    answers: mpsc::Sender<(Outcome, Duration)>,
    runtime: Handle,
}

impl Pacer {
    fn run(self) {
        let began = Instant::now();
        let mut sent = 0;
        for n in 0_u64.. {
            let after = self.interval.mul_f64(n as f64);
            if after >= self.length {
                return;
            }
            let due = began + after;
            sleep_until(due);
            let Ok(permit) = self.in_flight.clone().try_acquire_owned() else {
                self.overruns.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            let (turn, task) = (sent / self.tasks.len(), sent % self.tasks.len());
            let command = Command::in_turn(turn, self.tasks[task].clone());
            let sender = self.senders[sent % self.senders.len()].clone();
            let answers = self.answers.clone();
            sent += 1;
            self.runtime.spawn(async move {
                let outcome = sender.send(&command).await;
                let latency = due.elapsed();
                drop(permit);
                // Whoever counts stays until the last sender has gone.
                let _ = answers.send((outcome, latency)).await;
            });
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "to be on time is what this thread is for"
)]
fn sleep_until(due: Instant) {
    let early = due.saturating_duration_since(Instant::now());
    if !early.is_zero() {
        thread::sleep(early);
    }
}
