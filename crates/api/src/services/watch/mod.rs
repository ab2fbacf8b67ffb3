//! Watching lists: what each event changes in one.
//!
//! A watch follows the log and folds what it looks at itself, so that what it says is exact at every position: a
//! condition that the query would ask of Postgres is tested against the state before an event and after it.
//! One event gives one message or none, so whoever resumes after a message gets what follows. The next page of the
//! log is read when what came of the one before was taken, so a slow client costs no memory; one that takes nothing
//! for too long is ended with where to resume.

mod tasks;
mod todo;

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{Stream, stream};
use handoff_domain::{
    State, Version, Versioned,
    names::{Kind, StreamName},
};
use handoff_event_log::{Epoch, LogError, Position, Recorded, evolve};
use lru::LruCache;
use tokio::time::Instant;
use tonic::Status;

use crate::{
    error::ApiError,
    fields::Fields,
    patience::{Patience, Told},
    services::follow::{Events, Follower, Following, HEARTBEAT, Step},
};

pub(crate) use tasks::TaskList;
pub(crate) use todo::TodoLists;

/// What is watched.
pub(crate) trait Watched: Send + 'static {
    /// A message of the stream.
    type Message: Send + 'static;

    /// Whether it looks at events of such streams at all.
    fn concerns(stream: &StreamName) -> bool;

    /// What an event changes in it, if anything.
    fn changes(
        &mut self,
        epoch: Epoch,
        recorded: &Recorded,
        before: State,
        after: State,
    ) -> Option<Self::Message>;

    /// That everything up to a position was sent.
    fn heartbeat(&self, epoch: Epoch, position: Position) -> Self::Message;
}

/// States of streams that are remembered: those that watchers looked at last.
const OTHERS: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");
/// The same of orders, which have up to 1 MiB each.
const ORDERS: NonZeroUsize = NonZeroUsize::new(32).expect("not zero");

/// Reads from where a caller wants to watch: after which position, of which epoch.
pub(crate) fn watch_from(
    after_position: Option<i64>,
    epoch: i32,
) -> Result<(Option<Position>, Option<Epoch>), ApiError> {
    let mut fields = Fields::new();
    let after = match after_position {
        None => Some(None),
        Some(position) => fields.position("after_position", position).map(Some),
    };
    let epoch = match epoch {
        0 => Some(None),
        epoch @ 1.. => Some(Some(Epoch(epoch))),
        epoch => fields.violation("epoch", format!("is {epoch}; at least 0")),
    };
    fields.finish(after.zip(epoch))
}

/// Where watchers find things as they were. Clones share what they remember, so that an event that many
/// watch is folded once.
#[derive(Clone)]
pub(crate) struct Watches {
    events: Events,
    remembered: Arc<Mutex<Remembered>>,
}

/// States that watchers looked at last, by kind, so that large ones do not crowd out small ones.
struct Remembered {
    orders: LruCache<Place, Versioned>,
    others: LruCache<Place, Versioned>,
}

impl Remembered {
    fn of(&mut self, kind: Kind) -> &mut LruCache<Place, Versioned> {
        match kind {
            Kind::Order => &mut self.orders,
            _ => &mut self.others,
        }
    }
}

/// A stream at a version. The epoch tells versions apart that were given twice.
type Place = (Epoch, StreamName, Version);

impl Watches {
    pub(crate) fn new(events: Events) -> Self {
        Self {
            events,
            remembered: Arc::new(Mutex::new(Remembered {
                orders: LruCache::new(ORDERS),
                others: LruCache::new(OTHERS),
            })),
        }
    }

    /// Begins to follow the log after a position, none: its end as it is now.
    ///
    /// # Errors
    /// The position is beyond the end of the log or of another epoch, or the log cannot be read.
    pub(crate) async fn follow(
        &self,
        after: Option<Position>,
        epoch: Option<Epoch>,
    ) -> Result<Follower, ApiError> {
        let following = Following {
            after,
            epoch,
            resource: None,
            follow: true,
        };
        Follower::begin(self.events.clone(), following).await
    }

