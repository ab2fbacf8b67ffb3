//! How one holding passes from one member to another: the event of its resource, and what is recorded of
//! it. Everything else about operations is the same for every kind of holding.

use uuid::Uuid;

use crate::{
    account::Handover,
    activity,
    commands::{member::takes_work, task::in_place_of},
    context::Context,
    holding::Holding,
    names::{AccountName, MemberName, OperationName, StreamName},
    operation::{
        ItemResult, KeepReason, Outcome, OwnershipChange, Reassigned, SkipReason, left_as,
    },
    policy::RoleChange,
    rejection::{Reason, Rejection},
    settings::Changes,
    task::{Assignment, AssignmentCause, AssignmentSource},
    terms::Role,
    unit::{Stop, Unit},
};

/// On whose behalf holdings pass, and why.
pub(super) struct Passing<'a> {
    pub(super) context: &'a Context,
    pub(super) operation: Option<&'a OperationName>,
    /// None: the ownership policy follows a role.
    pub(super) change: Option<&'a OwnershipChange>,
    /// The id of the event that it follows from.
    pub(super) cause: Option<Uuid>,
    /// Role events so far after which the ownership policy has something to do.
    pub(super) awaited: u32,
}

/// Who holds something now.
struct Holders {
    members: Vec<MemberName>,
    /// The word for a task's status; empty where there is none.
    status: &'static str,
    is_open: bool,
}

impl Holders {
    /// What has no status.
    fn of(members: Vec<MemberName>) -> Self {
        Self {
            members,
            status: "",
            is_open: true,
        }
    }
}

/// The streams that passing these items reads.
pub(super) fn streams<'a>(
    items: impl IntoIterator<Item = &'a Holding>,
) -> impl Iterator<Item = StreamName> {
    let streams = items.into_iter().map(|item| match item {
        Holding::Role { account, .. } | Holding::SupportTeam { account } => account.into(),
        Holding::OpenTask { task } => task.into(),
        Holding::OpenOrderTask { task } => (&task.order()).into(),
        Holding::Order { order } => order.into(),
        Holding::OpenActivity { activity } => activity.into(),
        Holding::TemplateTask { task } => (&task.service()).into(),
        Holding::DefaultAssignee => StreamName::settings(),
    });
    streams.chain([StreamName::settings()])
}

/// Who gets what was to go to `member`: they themselves if they take work, else the first along the chain
/// of their successors who does, else the setting `default_assignee` or whoever works in its place.
pub(super) fn recipient(unit: &mut Unit<'_>, member: &MemberName) -> Result<MemberName, Stop> {
    if let Some(found) = in_place_of(unit, member)? {
        return Ok(found);
    }
    let default = unit.settings()?.default_assignee.clone();
    match in_place_of(unit, &default)? {
        Some(found) => Ok(found),
        None => Err(Rejection::Precondition {
            reason: Reason::NobodyTakesWork,
            subject: member.to_string(),
            description: format!(
                "{member} takes no work, and nobody does in their place: enable them or a successor, or \
                 change the setting default_assignee"
            ),
        }
        .into()),
    }
}

