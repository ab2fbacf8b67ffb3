//! What policies count. Lag, partitions and parked events are those of their projections.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    policy: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    policy: &'static str,
    outcome: &'static str,
}

/// The metrics of a process's policies. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    triggers: Family<Labels, Counter>,
    commands: Family<Outcome, Counter>,
    retries: Family<Labels, Counter>,
    waiting: Family<Labels, Gauge>,
    jobs: Family<Outcome, Counter>,
    running: Family<Labels, Gauge>,
}

impl Metrics {
    /// Metrics that `registry` shows.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "handoff_policy_triggers",
            "Events that a policy has decided about",
            metrics.triggers.clone(),
        );
        registry.register(
            "handoff_policy_commands",
            "Commands of policies, by outcome: appended, unchanged, rejected, id_reused",
            metrics.commands.clone(),
        );
        registry.register(
            "handoff_policy_retries",
            "Submissions that had to be repeated: the gateway was full or the log away",
            metrics.retries.clone(),
        );
        registry.register(
            "handoff_policy_waiting_partitions",
            "Partitions of this process that wait until their commands are done",
            metrics.waiting.clone(),
        );
        registry.register(
            "handoff_policy_jobs",
            "Runs of jobs, by outcome: done, lost, later, failed",
            metrics.jobs.clone(),
        );
        registry.register(
            "handoff_policy_running_jobs",
            "Jobs that this process is at",
            metrics.running.clone(),
        );
        metrics
    }

    pub(crate) fn triggers(&self, policy: &'static str, count: usize) {
        self.triggers
            .get_or_create(&Labels { policy })
            .inc_by(count as u64);
    }

    pub(crate) fn command(&self, policy: &'static str, outcome: &'static str) {
        self.commands
            .get_or_create(&Outcome { policy, outcome })
            .inc();
    }

    pub(crate) fn retry(&self, policy: &'static str) {
        self.retries.get_or_create(&Labels { policy }).inc();
    }

    pub(crate) fn waiting(&self, policy: &'static str, partitions: usize) {
        self.waiting
            .get_or_create(&Labels { policy })
            .set(partitions as i64);
    }

    pub(crate) fn job(&self, policy: &'static str, outcome: &'static str) {
        self.jobs.get_or_create(&Outcome { policy, outcome }).inc();
    }

    pub(crate) fn running(&self, policy: &'static str, jobs: usize) {
        self.running
            .get_or_create(&Labels { policy })
            .set(jobs as i64);
    }
}
