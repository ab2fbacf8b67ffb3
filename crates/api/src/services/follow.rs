//! Following the log: its events from any position, a page at a time, and then each new one as it comes.
//!
//! The next page is read when what came before was taken, so a slow reader costs one page of memory and
//! nothing else.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use handoff_commands::States;
use handoff_domain::{Version, names::StreamName};
use handoff_event_log::{Epoch, Head, Log, Page, PageSize, Position, Recorded};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep, timeout},
};

use crate::error::ApiError;

/// How long nothing is told before the client is told how far reading is.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a reader at the end of the log waits before it looks for events of other processes.
const POLL: Duration = Duration::from_millis(200);
/// How old what is known of the log's epoch may be.
const HEAD_AGE: Duration = Duration::from_secs(1);
/// The most bytes of events that a page has; a larger event is a page of its own.
const PAGE_BYTES: usize = 1024 * 1024;
/// The most events of a page, and how many the first has.
const PAGE_EVENTS: i64 = 500;
const FIRST_PAGE_EVENTS: i64 = 100;

/// What is to be followed.
#[derive(Debug, Default)]
pub(crate) struct Following {
    /// The first event is the one after this position; none: after the end of the log as it is now.
    pub(crate) after: Option<Position>,
    /// Which epoch `after` is of; none: it is not checked.
    pub(crate) epoch: Option<Epoch>,
    /// Only events of this stream; none: all.
    pub(crate) resource: Option<StreamName>,
    /// Whether to go on at the end of the log.
    pub(crate) follow: bool,
}

/// What comes next.
pub(crate) enum Step {
    /// The next event.
    Event(Box<Recorded>),
    /// Everything wanted through this position has come, and there is nothing more for now.
    Quiet(Position),
}
/// Where events come from. Clones share what they know of the log's end.
#[derive(Clone)]
pub(crate) struct Events {
    log: Log,
    states: States,
    committed: watch::Receiver<Position>,
    head: Arc<Mutex<Option<(Instant, Head)>>>,
}

impl Events {
    /// `committed` moves when this process appended.
    pub(crate) fn new(log: Log, states: States, committed: watch::Receiver<Position>) -> Self {
        Self {
            log,
            states,
            committed,
            head: Arc::default(),
        }
    }

    /// The end of the log, as it was at most `age` ago. However many readers wait for events, one of
    /// them asks for all.
    async fn head(&self, age: Duration) -> Result<Head, ApiError> {
        let mut known = self.head.lock().await;
        match &*known {
            Some((at, head)) if at.elapsed() < age => Ok(head.clone()),
            _ => {
                let at = Instant::now();
                let head = self.log.head().await?;
                *known = Some((at, head.clone()));
                Ok(head)
            }
        }
    }

    /// What the events of a stream make of it.
    pub(crate) fn states(&self) -> &States {
        &self.states
    }
}

/// One who follows.
pub(crate) struct Follower {
    events: Events,
    resource: Option<StreamName>,
    follow: bool,
    /// Everything wanted through here was read from the log.
    read: Position,
    /// The version of the resource's stream at `read`.
    version: Version,
    page: VecDeque<Recorded>,
    page_events: i64,
    epoch: Epoch,
    /// The end of the log as far as it is known; the last position to read where it is not followed.
    end: Position,
    head_at: Instant,
    /// When it was told how far reading is, and there was nothing more.
    told_at: Option<Instant>,
}

impl Follower {
    /// Begins.
    ///
    /// # Errors
    /// The position is beyond the end of the log or of another epoch, or the log cannot be read.
    pub(crate) async fn begin(events: Events, following: Following) -> Result<Self, ApiError> {
        let Following {
            after,
            epoch: wanted,
            resource,
            follow,
        } = following;
        let Head {
            position: end,
            epoch,
            ..
        } = events.log.head().await?;
        if wanted.is_some_and(|wanted| wanted != epoch) {
            return Err(ApiError::EpochChanged {
                epoch,
                position: end,
            });
        }
        let after = after.unwrap_or(end);
        if after > end {
            return Err(ApiError::invalid(
                "after_position",
                format!("is {after}; the log ends at {end}"),
            ));
        }
        let version = match &resource {
            Some(stream) => events.states.at(stream, after).await?.version,
            None => Version::default(),
        };
        Ok(Self {
            events,
            resource,
            follow,
            read: after,
            version,
            page: VecDeque::new(),
            page_events: FIRST_PAGE_EVENTS,
            epoch,
            end,
            head_at: Instant::now(),
            told_at: None,
        })
    }

    /// Of which epoch the positions are.
    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Everything wanted up to here was read.
    pub(crate) fn position(&self) -> Position {
        self.read
    }

    /// What comes next; none at the end of what was asked for.
    ///
    /// # Errors
    /// A new epoch has begun, or the log cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Option<Step>, ApiError> {
        loop {
            if let Some(recorded) = self.page.pop_front() {
                return Ok(Some(Step::Event(recorded.into())));
            }
            if self.read < self.end {
                self.read_page().await?;
                continue;
            }
            let idle = self.told_at.map(|at| at.elapsed());
            if idle.is_none_or(|idle| idle >= HEARTBEAT) {
                self.told_at = Some(Instant::now());
                return Ok(Some(Step::Quiet(self.read)));
            }
            if !self.follow {
                return Ok(None);
            }
            self.wait().await?;
        }
    }

    async fn read_page(&mut self) -> Result<(), ApiError> {
        let log = &self.events.log;
        let size = PageSize {
            events: self.page_events,
            bytes: PAGE_BYTES,
        };
        let Page { events, is_last } = match &self.resource {
            None => log.read_page(self.read, size).await?,
            Some(stream) => {
                log.read_stream_page(stream, self.version, self.end, size)
                    .await?
            }
        };
        let bytes: usize = events
            .iter()
            .map(|recorded| recorded.payload.len() + recorded.metadata.len())
            .sum();
        // What does not fit is read in vain, so the next page asks for about as much as does.
        let fitting = PAGE_BYTES * events.len().max(1) / bytes.max(1);
        self.page_events = i64::try_from(fitting)
            .unwrap_or(PAGE_EVENTS)
            .clamp(1, PAGE_EVENTS);
        self.page = events.into();
        if !self.follow {
            while self
                .page
                .back()
                .is_some_and(|last| last.position > self.end)
            {
                self.page.pop_back();
            }
        }
        let last = self.page.back();
        self.version = last.map_or(self.version, |last| last.version);
        let last = last.map_or(self.read, |last| last.position);
        // The last page ends with the last event there was.
        self.read = if is_last { last.max(self.end) } else { last };
        self.end = self.end.max(self.read);
        Ok(())
    }

    /// Waits until there may be more.
    async fn wait(&mut self) -> Result<(), ApiError> {
        let committed = &mut self.events.committed;
        match timeout(POLL, committed.changed()).await {
            Ok(Ok(())) => {}
            // Nothing is appended here any more; others may still do so.
            Ok(Err(_)) => sleep(POLL).await,
            Err(_) => {}
        }
        self.end = self.end.max(*committed.borrow_and_update());
        if self.end > self.read && self.head_at.elapsed() < HEAD_AGE {
            return Ok(());
        }
        let Head {
            position, epoch, ..
        } = self.events.head(POLL).await?;
        self.head_at = Instant::now();
        // Of what was sent, the end may be gone or other events now.
        if epoch != self.epoch {
            return Err(ApiError::EpochChanged { epoch, position });
        }
        self.end = self.end.max(position);
        Ok(())
    }
}
