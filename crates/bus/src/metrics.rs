//! What the relay and the feed count.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

/// The metrics of a process's relay and feed. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    pub(crate) relay_published_events: Counter<u64, AtomicU64>,
    pub(crate) relay_position: Gauge,
    pub(crate) relay_lag_events: Gauge,
    pub(crate) relay_active: Gauge,
    pub(crate) feed_received_events: Counter<u64, AtomicU64>,
    pub(crate) feed_repaired_events: Counter<u64, AtomicU64>,
    pub(crate) feed_holes: Counter<u64, AtomicU64>,
}

impl Metrics {
    /// Metrics that `registry` shows.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "handoff_relay_published_events",
            "Events that NATS has taken, repetitions included",
            metrics.relay_published_events.clone(),
        );
        registry.register(
            "handoff_relay_position",
            "The position through which every event was published",
            metrics.relay_position.clone(),
        );
        registry.register(
            "handoff_relay_lag_events",
            "Events in the log that are not published yet",
            metrics.relay_lag_events.clone(),
        );
        registry.register(
            "handoff_relay_active",
            "1 where this process's relay is the active one",
            metrics.relay_active.clone(),
        );
        registry.register(
            "handoff_feed_received_events",
            "Events received from NATS, or from the active relay of the same process",
            metrics.feed_received_events.clone(),
        );
        registry.register(
            "handoff_feed_repaired_events",
            "Events that subscriptions took from the log, while catching up or to fill a hole",
            metrics.feed_repaired_events.clone(),
        );
        registry.register(
            "handoff_feed_holes",
            "Times that a subscription found events of a partition missing from NATS",
            metrics.feed_holes.clone(),
        );
        metrics
    }

    /// Events received so far, from NATS or from the relay of this process.
    pub fn received_events(&self) -> u64 {
        self.feed_received_events.get()
    }

    /// Events that subscriptions took from the log so far.
    pub fn repaired_events(&self) -> u64 {
        self.feed_repaired_events.get()
    }

    /// Holes that subscriptions found so far.
    pub fn holes(&self) -> u64 {
        self.feed_holes.get()
    }

    /// Whether this process's relay is the active one.
    pub fn relay_is_active(&self) -> bool {
        self.relay_active.get() == 1
    }
}
