//! What the projectors of a process share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use handoff_bus::{Feed, Hints, Precedence};
use handoff_event_log::{Database, Log, LogError, Role};
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use crate::{
    metrics::Metrics,
    model::{ReadModel, Succession},
};

/// What the sessions of projectors are set to.
///
/// The plans must be look-ups by key, and are made anew for each batch: a plan made on an empty table
/// would keep to whichever index has the key in it somewhere. A commit need not wait for the disk: rows
/// and checkpoints vanish together and are made again. A session that hangs in a transaction is ended,
/// so that a frozen process does not keep others from its partitions.
const SETTINGS: &str = "-c synchronous_commit=off -c jit=off -c plan_cache_mode=force_custom_plan \
     -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
     -c idle_in_transaction_session_timeout=5s -c maintenance_work_mem=128MB";

/// What the projectors of a process share. Cheap to clone.
#[derive(Clone)]
pub struct Environment {
    pub database: Database,
    pub feed: Feed,
    /// For rebuilds.
    pub log: Log,
    pub hints: Hints,
    pub notices: Notices,
    /// What goes first in this process, if anything does.
    pub precedence: Precedence,
    pub metrics: Metrics,
    /// Tells this process from the others, and from itself before a restart.
    pub instance: Arc<str>,
    pub settings: Settings,
}

/// How projectors share the work and how long they wait. All processes should agree.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often an instance says that it is there, at least. An idle one waits up to a second longer.
    pub heartbeat: Duration,
    /// How long after its last heartbeat an instance loses its partitions.
    pub expiry: Duration,
    /// The most events in a batch.
    pub max_events: usize,
    /// How long a batch is gathered while there is much to do and nobody in the process waits for it.
    pub linger: Duration,
    /// How long events that change nothing are passed before the checkpoints move past them, while there is
    /// much to do and nobody in the process waits for it.
    pub settles: Duration,
    /// How far a read model may fall behind to let commands go first: see [`Precedence`].
    pub yields: Duration,
    /// How long a generation is kept that nobody uses any more.
    pub kept: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(1),
            expiry: Duration::from_secs(5),
            max_events: 2_000,
            linger: Duration::from_millis(50),
            settles: Duration::from_millis(200),
            yields: Precedence::YIELDS,
            kept: Duration::from_secs(600),
        }
    }
}

impl Environment {
    /// A session for the work on one read model.
    pub(crate) async fn connect<M: ReadModel>(&self) -> Result<Client, LogError> {
        let (role, application) = match M::SUCCESSION {
            Succession::EachVersion => (Role::Projector, format!("handoff project {}", M::NAME)),
            Succession::OneForAll(_) => (Role::Policy, format!("handoff policy {}", M::NAME)),
        };
        self.database.connect(role, &application, SETTINGS).await
    }
}

/// Wakes those who wait for a projection to move. Cheap to clone; clones share what they tell.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<HashMap<String, watch::Sender<u64>>>>);

impl Notices {
    /// Says that a projection has moved.
    pub fn moved(&self, projection: &str) {
        self.with(projection, |sender| sender.send_modify(|moves| *moves += 1));
    }

    /// Changes with each move; moves that follow each other closely may be seen as one.
    pub fn subscribe(&self, projection: &str) -> watch::Receiver<u64> {
        self.with(projection, watch::Sender::subscribe)
    }

    /// Passes on what other processes say of a projection, until `shutdown`.
    pub async fn listen(self, hints: Hints, projection: &str, shutdown: CancellationToken) {
        let listen = async {
            let Ok(mut moves) = hints.checkpoints(projection).await else {
                return;
            };
            while moves.next().await.is_some() {
                self.moved(projection);
            }
        };
        shutdown.run_until_cancelled(listen).await;
    }

    fn with<T>(&self, projection: &str, f: impl FnOnce(&watch::Sender<u64>) -> T) -> T {
        // The map is whole whatever a thread that panicked was about.
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !senders.contains_key(projection) {
            senders.insert(projection.to_owned(), watch::Sender::new(0));
        }
        f(&senders[projection])
    }
}
