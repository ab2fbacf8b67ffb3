//! Listing what an operation changes.

use std::time::Duration;

use handoff_domain::{
    Holding,
    commands::{FinishPlanning, PlanItems},
    limits,
    names::{Actor, MemberName, OperationName},
    operation::{Details, OwnershipChange, Reassigned},
    terms::Role,
};
use handoff_event_log::Position;
use handoff_projections::Source;
use handoff_read_models::{Consistency, QueryError, Viewer};
use tokio::time::Instant;

use crate::{
    jobs::{JobContext, JobError},
    ownership::{Operations, Ownership, intent::Step, stream::Items},
    policy::Issue,
    submit::Outcome,
};

/// How long it is waited for a projection at a time.
const WAIT: Duration = Duration::from_secs(20);
/// Holdings that are read at once: a page of them is found among all of the member's.
const READ_AT_ONCE: usize = 10 * limits::PLANNED_ITEMS;

impl Operations {
    /// Lists what is left to be listed, and ends the list.
    pub(crate) async fn plan(
        &self,
        operation: &OperationName,
        details: &Details,
        context: &JobContext<Ownership>,
    ) -> Result<(), JobError> {
        let mut plan = Plan {
            operation,
            pages: details.pages,
            context,
        };
        match &details.change {
            OwnershipChange::DisableMember {
                member: from,
                successor: Some(_),
            }
            | OwnershipChange::TransferResources { from, .. } => {
                let min = self.policy_is_done(context).await?;
                self.plan_holdings(&mut plan, details, from, min).await?;
            }
            OwnershipChange::BatchAssignRole {
                role,
                filter: Some(filter),
                ..
            } => self.plan_accounts(&mut plan, details, role, filter).await?,
            OwnershipChange::Undo { operation } => {
                let mut moved = Items::<(Holding, Reassigned)>::new(&self.log, operation);
                moved.skip(details.planned_items()).await?;
                loop {
                    let items = moved.next(limits::PLANNED_ITEMS).await?;
                    if items.is_empty() {
                        break;
                    }
                    let items = items.into_iter().map(|(item, _)| item);
                    plan.add(&items.collect::<Vec<_>>()).await?;
                }
            }
            OwnershipChange::DisableMember {
                successor: None, ..
            }
            | OwnershipChange::BatchAssignRole { filter: None, .. }
            | OwnershipChange::AssignRole { .. }
            | OwnershipChange::VacateRole { .. } => {}
        }
        plan.finish().await
    }

    /// Waits until the policy has acted on everything up to the start of the operation, so that what it
    /// has under way is done. What is read at or after the position that is answered shows it.
    async fn policy_is_done(&self, context: &JobContext<Ownership>) -> Result<Position, JobError> {
        let start = context.cause().position;
        let wait = self.queries.wait(Source::of::<Ownership>(), since(start));
        wait.await.map_err(|error| JobError::later(&error))?;
        context.until_done(start, WAIT).await?;
        let head = self.log.head().await;
        Ok(head.map_err(|error| JobError::later(&error))?.position)
    }

    async fn plan_holdings(
        &self,
        plan: &mut Plan<'_>,
        details: &Details,
        from: &MemberName,
        min: Position,
    ) -> Result<(), JobError> {
        let includes = |kind| match &details.change {
            OwnershipChange::TransferResources { kinds, .. } => kinds.contains(&kind),
            _ => true,
        };
        let mut after = details.cursor.clone();
        loop {
            let held = self
                .queries
                .holdings_after(from, includes, after.as_ref(), READ_AT_ONCE, since(min))
                .await
                .map_err(|error| JobError::later(&error))?
                .value;
            plan.add(&held).await?;
            let more = held.len() == READ_AT_ONCE;
            match held.into_iter().next_back() {
                Some(last) if more => after = Some(last),
                _ => return Ok(()),
            }
        }
    }

    async fn plan_accounts(
        &self,
        plan: &mut Plan<'_>,
        details: &Details,
        role: &Role,
        filter: &str,
    ) -> Result<(), JobError> {
        let viewer = Viewer {
            now: details.started_at,
            me: match &details.by {
                Actor::Member(member) => Some(member.clone()),
                Actor::Contact(_) | Actor::ServiceAccount(_) | Actor::System => None,
            },
        };
        let min = plan.context.cause().position;
        let mut after = match &details.cursor {
            Some(Holding::Role { account, .. }) => Some(account.clone()),
            _ => None,
        };
        loop {
            let found = self
                .queries
                .list_account_names(filter, &viewer, after.as_ref(), since(min))
                .await
                .map_err(|error| match error {
                    QueryError::Invalid(error) => JobError::Failed(error.to_string()),
                    error => JobError::later(&error),
                })?
                .value;
            let Some(last) = found.last().cloned() else {
                return Ok(());
            };
            let items = found.into_iter().map(|account| Holding::Role {
                account,
                role: role.clone(),
            });
            plan.add(&items.collect::<Vec<_>>()).await?;
            after = Some(last);
        }
    }
}

/// A plan as it grows.
struct Plan<'a> {
    operation: &'a OperationName,
    /// How many pages it has.
    pages: u32,
    context: &'a JobContext<Ownership>,
}

impl Plan<'_> {
    /// Adds items, in pages.
    async fn add(&mut self, items: &[Holding]) -> Result<(), JobError> {
        let pages: Vec<_> = items
            .chunks(limits::PLANNED_ITEMS)
            .zip(self.pages..)
            .map(|(items, page)| Issue {
                target: format!("page/{page}"),
                command: Step::PlanItems(PlanItems {
                    operation: self.operation.clone(),
                    page,
                    items: items.to_vec(),
                }),
            })
            .collect();
        accepted(self.context.submit(&pages).await?)?;
        // A plan has fewer pages than a stream has events.
        self.pages += pages.len() as u32;
        Ok(())
    }

    /// Ends it.
    async fn finish(&self) -> Result<(), JobError> {
        let finish = Issue {
            target: "planned".to_owned(),
            command: Step::FinishPlanning(FinishPlanning {
                operation: self.operation.clone(),
            }),
        };
        accepted(self.context.submit(&[finish]).await?)?;
        Ok(())
    }
}

/// Whether all commands were accepted, and changed something.
///
/// # Errors
/// `Later` where an earlier run of the job has issued something else, which holds: it goes on from there.
/// `Failed` where one was rejected for good.
pub(crate) fn accepted(outcomes: Vec<Outcome>) -> Result<bool, JobError> {
    let mut changed = true;
    for outcome in outcomes {
        match outcome {
            Outcome::Appended(_) => {}
            Outcome::Unchanged(_) => changed = false,
            Outcome::IdReused => {
                return Err(JobError::Later(
                    "an earlier run has done this step otherwise".to_owned(),
                ));
            }
            Outcome::Rejected(rejection) => return Err(JobError::Failed(rejection.to_string())),
        }
    }
    Ok(changed)
}

fn since(min_position: Position) -> Consistency {
    Consistency {
        min_position,
        deadline: Instant::now() + WAIT,
    }
}
