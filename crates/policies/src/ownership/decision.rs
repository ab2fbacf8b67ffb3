//! What the ownership policy decides: moves at a role event, a job at the start of an operation.

use std::collections::BTreeMap;

use handoff_domain::{
    Event, Holding, Rejection,
    commands::{FailOperation, FollowRole},
    names::{AccountName, OperationName},
    operation::{self, OwnershipChange},
    policy::{self, Candidate, PendingMove, Planned, RoleChange},
};
use handoff_event_log::Recorded;
use handoff_projections::{FoldError, ReactionError, Trigger};
use postgres_types::Type;
use serde::{Deserialize, Serialize};

use crate::{
    ownership::{
        intent::Step,
        state::{Kept, Piece, kept, key},
    },
    policy::{Decision, Issue, Issued, Policy},
    state::State,
};

/// The ownership policy. A row of its state is an account's roles, or a piece of its work.
#[derive(Debug)]
pub struct Ownership;

/// An operation that is to be planned and done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub operation: OperationName,
}

/// What a decision about a role event knows of its account.
#[derive(Debug, Default)]
pub struct Facts {
    /// Who lost the role holds another one.
    holds_another: bool,
    /// The open work that they have, or that moves are under way of.
    work: Vec<Piece>,
}

/// A role event after which the policy has something to do.
fn followed(event: &Event) -> Option<RoleChange> {
    let Event::Account(event) = event else {
        return None;
    };
    RoleChange::of(event).filter(RoleChange::is_followed)
}

/// Whether an operation that begins so has a plan of its own. One role is recorded as it begins, and a
/// disabling without a successor is ended by who began it.
fn is_planned(event: &Event) -> bool {
    let Event::Operation(operation::Event::Started { change, .. }) = event else {
        return false;
    };
    match change {
        OwnershipChange::AssignRole { .. } | OwnershipChange::VacateRole { .. } => false,
        OwnershipChange::DisableMember { successor, .. } => successor.is_some(),
        OwnershipChange::BatchAssignRole { .. }
        | OwnershipChange::TransferResources { .. }
        | OwnershipChange::Undo { .. } => true,
    }
}

/// The items that a command which is under way moves.
fn moved(step: &Step) -> impl Iterator<Item = (&FollowRole, &Planned)> {
    let follow = match step {
        Step::FollowRole(follow) => Some(follow),
        // Those of jobs are never under way here.
        Step::PlanItems(_) | Step::FinishPlanning(_) | Step::MoveItems(_) | Step::UndoItems(_) => {
            None
        }
        // It moves nothing.
        Step::FailOperation(_) => None,
    };
    let items = follow.into_iter().flat_map(|follow| {
        let items = follow.items.iter();
        items.map(move |item| (follow, item))
    });
    items.filter(|(_, item)| item.decision == policy::Decision::Move)
}

impl Policy for Ownership {
    // The last chunk says that nothing follows.
    const IN_ORDER: bool = true;

    type Command = Step;
    type Facts = Facts;
    type Job = Job;

    fn actor() -> handoff_domain::names::Actor {
        handoff_domain::names::Actor::System
    }

    fn key(recorded: &Recorded, event: &Event) -> Option<String> {
        (followed(event).is_some() || is_planned(event)).then(|| recorded.stream.to_string())
    }

    async fn read(
        state: &State<'_>,
        trigger: Trigger<'_>,
        pending: &[Step],
    ) -> Result<Facts, ReactionError> {
        let Some(change) = followed(trigger.event) else {
            return Ok(Facts::default());
        };
        let account = trigger.recorded.stream.as_str();
        let moving = pending.iter().flat_map(moved);
        let moving: Vec<_> = moving.map(|(_, item)| key(&item.item)).collect();
        let rows = state
            .query(
                |table| {
                    format!(
                        "select state from {table} where partition = $1 and resource = $2 \
                         union select state from {table} \
                         where partition = $1 and account = $2 and assignees[1] = $3 \
                         union select state from {table} \
                         where partition = $1 and account = $2 and assignees[2] = $3 \
                         union select state from {table} \
                         where partition = $1 and account = $2 and cardinality(assignees) > 2 \
                             and assignees[3:] @> array[$3] \
                         union select state from {table} \
                         where partition = $1 and resource = any($4) and assignees is not null"
                    )
                },
                &[
                    (&state.partition(), Type::INT2),
                    (&account, Type::TEXT),
                    (&change.previous.as_str(), Type::TEXT),
                    (&moving, Type::TEXT_ARRAY),
                ],
            )
            .await?;
        let mut facts = Facts::default();
        for row in rows {
            match kept(row.try_get(0)?)? {
                Kept::Account { roles } => facts.holds_another = roles.holds_any(&change.previous),
                Kept::Work(piece) => facts.work.push(piece),
                Kept::Activity(activity) => facts.work.extend(activity.piece()),
                Kept::Order(_) => {}
            }
        }
        facts.work.sort_by(|one, other| one.item.cmp(&other.item));
        Ok(facts)
    }

