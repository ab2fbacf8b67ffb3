//! The relay: the log, published to NATS in its order.
//!
//! Of all the relays that run, one holds a lock of the database and is active; the others stand by and
//! take over within seconds. What NATS has not acknowledged is published again, and a message that
//! was published twice is dropped by NATS or by the feed: so nothing is skipped, and how far the
//! relay has come may be saved late.

mod backoff;
mod cursor;
mod error;
mod lead;
mod publisher;
mod stream;
mod window;

use std::{pin::pin, sync::Arc, time::Duration};

use async_nats::{Client, connection::State};
use handoff_event_log::{Database, Epoch, Log, Position, Role};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::{
    backoff::Backoff, cursor::Cursor, error::RelayError, lead::Lead, publisher::Publisher,
    stream::Stream,
};
use crate::{
    hints::{HintStream, Hints},
    link::{Leading, Link},
    metrics::Metrics,
    precedence::Precedence,
    subjects::Subjects,
};

/// Events that are read at once.
const READ: i64 = 500;
/// How often the log is looked at when nobody says that it has moved.
const POLL: Duration = Duration::from_millis(100);
/// How often the cursor is saved while it moves.
const SAVE: Duration = Duration::from_millis(200);
/// How often a tick is published.
const TICK: Duration = Duration::from_secs(1);
/// How often one is published at most, each time that everything was published.
const IDLE_TICK: Duration = Duration::from_millis(100);
/// How long a relay that ends waits for the acknowledgements of what is in flight.
const DRAIN: Duration = Duration::from_secs(2);
/// The wait before the next try after an error: from, to.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How a relay publishes.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Where it publishes.
    pub subjects: Subjects,
    /// `ce-source` of all events: a URI reference that tells one Handoff from another.
    pub source: String,
    /// How long NATS keeps an event.
    pub max_age: Duration,
    /// How much NATS keeps, in bytes on disk.
    pub max_bytes: i64,
    /// How long NATS recognises a message that is published again. It remembers all ids of this time.
    pub duplicate_window: Duration,
    /// Events that are published and not acknowledged, at most.
    pub in_flight_events: usize,
    /// Their size, in bytes, at most; a larger event goes alone.
    pub in_flight_bytes: usize,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            subjects: Subjects::default(),
            source: "/handoff".to_owned(),
            max_age: Duration::from_secs(24 * 60 * 60),
            max_bytes: 1 << 30,
            duplicate_window: Duration::from_secs(10),
            in_flight_events: 1_000,
            in_flight_bytes: 8 << 20,
        }
    }
}

/// A relay, active or standing by.
pub struct Relay {
    config: RelayConfig,
    database: Database,
    log: Log,
    nats: Client,
    wake: watch::Receiver<Position>,
    link: Option<Link>,
    precedence: Precedence,
    metrics: Metrics,
}

impl Relay {
    /// A relay that is woken by `wake`, which names the end of the log after each local commit. Its
    /// sender may be gone; then the relay notices appends by hints and by looking.
    pub fn new(
        config: RelayConfig,
        database: Database,
        nats: Client,
        wake: watch::Receiver<Position>,
        metrics: Metrics,
    ) -> Self {
        let log = Log::new(database.pool(Role::Relay, "handoff relay reader", "", 1));
        Self {
            config,
            database,
            log,
            nats,
            wake,
            link: None,
            precedence: Precedence::default(),
            metrics,
        }
    }

    /// Feeds this process directly while it is the active relay.
    pub fn feeding(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
    }

    /// Lets commands of this process go first.
    pub fn giving_way(mut self, precedence: Precedence) -> Self {
        self.precedence = precedence;
        self
    }

