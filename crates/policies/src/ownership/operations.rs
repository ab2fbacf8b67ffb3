//! Doing operations: first the plan, then its items, some at a time, each with its result.

use handoff_domain::{
    Holding, State,
    commands::{FailOperation, MoveItems, UndoItems},
    limits,
    names::OperationName,
    operation::{Details, OwnershipChange, Reassigned, Status},
};
use handoff_event_log::{Database, Log, Role, Snapshots};
use handoff_read_models::Queries;

use crate::{
    jobs::{Executor, JobContext, JobError},
    ownership::{
        Job, Ownership,
        intent::Step,
        plan::accepted,
        stream::{Items, Listed},
    },
    policy::Issue,
};

/// Chunks of one operation that are under way at once. The gateway decides them one after the other; other
/// commands go between.
const AT_ONCE: usize = 8;

/// Does operations. What it needs to know stands in their streams, so it saves nothing.
pub struct Operations {
    pub(crate) queries: Queries,
    pub(crate) log: Log,
    snapshots: Snapshots,
}

impl Operations {
    /// Reads what operations pass on by `queries`. Nothing is connected yet.
    pub fn new(database: &Database, queries: Queries) -> Self {
        let pool = database.pool(Role::Reader, "handoff operations", "", 4);
        Self {
            queries,
            log: Log::new(pool.clone()),
            snapshots: Snapshots::new(pool),
        }
    }

    /// What is known of the operation now.
    async fn details(&self, operation: &OperationName) -> Result<Details, JobError> {
        let newest = self.snapshots.newest(&operation.into()).await;
        match newest.map_err(|error| JobError::later(&error))?.state {
            State::Operation(state) if state.details().is_some() => {
                let details = state.details().cloned();
                details.ok_or_else(|| JobError::Failed(format!("{operation} does not exist")))
            }
            _ => Err(JobError::Failed(format!("{operation} does not exist"))),
        }
    }

    /// Has the items without a result moved, in order; `step` says what moves those from one on.
    async fn move_items<T: Listed>(
        &self,
        job: &Job,
        mut items: Items<'_, T>,
        context: &JobContext<Ownership>,
        step: impl Fn(u64, Vec<T>) -> Step,
    ) -> Result<(), JobError> {
        let mut first = self.details(&job.operation).await?.recorded;
        items.skip(first).await?;
        loop {
            let mut chunks = Vec::with_capacity(AT_ONCE);
            while chunks.len() < AT_ONCE {
                let chunk = items.next(limits::MOVED_ITEMS).await?;
                if chunk.is_empty() {
                    break;
                }
                let count = chunk.len() as u64;
                chunks.push(Issue {
                    target: format!("items/{first}"),
                    command: step(first, chunk),
                });
                first += count;
            }
            if chunks.is_empty() {
                return Ok(());
            }
            let changed = accepted(context.submit(&chunks).await?)?;
            // Where nothing changes, it may have been ended by somebody else.
            if !changed && self.details(&job.operation).await?.status == Status::Finished {
                return Ok(());
            }
        }
    }
}

impl Executor<Ownership> for Operations {
    async fn run(&self, job: &Job, context: &JobContext<Ownership>) -> Result<(), JobError> {
        let done = self.carry_out(job, context).await;
        if let Err(JobError::Failed(reason)) = &done {
            // Nobody does it any more: nobody is to wait for it either.
            let fail = Issue {
                target: "failed".to_owned(),
                command: Step::FailOperation(FailOperation::new(job.operation.clone(), reason)),
            };
            context.submit(&[fail]).await?;
        }
        done
    }
}

impl Operations {
    /// Does what is left of an operation.
    async fn carry_out(&self, job: &Job, context: &JobContext<Ownership>) -> Result<(), JobError> {
        let operation = &job.operation;
        let details = self.details(operation).await?;
        if details.status == Status::Planning {
            self.plan(operation, &details, context).await?;
        }
        if details.status == Status::Finished {
            return Ok(());
        }
        let cause = Some(context.cause().event_id);
        match &details.change {
            OwnershipChange::Undo { operation: undone } => {
                let changes = Items::<(Holding, Reassigned)>::new(&self.log, undone);
                let step = |first, items| {
                    Step::UndoItems(UndoItems {
                        operation: operation.clone(),
                        first,
                        items,
                        cause,
                    })
                };
                self.move_items(job, changes, context, step).await
            }
            _ => {
                let planned = Items::<Holding>::new(&self.log, operation);
                let step = |first, items| {
                    Step::MoveItems(MoveItems {
                        operation: operation.clone(),
                        first,
                        items,
                        cause,
                    })
                };
                self.move_items(job, planned, context, step).await
            }
        }
    }
}
