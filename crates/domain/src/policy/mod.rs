//! The ownership policy (S4): what becomes of open work when a role changes hands. Pure: who runs it
//! brings each account's roles, its open work and the moves that are under way.
//!
//! What is decided for one piece of work that `previous` is an assignee of, in this order:
//!
//! | | `none` | `open_except_manual` | `all_open` |
//! |---|---|---|---|
//! | about a member | keep: about a member | keep: about a member | keep: about a member |
//! | any other | keep: policy none | … | … |
//! | follows another role | | keep: other role | keep: other role |
//! | follows no role, and `previous` holds another of the account | | keep: holds another role | keep: holds another role |
//! | made by hand: origin `manual`, an activity, a member added to an order | | keep: made by hand | move |
//! | follows the changed role, or no role and `previous` holds none of the account any more | | move | move |
//!
//! Moving swaps `previous` for `holder` and leaves co-assignees alone; where `holder` is an assignee
//! already, `previous` just leaves. Where `previous` is no assignee, there is nothing to decide.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account, activity,
    holding::Holding,
    limits,
    names::{ActivityName, MemberName, OperationName, OrderName, Subject},
    operation::KeepReason,
    order,
    settings::OwnershipPolicy,
    task::{self, Origin},
    terms::Role,
};

#[cfg(test)]
mod tests;

/// A role that changed hands, and what the ownership policy is to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    pub role: Role,
    pub previous: MemberName,
    pub holder: MemberName,
    /// As it is stamped on the event: later settings make no difference.
    pub policy: OwnershipPolicy,
    /// What the change is part of, which the results are recorded in; none: it was recorded before
    /// there were operations.
    pub operation: Option<OperationName>,
}

impl RoleChange {
    /// What a role event means to the policy. None: nothing to decide, because nobody lost or nobody got
    /// the role, because it is given back by an undo, or because the operation moves the work itself.
    pub fn of(event: &account::Event) -> Option<Self> {
        let account::Event::RoleAssigned {
            role,
            previous: Some(previous),
            holder,
            source,
            policy,
            operation,
            moves_work: false,
            ..
        } = event
        else {
            return None;
        };
        match source {
            account::RoleSource::Undo => None,
            account::RoleSource::Api
            | account::RoleSource::Bulk
            | account::RoleSource::Disabling
            | account::RoleSource::Transfer => Some(Self {
                role: role.clone(),
                previous: previous.clone(),
                holder: holder.clone(),
                policy: *policy,
                operation: operation.clone(),
            }),
        }
    }

    /// Whether the policy moves anything. If so, the operation waits for it: it sends a
    /// [`FollowRole`](crate::commands::FollowRole), also where it finds no work.
    pub fn is_followed(&self) -> bool {
        self.policy != OwnershipPolicy::None
    }
}

/// Who holds the roles of one account: what [`decide`] needs to know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles(BTreeMap<Role, MemberName>);

impl Roles {
    /// The roles of an account as it is.
    pub fn of(details: &account::Details) -> Self {
        let assignee = (Role::assignee(), details.assignee.clone());
        let others = details.roles.iter();
        let others = others.map(|(role, holder)| (role.clone(), holder.clone()));
        Self(others.chain([assignee]).collect())
    }

    /// Applies one recorded event of the account.
    pub fn apply(&mut self, event: &account::Event) {
        match event {
            account::Event::Created { assignee, .. } => {
                self.0.insert(Role::assignee(), assignee.clone());
            }
            account::Event::RoleAssigned { role, holder, .. } => {
                self.0.insert(role.clone(), holder.clone());
            }
            account::Event::RoleVacated { role, .. } => {
                self.0.remove(role);
            }
            _ => {}
        }
    }

    /// Whether the member holds any role of the account. Asked after a role event was applied, it says
    /// whether `previous` holds another one.
    pub fn holds_any(&self, member: &MemberName) -> bool {
        self.0.values().any(|holder| holder == member)
    }
}

