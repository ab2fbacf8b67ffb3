//! That nothing happens but what was shown: what a plan rests on, and whether any of it changed since.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use handoff_domain::{
    Expectation, Partition, Rejection, State,
    account::Account,
    commands::{
        Accounts, AssignRole, BatchAssignRole, StartDisabling, TransferResources, VacateRole,
    },
    names::{AccountName, MemberName, StreamName},
    order,
    task::Task,
};
use handoff_event_log::Position;

use super::{Change, Ownership, rehearsal::Rehearsal};
use crate::{command::Order, error::ApiError};

/// After events of these types somebody may hold less than before.
const LOSSES: &[&str] = &[
    "account.role_assigned",
    "account.role_vacated",
    "account.support_team_set",
    "task.assigned",
    "task.completed",
    "task.cancelled",
    "task.deleted",
    "order.assigned",
    "order.cancelled",
    "order.completed",
    "order.task_assigned",
    "order.task_checked",
    "order.task_removed",
    "activity.assigned",
    "activity.completed",
    "activity.deleted",
    "service.task_assigned",
    "service.task_removed",
];
/// After events of these types an account may match other filters.
const REFILTERED: &[&str] = &[
    "account.created",
    "account.details_changed",
    "account.lead_converted",
    "account.status_changed",
];
/// Such events that are looked at. A plan that is older than that is to be looked at again.
const LOSSES_LOOKED_AT: usize = 2_000;

/// Whose what a plan lists.
enum Scope<'a> {
    /// The work of accounts, of those who lose a role of them.
    Work(BTreeMap<AccountName, Option<MemberName>>),
    /// The same, of accounts that a filter picked.
    Filtered(BTreeMap<AccountName, Option<MemberName>>),
    /// All that a member holds.
    Holdings(&'a MemberName),
    /// What was listed is all that there ever was.
    Listed,
}

impl Scope<'_> {
    fn of<'a>(change: &'a Change, rehearsal: &Rehearsal) -> Scope<'a> {
        match change {
            Change::Assign(AssignRole { account, .. }) => {
                Scope::Work([(account.clone(), rehearsal.loser(account))].into())
            }
            // Nobody's work moves.
            Change::Vacate(VacateRole { .. }) | Change::Undo(_) => Scope::Listed,
            Change::Batch(BatchAssignRole { accounts, .. }) => {
                let of = |account: &AccountName| (account.clone(), rehearsal.loser(account));
                match accounts {
                    Accounts::Listed(names) => Scope::Work(names.iter().map(of).collect()),
                    Accounts::Filter(_) => Scope::Filtered(rehearsal.accounts().map(of).collect()),
                }
            }
            Change::Disable(StartDisabling { name, .. }) => Scope::Holdings(name),
            Change::Transfer(TransferResources { from, .. }) => Scope::Holdings(from),
        }
    }

    /// The partitions whose events may concern it; empty: all.
    fn partitions(&self) -> Vec<Partition> {
        match self {
            Self::Work(accounts) => accounts
                .keys()
                .map(|name| Partition::of(name.as_str()))
                .collect(),
            Self::Filtered(_) | Self::Holdings(_) | Self::Listed => Vec::new(),
        }
    }

    fn types(&self) -> Vec<&'static str> {
        match self {
            Self::Filtered(_) => [LOSSES, REFILTERED].concat(),
            Self::Work(_) | Self::Holdings(_) | Self::Listed => LOSSES.to_vec(),
        }
    }

    /// Whether a plan at that time listed a resource that was so, or would list it after any change.
    fn had(&self, state: &State) -> bool {
        match (self, state) {
            // What a filter finds of the past cannot be said.
            (Self::Filtered(_), State::Account(_)) => true,
            (Self::Work(accounts) | Self::Filtered(accounts), State::Task(task)) => {
                let Some(details) = open(task) else {
                    return false;
                };
                accounts.iter().any(|(account, loser)| {
                    details.subject.as_str() == account.as_str()
                        && loser
                            .as_ref()
                            .is_some_and(|loser| details.assignees.contains(loser))
                })
            }
            (Self::Holdings(member), State::Task(task)) => {
                open(task).is_some_and(|details| details.assignees.contains(member))
            }
            (Self::Work(accounts) | Self::Filtered(accounts), State::Order(order)) => {
                order.details().is_some_and(|details| {
                    let loser = accounts.get(&details.account).and_then(Option::as_ref);
                    loser.is_some_and(|loser| works_on(details, loser))
                })
            }
            (Self::Holdings(member), State::Order(order)) => order
                .details()
                .is_some_and(|details| works_on(details, member)),
            (Self::Work(accounts) | Self::Filtered(accounts), State::Activity(activity)) => {
                activity.details().is_some_and(|details| {
                    let loser = accounts.get(&details.account).and_then(Option::as_ref);
                    loser.is_some() && details.assignee.as_ref() == loser
                })
            }
            (Self::Holdings(member), State::Activity(activity)) => activity
                .details()
                .is_some_and(|details| details.assignee.as_ref() == Some(*member)),
            (Self::Holdings(member), State::Service(service)) => {
                service.details().is_some_and(|details| {
                    let mut tasks = details.tasks.iter();
                    tasks.any(|task| task.content.assignees.contains(member))
                })
            }
            (Self::Holdings(member), State::Account(account)) => match &**account {
                Account::Existing(details) => {
                    details.assignee == **member
                        || details.roles.values().any(|holder| holder == *member)
                        || details.support_team.contains(member)
                }
                Account::Absent => false,
            },
            _ => false,
        }
    }
}

