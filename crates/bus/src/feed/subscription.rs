//! A subscription: the events of some partitions, none missing, none twice.

use std::{mem, sync::Arc, time::Duration};

use handoff_domain::Partition;
use handoff_event_log::{Epoch, Head, Log, LogError, Position, Recorded};
use handoff_failpoints::{Bug, has_bug};
use tokio::{
    sync::broadcast::{self, error::RecvError, error::TryRecvError},
    time::{Instant, sleep_until, timeout_at},
};

use super::{Chunk, Continuity, Message, Repair, Verdict};
use crate::{envelope::Tick, metrics::Metrics};

/// How long [`Subscription::next`] waits for a first event.
const IDLE: Duration = Duration::from_secs(1);
/// How long after a tick the next one is missed. Ticks come every second.
const TICK_MISSED: Duration = Duration::from_secs(2);
/// How often the log is asked for its end while no ticks come.
const ASK: Duration = Duration::from_secs(1);

/// Events of the assigned partitions, each partition's in the order of their positions.
#[derive(Debug, Default)]
pub struct Batch {
    pub events: Vec<Arc<Recorded>>,
}

/// Why a subscription has nothing to give.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The log could not be asked. Nothing is lost; call again, after a pause.
    #[error("cannot read the log")]
    Log(#[from] LogError),
    /// The log lost its end and positions are given anew. No partition is assigned any more: read
    /// the checkpoints again and assign them again.
    #[error("the log has changed from epoch {from} to {to}")]
    EpochChanged { from: Epoch, to: Epoch },
}

/// The events of some partitions: each partition's in order, none missing, none twice, counted from
/// where it was assigned.
///
/// What comes from NATS is taken where it continues what was delivered; all else is read from the
/// log. Without NATS everything is, with up to a second of delay.
pub struct Subscription {
    receiver: broadcast::Receiver<Chunk>,
    /// What was received and not looked at yet: the chunk and the place in it.
    chunk: Option<(Chunk, usize)>,
    log: Log,
    metrics: Metrics,
    continuity: Continuity,
    /// Known from the first call of `next` on.
    epoch: Option<Epoch>,
    /// The last tick of this epoch.
    tick: Option<Arc<Tick>>,
    /// When it came.
    ticked_at: Option<Instant>,
    /// The end of the log when it was last asked for.
    asked: Position,
    /// When it was asked for.
    asked_at: Option<Instant>,
    /// The furthest end of the log that anybody told of.
    head: Position,
    batch: Vec<Arc<Recorded>>,
    /// When `batch` got its first event.
    since: Instant,
}

impl Subscription {
    pub(super) fn new(receiver: broadcast::Receiver<Chunk>, log: Log, metrics: Metrics) -> Self {
        Self {
            receiver,
            chunk: None,
            log,
            metrics,
            continuity: Continuity::default(),
            epoch: None,
            tick: None,
            ticked_at: None,
            asked: Position::START,
            asked_at: None,
            head: Position::START,
            batch: Vec::new(),
            since: Instant::now(),
        }
    }

    /// Delivers a partition's events from now on, beginning after a position: its checkpoint.
    pub fn assign(&mut self, partition: Partition, after: Position) {
        self.forget(partition);
        self.continuity.assign(partition, after);
        match &self.tick {
            Some(tick) => {
                self.continuity.tick(tick.published, &tick.last);
            }
            None => self.asked_at = None,
        }
    }

    /// Delivers no more of a partition's events.
    pub fn revoke(&mut self, partition: Partition) {
        self.forget(partition);
        self.continuity.revoke(partition);
    }

    /// Drops what was gathered for a call of `next` that was cancelled.
    fn forget(&mut self, partition: Partition) {
        self.batch.retain(|event| event.partition != partition);
    }

    /// The end of the log as far as it is known here, for telling how far behind a projector is.
    pub fn head(&self) -> Position {
        self.head
    }

    /// Whether the relay's ticks arrive: then what NATS loses shows within a second, and otherwise the log
    /// is asked for all.
    pub fn hears_ticks(&self) -> bool {
        self.ticked_at.is_some_and(|at| at.elapsed() < TICK_MISSED)
    }

    /// The next events: at most `max_events`, gathered for at most `linger` after the first one.
    /// Empty after a second without any.
    ///
    /// Cancel-safe: what a cancelled call had gathered, the next one returns.
    ///
    /// # Errors
    /// See [`FeedError`]. Nothing is lost by either.
    pub async fn next(&mut self, max_events: usize, linger: Duration) -> Result<Batch, FeedError> {
        let idle_at = Instant::now() + IDLE;
        loop {
            if self.ask_at().is_none_or(|at| Instant::now() >= at) {
                let head = self.ask().await?;
                self.continuity.presume(head.position);
            }
            self.take_received(max_events)?;
            let room = max_events.saturating_sub(self.batch.len());
            if room > 0
                && let Some(repair) = self.continuity.repair(room)
            {
                self.read(repair).await?;
            }
            let until = if self.batch.is_empty() {
                idle_at
            } else {
                self.since + linger
            };
            if self.batch.len() >= max_events || Instant::now() >= until {
                return Ok(Batch {
                    events: mem::take(&mut self.batch),
                });
            }
            if !self.continuity.is_behind() {
                self.receive(self.ask_at().map_or(until, |at| until.min(at)))
                    .await;
            }
        }
    }

