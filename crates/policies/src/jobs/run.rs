//! Doing jobs: claimed one after the other, kept by a heartbeat, ended in the table.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex},
    time::Duration,
};

use handoff_failpoints::{Point, pass};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    jobs::{
        Executor, JobContext, JobError,
        table::{self, Claimed, Ended},
    },
    policy::Policy,
    run::Runtime,
    submit::Submitter,
};

/// The wait before a job that failed is tried again: from, to.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How often finished jobs are looked through for old ones.
const SWEEP: Duration = Duration::from_secs(3600);

/// Does a policy's jobs until `shutdown`. Whatever fails is tried again.
pub async fn run_jobs<P: Policy, E: Executor<P>>(
    runtime: Runtime,
    executor: Arc<E>,
    shutdown: CancellationToken,
) {
    let (pause, paused) = watch::channel(false);
    let worker = Arc::new(Worker {
        submitter: runtime.submitter::<P>(paused),
        runtime: runtime.clone(),
        executor,
        pause,
        policy: PhantomData::<fn() -> P>,
    });
    let wake = runtime.wake();
    let mut running = JoinSet::new();
    let mut sweep_at = Instant::now();
    while !shutdown.is_cancelled() {
        // Noted before it is looked for jobs, so that none that comes meanwhile is overlooked.
        let woken = wake.notified();
        if let Err(error) = worker.claim(&mut running, &shutdown, &mut sweep_at).await {
            tracing::warn!(
                policy = P::NAME,
                error = &error as &dyn std::error::Error,
                "cannot look for jobs, trying again"
            );
        }
        runtime.metrics.running(P::NAME, running.len());
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            _ = running.join_next(), if !running.is_empty() => {}
            () = sleep(runtime.settings.job_poll) => {}
        }
    }
    while running.join_next().await.is_some() {}
    runtime.metrics.running(P::NAME, 0);
}

struct Worker<P: Policy, E> {
    submitter: Submitter,
    runtime: Runtime,
    executor: Arc<E>,
    pause: watch::Sender<bool>,
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy, E: Executor<P>> Worker<P, E> {
    /// Claims as many jobs as there is room for, and begins with them.
    async fn claim(
        self: &Arc<Self>,
        running: &mut JoinSet<()>,
        shutdown: &CancellationToken,
        sweep_at: &mut Instant,
    ) -> Result<(), JobError> {
        let settings = &self.runtime.settings;
        while running.len() < settings.jobs.get() {
            let client = self.runtime.pool.get().await?;
            if Instant::now() >= *sweep_at {
                table::sweep(&**client, P::NAME, settings.jobs_kept).await?;
                *sweep_at = Instant::now() + SWEEP;
            }
            let owner = &*self.runtime.instance;
            let claimed = table::claim(&**client, P::NAME, owner, settings.job_expiry).await?;
            let Some(claimed) = claimed else {
                return Ok(());
            };
            pass(Point::JobClaimed);
            let (worker, shutdown) = (self.clone(), shutdown.clone());
            running.spawn(async move { worker.work(claimed, shutdown).await });
        }
        Ok(())
    }

    /// Does a job for as long as it is this process's, and notes how that ended.
    async fn work(self: Arc<Self>, claimed: Claimed, shutdown: CancellationToken) {
        // A task of its own, so that a panic is one more way to fail.
        let run = tokio::spawn({
            let (worker, claimed) = (self.clone(), claimed.clone());
            async move { worker.run(claimed).await }
        });
        let stop = run.abort_handle();
        let ended = tokio::select! {
            ran = run => Some(ran.unwrap_or_else(|error| Err(JobError::later(&error)))),
            () = self.until_lost(&claimed) => Some(Err(JobError::Lost)),
            () = shutdown.cancelled() => None,
        };
        stop.abort();
        let (outcome, ended) = match &ended {
            None => ("lost", Ended::Released),
            Some(Ok(())) => ("done", Ended::Done),
            Some(Err(JobError::Lost)) => {
                self.runtime.metrics.job(P::NAME, "lost");
                return;
            }
            Some(Err(JobError::Failed(error))) => {
                tracing::error!(policy = P::NAME, job = %claimed.job, error, "a job has failed for good");
                ("failed", Ended::Failed(error))
            }
            Some(Err(JobError::Later(error))) => {
                let wait = wait(claimed.failures);
                tracing::warn!(policy = P::NAME, job = %claimed.job, error, ?wait, "a job is tried again later");
                ("later", Ended::Later { error, wait })
            }
        };
        self.runtime.metrics.job(P::NAME, outcome);
        let noted = async {
            let client = self.runtime.pool.get().await?;
            Ok::<_, JobError>(table::end(&**client, P::NAME, &claimed, ended).await?)
        };
        if let Err(error) = noted.await {
            // The lease runs out, and the job is done again by whoever takes it.
            tracing::warn!(policy = P::NAME, job = %claimed.job, error = &error as &dyn std::error::Error, "cannot note how a job ended");
        }
    }

    async fn run(&self, claimed: Claimed) -> Result<(), JobError> {
        let job: P::Job = serde_json::from_str(&claimed.description)
            .map_err(|error| JobError::Later(format!("the job cannot be read: {error}")))?;
        let context = JobContext {
            progress: Mutex::new(claimed.progress.clone()),
            claimed,
            submitter: self.submitter.clone(),
            pool: self.runtime.pool.clone(),
            in_flight: self.runtime.settings.in_flight.get(),
            policy: PhantomData,
        };
        self.executor.run(&job, &context).await
    }

    /// Says that the job is being done; returns when it is another's, or could not be kept for long.
    async fn until_lost(&self, claimed: &Claimed) {
        let expiry = self.runtime.settings.job_expiry;
        let mut kept = Instant::now();
        loop {
            sleep(expiry / 5).await;
            let begun = Instant::now();
            let renewed = async {
                let client = self.runtime.pool.get().await?;
                Ok::<_, JobError>(table::renew(&**client, P::NAME, claimed, expiry).await?)
            };
            match renewed.await {
                Ok(Some(paused)) => {
                    kept = begun;
                    self.pause
                        .send_if_modified(|now| std::mem::replace(now, paused) != paused);
                }
                Ok(None) => return,
                Err(_) if kept.elapsed() > expiry => return,
                Err(_) => {}
            }
        }
    }
}

/// The wait after so many failures before this one.
fn wait(failures: i32) -> Duration {
    let doubled = RETRY.0 * 2_u32.pow(failures.clamp(0, 6).unsigned_abs());
    doubled.min(RETRY.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_fails_waits_longer_each_time_up_to_a_minute() {
        assert_eq!(wait(0), Duration::from_secs(1));
        assert_eq!(wait(3), Duration::from_secs(8));
        assert_eq!(wait(1_000), Duration::from_secs(60));
    }
}