fn open(task: &Task) -> Option<&handoff_domain::task::Details> {
    task.details().filter(|details| details.is_open())
}

/// Whether a member has work on an open order.
fn works_on(order: &order::Details, member: &MemberName) -> bool {
    order.is_open() && (order.has_added(member) || order.open_tasks_of(member).next().is_some())
}

impl Ownership {
    /// What the plan of a rehearsal rests on, for the command to check again.
    ///
    /// # Errors
    /// [`Rejection::PlanChanged`] where something of it, or of a plan as of the position `expected`, changed
    /// since then.
    pub(super) async fn expectations(
        &self,
        order: &Order,
        change: &Change,
        rehearsal: &Rehearsal,
        expected: Position,
    ) -> Result<Vec<Expectation>, ApiError> {
        if rehearsal.plan.more {
            return Err(ApiError::invalid(
                "expected_position",
                "cannot be checked: the plan has more items than are looked at; leave the position out",
            ));
        }
        let mut expectations = Vec::new();
        for stream in &rehearsal.relied {
            let Some(row) = rehearsal.row(stream) else {
                // Not of a read model: compared in the log.
                let before = self.states.at(stream, expected).await?.version;
                let version = self.states.fresh(stream, Duration::ZERO).await?.version;
                if version != before {
                    return Err(self.changed_since(stream, expected).await?);
                }
                let name = stream.clone();
                expectations.push(Expectation::Stream { name, version });
                continue;
            };
            if row.position > expected {
                return Err(self.changed_since(stream, expected).await?);
            }
            expectations.push(Expectation::Stream {
                name: stream.clone(),
                version: row.version,
            });
        }
        if change.asks_policy() {
            let version = rehearsal.policy_version().await?;
            let before = self.policy_at(expected).await?;
            if version != before {
                return Err(Rejection::PlanChanged {
                    resource: StreamName::settings().to_string(),
                    expected: before.0,
                    actual: version.0,
                }
                .into());
            }
            expectations.push(Expectation::Policy { version });
        }
        self.check_losses(order, &Scope::of(change, rehearsal), rehearsal, expected)
            .await?;
        Ok(expectations)
    }

    /// Refuses where a plan as of `expected` listed what one by now does not list any more.
    async fn check_losses(
        &self,
        order: &Order,
        scope: &Scope<'_>,
        rehearsal: &Rehearsal,
        expected: Position,
    ) -> Result<(), ApiError> {
        if let Scope::Listed = scope {
            return Ok(());
        }
        let consistency = order.consistency(rehearsal.plan.position);
        let (types, partitions) = (scope.types(), scope.partitions());
        let changed = self
            .queries
            .changed_after(expected, &types, &partitions, LOSSES_LOOKED_AT, consistency)
            .await?;
        if changed.value.len() >= LOSSES_LOOKED_AT {
            let description = format!(
                "is too long ago: {LOSSES_LOOKED_AT} changes came after it; look at the plan again"
            );
            return Err(ApiError::invalid("expected_position", description));
        }
        let changed: BTreeSet<_> = changed.value.into_iter().collect();
        for stream in changed {
            if rehearsal.relied.contains(&stream) {
                continue;
            }
            let before = self.states.at(&stream, expected).await?;
            if scope.had(&before.state) {
                return Err(self.changed_since(&stream, expected).await?);
            }
        }
        Ok(())
    }

    async fn changed_since(
        &self,
        stream: &StreamName,
        expected: Position,
    ) -> Result<ApiError, ApiError> {
        let before = self.states.at(stream, expected).await?;
        let now = self.states.fresh(stream, Duration::ZERO).await?;
        Ok(Rejection::PlanChanged {
            resource: stream.to_string(),
            expected: before.version.0,
            actual: now.version.0,
        }
        .into())
    }

    async fn policy_at(&self, position: Position) -> Result<handoff_domain::Revision, ApiError> {
        let settings = self.states.at(&StreamName::settings(), position).await?;
        match settings.state {
            State::Settings(settings) => Ok(settings.ownership_policy_version),
            _ => Err(ApiError::Internal("the settings are no settings".into())),
        }
    }
}