    /// What changes in what is watched.
    pub(crate) fn watch<W: Watched>(
        self,
        follower: Follower,
        watched: W,
        patience: Patience,
    ) -> impl Stream<Item = Result<W::Message, Status>> + Send {
        let (epoch, begun) = (follower.epoch(), follower.position());
        let watcher = Watcher {
            follower,
            watches: self,
            watched,
            told_at: Instant::now(),
        };
        let changes = stream::unfold(Some(watcher), |watcher| async {
            let mut watcher = watcher?;
            match watcher.next().await {
                Ok(told) => Some((Ok(told?), Some(watcher))),
                Err(error) => Some((Err(error), None)),
            }
        });
        patience.with_reader(epoch, begun, changes)
    }

    /// What a stream was before an event, and what after it.
    async fn around(
        &self,
        epoch: Epoch,
        recorded: &Recorded,
    ) -> Result<(Versioned, Versioned), LogError> {
        let stream = &recorded.stream;
        let version = Version(recorded.version.0.saturating_sub(1));
        let before = match self.recall(&(epoch, stream.clone(), version)) {
            Some(before) => before,
            None if version == Version::default() => Versioned {
                version,
                state: State::absent(stream.kind()),
            },
            None => self.events.states().at_version(stream, version).await?,
        };
        let place = (epoch, stream.clone(), recorded.version);
        let after = match self.recall(&place) {
            Some(after) => after,
            None => {
                let mut after = before.clone();
                evolve(&mut after, recorded)?;
                self.remember(place, after.clone());
                after
            }
        };
        Ok((before, after))
    }

    fn recall(&self, place: &Place) -> Option<Versioned> {
        // The cache is whole whatever a thread that panicked was about.
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        remembered.of(place.1.kind()).get(place).cloned()
    }

    fn remember(&self, place: Place, versioned: Versioned) {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        remembered.of(place.1.kind()).put(place, versioned);
    }
}

/// One who watches.
struct Watcher<W> {
    follower: Follower,
    watches: Watches,
    watched: W,
    /// When the client was last told anything.
    told_at: Instant,
}

impl<W: Watched> Watcher<W> {
    async fn next(&mut self) -> Result<Option<Told<W::Message>>, ApiError> {
        loop {
            let Some(step) = self.follower.next().await? else {
                return Ok(None);
            };
            let epoch = self.follower.epoch();
            let (position, message) = match step {
                Step::Quiet(position) => (position, Some(self.watched.heartbeat(epoch, position))),
                Step::Event(recorded) => {
                    let position = recorded.position;
                    let message = match self.changes(&recorded).await? {
                        // Much of the log may be of no concern to the list.
                        None if self.told_at.elapsed() >= HEARTBEAT => {
                            Some(self.watched.heartbeat(epoch, position))
                        }
                        changes => changes,
                    };
                    (position, message)
                }
            };
            if let Some(message) = message {
                self.told_at = Instant::now();
                return Ok(Some(Told { position, message }));
            }
        }
    }

    /// What an event changes in what is watched.
    async fn changes(&mut self, recorded: &Recorded) -> Result<Option<W::Message>, ApiError> {
        if !W::concerns(&recorded.stream) {
            return Ok(None);
        }
        let epoch = self.follower.epoch();
        let (before, after) = match self.watches.around(epoch, recorded).await {
            Ok(states) => states,
            // One task that is damaged must not end every watch for ever.
            Err(error @ LogError::Corrupt { .. }) => {
                tracing::warn!(stream = %recorded.stream, position = %recorded.position, %error, "left out of a watch");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        // Notes stand beside what they are on.
        if before.state == after.state {
            return Ok(None);
        }
        let (before, after) = (before.state, after.state);
        Ok(self.watched.changes(epoch, recorded, before, after))
    }
}
