//! What the API tells about itself: calls by method and code, and how long they took.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use tonic::Code;

/// The API's metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Measured>);

struct Measured {
    requests: Family<Outcome, Counter>,
    seconds: Family<Called, Histogram>,
    in_flight: Gauge,
    connections: Gauge,
    slow_readers: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    method: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    method: &'static str,
}

/// From a cached read to the longest unary call.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 5.0, 30.0,
];

impl Metrics {
    /// Registers them.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Measured {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            slow_readers: Counter::default(),
        };
        let api = registry.sub_registry_with_prefix("handoff_api");
        api.register(
            "requests",
            "Calls by method and gRPC code",
            metrics.requests.clone(),
        );
        api.register(
            "request_seconds",
            "Time from a call's headers to its last byte, in seconds",
            metrics.seconds.clone(),
        );
        api.register(
            "in_flight_requests",
            "Calls being answered",
            metrics.in_flight.clone(),
        );
        api.register(
            "connections",
            "Open connections",
            metrics.connections.clone(),
        );
        api.register(
            "slow_readers",
            "Streams that were ended because their messages were not read",
            metrics.slow_readers.clone(),
        );
        Self(Arc::new(metrics))
    }

    /// Open connections.
    pub(crate) fn connections(&self) -> &Gauge {
        &self.0.connections
    }

    /// Streams that were ended because their messages were not read.
    pub(crate) fn slow_readers(&self) -> Counter {
        self.0.slow_readers.clone()
    }

    /// Begins to measure a call.
    pub(crate) fn begin(&self, method: &'static str) -> Measurement {
        self.0.in_flight.inc();
        Measurement {
            metrics: self.0.clone(),
            method,
            begun: Instant::now(),
            ended: false,
        }
    }
}

/// A call being measured. One that is dropped before its end was cancelled by its client.
pub(crate) struct Measurement {
    metrics: Arc<Measured>,
    method: &'static str,
    begun: Instant,
    ended: bool,
}

impl Measurement {
    /// Counts the call; once, however often it is said to end.
    pub(crate) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Self {
            metrics,
            method,
            begun,
            ..
        } = self;
        let elapsed: Duration = begun.elapsed();
        metrics.in_flight.dec();
        metrics
            .requests
            .get_or_create(&Outcome {
                method,
                code: name(code),
            })
            .inc();
        metrics
            .seconds
            .get_or_create(&Called { method })
            .observe(elapsed.as_secs_f64());
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// A code as gRPC spells it.
pub(crate) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_once_and_a_dropped_one_as_cancelled() {
        let mut registry = Registry::default();
        let metrics = Metrics::new(&mut registry);
        let mut answered = metrics.begin("/a/b");
        answered.end(Code::Ok);
        answered.end(Code::Internal);
        drop(answered);
        drop(metrics.begin("/a/b"));
        let count = |code| {
            metrics
                .0
                .requests
                .get_or_create(&Outcome {
                    method: "/a/b",
                    code,
                })
                .get()
        };
        assert_eq!(
            (count("OK"), count("CANCELLED"), count("INTERNAL")),
            (1, 1, 0)
        );
        assert_eq!(metrics.0.in_flight.get(), 0);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for name in [
            "handoff_api_requests_total",
            "handoff_api_request_seconds_bucket",
        ] {
            assert!(text.contains(name), "{name} is not in {text}");
        }
    }
}
