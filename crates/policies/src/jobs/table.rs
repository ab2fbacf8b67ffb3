//! The table `policies.jobs`.

use std::time::Duration;

use handoff_event_log::Position;
use tokio_postgres::{Client, GenericClient, Row};
use uuid::Uuid;

use crate::policy::Cause;

/// A job and the right to do it.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub(crate) job: Uuid,
    pub(crate) cause: Cause,
    /// JSON.
    pub(crate) description: String,
    /// JSON.
    pub(crate) progress: Option<String>,
    pub(crate) lease_epoch: i64,
    /// Tries that failed in a row.
    pub(crate) failures: i32,
}

/// How a run of a job ended.
#[derive(Debug)]
pub(crate) enum Ended<'a> {
    Done,
    Failed(&'a str),
    Later {
        error: &'a str,
        wait: Duration,
    },
    /// The process stops: another may take it at once.
    Released,
}

/// Adds jobs, in the transaction that is open. One that is there is left as it is.
pub(crate) async fn insert(
    client: &Client,
    policy: &str,
    cause: &Cause,
    jobs: &[(Uuid, String)],
) -> Result<(), tokio_postgres::Error> {
    for (job, description) in jobs {
        client
            .execute(
                "insert into policies.jobs (policy, job, trigger_position, trigger_event_id, correlation_id, description) \
                 values ($1, $2, $3, $4, $5, $6::text::json) on conflict (policy, job) do nothing",
                &[
                    &policy,
                    job,
                    &cause.position.0,
                    &cause.event_id,
                    &cause.correlation_id,
                    description,
                ],
            )
            .await?;
    }
    Ok(())
}

/// Takes the next job that is due.
pub(crate) async fn claim(
    client: &impl GenericClient,
    policy: &str,
    owner: &str,
    expiry: Duration,
) -> Result<Option<Claimed>, tokio_postgres::Error> {
    let row = client
        .query_opt(
            include_str!("../sql/claim_job.sql"),
            &[&policy, &owner, &expiry.as_secs_f64()],
        )
        .await?;
    row.as_ref().map(claimed).transpose()
}

fn claimed(row: &Row) -> Result<Claimed, tokio_postgres::Error> {
    Ok(Claimed {
        job: row.try_get("job")?,
        cause: Cause {
            event_id: row.try_get("trigger_event_id")?,
            position: Position(row.try_get("trigger_position")?),
            correlation_id: row.try_get("correlation_id")?,
        },
        description: row.try_get("description")?,
        progress: row.try_get("progress")?,
        lease_epoch: row.try_get("lease_epoch")?,
        failures: row.try_get("failures")?,
    })
}

/// Keeps a job. Answers whether the policy is paused; none where the job is another's.
pub(crate) async fn renew(
    client: &impl GenericClient,
    policy: &str,
    claimed: &Claimed,
    expiry: Duration,
) -> Result<Option<bool>, tokio_postgres::Error> {
    let row = client
        .query_opt(
            "update policies.jobs set leased_until = clock_timestamp() + make_interval(secs => $4) \
             where policy = $1 and job = $2 and lease_epoch = $3 and finished_at is null \
             returning exists (select from projections.projections where projection = $1 and paused)",
            &[
                &policy,
                &claimed.job,
                &claimed.lease_epoch,
                &expiry.as_secs_f64(),
            ],
        )
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Saves how far a job is. False where it is another's.
pub(crate) async fn save(
    client: &impl GenericClient,
    policy: &str,
    claimed: &Claimed,
    progress: &str,
) -> Result<bool, tokio_postgres::Error> {
    let saved = client
        .execute(
            "update policies.jobs set progress = $4::text::json, failures = 0, error = null \
             where policy = $1 and job = $2 and lease_epoch = $3 and finished_at is null",
            &[&policy, &claimed.job, &claimed.lease_epoch, &progress],
        )
        .await?;
    Ok(saved == 1)
}

/// Notes how a run ended, unless the job is another's.
pub(crate) async fn end(
    client: &impl GenericClient,
    policy: &str,
    claimed: &Claimed,
    ended: Ended<'_>,
) -> Result<(), tokio_postgres::Error> {
    let (finished, failed, error, wait) = match ended {
        Ended::Done => (true, false, None, Duration::ZERO),
        Ended::Failed(error) => (true, true, Some(error), Duration::ZERO),
        Ended::Later { error, wait } => (false, true, Some(error), wait),
        Ended::Released => (false, false, None, Duration::ZERO),
    };
    // Postgres takes no text with a zero in it.
    let error = error.map(|error| error.replace('\0', "\u{fffd}"));
    client
        .execute(
            "update policies.jobs \
             set owner = null, leased_until = null, error = coalesce($6, error), \
                 finished_at = case when $4 then clock_timestamp() end, \
                 failures = failures + case when $5 then 1 else 0 end, \
                 not_before = clock_timestamp() + make_interval(secs => $7) \
             where policy = $1 and job = $2 and lease_epoch = $3 and finished_at is null",
            &[
                &policy,
                &claimed.job,
                &claimed.lease_epoch,
                &finished,
                &failed,
                &error,
                &wait.as_secs_f64(),
            ],
        )
        .await?;
    Ok(())
}

/// Whether commands of triggers up to a position have no outcome yet.
pub(crate) async fn is_waiting(
    client: &impl GenericClient,
    policy: &str,
    position: Position,
) -> Result<bool, tokio_postgres::Error> {
    let row = client
        .query_one(
            "select exists (select from policies.commands \
             where policy = $1 and outcome is null and trigger_position <= $2)",
            &[&policy, &position.0],
        )
        .await?;
    row.try_get(0)
}

/// Drops the jobs that were finished longer ago than `kept`.
pub(crate) async fn sweep(
    client: &impl GenericClient,
    policy: &str,
    kept: Duration,
) -> Result<(), tokio_postgres::Error> {
    client
        .execute(
            "delete from policies.jobs where policy = $1 \
             and finished_at < clock_timestamp() - make_interval(secs => $2)",
            &[&policy, &kept.as_secs_f64()],
        )
        .await?;
    Ok(())
}