    /// Runs until shutdown: stands by, and publishes while it is the active one. Errors are logged and
    /// tried again. At shutdown it waits up to 2 seconds for NATS to acknowledge what is in flight,
    /// and saves how far it came. Dropping the future is safe too: some events are published twice.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut backoff = Backoff::new(RETRY);
        while let Some(lead) = shutdown
            .run_until_cancelled(Lead::take(&self.database))
            .await
        {
            let ended = match lead {
                Ok(lead) => {
                    tracing::info!("the relay is active");
                    backoff.reset();
                    self.metrics.relay_active.set(1);
                    let ended = self.lead(lead, &shutdown).await;
                    self.metrics.relay_active.set(0);
                    ended
                }
                Err(error) => Err(error),
            };
            match ended {
                Ok(()) => return,
                Err(error) if backoff.is_fresh() => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the relay is not active, trying again"
                ),
                Err(_) => {}
            }
            if shutdown
                .run_until_cancelled(sleep(backoff.next()))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    /// Publishes until shutdown, or until the lock is lost.
    async fn lead(&mut self, lead: Lead, shutdown: &CancellationToken) -> Result<(), RelayError> {
        let mut cursor = lead.cursor().await?;
        let mut backoff = Backoff::new(RETRY);
        loop {
            let before = cursor.position;
            let error = match self.publish(&lead, &mut cursor, shutdown).await {
                Ok(()) => {
                    lead.save(&cursor).await?;
                    return lead.release().await;
                }
                Err(error) if error.loses_the_lead() => return Err(error),
                Err(error) => error,
            };
            lead.save(&cursor).await?;
            if cursor.position > before {
                backoff.reset();
            }
            if backoff.is_fresh() {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    position = %cursor.position,
                    "publishing was interrupted, trying again from the first event without an answer"
                );
            }
            if shutdown
                .run_until_cancelled(sleep(backoff.next()))
                .await
                .is_none()
            {
                return lead.release().await;
            }
            self.show(&cursor, lead.head().await?.0);
        }
    }

    /// Publishes from the cursor on, which it moves, until shutdown or until NATS disturbs it.
    async fn publish(
        &mut self,
        lead: &Lead,
        cursor: &mut Cursor,
        shutdown: &CancellationToken,
    ) -> Result<(), RelayError> {
        let opened = self.open(lead, cursor);
        let Some(opened) = shutdown.run_until_cancelled(opened).await else {
            return Ok(());
        };
        let (mut publisher, mut hints) = opened?;
        let link = self.link.clone();
        let link = link.as_ref().map(Link::lead);
        let ended = self
            .pump(lead, &mut publisher, &mut hints, link, shutdown)
            .await;
        *cursor = publisher.cursor().clone();
        ended
    }

    async fn open(
        &self,
        lead: &Lead,
        cursor: &mut Cursor,
    ) -> Result<(Publisher, HintStream), RelayError> {
        if self.nats.connection_state() != State::Connected {
            return Err(RelayError::NatsAway);
        }
        let stream = Stream::open(&self.nats, &self.config).await?;
        let epoch = lead.agree(&stream, cursor).await?;
        let hints = Hints::new(self.nats.clone(), self.config.subjects.clone());
        let hints = hints.appends().await.map_err(RelayError::nats)?;
        let publisher =
            Publisher::open(self.nats.clone(), &self.config, epoch, cursor.clone()).await?;
        Ok((publisher, hints))
    }

    async fn pump(
        &mut self,
        lead: &Lead,
        publisher: &mut Publisher,
        hints: &mut HintStream,
        link: Option<Leading<'_>>,
        shutdown: &CancellationToken,
    ) -> Result<(), RelayError> {
        let server = self.nats.server_info().server_id;
        let mut saved = (publisher.cursor().position, Instant::now());
        let mut ticked: Option<(Position, Instant)> = None;
        // Since when commands go first, without a break.
        let mut resting: Option<Instant> = None;
        loop {
            publisher.collect()?;
            self.metrics
                .relay_published_events
                .inc_by(publisher.take_acknowledged());
            let now = Instant::now();
            let position = publisher.cursor().position;
            if saved.0 != position && now >= saved.1 + SAVE {
                lead.save(publisher.cursor()).await?;
                saved = (position, now);
            }
            if self.precedence.holds() {
                let since = *resting.get_or_insert(now);
                if now < since + Precedence::YIELDS && !shutdown.is_cancelled() {
                    // The head keeps the session alive. There is no tick: who is fed by NATS alone
                    // then asks the log itself.
                    let (head, epoch) = lead.head().await?;
                    self.check(epoch, publisher.epoch(), &server)?;
                    self.show(publisher.cursor(), head);
                    self.rest(publisher, shutdown, now + TICK).await?;
                    continue;
                }
            } else {
                resting = None;
            }
            // Before the read: what is committed after it is news again.
            self.wake.mark_unchanged();
            let events = self.log.read(publisher.published(), READ).await?;
            let events: Vec<_> = events.into_iter().map(Arc::new).collect();
            if let Some(link) = &link {
                link.events(publisher.epoch(), publisher.last().clone(), &events);
            }
            for event in &events {
                publisher.publish(event).await?;
            }
            let more = events.len() as i64 == READ;
            let due = ticked.is_none_or(|(published, at)| {
                let news = published != publisher.published();
                now >= at + if news && !more { IDLE_TICK } else { TICK }
            });
            if due {
                let (head, epoch) = lead.head().await?;
                self.check(epoch, publisher.epoch(), &server)?;
                self.show(publisher.cursor(), head);
                let tick = publisher.tick(head).await?;
                if let Some(link) = &link {
                    link.tick(tick);
                }
                ticked = Some((publisher.published(), now));
            }
            if shutdown.is_cancelled() {
                return publisher.drain(DRAIN).await;
            }
            if !more {
                self.wait(publisher, hints, shutdown, now + POLL).await?;
            }
        }
    }

    /// Whether the world is still the one that publishing began in.
    fn check(&self, epoch: Epoch, began: Epoch, server: &str) -> Result<(), RelayError> {
        if epoch != began {
            return Err(RelayError::EpochEnded {
                from: began,
                to: epoch,
            });
        }
        if self.nats.connection_state() != State::Connected {
            return Err(RelayError::NatsAway);
        }
        if self.nats.server_info().server_id != server {
            return Err(RelayError::OtherServer);
        }
        Ok(())
    }

    /// Waits for a sign that the log has moved, and takes acknowledgements meanwhile.
    async fn wait(
        &mut self,
        publisher: &mut Publisher,
        hints: &mut HintStream,
        shutdown: &CancellationToken,
        until: Instant,
    ) -> Result<(), RelayError> {
        let published = publisher.published();
        let mut poll = pin!(sleep_until(until));
        loop {
            tokio::select! {
                acknowledged = publisher.acknowledged() => acknowledged?,
                Ok(()) = self.wake.changed() => return Ok(()),
                Some(head) = hints.next() => if head > published { return Ok(()) },
                () = &mut poll => return Ok(()),
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// Lets commands go first, and takes acknowledgements meanwhile.
    async fn rest(
        &self,
        publisher: &mut Publisher,
        shutdown: &CancellationToken,
        at_most: Instant,
    ) -> Result<(), RelayError> {
        let mut rest = pin!(self.precedence.rest(at_most));
        loop {
            tokio::select! {
                acknowledged = publisher.acknowledged() => acknowledged?,
                () = &mut rest => return Ok(()),
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    fn show(&self, cursor: &Cursor, head: Position) {
        self.metrics.relay_position.set(cursor.position.0);
        self.metrics
            .relay_lag_events
            .set((head.0 - cursor.position.0).max(0));
    }
}
