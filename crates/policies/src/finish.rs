//! Having the commands of a partition done: submitted until each has an outcome, and the outcomes recorded.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Pool;
use futures_util::{StreamExt, stream};
use handoff_domain::Partition;
use handoff_event_log::{LogError, Position};
use handoff_failpoints::{Point, pass};
use handoff_projections::{Lease, ReactionError};
use tokio::{sync::Notify, time::sleep};
use tokio_postgres::Client;

use crate::{
    ids::follow_up_id,
    outbox::{self, Decided},
    policy::{Issued, Policy},
    submit::{Outcome, Submitter},
};

/// Outcomes are recorded so many at a time, at most.
const RECORDED_AT_ONCE: usize = 500;
/// The wait before outcomes are recorded again.
const RETRY: Duration = Duration::from_millis(200);

/// What became of outcomes that were to be recorded.
enum Recorded<C> {
    /// They are, and this follows from them.
    Done(Vec<Decided<C>>),
    /// They were before: a commit that seemed to fail did not. This is left to do.
    Before(Vec<Decided<C>>),
    /// The lease is another's.
    Lost,
}

/// What all partitions of a policy need to have their commands done.
pub(crate) struct Finisher<P: Policy> {
    pub(crate) submitter: Submitter,
    pub(crate) pool: Pool,
    /// How many commands of one partition are under way at once.
    pub(crate) in_flight: usize,
    /// Wakes those who do jobs.
    pub(crate) wake: Arc<Notify>,
    pub(crate) policy: std::marker::PhantomData<fn() -> P>,
}

/// A partition whose commands are done.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) partition: Partition,
    /// From where on there are rows that the state will include. None where the lease was lost.
    pub(crate) settled: Option<Position>,
}

impl<P: Policy> Finisher<P> {
    /// Has commands done, and what follows from those that are rejected.
    pub(crate) async fn finish(
        &self,
        partition: Partition,
        lease: Lease,
        mut commands: Vec<Decided<P::Command>>,
    ) -> Finished {
        let mut settled = Position(i64::MAX);
        while !commands.is_empty() {
            let submitted = stream::iter(commands)
                .map(|row| async {
                    let issued = &row.issued;
                    let outcome = self
                        .submitter
                        .submit(issued.command_id, &issued.cause, &issued.command, &row.json)
                        .await;
                    (row, outcome)
                })
                .buffer_unordered(self.in_flight);
            let mut submitted = std::pin::pin!(submitted.ready_chunks(RECORDED_AT_ONCE));
            let mut following = Vec::new();
            while let Some(outcomes) = submitted.next().await {
                for (row, outcome) in &outcomes {
                    tell(P::NAME, row, outcome);
                    let position = match outcome {
                        Outcome::Appended(position) => *position,
                        // These need not be remembered any longer.
                        Outcome::Unchanged(_) | Outcome::Rejected(_) | Outcome::IdReused => {
                            Position::START
                        }
                    };
                    settled = settled.min(position);
                }
                match self.record(partition, lease, &outcomes).await {
                    // What follows from a rejection comes before what was decided to come after it.
                    Recorded::Done(follow) if P::IN_ORDER && !follow.is_empty() => {
                        following = self.left(partition, follow).await;
                        break;
                    }
                    Recorded::Done(follow) => following.extend(follow),
                    Recorded::Before(unfinished) => {
                        following = unfinished;
                        break;
                    }
                    Recorded::Lost => {
                        return Finished {
                            partition,
                            settled: None,
                        };
                    }
                }
            }
            commands = following;
        }
        Finished {
            partition,
            settled: Some(settled),
        }
    }

    /// Records outcomes, with what follows from them.
    async fn record(
        &self,
        partition: Partition,
        lease: Lease,
        outcomes: &[(Decided<P::Command>, Outcome)],
    ) -> Recorded<P::Command> {
        loop {
            match self.try_record(partition, lease, outcomes).await {
                Ok(recorded) => {
                    pass(Point::PolicyAfterRecord);
                    return recorded;
                }
                Err(error) => {
                    tracing::warn!(policy = P::NAME, %partition, error = &error as &dyn std::error::Error,
                        "what became of commands could not be recorded, trying again");
                    sleep(RETRY).await;
                }
            }
        }
    }

