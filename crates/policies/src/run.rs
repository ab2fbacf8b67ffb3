//! What the policies of a process share, and how one is run.

use std::{marker::PhantomData, num::NonZeroUsize, sync::Arc, time::Duration};

use deadpool_postgres::Pool;
use handoff_commands::{Clock, Gateway};
use handoff_event_log::{Database, Role};
use handoff_projections::{Environment, run_reacting};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    decider::Decider, finish::Finisher, metrics::Metrics, policy::Policy, submit::Submitter,
};

/// What the sessions of policies are set to. An outcome is on the disk no later than the next append;
/// one that is lost before is found out again from the log.
const SETTINGS: &str = "-c synchronous_commit=off -c jit=off -c enable_seqscan=off \
     -c idle_in_transaction_session_timeout=5s";

/// How policies wait and how much they do at once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Commands that one policy has decided and that are under way at once in this process; its jobs
    /// together may have as many.
    pub in_flight: NonZeroUsize,
    /// Jobs of one policy that this process does at once.
    pub jobs: NonZeroUsize,
    /// How long after the last heartbeat of its owner a job is another's.
    pub job_expiry: Duration,
    /// How often it is looked for jobs that nobody told of.
    pub job_poll: Duration,
    /// How long finished jobs are kept, for operators to look at.
    pub jobs_kept: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            in_flight: NonZeroUsize::new(512).expect("not zero"),
            jobs: NonZeroUsize::new(2).expect("not zero"),
            job_expiry: Duration::from_secs(5),
            job_poll: Duration::from_secs(1),
            jobs_kept: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// What the policies of a process share. Cheap to clone; clones wake each other's jobs.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) gateway: Gateway,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pool: Pool,
    pub(crate) metrics: Metrics,
    /// Tells this process from the others, and from itself before a restart.
    pub(crate) instance: Arc<str>,
    pub(crate) settings: Settings,
    wake: Arc<Notify>,
}

impl Runtime {
    /// For policies that submit to `gateway`. Nothing is connected yet.
    pub fn new(
        database: &Database,
        gateway: Gateway,
        clock: Arc<dyn Clock>,
        instance: Arc<str>,
        metrics: Metrics,
        settings: Settings,
    ) -> Self {
        Self {
            gateway,
            clock,
            pool: database.pool(Role::Policy, "handoff policies", SETTINGS, 8),
            metrics,
            instance,
            settings,
            wake: Arc::default(),
        }
    }

    /// Submits as a policy. Holds back while `paused` says so.
    pub(crate) fn submitter<P: Policy>(&self, paused: watch::Receiver<bool>) -> Submitter {
        Submitter {
            policy: P::NAME,
            actor: P::actor(),
            gateway: self.gateway.clone(),
            clock: self.clock.clone(),
            in_flight: Arc::new(Semaphore::new(self.settings.in_flight.get())),
            paused,
            metrics: self.metrics.clone(),
        }
    }

    /// Told when a decision of this process has asked for a job.
    pub(crate) fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }
}

/// Has a policy act on its triggers until `shutdown`, then gives its partitions back. What is decided and
/// not done by then is done by whoever takes them. Whatever fails is tried again; only a panic ends it early.
pub async fn run_policy<P: Policy>(
    environment: Environment,
    runtime: Runtime,
    shutdown: CancellationToken,
) {
    let (pause, paused) = watch::channel(false);
    let finisher = Finisher::<P> {
        submitter: runtime.submitter::<P>(paused),
        pool: runtime.pool.clone(),
        in_flight: match P::IN_ORDER {
            true => 1,
            false => runtime.settings.in_flight.get(),
        },
        wake: runtime.wake(),
        policy: PhantomData,
    };
    run_reacting::<P, _>(environment, Decider::<P>::new(finisher, pause), shutdown).await;
}
