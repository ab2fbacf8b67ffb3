//! What a policy's projector does at triggers: decides, stores the decision with the state, and lets the
//! partition wait until it is done.

use std::{
    collections::{BTreeMap, HashSet},
    future::pending,
    sync::Arc,
};

use futures_util::future::try_join_all;
use handoff_domain::{Event, Partition};
use handoff_event_log::{Position, Recorded};
use handoff_failpoints::{Bug, has_bug};
use handoff_projections::{FoldError, Lease, Reaction, ReactionError, Step, Trigger};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    finish::{Finished, Finisher},
    ids::{command_id, job_id},
    jobs::table as jobs,
    outbox::{self, Decided},
    policy::{Cause, Decision, Issued, Policy},
    state::State,
};

/// Decides at triggers, and has what was decided done.
pub(crate) struct Decider<P: Policy> {
    finisher: Arc<Finisher<P>>,
    /// Held by whoever submits.
    paused: watch::Sender<bool>,
    leases: BTreeMap<Partition, Lease>,
    /// What the last `react` wrote.
    written: Written<P>,
    /// From where on each partition has commands in its table that its state will include.
    settled: BTreeMap<Partition, Position>,
    tasks: JoinSet<Finished>,
    running: BTreeMap<Partition, AbortHandle>,
}

struct Written<P: Policy> {
    commands: BTreeMap<Partition, Vec<Decided<P::Command>>>,
    triggers: usize,
    jobs: usize,
    /// None for a partition in which everything is passed.
    settled: BTreeMap<Partition, Option<Position>>,
}

impl<P: Policy> Default for Written<P> {
    fn default() -> Self {
        Self {
            commands: BTreeMap::new(),
            triggers: 0,
            jobs: 0,
            settled: BTreeMap::new(),
        }
    }
}

impl<P: Policy> Decider<P> {
    pub(crate) fn new(finisher: Finisher<P>, paused: watch::Sender<bool>) -> Self {
        Self {
            finisher: Arc::new(finisher),
            paused,
            leases: BTreeMap::new(),
            written: Written::default(),
            settled: BTreeMap::new(),
            tasks: JoinSet::new(),
            running: BTreeMap::new(),
        }
    }

    /// Begins to have the commands of a partition done.
    fn finish(&mut self, partition: Partition, commands: Vec<Decided<P::Command>>) {
        let Some(lease) = self.leases.get(&partition).copied() else {
            return;
        };
        let finisher = self.finisher.clone();
        let task = self
            .tasks
            .spawn(async move { finisher.finish(partition, lease, commands).await });
        self.running.insert(partition, task);
        self.count_waiting();
    }

    fn count_waiting(&self) {
        let metrics = &self.finisher.submitter.metrics;
        metrics.waiting(P::NAME, self.running.len());
    }

    /// Notes that a partition has outcomes from a position on.
    fn settle(&mut self, partition: Partition, position: Position) {
        let settled = self.settled.entry(partition).or_insert(position);
        *settled = position.min(*settled);
    }

    /// Drops the commands that the state includes by now.
    async fn forget_passed(
        &mut self,
        client: &Client,
        moves: &[(Partition, Position)],
    ) -> Result<(), ReactionError> {
        let passed: Vec<_> = moves
            .iter()
            .copied()
            .filter(|(partition, to)| self.settled.get(partition).is_some_and(|first| first <= to))
            .collect();
        if passed.is_empty() {
            return Ok(());
        }
        let mut more = outbox::delete_passed(client, P::NAME, &passed).await?;
        self.written.settled = passed
            .into_iter()
            .map(|(partition, _)| (partition, more.remove(&partition)))
            .collect();
        Ok(())
    }
}

impl<P: Policy> Reaction<P> for Decider<P> {
    fn is_trigger(&self, recorded: &Recorded, event: &Event) -> bool {
        P::key(recorded, event).is_some()
    }

    async fn react(&mut self, client: &Client, step: Step<'_>) -> Result<(), ReactionError> {
        self.written = Written::default();
        let mut triggers = Vec::with_capacity(step.triggers.len());
        for trigger in step.triggers {
            if let Some(key) = P::key(trigger.recorded, trigger.event) {
                triggers.push((*trigger, key));
            }
        }
        if !triggers.is_empty() {
            let keys: Vec<_> = triggers
                .iter()
                .map(|(Trigger { recorded, .. }, key)| {
                    (recorded.partition, recorded.position, key.as_str())
                })
                .collect();
            let mut pending = outbox::pending::<P::Command>(client, P::NAME, &keys).await?;
            if has_bug(Bug::ForgetPending) {
                pending.iter_mut().for_each(Vec::clear);
            }
            let reads = triggers
                .iter()
                .zip(&pending)
                .map(|((trigger, _), pending)| async {
                    let state = State::new(client, step.schema, trigger.recorded.partition);
                    P::read(&state, *trigger, pending).await
                });
            let facts = try_join_all(reads).await?;
            for (((trigger, key), facts), pending) in triggers.iter().zip(facts).zip(pending) {
                let undecided =
                    |error: FoldError| ReactionError::undecided(trigger.recorded, &error);
                let decision = P::decide(*trigger, facts, pending).map_err(undecided)?;
                let jobs = described::<P>(*trigger, &decision).map_err(undecided)?;
                let commands = decided::<P>(*trigger, key, decision).map_err(undecided)?;
                jobs::insert(client, P::NAME, &Cause::of(trigger.recorded), &jobs).await?;
                self.written.jobs += jobs.len();
                if !commands.is_empty() {
                    let partition = trigger.recorded.partition;
                    self.written.commands.insert(partition, commands);
                }
            }
            let all: Vec<_> = self.written.commands.values().flatten().cloned().collect();
            outbox::insert(client, P::NAME, &all).await?;
            self.written.triggers = triggers.len();
        }
        self.forget_passed(client, step.moves).await
    }

