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
    /// None while it is read for the first time and nothing was committed meanwhile.
    versioned: Option<Versioned>,
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
        self.begin(stream, checked);
        let versioned = self.snapshots.newest(stream).await?;
        Ok(self.keep(stream, versioned, checked))
    }

    /// Makes room for a stream before it is read, so that a commit of this process in between is not
    /// missed.
    fn begin(&self, stream: &StreamName, checked: Instant) {
        self.lock()
            .get_or_insert_mut(stream.clone(), || Remembered {
                versioned: None,
                checked,
            });
    }

    /// Remembers what was read from `checked` on, unless that was forgotten or is older than what a
    /// commit of this process made meanwhile. Gives the newer one.
    fn keep(&self, stream: &StreamName, read: Versioned, checked: Instant) -> Versioned {
        let mut remembered = self.lock();
        let Some(entry) = remembered.get_mut(stream) else {
            return read;
        };
        entry.checked = checked;
        match &entry.versioned {
            Some(newer) if newer.version > read.version => newer.clone(),
            _ => entry.versioned.insert(read).clone(),
        }
    }

    fn remembered(&self, stream: &StreamName, max_age: Duration) -> Option<Versioned> {
        let mut remembered = self.lock();
        let remembered = remembered.get(stream)?;
        match remembered.checked.elapsed() <= max_age {
            true => remembered.versioned.clone(),
            false => None,
        }
    }

    /// The state of a stream as the events through a position make it.
    pub async fn at(&self, stream: &StreamName, through: Position) -> Result<Versioned, LogError> {
        self.snapshots.at_position(stream, through).await
    }

    /// The state of a stream at a version.
    pub async fn at_version(
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
                entry.versioned = Some(versioned.clone());
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

#[cfg(test)]
mod tests {
    use handoff_domain::State;
    use handoff_event_log::{Database, Role};

    use super::*;

    fn at(stream: &StreamName, version: u32) -> Versioned {
        Versioned {
            version: Version(version),
            state: State::absent(stream.kind()),
        }
    }

    #[tokio::test]
    async fn what_is_committed_while_a_stream_is_first_read_is_not_forgotten() {
        // Nothing here connects.
        let database = Database::new("postgres://localhost/handoff").expect("a URL");
        let states = States::new(database.pool(Role::Reader, "test", "", 1));
        let stream: StreamName = "members/ana".parse().expect("a name");
        let (checked, age) = (Instant::now(), Duration::from_secs(3600));
        states.begin(&stream, checked);
        assert_eq!(states.remembered(&stream, age), None);
        states.note(&[(stream.clone(), at(&stream, 2))]);
        // The read was begun before the commit and saw nothing of it.
        assert_eq!(
            states.keep(&stream, at(&stream, 1), checked),
            at(&stream, 2)
        );
        assert_eq!(states.remembered(&stream, age), Some(at(&stream, 2)));

        states.begin(&stream, checked);
        states.forget();
        assert_eq!(
            states.keep(&stream, at(&stream, 3), checked),
            at(&stream, 3)
        );
        assert_eq!(states.remembered(&stream, age), None);
    }
}