/// A piece of open work: what the policy looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Who works on it, with the moves under way counted as done: see [`effective`].
    pub assignees: Vec<MemberName>,
    /// The role whose holder it follows.
    pub responsible_role: Option<Role>,
    /// An activity, or a member's place in an order, is always `manual`.
    pub origin: Origin,
    /// It is about a member, not an account.
    pub about_member: bool,
}

impl Work {
    /// A standalone task; none if it is not open.
    pub fn of_task(details: &task::Details) -> Option<Self> {
        details.is_open().then(|| Self {
            assignees: details.assignees.clone(),
            responsible_role: details.responsible_role.clone(),
            origin: details.origin,
            about_member: matches!(details.subject, Subject::Member(_)),
        })
    }

    /// What a member gave to members by hand, and what follows no role: an activity, a place in an order.
    pub fn by_hand(assignees: Vec<MemberName>) -> Self {
        Self {
            assignees,
            responsible_role: None,
            origin: Origin::Manual,
            about_member: false,
        }
    }
}

/// The open work of an order: its open tasks, and the places of those who are on it by hand.
pub fn work_of_order(name: &OrderName, order: &order::Details) -> Vec<(Holding, Work)> {
    if !order.is_open() {
        return Vec::new();
    }
    let tasks = order.tasks.iter().filter(|task| task.is_open());
    let tasks = tasks.map(|task| {
        let work = Work {
            assignees: task.content.assignees.clone(),
            responsible_role: task.content.responsible_role.clone(),
            origin: task.origin,
            about_member: false,
        };
        let task = task.name.clone();
        (Holding::OpenOrderTask { task }, work)
    });
    let added = (!order.added.is_empty()).then(|| {
        let added = order.added.iter().cloned().collect();
        let order = name.clone();
        (Holding::Order { order }, Work::by_hand(added))
    });
    tasks.chain(added).collect()
}

/// The work that an activity is while it is open.
pub fn work_of_activity(
    name: &ActivityName,
    activity: &activity::Details,
) -> Option<(Holding, Work)> {
    let is_open = activity.status() == activity::Status::Open;
    is_open.then(|| {
        let item = Holding::OpenActivity {
            activity: name.clone(),
        };
        let assignee = activity.assignee.iter().cloned().collect();
        (item, Work::by_hand(assignee))
    })
}

/// What is to become of a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Move,
    Keep(KeepReason),
}

/// Decides about one piece of work as the table above says. `holds_another`: `previous` holds another
/// role of the account as of the role event. None: `previous` is no assignee of it.
pub fn decide(change: &RoleChange, holds_another: bool, work: &Work) -> Option<Decision> {
    if !work.assignees.contains(&change.previous) {
        return None;
    }
    if work.about_member {
        return Some(Decision::Keep(KeepReason::AboutMember));
    }
    let leaves_manual = match change.policy {
        OwnershipPolicy::None => return Some(Decision::Keep(KeepReason::PolicyNone)),
        OwnershipPolicy::OpenExceptManual => true,
        OwnershipPolicy::AllOpen => false,
    };
    Some(match &work.responsible_role {
        Some(role) if *role != change.role => Decision::Keep(KeepReason::OtherRole),
        None if holds_another => Decision::Keep(KeepReason::HoldsAnotherRole),
        Some(_) | None if leaves_manual && work.origin == Origin::Manual => {
            Decision::Keep(KeepReason::MadeByHand)
        }
        Some(_) | None => Decision::Move,
    })
}

/// A move that was issued and whose event is not folded yet. It ends with the assignment whose cause is
/// `event` ([`settle`]), or because nothing is left for it to do ([`prune`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingMove {
    /// The id of the role event.
    pub event: Uuid,
    pub from: MemberName,
    pub to: MemberName,
}