    fn committed(&mut self) -> Vec<Partition> {
        let Written {
            commands,
            triggers,
            jobs,
            settled,
        } = std::mem::take(&mut self.written);
        for (partition, more) in settled {
            match more {
                Some(position) => self.settled.insert(partition, position),
                None => self.settled.remove(&partition),
            };
        }
        self.finisher.submitter.metrics.triggers(P::NAME, triggers);
        if jobs > 0 {
            self.finisher.wake.notify_waiters();
        }
        let waiting = commands.keys().copied().collect();
        for (partition, commands) in commands {
            self.finish(partition, commands);
        }
        waiting
    }

    async fn taken(
        &mut self,
        client: &Client,
        leases: &[(Partition, Lease)],
    ) -> Result<Vec<Partition>, ReactionError> {
        let partitions: Vec<_> = leases.iter().map(|(partition, _)| *partition).collect();
        let unfinished = outbox::unfinished::<P::Command>(client, P::NAME, &partitions).await?;
        for (partition, position) in outbox::settled(client, P::NAME, &partitions).await? {
            self.settle(partition, position);
        }
        self.leases.extend(leases.iter().copied());
        let waiting = unfinished.keys().copied().collect();
        for (partition, commands) in unfinished {
            match commands {
                Ok(commands) => self.finish(partition, commands),
                Err(error) => tracing::error!(
                    policy = P::NAME, %partition, error = &error as &dyn std::error::Error,
                    "a command that was decided cannot be read: its partition waits for a version that can"
                ),
            }
        }
        Ok(waiting)
    }

    fn lost(&mut self, partition: Partition) {
        self.leases.remove(&partition);
        self.settled.remove(&partition);
        if let Some(task) = self.running.remove(&partition) {
            task.abort();
        }
        self.count_waiting();
    }

    fn pause(&mut self, paused: bool) {
        self.paused
            .send_if_modified(|now| std::mem::replace(now, paused) != paused);
    }

    async fn released(&mut self) -> Partition {
        loop {
            let Some(joined) = self.tasks.join_next_with_id().await else {
                return pending().await;
            };
            match joined {
                Ok((id, Finished { partition, settled })) => {
                    // One of a lease that is lost meanwhile is of no concern.
                    if self.running.get(&partition).map(AbortHandle::id) != Some(id) {
                        continue;
                    }
                    self.running.remove(&partition);
                    self.count_waiting();
                    if let Some(position) = settled {
                        self.settle(partition, position);
                        return partition;
                    }
                }
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => continue,
                },
            }
        }
    }

    async fn leave(&mut self) {
        self.tasks.shutdown().await;
        self.running.clear();
        self.leases.clear();
        self.settled.clear();
        self.written = Written::default();
        self.count_waiting();
    }
}

/// The rows of a decision's commands.
fn decided<P: Policy>(
    trigger: Trigger<'_>,
    key: &str,
    decision: Decision<P>,
) -> Result<Vec<Decided<P::Command>>, FoldError> {
    let cause = Cause::of(trigger.recorded);
    let mut targets = HashSet::new();
    let mut rows = Vec::with_capacity(decision.commands.len());
    for (index, issue) in decision.commands.into_iter().enumerate() {
        if !targets.insert(issue.target.clone()) {
            return Err(FoldError::because(format!(
                "the policy issues two commands for {:?} at one event",
                issue.target
            )));
        }
        rows.push(Decided {
            partition: trigger.recorded.partition,
            index: i32::try_from(index).map_err(FoldError::because)?,
            follows: None,
            key: key.to_owned(),
            json: outbox::encode(&issue.command).map_err(FoldError::because)?,
            issued: Issued {
                cause,
                command_id: command_id(P::NAME, cause.event_id, &issue.target),
                target: issue.target,
                command: issue.command,
            },
        });
    }
    Ok(rows)
}

/// The jobs of a decision as they are stored, each with its id.
fn described<P: Policy>(
    trigger: Trigger<'_>,
    decision: &Decision<P>,
) -> Result<Vec<(Uuid, String)>, FoldError> {
    let described = |(index, job)| {
        let json = serde_json::to_string(job).map_err(FoldError::because)?;
        Ok((job_id(P::NAME, trigger.recorded.event_id, index), json))
    };
    decision.jobs.iter().enumerate().map(described).collect()
}
