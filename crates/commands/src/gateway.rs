//! The way in for commands.

use std::{num::NonZeroUsize, sync::Arc, thread};

use handoff_event_log::{Database, LogError, Position};
use handoff_failpoints::{Bug, has_bug};
use lru::LruCache;
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    time::Instant,
};

use crate::{
    metrics::Metrics,
    pressure::Pressure,
    request::{Answer, CommandError, Request},
    sequencer::{Sequencer, Submission},
    snapshotter::Snapshotter,
    states::States,
};

/// The bounds of a gateway.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Commands that may wait; one more is refused at once.
    pub queue_commands: usize,
    /// Commands decided and appended at once.
    pub batch_commands: usize,
    /// About how many bytes of requests are appended at once.
    pub batch_bytes: usize,
    /// Streams whose state is kept in memory, about 1 KiB each.
    pub cached_streams: NonZeroUsize,
    /// Versions after which a stream's state is kept in the database once more.
    pub snapshot_versions: u32,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            queue_commands: 8_192,
            batch_commands: 2_048,
            batch_bytes: 4 * 1024 * 1024,
            cached_streams: NonZeroUsize::new(100_000).expect("not zero"),
            snapshot_versions: 500,
        }
    }
}

/// Takes commands and appends what they decide. Cheap to clone.
///
/// Several processes may each have one on the same log: they check what they read under the lock,
/// so that none decides on what another has changed.
#[derive(Clone)]
pub struct Gateway {
    queue: Arc<Mutex<Option<mpsc::Sender<Submission>>>>,
    sender: mpsc::WeakSender<Submission>,
    committed: watch::Receiver<Position>,
    pressing: watch::Receiver<Instant>,
    metrics: Metrics,
    thread: Arc<Mutex<Option<thread::JoinHandle<()>>>>,
}

impl Gateway {
    /// Starts the sequencer's thread. It connects when the first command comes, and again whenever
    /// its connection is lost.
    pub fn start(
        database: Database,
        states: States,
        config: GatewayConfig,
        metrics: Metrics,
    ) -> Result<Self, LogError> {
        let (queue, receiver) = mpsc::channel(match has_bug(Bug::UnboundedQueue) {
            true => tokio::sync::Semaphore::MAX_PERMITS,
            false => config.queue_commands,
        });
        let (committed, watch) = watch::channel(Position::START);
        let pressure = Pressure::new();
        let pressing = pressure.until();
        let sequencer = Sequencer {
            snapshotter: Snapshotter::start(&database, states.runtime(), config.snapshot_versions),
            cache: LruCache::new(config.cached_streams),
            database,
            config,
            queue: receiver,
            committed,
            pressure,
            states,
            metrics: metrics.clone(),
            appender: None,
            epoch: None,
            anchored: Position::START,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| LogError::NoSession(Box::new(error)))?;
        let thread = thread::Builder::new()
            .name("sequencer".to_owned())
            .spawn(move || runtime.block_on(sequencer.run()))
            .map_err(|error| LogError::NoSession(Box::new(error)))?;
        Ok(Self {
            sender: queue.downgrade(),
            queue: Arc::new(Mutex::new(Some(queue))),
            committed: watch,
            pressing,
            metrics,
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// Submits a command and waits for its answer. Who stops waiting does not stop the command.
    pub async fn submit(&self, mut request: Request) -> Result<Answer, CommandError> {
        request.context.command_id = request.command_id;
        let (reply, answer) = oneshot::channel();
        let queue = self.sender.upgrade().ok_or(CommandError::ShuttingDown)?;
        queue
            .try_send(Submission { request, reply })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => CommandError::QueueFull,
                mpsc::error::TrySendError::Closed(_) => CommandError::ShuttingDown,
            })?;
        drop(queue);
        // The sequencer answers everything that it took, unless it panicked.
        answer.await.unwrap_or_else(|_| {
            let gone = LogError::NoSession("the sequencer has ended".into());
            Err(CommandError::OutcomeUnknown(Arc::new(gone)))
        })
    }

    /// The last position that this gateway appended; moves after each commit.
    pub fn committed(&self) -> watch::Receiver<Position> {
        self.committed.clone()
    }

    /// Until when so many commands wait that other work of this process should wait for them; in the
    /// past while there are few.
    pub fn pressing(&self) -> watch::Receiver<Instant> {
        self.pressing.clone()
    }

    /// Waits until the sequencer has ended: after [`shutdown`](Self::shutdown), or by a panic.
    pub async fn ended(&self) {
        let mut committed = self.committed.clone();
        while committed.changed().await.is_ok() {}
    }

    /// Takes no more commands, answers those that wait, notes the end of the log, and ends.
    pub async fn shutdown(&self) {
        drop(self.queue.lock().await.take());
        if let Some(thread) = self.thread.lock().await.take() {
            // Joining blocks, so not on a thread of the runtime.
            if tokio::task::spawn_blocking(move || thread.join())
                .await
                .is_err()
            {
                tracing::error!("the sequencer's thread panicked");
            }
        }
        self.metrics.queue_commands.set(0);
    }
}