impl Passing<'_> {
    /// Passes an item on to `to`, who takes work. `from`: who is to lose it; none: whoever holds it.
    pub(super) fn pass(
        &mut self,
        unit: &mut Unit<'_>,
        item: &Holding,
        from: Option<&MemberName>,
        to: &MemberName,
    ) -> Result<ItemResult, Stop> {
        let outcome = match self.holders(unit, item)? {
            None => skipped(SkipReason::NotFound),
            Some(holders) => self.pass_held(unit, item, &holders, from, to)?,
        };
        Ok(result(item, outcome))
    }

    fn pass_held(
        &mut self,
        unit: &mut Unit<'_>,
        item: &Holding,
        holders: &Holders,
        from: Option<&MemberName>,
        to: &MemberName,
    ) -> Result<Outcome, Stop> {
        if !holders.is_open {
            return Ok(skipped(SkipReason::Closed));
        }
        let from = match from {
            Some(from) if !holders.members.contains(from) => {
                return Ok(skipped(SkipReason::Reassigned));
            }
            Some(from) => Some(from),
            None => holders.members.first(),
        };
        if from == Some(to) {
            return Ok(Outcome::Kept {
                reason: KeepReason::AlreadyTheirs,
            });
        }
        let shared = holders.members.contains(to);
        let joins = (!shared).then_some(to);
        if !self.reassign(unit, item, from, joins)? {
            return Ok(skipped(SkipReason::RoleRetired));
        }
        self.moved(unit, item, from, Some(to), shared)
    }

    /// Passes an item on as the ownership policy wants it: from who lost the role to who got it.
    /// `pending`: `from` was to get it by a move under way; where that went to whoever works in their
    /// place, it is theirs to lose.
    pub(super) fn follow(
        &mut self,
        unit: &mut Unit<'_>,
        item: &Holding,
        from: &MemberName,
        pending: bool,
        to: &MemberName,
    ) -> Result<ItemResult, Stop> {
        let first = self.pass(unit, item, Some(from), to)?;
        let reassigned = Outcome::Skipped {
            reason: SkipReason::Reassigned,
        };
        if pending
            && first.outcome == reassigned
            && let Some(instead) = in_place_of(unit, from)?
            && instead != *from
        {
            return self.pass(unit, item, Some(&instead), to);
        }
        Ok(first)
    }

    /// Reverses what was recorded of an item, if its holders and status are as they were left.
    pub(super) fn reverse(
        &mut self,
        unit: &mut Unit<'_>,
        item: &Holding,
        change: &Reassigned,
    ) -> Result<ItemResult, Stop> {
        let Some(holders) = self.holders(unit, item)? else {
            return Ok(result(item, skipped(SkipReason::NotFound)));
        };
        if left_as(holders.status, &holders.members) != change.left_as {
            return Ok(result(item, skipped(SkipReason::Changed)));
        }
        if let Some(back) = &change.from
            && !takes_work(unit, back)?
        {
            return Ok(result(item, skipped(SkipReason::MemberDisabled)));
        }
        let leaves = change.to.as_ref().filter(|_| !change.shared);
        self.reassign(unit, item, leaves, change.from.as_ref())?;
        let outcome = self.moved(unit, item, change.to.as_ref(), change.from.as_ref(), false)?;
        Ok(result(item, outcome))
    }

    fn moved(
        &self,
        unit: &mut Unit<'_>,
        item: &Holding,
        from: Option<&MemberName>,
        to: Option<&MemberName>,
        shared: bool,
    ) -> Result<Outcome, Stop> {
        let after = self.holders(unit, item)?;
        let after = after.unwrap_or_else(|| Holders::of(Vec::new()));
        Ok(Outcome::Moved {
            change: Reassigned {
                from: from.cloned(),
                to: to.cloned(),
                shared,
                left_as: left_as(after.status, &after.members),
            },
        })
    }

    /// Who holds an item; none if it does not exist.
    fn holders(&self, unit: &mut Unit<'_>, item: &Holding) -> Result<Option<Holders>, Stop> {
        Ok(match item {
            Holding::Role { account, role } => {
                let account_state = unit.account(account)?;
                let details = account_state.existing(account).ok();
                details
                    .map(|details| Holders::of(details.holder(role).cloned().into_iter().collect()))
            }
            Holding::SupportTeam { account } => {
                let account_state = unit.account(account)?;
                let details = account_state.existing(account).ok();
                details.map(|details| Holders::of(details.support_team.clone()))
            }
            Holding::OpenTask { task } => unit.task(task)?.details().map(|details| Holders {
                members: details.assignees.clone(),
                status: details.status().as_str(),
                is_open: details.is_open(),
            }),
            Holding::OpenOrderTask { task } => {
                let order = unit.order(&task.order())?;
                let details = order.details();
                let found = details.and_then(|details| Some((details, details.task(task)?)));
                found.map(|(details, task)| Holders {
                    members: task.content.assignees.clone(),
                    status: if task.is_open() { "open" } else { "complete" },
                    is_open: details.is_open() && task.is_open(),
                })
            }
            Holding::Order { order } => unit.order(order)?.details().map(|details| Holders {
                members: details.added.iter().cloned().collect(),
                status: details.status().as_str(),
                is_open: details.is_open(),
            }),
            Holding::OpenActivity { activity } => {
                unit.activity(activity)?.details().map(|details| Holders {
                    members: details.assignee.iter().cloned().collect(),
                    status: details.status().as_str(),
                    is_open: details.status() == activity::Status::Open,
                })
            }
            Holding::TemplateTask { task } => {
                let service = unit.service(&task.service())?;
                let found = service.details().and_then(|details| details.task(task));
                found.map(|task| Holders::of(task.content.assignees.clone()))
            }
            Holding::DefaultAssignee => {
                Some(Holders::of(vec![unit.settings()?.default_assignee.clone()]))
            }
        })
    }

    /// Appends the event of the resource with which `leaves` loses it and `joins` gets it; false where
    /// the settings offer the role no more.
    fn reassign(
        &mut self,
        unit: &mut Unit<'_>,
        item: &Holding,
        leaves: Option<&MemberName>,
        joins: Option<&MemberName>,
    ) -> Result<bool, Stop> {
        let (by, at) = (self.context.by(), self.context.now);
        match item {
            Holding::Role { account, role } => {
                return self.reassign_role(unit, account, role, joins);
            }
            Holding::SupportTeam { account } => {
                let state = unit.account(account)?;
                let mut team = state.existing(account)?.support_team.clone();
                replace(&mut team, leaves, joins);
                if let Some(event) = state.set_support_team(account, team, by, at)? {
                    unit.append_account(account, event)?;
                }
            }
            Holding::OpenTask { task } => {
                let assignment = assignment(leaves, joins);
                let state = unit.task(task)?;
                let event = state.assign(task, &assignment, self.assignment_cause(), by, at)?;
                if let Some(event) = event {
                    unit.append_task(task, event)?;
                }
            }
            Holding::OpenOrderTask { task } => {
                let (order, assignment) = (task.order(), assignment(leaves, joins));
                let state = unit.order(&order)?;
                for event in
                    state.assign_task(task, &assignment, self.assignment_cause(), by, at)?
                {
                    unit.append_order(&order, event)?;
                }
            }
            Holding::Order { order } => {
                let state = unit.order(order)?;
                let cause = self.assignment_cause();
                for event in state.hand_over(order, leaves, joins, cause, by, at)? {
                    unit.append_order(order, event)?;
                }
            }
            Holding::OpenActivity { activity } => {
                let state = unit.activity(activity)?;
                let event = state.assign(activity, joins, self.assignment_cause(), by, at)?;
                if let Some(event) = event {
                    unit.append_activity(activity, event)?;
                }
            }
            Holding::TemplateTask { task } => {
                let (service, assignment) = (task.service(), assignment(leaves, joins));
                let state = unit.service(&service)?;
                let event =
                    state.assign_task(task, &assignment, self.assignment_cause(), by, at)?;
                if let Some(event) = event {
                    unit.append_service(&service, event)?;
                }
            }
            Holding::DefaultAssignee => {
                let changes = Changes {
                    default_assignee: joins.cloned(),
                    ..Changes::default()
                };
                for event in unit.settings()?.change(&changes, &by, at)? {
                    unit.append_settings(event)?;
                }
            }
        }
        Ok(true)
    }

    fn assignment_cause(&self) -> AssignmentCause {
        AssignmentCause {
            source: self
                .change
                .map_or(AssignmentSource::Role, OwnershipChange::assignment_source),
            event: self.cause,
            operation: self.operation.cloned(),
        }
    }

    fn reassign_role(
        &mut self,
        unit: &mut Unit<'_>,
        account: &AccountName,
        role: &Role,
        joins: Option<&MemberName>,
    ) -> Result<bool, Stop> {
        // The policy moves work, never roles.
        let Some(change) = self.change else {
            return Ok(false);
        };
        let (by, at) = (self.context.by(), self.context.now);
        let (state, settings) = (unit.account(account)?, unit.settings()?);
        let event = match joins {
            Some(holder) => state.assign_role(
                account,
                &Handover {
                    role: role.clone(),
                    holder: holder.clone(),
                    source: change.role_source(),
                    operation: self.operation.cloned(),
                    moves_work: change.moves_work(),
                },
                &settings,
                by,
                at,
            ),
            None => state.vacate_role(
                account,
                role,
                change.role_source(),
                self.operation.cloned(),
                &settings,
                by,
                at,
            ),
        };
        let event = match event {
            Err(Rejection::Precondition {
                reason: Reason::UnknownRole,
                ..
            }) => return Ok(false),
            event => event?,
        };
        if let Some(event) = event {
            let followed = RoleChange::of(&event).is_some_and(|change| change.is_followed());
            self.awaited += u32::from(followed);
            unit.append_account(account, event)?;
        }
        Ok(true)
    }
}

/// The change of assignees with which `leaves` loses something and `joins` gets it.
fn assignment(leaves: Option<&MemberName>, joins: Option<&MemberName>) -> Assignment {
    Assignment::Change {
        add: joins.into_iter().cloned().collect(),
        remove: leaves.into_iter().cloned().collect(),
    }
}

/// Puts `joins` into the place of `leaves`, at the end where nobody leaves.
fn replace(members: &mut Vec<MemberName>, leaves: Option<&MemberName>, joins: Option<&MemberName>) {
    let place = members.iter().position(|member| Some(member) == leaves);
    match (place, joins) {
        (Some(place), Some(joins)) => members[place] = joins.clone(),
        (Some(place), None) => drop(members.remove(place)),
        (None, Some(joins)) => members.push(joins.clone()),
        (None, None) => {}
    }
}

fn result(item: &Holding, outcome: Outcome) -> ItemResult {
    ItemResult {
        item: item.clone(),
        outcome,
    }
}

fn skipped(reason: SkipReason) -> Outcome {
    Outcome::Skipped { reason }
}