/// Who works on something once the moves under way, in the order of their role events, are done. Those
/// of somebody who is no assignee (any more) do nothing, as they will when they are decided.
pub fn effective(assignees: &[MemberName], pending: &[PendingMove]) -> Vec<MemberName> {
    let mut assignees = assignees.to_vec();
    for PendingMove { from, to, .. } in pending {
        if assignees.contains(from) {
            swap(&mut assignees, from, to);
        }
    }
    assignees
}

/// Takes the move of a role event off those under way, because its assignment was recorded, with whoever
/// `joined`. Where the work went to a successor of who was to get
/// it, the next move takes it from there.
pub fn settle(pending: &mut Vec<PendingMove>, event: Uuid, joined: &[MemberName]) {
    let Some(place) = pending.iter().position(|pending| pending.event == event) else {
        return;
    };
    let done = pending.remove(place);
    if let [joined] = joined
        && let Some(next) = pending[place..]
            .iter_mut()
            .find(|next| next.from == done.to)
    {
        next.from = joined.clone();
    }
}

/// Drops the moves under way that will do nothing, because who is to lose the work is no assignee (any
/// more). To be done after each event of the work; where that closed or deleted it, all its moves are
/// dropped. So the events of the account's own partition suffice to know what is under way, although the
/// result of a move that was skipped may stand in another.
pub fn prune(assignees: &[MemberName], pending: &mut Vec<PendingMove>) {
    let mut assignees = assignees.to_vec();
    pending.retain(|PendingMove { from, to, .. }| {
        let does = assignees.contains(from);
        if does {
            swap(&mut assignees, from, to);
        }
        does
    });
}

/// Swaps one assignee for another, who stands at the end if they are new.
fn swap(assignees: &mut Vec<MemberName>, from: &MemberName, to: &MemberName) {
    assignees.retain(|assignee| assignee != from);
    if !assignees.contains(to) {
        assignees.push(to.clone());
    }
}

/// Open work that a role event may move.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub item: Holding,
    /// As it is recorded: its assignees without the moves under way.
    pub work: Work,
    /// In the order of their role events.
    pub pending: Vec<PendingMove>,
}

/// What is to become of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub item: Holding,
    pub decision: Decision,
    /// `previous` has it by a move under way only. If they take no work when that is done, whoever does
    /// in their place gets it, and loses it to `holder`.
    pub pending: bool,
}

/// Decides about every candidate that `previous` is an effective assignee of, in the order given.
pub fn plan(
    change: &RoleChange,
    holds_another: bool,
    candidates: impl IntoIterator<Item = Candidate>,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for candidate in candidates {
        let Candidate {
            item,
            mut work,
            pending,
        } = candidate;
        let recorded = work.assignees.contains(&change.previous);
        work.assignees = effective(&work.assignees, &pending);
        if let Some(decision) = decide(change, holds_another, &work) {
            planned.push(Planned {
                item,
                decision,
                pending: !recorded,
            });
        }
    }
    planned
}

/// A part of a plan that one command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The command's id: UUIDv5 of the role event's id and the number of the chunk, so that a crash
    /// repeats nothing.
    pub command_id: Uuid,
    pub items: Vec<Planned>,
    /// No chunk of the same role event follows.
    pub last: bool,
}

/// Cuts a plan into chunks of at most [`limits::MOVED_ITEMS`]. There is always a last one, if an empty
/// one: the operation waits for it.
pub fn chunks(event: Uuid, planned: &[Planned]) -> Vec<Chunk> {
    let count = planned.len().div_ceil(limits::MOVED_ITEMS).max(1);
    (0..count)
        .map(|number| {
            let items = planned.chunks(limits::MOVED_ITEMS).nth(number);
            Chunk {
                command_id: Uuid::new_v5(&event, format!("ownership/{number}").as_bytes()),
                items: items.unwrap_or_default().to_vec(),
                last: number + 1 == count,
            }
        })
        .collect()
}