    fn decide(
        trigger: Trigger<'_>,
        facts: Facts,
        pending: Vec<Step>,
    ) -> Result<Decision<Self>, FoldError> {
        let Trigger { recorded, event } = trigger;
        let Some(change) = followed(event) else {
            let operation = recorded.stream.as_str().parse();
            let operation = operation.map_err(FoldError::because)?;
            return Ok(Decision::job(Job { operation }));
        };
        let account: AccountName = recorded
            .stream
            .as_str()
            .parse()
            .map_err(FoldError::because)?;
        let mut under_way: BTreeMap<&Holding, Vec<(&FollowRole, &Planned)>> = BTreeMap::new();
        for (follow, item) in pending.iter().flat_map(moved) {
            under_way
                .entry(&item.item)
                .or_default()
                .push((follow, item));
        }
        let candidates = facts.work.into_iter().map(|piece| {
            let moves = under_way.remove(&piece.item).unwrap_or_default();
            candidate(piece, &moves)
        });
        let planned = policy::plan(&change, facts.holds_another, candidates);
        let chunks = policy::chunks(recorded.event_id, &planned);
        let commands = chunks.iter().enumerate().map(|(number, chunk)| Issue {
            target: number.to_string(),
            command: Step::FollowRole(FollowRole::new(&account, recorded.event_id, &change, chunk)),
        });
        Ok(Decision::commands(commands.collect()))
    }

    /// The operation ends: it would wait for what nobody does any more.
    fn rejected(issued: &Issued<Step>, rejection: &Rejection) -> Vec<Issue<Step>> {
        let operation = match &issued.command {
            Step::FollowRole(FollowRole { operation, .. }) => operation.clone(),
            // Of jobs, which end theirs themselves.
            Step::PlanItems(_)
            | Step::FinishPlanning(_)
            | Step::MoveItems(_)
            | Step::UndoItems(_) => None,
            Step::FailOperation(_) => None,
        };
        let fail = operation.map(|operation| Issue {
            target: "failed".to_owned(),
            command: Step::FailOperation(FailOperation::new(operation, &rejection.to_string())),
        });
        fail.into_iter().collect()
    }
}

/// A piece of work with the moves that are under way of it.
fn candidate(piece: Piece, moves: &[(&FollowRole, &Planned)]) -> Candidate {
    let assignees = &piece.work.assignees;
    let pending = moves.iter().map(|(follow, planned)| {
        // Who was to lose it was to get it by a move that is done by now, and that went to somebody who
        // works in their place: they lose it.
        let instead = piece.went_to.as_ref().filter(|went_to| {
            planned.pending && !assignees.contains(&follow.from) && assignees.contains(went_to)
        });
        PendingMove {
            event: follow.event,
            from: instead.unwrap_or(&follow.from).clone(),
            to: follow.to.clone(),
        }
    });
    let pending = pending.collect();
    Candidate {
        item: piece.item,
        work: piece.work,
        pending,
    }
}

#[cfg(test)]
mod tests {
    use handoff_event_log::Position;
    use uuid::Uuid;

    use super::*;
    use crate::policy::Cause;

    #[test]
    fn an_operation_ends_where_a_role_cannot_be_followed() {
        let operation: OperationName = "operations/o".parse().unwrap();
        let follow = FollowRole {
            account: "accounts/acme".parse().unwrap(),
            operation: Some(operation.clone()),
            event: Uuid::nil(),
            from: "members/ana".parse().unwrap(),
            to: "members/ben".parse().unwrap(),
            items: Vec::new(),
            last: true,
        };
        let issued = |command| Issued {
            cause: Cause {
                event_id: Uuid::nil(),
                position: Position(1),
                correlation_id: Uuid::nil(),
            },
            command_id: Uuid::nil(),
            target: "0".to_owned(),
            command,
        };
        let rejection = Rejection::NotFound {
            resource: "accounts/acme".to_owned(),
        };
        let follows = Ownership::rejected(&issued(Step::FollowRole(follow)), &rejection);
        let [Issue { command, .. }] = &follows[..] else {
            panic!("{follows:?}");
        };
        let Step::FailOperation(fail) = command else {
            panic!("{command:?}");
        };
        assert_eq!(fail.operation, operation);
        // What follows is not followed.
        let fail = issued(Step::FailOperation(fail.clone()));
        assert!(Ownership::rejected(&fail, &rejection).is_empty());
    }
}
