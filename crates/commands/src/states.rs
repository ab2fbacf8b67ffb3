//! Aggregates read outside of commands: rights, receipts, time travel.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use deadpool_postgres::Pool;
use handoff_domain::{Partition, Version, Versioned, names::StreamName};
use handoff_event_log::{LogError, Position, Snapshots};
use lru::LruCache;
use tokio::runtime::Handle;

/// Members and accounts whose state is remembered between calls.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

struct Remembered {
    versioned: Versioned,
    /// When the log was last asked.
    checked: Instant,
}

/// Reads aggregates. Cheap to clone.
#[derive(Clone)]
pub struct States {
    snapshots: Snapshots,
    remembered: Arc<Mutex<LruCache<StreamName, Remembered>>>,
    /// Held while a stream is read again, so that of many calls that find it too old one asks the
    /// log. Streams share them by hash.
    refreshing: Arc<[tokio::sync::Mutex<()>; 64]>,
    runtime: Handle,
}

impl States {
    /// Reads through a pool whose role may read the log. Must be called within a runtime, on which
    /// its background work runs.
    pub fn new(pool: Pool) -> Self {
        Self {
            snapshots: Snapshots::new(pool),
            remembered: Arc::new(Mutex::new(LruCache::new(REMEMBERED))),
            refreshing: Arc::new(std::array::from_fn(|_| tokio::sync::Mutex::new(()))),
            runtime: Handle::current(),
        }
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The state of a stream, not older than `max_age`; what this process changed shows at once.
    pub async fn fresh(
        &self,
        stream: &StreamName,
        max_age: Duration,
    ) -> Result<Versioned, LogError> {
        if let Some(versioned) = self.remembered(stream, max_age) {
            return Ok(versioned);
        }
        let turn = Partition::of(stream.as_str()).number();
        let _turn = self.refreshing[usize::from(turn)].lock().await;
        if let Some(versioned) = self.remembered(stream, max_age) {
            return Ok(versioned);
        }
        let checked = Instant::now();
        let versioned = self.snapshots.newest(stream).await?;
        let mut remembered = self.lock();
        match remembered.get_mut(stream) {
            // A commit of this process came in between: it is newer than what was read.
            Some(newer) if newer.versioned.version > versioned.version => {
                newer.checked = checked;
                return Ok(newer.versioned.clone());
            }
            _ => remembered.put(
                stream.clone(),
                Remembered {
                    versioned: versioned.clone(),
                    checked,
                },
            ),
        };
        Ok(versioned)
    }

    fn remembered(&self, stream: &StreamName, max_age: Duration) -> Option<Versioned> {
        let mut remembered = self.lock();
        let remembered = remembered.get(stream)?;
        (remembered.checked.elapsed() <= max_age).then(|| remembered.versioned.clone())
    }

    /// The state of a stream as the events through a position make it.
    pub async fn at(&self, stream: &StreamName, through: Position) -> Result<Versioned, LogError> {
        self.snapshots.at_position(stream, through).await
    }

    pub(crate) async fn at_version(
        &self,
        stream: &StreamName,
        version: Version,
    ) -> Result<Versioned, LogError> {
        self.snapshots.at_version(stream, version).await
    }

    /// Notes what a batch changed, for the streams that are remembered.
    pub(crate) fn note(&self, changed: &[(StreamName, Versioned)]) {
        let mut remembered = self.lock();
        for (stream, versioned) in changed {
            if let Some(entry) = remembered.peek_mut(stream) {
                entry.versioned = versioned.clone();
            }
        }
    }

    /// Forgets everything: it may be of events that are no more.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<StreamName, Remembered>> {
        self.remembered
            .lock()
            .expect("nothing panics while it holds the states")
    }
}
