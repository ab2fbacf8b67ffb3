//! Jobs: what a trigger asks for and takes long. Each runs beside the partitions, in one process at a
//! time, in pages, and goes on where it was when its process dies.
//!
//! A job is a row, inserted in the transaction that moves the checkpoint past its trigger. Who does it
//! holds a lease on it. Its commands have ids made of the job and the target, so that those it submits
//! again are recognised; what it has saved of its progress saves it from doing so.

mod context;
mod run;
pub(crate) mod table;

pub use context::JobContext;
pub use run::run_jobs;

use crate::policy::Policy;

/// Does the jobs of a policy. What it needs besides the gateway, such as queries, it holds itself.
pub trait Executor<P: Policy>: Send + Sync + 'static {
    /// Does a job from where [`JobContext::progress`] says to its end. May be dropped at any await, and is then
    /// called again, here or in another process.
    ///
    /// # Errors
    /// See [`JobError`].
    fn run(
        &self,
        job: &P::Job,
        context: &JobContext<P>,
    ) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Why a job is not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It is another's by now. Stop.
    #[error("the job is another process's by now")]
    Lost,
    /// Not now: something is away or not far enough. The job is tried again, at first after a second, later
    /// after up to a minute.
    #[error("{0}")]
    Later(String),
    /// Never: it is finished with this error. Nothing tries it again.
    #[error("{0}")]
    Failed(String),
}

impl JobError {
    /// Not now, because of an error.
    pub fn later(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        Self::Later(
            causes
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(": "),
        )
    }
}

impl From<tokio_postgres::Error> for JobError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::later(&error)
    }
}

impl From<deadpool_postgres::PoolError> for JobError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::later(&error)
    }
}
