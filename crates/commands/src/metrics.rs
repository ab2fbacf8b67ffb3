//! What the gateway tells about itself.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The gateway's metrics.
#[derive(Clone)]
pub struct Metrics {
    pub(crate) commands: Family<Outcome, Counter>,
    pub(crate) batch_commands: Histogram,
    pub(crate) append_seconds: Histogram,
    pub(crate) queue_commands: Gauge,
    pub(crate) cached_streams: Gauge,
    pub(crate) loaded_streams: Counter,
    pub(crate) decided_again: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Outcome {
    pub(crate) outcome: &'static str,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &mut Registry) -> Self {
        let sizes = [
            1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0,
        ];
        let seconds = [
            0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 5.0,
        ];
        let metrics = Self {
            commands: Family::default(),
            batch_commands: Histogram::new(sizes),
            append_seconds: Histogram::new(seconds),
            queue_commands: Gauge::default(),
            cached_streams: Gauge::default(),
            loaded_streams: Counter::default(),
            decided_again: Counter::default(),
        };
        let gateway = registry.sub_registry_with_prefix("handoff_gateway");
        gateway.register("commands", "Commands by outcome", metrics.commands.clone());
        gateway.register(
            "batch_commands",
            "Commands decided and appended at once",
            metrics.batch_commands.clone(),
        );
        gateway.register(
            "append_seconds",
            "Time to decide and append a batch, in seconds",
            metrics.append_seconds.clone(),
        );
        gateway.register(
            "queue_commands",
            "Commands waiting for the next batch",
            metrics.queue_commands.clone(),
        );
        gateway.register(
            "cached_streams",
            "Streams whose state is in memory",
            metrics.cached_streams.clone(),
        );
        gateway.register(
            "loaded_streams",
            "Streams loaded from the log",
            metrics.loaded_streams.clone(),
        );
        gateway.register(
            "batches_decided_again",
            "Batches decided again under the lock, because a stream had moved",
            metrics.decided_again.clone(),
        );
        metrics
    }
}
