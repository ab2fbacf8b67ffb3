//! The short way from the relay to the feed of the same process, past NATS.
//!
//! While a process's relay is the active one, its own projectors need not wait for NATS to take an
//! event and to bring it back, and nothing is encoded and decoded for them. The feed listens to NATS
//! only while it is not fed this way; what falls between the two is read from the log, as any hole is.

use std::sync::Arc;

use handoff_event_log::{Epoch, Recorded};
use tokio::sync::{broadcast, watch};

use crate::{
    envelope::Tick,
    feed::{Chunk, Message},
    last_positions::LastPositions,
    metrics::Metrics,
};

/// Messages that are handed on together, at most.
pub(crate) const CHUNK: usize = 64;

/// Where a relay passes on what it publishes. Clones lead to the same feed.
#[derive(Clone)]
pub struct Link {
    sender: broadcast::Sender<Chunk>,
    leading: watch::Sender<bool>,
    metrics: Metrics,
}

impl Link {
    pub(crate) fn new(sender: broadcast::Sender<Chunk>, metrics: Metrics) -> Self {
        Self {
            sender,
            leading: watch::Sender::new(false),
            metrics,
        }
    }

    /// Changes when the relay of this process becomes the active one, and when it ceases to be.
    pub(crate) fn leading(&self) -> watch::Receiver<bool> {
        self.leading.subscribe()
    }

    /// Feeds from now on until the answer is dropped.
    pub(crate) fn lead(&self) -> Leading<'_> {
        self.leading.send_replace(true);
        Leading(self)
    }
}

/// The relay of this process is the active one and feeds it.
pub(crate) struct Leading<'a>(&'a Link);

impl Leading<'_> {
    /// Passes on the events after those that `last` tells of.
    pub(crate) fn events(&self, epoch: Epoch, mut last: LastPositions, events: &[Arc<Recorded>]) {
        for events in events.chunks(CHUNK) {
            let message = |event: &Arc<Recorded>| {
                let previous = std::mem::replace(&mut last[event.partition], event.position);
                Message::Event {
                    epoch,
                    previous,
                    event: event.clone(),
                }
            };
            self.0
                .metrics
                .feed_received_events
                .inc_by(events.len() as u64);
            self.send(events.iter().map(message).collect());
        }
    }

    /// Passes on a tick.
    pub(crate) fn tick(&self, tick: Tick) {
        self.send([Message::Tick(Arc::new(tick))].into());
    }

    fn send(&self, chunk: Chunk) {
        // Nobody may be subscribed.
        let _ = self.0.sender.send(chunk);
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        self.0.leading.send_replace(false);
    }
}
