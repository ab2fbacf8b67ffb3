//! What a job works with.

use std::{sync::Mutex, time::Duration};

use deadpool_postgres::Pool;
use futures_util::{StreamExt, stream};
use handoff_event_log::Position;
use handoff_failpoints::{Point, pass};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{
    ids::job_command_id,
    jobs::{
        JobError,
        table::{self, Claimed},
    },
    policy::{Cause, Issue, Policy},
    submit::{Outcome, Submitter},
};

/// How often it is looked whether commands that are waited for are done.
const POLL: Duration = Duration::from_millis(25);

/// A job under way: why it is done, how far it is, and the way to the gateway.
pub struct JobContext<P: Policy> {
    pub(crate) claimed: Claimed,
    pub(crate) submitter: Submitter,
    pub(crate) pool: Pool,
    pub(crate) in_flight: usize,
    pub(crate) progress: Mutex<Option<String>>,
    pub(crate) policy: std::marker::PhantomData<fn() -> P>,
}

impl<P: Policy> JobContext<P> {
    /// The job's id.
    pub fn id(&self) -> Uuid {
        self.claimed.job
    }

    /// The trigger that asked for it. Its position is what a query must include at least.
    pub fn cause(&self) -> &Cause {
        &self.claimed.cause
    }

    /// What was saved last; none at the beginning.
    ///
    /// # Errors
    /// It is not what this program saves: `Failed`.
    pub fn progress<T: DeserializeOwned>(&self) -> Result<Option<T>, JobError> {
        let progress = self
            .progress
            .lock()
            .expect("nothing panics while it holds the progress");
        progress
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| {
                JobError::Failed(format!("the saved progress cannot be read: {error}"))
            })
    }

    /// Saves how far the job is. All commands that this includes must have an outcome.
    ///
    /// # Errors
    /// `Lost` if the job is another's by now, `Later` if Postgres is away.
    pub async fn save<T: Serialize>(&self, progress: &T) -> Result<(), JobError> {
        let json = serde_json::to_string(progress)
            .map_err(|error| JobError::Failed(format!("the progress cannot be saved: {error}")))?;
        let client = self.pool.get().await?;
        if !table::save(&**client, P::NAME, &self.claimed, &json).await? {
            return Err(JobError::Lost);
        }
        *self
            .progress
            .lock()
            .expect("nothing panics while it holds the progress") = Some(json);
        pass(Point::JobSaved);
        Ok(())
    }

    /// Submits commands, many at once, and answers when each has an outcome; in the order of the commands. The first
    /// that is rejected is the last that is answered: those after it may wait for it, and are not waited for.
    /// A full gateway, or one that is away, is waited for. A target of the job that comes again is the
    /// same command again.
    ///
    /// # Errors
    /// `Failed` if a command cannot be stored as JSON.
    pub async fn submit(&self, issues: &[Issue<P::Command>]) -> Result<Vec<Outcome>, JobError> {
        let mut commands = Vec::with_capacity(issues.len());
        for issue in issues {
            let json = serde_json::to_string(&issue.command).map_err(|error| {
                JobError::Failed(format!("a command cannot be stored: {error}"))
            })?;
            let id = job_command_id(self.claimed.job, &issue.target);
            commands.push((id, issue.command.clone(), json));
        }
        let submitted = stream::iter(commands)
            .map(|(id, command, json)| async move {
                let cause = &self.claimed.cause;
                self.submitter.submit(id, cause, &command, &json).await
            })
            .buffered(self.in_flight);
        let mut submitted = std::pin::pin!(submitted);
        let mut outcomes = Vec::with_capacity(issues.len());
        while let Some(outcome) = submitted.next().await {
            let is_last = matches!(outcome, Outcome::Rejected(_));
            outcomes.push(outcome);
            if is_last {
                break;
            }
        }
        Ok(outcomes)
    }

    /// Waits until every command that the policy has decided at triggers up to a position has an outcome. That
    /// it has decided at all of them is for [`Inclusion`](handoff_projections::Inclusion) to say.
    ///
    /// # Errors
    /// `Later` if Postgres is away, or it takes longer than `ceiling`.
    pub async fn until_done(&self, position: Position, ceiling: Duration) -> Result<(), JobError> {
        let wait = async {
            while table::is_waiting(&**self.pool.get().await?, P::NAME, position).await? {
                sleep(POLL).await;
            }
            Ok(())
        };
        timeout(ceiling, wait).await.unwrap_or_else(|_| {
            Err(JobError::Later(format!(
                "{} has commands of positions up to {position} that are not done",
                P::NAME
            )))
        })
    }

    /// The last of the positions that outcomes have: what a query must include to show them.
    pub fn position(outcomes: &[Outcome]) -> Option<Position> {
        outcomes.iter().filter_map(Outcome::position).max()
    }
}
