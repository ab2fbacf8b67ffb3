//! WatchTasks: what changes in a list of tasks.
//!
//! It follows the log and folds each task itself, so that what it says is exact at every position: a
//! condition that the query would ask of Postgres is tested against the task before and after its event.
//! One event gives one message or none, so whoever resumes after a message gets what follows.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use handoff_domain::{
    State, Version, Versioned,
    names::{Kind, StreamName},
    task::Task,
};
use handoff_event_log::{Epoch, LogError, Position, Recorded, evolve};
use handoff_proto::v1::{
    TaskChange, TaskChangeKind, WatchTasksResponse,
    watch_tasks_response::{Changes, Heartbeat, Item},
};
use handoff_read_models::tasks::{ChecklistTask, TaskKey, TaskState, WatchedTasks, changed_tasks};
use lru::LruCache;
use tokio::time::Instant;
use tonic::Status;

use crate::{
    error::ApiError,
    services::follow::{Events, Follower, Following, HEARTBEAT, Step},
    time,
    views::{self, View},
};

/// Tasks whose state at some version is remembered: those that watchers looked at last.
const TASKS: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");
/// The same of orders, which have up to 1 MiB each.
const ORDERS: NonZeroUsize = NonZeroUsize::new(32).expect("not zero");

/// What is to be watched.
pub(crate) struct Watching {
    pub(crate) after: Option<Position>,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) tasks: WatchedTasks,
    pub(crate) view: View,
}

/// Where watchers find tasks as they were. Clones share what they remember, so that an event that many
/// watch is folded once.
#[derive(Clone)]
pub(crate) struct Watches {
    events: Events,
    remembered: Arc<Mutex<Remembered>>,
}

/// States that watchers looked at last, by kind, so that large ones do not crowd out small ones.
struct Remembered {
    tasks: LruCache<Place, Versioned>,
    orders: LruCache<Place, Versioned>,
}

impl Remembered {
    fn of(&mut self, kind: Kind) -> &mut LruCache<Place, Versioned> {
        match kind {
            Kind::Order => &mut self.orders,
            _ => &mut self.tasks,
        }
    }
}

/// A task's stream at a version. The epoch tells versions apart that were given twice.
type Place = (Epoch, StreamName, Version);

impl Watches {
    pub(crate) fn new(events: Events) -> Self {
        Self {
            events,
            remembered: Arc::new(Mutex::new(Remembered {
                tasks: LruCache::new(TASKS),
                orders: LruCache::new(ORDERS),
            })),
        }
    }

    /// What changes in the list.
    pub(crate) async fn watch(
        self,
        watching: Watching,
    ) -> Result<impl Stream<Item = Result<WatchTasksResponse, Status>> + Send, ApiError> {
        let following = Following {
            after: watching.after,
            epoch: watching.epoch,
            resource: None,
            follow: true,
        };
        let watcher = Watcher {
            follower: Follower::begin(self.events.clone(), following).await?,
            watches: self,
            tasks: watching.tasks,
            view: watching.view,
            told_at: Instant::now(),
        };
        Ok(stream::unfold(Some(watcher), |watcher| async {
            let mut watcher = watcher?;
            match watcher.next().await {
                Ok(item) => Some((Ok(WatchTasksResponse { item }), Some(watcher))),
                Err(error) => Some((Err(error.into()), None)),
            }
        }))
    }

    /// The task before an event and after it.
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
struct Watcher {
    follower: Follower,
    watches: Watches,
    tasks: WatchedTasks,
    view: View,
    /// When the client was last told anything.
    told_at: Instant,
}

impl Watcher {
    async fn next(&mut self) -> Result<Option<Item>, ApiError> {
        loop {
            let Some(step) = self.follower.next().await? else {
                return Ok(None);
            };
            let item = match step {
                Step::Quiet(position) => Some(self.heartbeat(position)),
                Step::Event(recorded) => match self.changes(&recorded).await? {
                    // Much of the log may be of no concern to the list.
                    None if self.told_at.elapsed() >= HEARTBEAT => {
                        Some(self.heartbeat(recorded.position))
                    }
                    changes => changes.map(Item::Changes),
                },
            };
            if item.is_some() {
                self.told_at = Instant::now();
                return Ok(item);
            }
        }
    }

    fn heartbeat(&self, position: Position) -> Item {
        Item::Heartbeat(Heartbeat {
            position: position.0,
            epoch: self.follower.epoch().0,
        })
    }

    /// What an event changes in the list.
    async fn changes(&self, recorded: &Recorded) -> Result<Option<Changes>, ApiError> {
        match recorded.stream.kind() {
            Kind::Task | Kind::Order => {}
            _ => return Ok(None),
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
        // Notes stand beside the task.
        if before.state == after.state {
            return Ok(None);
        }
        let now = recorded.recorded_at;
        let changed = changed(&recorded.stream, before.state, after.state).into_iter();
        let tasks: Vec<_> = changed
            .filter_map(|changed| self.change(changed, now))
            .collect();
        if tasks.is_empty() {
            return Ok(None);
        }
        let actor = recorded.metadata().map(|metadata| metadata.actor);
        Ok(Some(Changes {
            position: recorded.position.0,
            epoch: epoch.0,
            event_type: recorded.event_type.clone(),
            actor: actor.map(String::from).unwrap_or_default(),
            record_time: Some(time::to_proto(now)),
            tasks,
        }))
    }

    /// What became of one task that is another than before.
    fn change(&self, changed: Changed, now: DateTime<Utc>) -> Option<TaskChange> {
        let Changed { key, before, after } = changed;
        let is_in = |state: &TaskState| self.tasks.shows(key.as_str(), state, now);
        let kind = match (
            before.as_ref().is_some_and(is_in),
            after.as_ref().is_some_and(is_in),
        ) {
            (false, false) => return None,
            (false, true) => TaskChangeKind::Entered,
            (true, true) => TaskChangeKind::Changed,
            (true, false) => TaskChangeKind::Left,
        };
        Some(TaskChange {
            kind: kind.into(),
            name: key.to_string(),
            task: after
                .and_then(|state| views::task::of_task_state(self.view, key.as_str(), &state, now)),
        })
    }
}

/// A task that is another after an event.
struct Changed {
    key: TaskKey,
    before: Option<TaskState>,
    after: Option<TaskState>,
}

/// The tasks that an event makes others: the one whose stream it is, or some of an order's.
fn changed(stream: &StreamName, before: State, after: State) -> Vec<Changed> {
    match (before, after) {
        (State::Task(before), State::Task(after)) => {
            let state = |task: &Task| Some(TaskState::Standalone(task.clone()));
            let name = stream.as_str().parse().ok();
            let changed = name.map(|name| Changed {
                key: TaskKey::Standalone(name),
                before: state(&before),
                after: state(&after),
            });
            changed.into_iter().collect()
        }
        (State::Order(before), State::Order(after)) => {
            let state =
                |task: Option<ChecklistTask>| task.map(|task| TaskState::Order(task.into()));
            let changed = changed_tasks(&before, &after).into_iter();
            changed
                .map(|(name, before, after)| Changed {
                    key: TaskKey::Order(name),
                    before: state(before),
                    after: state(after),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}