    async fn try_record(
        &self,
        partition: Partition,
        lease: Lease,
        outcomes: &[(Decided<P::Command>, Outcome)],
    ) -> Result<Recorded<P::Command>, ReactionError> {
        let mut client = self.pool.get().await.map_err(LogError::from)?;
        let transaction = client.transaction().await?;
        if !outbox::record(&*transaction, P::NAME, partition, lease, outcomes).await? {
            transaction.rollback().await?;
            return self.look(&client, partition, lease).await;
        }
        let mut following = Vec::new();
        for (row, outcome) in outcomes {
            if let (Outcome::Rejected(rejection), None) = (outcome, row.follows) {
                let issues = P::rejected(&row.issued, rejection);
                if issues.is_empty() {
                    continue;
                }
                let trigger = row.issued.cause.position;
                let next = match following.last() {
                    Some(Decided { index, .. }) => index + 1,
                    None => outbox::next_index(&*transaction, P::NAME, partition, trigger).await?,
                };
                for (index, issue) in (next..).zip(issues) {
                    let Ok(json) = outbox::encode(&issue.command) else {
                        tracing::error!(policy = P::NAME, command = ?issue.command, "a command cannot be stored");
                        continue;
                    };
                    following.push(Decided {
                        partition,
                        index,
                        follows: Some(row.index),
                        key: row.key.clone(),
                        json,
                        issued: Issued {
                            cause: row.issued.cause,
                            command_id: follow_up_id(row.issued.command_id, &issue.target),
                            target: issue.target,
                            command: issue.command,
                        },
                    });
                }
            }
        }
        outbox::insert(&*transaction, P::NAME, &following).await?;
        transaction.commit().await?;
        Ok(Recorded::Done(following))
    }

    /// What is left to do in a partition, first what follows from a rejection.
    async fn left(
        &self,
        partition: Partition,
        follow: Vec<Decided<P::Command>>,
    ) -> Vec<Decided<P::Command>> {
        loop {
            let read = async {
                let client = self.pool.get().await.map_err(LogError::from)?;
                let unfinished = outbox::unfinished(&client, P::NAME, &[partition]).await?;
                unfinished.into_values().next().transpose()
            };
            let error = match read.await {
                Ok(unfinished) => {
                    let mut left = unfinished.unwrap_or(follow);
                    left.sort_by_key(|row: &Decided<P::Command>| row.follows.is_none());
                    return left;
                }
                Err(error) => error,
            };
            tracing::warn!(policy = P::NAME, %partition, error = &error as &dyn std::error::Error,
                "what is left to do cannot be read, trying again");
            sleep(RETRY).await;
        }
    }

    /// Finds out why outcomes could not be recorded.
    async fn look(
        &self,
        client: &Client,
        partition: Partition,
        lease: Lease,
    ) -> Result<Recorded<P::Command>, ReactionError> {
        if !outbox::is_held(client, P::NAME, partition, lease).await? {
            return Ok(Recorded::Lost);
        }
        let unfinished = outbox::unfinished(client, P::NAME, &[partition]).await?;
        let of_partition = unfinished.into_values().next();
        Ok(Recorded::Before(
            of_partition.transpose()?.unwrap_or_default(),
        ))
    }
}

/// Logs what an operator may want to know of an outcome.
fn tell<C>(policy: &str, row: &Decided<C>, outcome: &Outcome) {
    let Issued {
        cause,
        command_id,
        target,
        ..
    } = &row.issued;
    match outcome {
        Outcome::Appended(_) | Outcome::Unchanged(_) => {}
        Outcome::Rejected(rejection) => {
            tracing::info!(policy, %command_id, target, trigger = %cause.position, %rejection, "a command was rejected");
        }
        Outcome::IdReused => {
            tracing::error!(policy, %command_id, target, trigger = %cause.position,
                "another version of the policy has issued another command here: what it did holds");
        }
    }
}
