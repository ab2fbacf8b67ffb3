//! What projectors count and measure.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    projection: &'static str,
}

/// The metrics of a process's projectors. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    lag_events: Family<Labels, Gauge>,
    lag_seconds: Family<Labels, Gauge<f64, AtomicU64>>,
    events: Family<Labels, Counter>,
    batch_seconds: Family<Labels, Histogram, fn() -> Histogram>,
    partitions_owned: Family<Labels, Gauge>,
    parked: Family<Labels, Gauge>,
}

/// The metrics of one projector.
#[derive(Debug, Clone)]
pub(crate) struct ProjectorMetrics {
    pub(crate) lag_events: Gauge,
    pub(crate) lag_seconds: Gauge<f64, AtomicU64>,
    pub(crate) events: Counter,
    pub(crate) batch_seconds: Histogram,
    pub(crate) partitions_owned: Gauge,
    pub(crate) parked: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        // 1 ms to 16 s.
        let batches: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 15));
        Self {
            lag_events: Family::default(),
            lag_seconds: Family::default(),
            events: Family::default(),
            batch_seconds: Family::new_with_constructor(batches),
            partitions_owned: Family::default(),
            parked: Family::default(),
        }
    }
}

impl Metrics {
    /// Metrics that `registry` shows.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "handoff_projection_lag_events",
            "Events of the log after what this process's partitions include",
            metrics.lag_events.clone(),
        );
        registry.register_with_unit(
            "handoff_projection_lag",
            "Age of the first event that this process's partitions do not include",
            Unit::Seconds,
            metrics.lag_seconds.clone(),
        );
        registry.register(
            "handoff_projection_events",
            "Events applied or skipped, those of rebuilds included",
            metrics.events.clone(),
        );
        registry.register_with_unit(
            "handoff_projection_batch",
            "Time that a batch took to load, fold and write",
            Unit::Seconds,
            metrics.batch_seconds.clone(),
        );
        registry.register(
            "handoff_projection_partitions_owned",
            "Partitions that this process works on",
            metrics.partitions_owned.clone(),
        );
        registry.register(
            "handoff_projection_parked",
            "Partitions of this process that have stopped at an event that cannot be applied",
            metrics.parked.clone(),
        );
        metrics
    }

    pub(crate) fn of(&self, projection: &'static str) -> ProjectorMetrics {
        let labels = Labels { projection };
        ProjectorMetrics {
            lag_events: self.lag_events.get_or_create_owned(&labels),
            lag_seconds: self.lag_seconds.get_or_create_owned(&labels),
            events: self.events.get_or_create_owned(&labels),
            batch_seconds: self.batch_seconds.get_or_create_owned(&labels),
            partitions_owned: self.partitions_owned.get_or_create_owned(&labels),
            parked: self.parked.get_or_create_owned(&labels),
        }
    }
}
