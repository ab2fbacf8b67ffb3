//! That nothing happens but what was shown: what a plan rests on, and whether any of it changed since.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use handoff_domain::{
    Expectation, HoldingKind, Partition, Rejection, State,
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
    // It empties the members added by hand and may replace the assignees of tasks.
    "order.renewed",
    "activity.assigned",
    // One whose due date goes is a note: nobody's work.
    "activity.updated",
    "activity.completed",
    "activity.deleted",
    "service.task_assigned",
    "service.task_removed",
    "settings.default_assignee_changed",
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
    /// What a member holds of some kinds.
    Holdings(&'a MemberName, Kinds<'a>),
    /// What was listed is all that there ever was.
    Listed,
}

/// Kinds of holdings.
#[derive(Clone, Copy)]
enum Kinds<'a> {
    All,
    Some(&'a BTreeSet<HoldingKind>),
}

impl Kinds<'_> {
    fn contain(self, kind: HoldingKind) -> bool {
        match self {
            Self::All => true,
            Self::Some(kinds) => kinds.contains(&kind),
        }
    }
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
            Change::Disable(StartDisabling { name, .. }) => Scope::Holdings(name, Kinds::All),
            Change::Transfer(TransferResources { from, kinds, .. }) => {
                Scope::Holdings(from, Kinds::Some(kinds))
            }
        }
    }

    /// The partitions whose events may concern it; empty: all.
    fn partitions(&self) -> Vec<Partition> {
        match self {
            Self::Work(accounts) => accounts
                .keys()
                .map(|name| Partition::of(name.as_str()))
                .collect(),
            Self::Filtered(_) | Self::Holdings(..) | Self::Listed => Vec::new(),
        }
    }

    fn types(&self) -> Vec<&'static str> {
        match self {
            Self::Filtered(_) => [LOSSES, REFILTERED].concat(),
            Self::Work(_) | Self::Holdings(..) | Self::Listed => LOSSES.to_vec(),
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
            (Self::Holdings(member, _), State::Task(task)) => {
                open(task).is_some_and(|details| details.assignees.contains(member))
            }
            (Self::Work(accounts) | Self::Filtered(accounts), State::Order(order)) => {
                order.details().is_some_and(|details| {
                    let loser = accounts.get(&details.account).and_then(Option::as_ref);
                    loser.is_some_and(|loser| works_on(details, loser))
                })
            }
            (Self::Holdings(member, _), State::Order(order)) => order
                .details()
                .is_some_and(|details| works_on(details, member)),
            (Self::Work(accounts) | Self::Filtered(accounts), State::Activity(activity)) => {
                activity.details().is_some_and(|details| {
                    let loser = accounts.get(&details.account).and_then(Option::as_ref);
                    loser.is_some() && details.assignee.as_ref() == loser
                })
            }
            (Self::Holdings(member, _), State::Activity(activity)) => activity
                .details()
                .is_some_and(|details| details.assignee.as_ref() == Some(*member)),
            (Self::Holdings(member, _), State::Service(service)) => {
                service.details().is_some_and(|details| {
                    let mut tasks = details.tasks.iter();
                    tasks.any(|task| task.content.assignees.contains(member))
                })
            }
            (Self::Holdings(member, _), State::Account(account)) => match &**account {
                Account::Existing(details) => {
                    details.assignee == **member
                        || details.roles.values().any(|holder| holder == *member)
                        || details.support_team.contains(member)
                }
                Account::Absent => false,
            },
            (Self::Holdings(member, kinds), State::Settings(settings)) => {
                kinds.contain(HoldingKind::DefaultAssignee) && settings.default_assignee == **member
            }
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
        if !rehearsal.can_be_checked() {
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
            let (_, version) = rehearsal.policy().await?;
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

#[cfg(test)]
mod tests {
    use handoff_domain::Event;

    use super::*;

    /// After these nobody holds less than before: who holds what is the same, or somebody holds more. A new type
    /// of event has to be put here or among the losses.
    const NO_LOSS: &[&str] = &[
        "account.created",
        "account.details_changed",
        "account.lead_converted",
        "account.status_changed",
        "account.notes_updated",
        "account.interaction_logged",
        "account.question_recorded",
        "account.monthly_report_set",
        "account.task_types_selected",
        "account.contact_created",
        "account.contact_updated",
        "account.contact_deleted",
        "account.task_numbered",
        "account.task_generation_skipped",
        "task.created",
        "task.updated",
        // To another status of open tasks.
        "task.status_changed",
        "task.reopened",
        "task.undeleted",
        "task.notify_set",
        "task.note_added",
        "task.internal_note_added",
        "task.billed_set",
        "task.related",
        "task.unrelated",
        "task.tracker_requested",
        "member.created",
        "member.changed",
        "member.kind_changed",
        "member.disabling_started",
        "member.disabling_cancelled",
        // What they held has gone by the events of what it is.
        "member.disabled",
        "member.enabled",
        "member.task_numbered",
        "settings.default_account_status_changed",
        "settings.account_role_added",
        "settings.account_role_renamed",
        "settings.account_role_retired",
        "settings.task_category_added",
        "settings.task_category_retired",
        "settings.task_type_added",
        "settings.task_type_retired",
        "settings.document_category_added",
        "settings.document_category_retired",
        "settings.task_number_format_changed",
        "settings.default_sla_hours_changed",
        "settings.ownership_policy_changed",
        "settings.digest_minutes_changed",
        "settings.time_zone_changed",
        "settings.call_default_account_changed",
        "settings.document_max_bytes_changed",
        "operation.started",
        "operation.items_planned",
        "operation.planning_finished",
        "operation.items_recorded",
        "operation.finished",
        "operation.undo_started",
        "document.uploaded",
        "document.updated",
        "document.viewed",
        "activity.created",
        "activity.reopened",
        "service.created",
        "service.updated",
        "service.retired",
        "service.task_added",
        "service.task_updated",
        "service.tasks_reordered",
        "order.placed",
        "order.checklist_copied",
        "order.updated",
        "order.task_added",
        "order.task_updated",
        "order.tasks_reordered",
        "order.task_unchecked",
        // It says who works on the order by what stands before it in the same append.
        "order.assignees_rotated",
        "order.client_task_activated",
        "order.note_added",
        "order.reopened",
    ];

    #[test]
    fn of_every_event_it_is_decided_whether_somebody_may_hold_less_after_it() {
        let decided: BTreeSet<_> = LOSSES.iter().chain(NO_LOSS).copied().collect();
        let known: BTreeSet<_> = Event::TYPES.iter().copied().collect();
        assert_eq!(decided, known);
        assert_eq!(decided.len(), LOSSES.len() + NO_LOSS.len(), "named twice");
    }
}