    /// When to ask the log for its end, unless a tick comes before; none for at once.
    fn ask_at(&self) -> Option<Instant> {
        let tick_missed = self.ticked_at.map(|at| at + TICK_MISSED);
        tick_missed.max(self.asked_at.map(|at| at + ASK))
    }

    /// Waits until something is received, or until a moment.
    async fn receive(&mut self, until: Instant) {
        match timeout_at(until, self.receiver.recv()).await {
            Ok(Ok(chunk)) => self.chunk = Some((chunk, 0)),
            // What was lost shows as a hole at the next event or tick.
            Ok(Err(RecvError::Lagged(_))) | Err(_) => {}
            Ok(Err(RecvError::Closed)) => sleep_until(until).await,
        }
    }

    /// Takes what was received, without waiting, until the batch is full.
    fn take_received(&mut self, max_events: usize) -> Result<(), FeedError> {
        while self.batch.len() < max_events {
            let (chunk, index) = match self.chunk.take() {
                Some(chunk) => chunk,
                None => match self.receiver.try_recv() {
                    Ok(chunk) => (chunk, 0),
                    Err(TryRecvError::Lagged(_)) => continue,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(()),
                },
            };
            let Some(message) = chunk.get(index) else {
                continue;
            };
            let message = message.clone();
            self.chunk = Some((chunk, index + 1));
            match message {
                Message::Event {
                    epoch,
                    previous,
                    event,
                } if self.is_current(epoch)? => {
                    self.take_event(previous, event);
                }
                Message::Tick(tick) if self.is_current(tick.epoch)? => self.take_tick(tick),
                // From before the log lost its end.
                Message::Event { .. } | Message::Tick(_) => {}
            }
        }
        Ok(())
    }

    fn take_event(&mut self, mut previous: Position, event: Arc<Recorded>) {
        if has_bug(Bug::LeaveHoles) {
            previous = Position::START;
        }
        self.head = self.head.max(event.position);
        match self
            .continuity
            .event(event.partition, previous, event.position)
        {
            Verdict::Deliver => self.gather(event),
            Verdict::Ignore => {}
            Verdict::Missing { new } => {
                self.metrics.feed_holes.inc_by(new.into());
            }
        }
    }

    fn take_tick(&mut self, tick: Arc<Tick>) {
        self.head = self.head.max(tick.head);
        self.ticked_at = Some(Instant::now());
        let holes = self.continuity.tick(tick.published, &tick.last);
        self.metrics.feed_holes.inc_by(holes as u64);
        self.tick = Some(tick);
    }

    fn gather(&mut self, event: Arc<Recorded>) {
        if self.batch.is_empty() {
            self.since = Instant::now();
        }
        self.batch.push(event);
    }

    /// Brings partitions forward from the log.
    async fn read(&mut self, mut repair: Repair) -> Result<(), FeedError> {
        // Nothing may be taken for read that is not in the log yet.
        if repair.through > self.asked {
            let head = self.ask().await?;
            self.continuity.limit(head.position);
            match self.continuity.repair(repair.limit) {
                Some(limited) => repair = limited,
                None => return Ok(()),
            }
        }
        let Repair {
            partitions,
            after,
            through,
            limit,
        } = &repair;
        let events = self
            .log
            .read_partitions(partitions, *after, *through, *limit as i64)
            .await?;
        let events = self.continuity.repaired(&repair, events);
        self.metrics
            .feed_repaired_events
            .inc_by(events.len() as u64);
        for event in events {
            self.gather(Arc::new(event));
        }
        Ok(())
    }

    /// Asks the log for its end.
    async fn ask(&mut self) -> Result<Head, FeedError> {
        let head = self.log.head().await?;
        self.is_current(head.epoch)?;
        self.asked = head.position;
        self.head = self.head.max(head.position);
        self.asked_at = Some(Instant::now());
        Ok(head)
    }

    /// Whether something belongs to the epoch of this subscription. A later one ends all that is assigned.
    fn is_current(&mut self, epoch: Epoch) -> Result<bool, FeedError> {
        let from = *self.epoch.get_or_insert(epoch);
        if epoch <= from {
            return Ok(epoch == from);
        }
        self.epoch = Some(epoch);
        self.continuity = Continuity::default();
        self.tick = None;
        self.ticked_at = None;
        self.asked = Position::START;
        self.asked_at = None;
        self.head = Position::START;
        self.batch.clear();
        Err(FeedError::EpochChanged { from, to: epoch })
    }
}
