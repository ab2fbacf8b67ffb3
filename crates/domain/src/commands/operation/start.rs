//! The commands that begin an operation over more than one role.

use std::collections::BTreeSet;

use crate::{
    commands::{
        member::assignable,
        operation::{answer, start},
        task::distinct,
    },
    context::Context,
    holding::{Holding, HoldingKind},
    limits,
    names::{AccountName, MemberName, OperationName, StreamName},
    operation::OwnershipChange,
    rejection::{Reason, Rejection, Violations},
    terms::Role,
    unit::{Command, Stop, Unit},
};

/// Begins to pass what a member holds, of some kinds, to another. Admins only. What they hold is planned
/// and moved by Handoff. Where no kind of work is named, the ownership policy decides about the work as for
/// any other change of a role.
#[derive(Debug, Clone)]
pub struct TransferResources {
    /// Enabled or not.
    pub from: MemberName,
    /// Must take work.
    pub to: MemberName,
    /// At least one.
    pub kinds: BTreeSet<HoldingKind>,
}

impl Command for TransferResources {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = OperationName::of_command(context.command_id);
        let acting = context.acting_member().map(StreamName::from);
        let streams = [(&self.from).into(), (&self.to).into(), (&name).into()];
        unit.need(acting.into_iter().chain(streams))?;
        context.require_admin(unit)?;
        let mut violations = Violations::new();
        if self.kinds.is_empty() {
            violations.add("kinds", "is empty; name at least one kind of holding");
        }
        if self.from == self.to {
            violations.add("to", format!("is {}, from whom it is to go", self.to));
        }
        violations.finish()?;
        unit.member(&self.from)?.existing(&self.from)?;
        assignable(unit, "to", &self.to)?;
        context.check_plan(unit)?;
        let change = OwnershipChange::TransferResources {
            from: self.from.clone(),
            to: self.to.clone(),
            kinds: self.kinds.clone(),
        };
        answer(&start(context, unit, change)?)
    }
}

/// Begins to give a role of many accounts to a member. Admins only. Accounts that are listed are planned at
/// once; those that a filter picks are planned by Handoff, as they are at or after this position. The
/// ownership policy then follows each role for itself.
#[derive(Debug, Clone)]
pub struct BatchAssignRole {
    pub role: Role,
    /// Must take work.
    pub holder: MemberName,
    pub accounts: Accounts,
}

/// The accounts of a change.
#[derive(Debug, Clone)]
pub enum Accounts {
    /// 1 to [`limits::PLANNED_ITEMS`]. One that does not exist is skipped.
    Listed(Vec<AccountName>),
    /// As lists of accounts are filtered, at most [`limits::FILTER_CHARACTERS`]. Whether it can be read is
    /// for the caller to check.
    Filter(Box<str>),
}

impl BatchAssignRole {
    fn check(&self) -> Result<(), Rejection> {
        let mut violations = Violations::new();
        match &self.accounts {
            Accounts::Listed(accounts) => {
                let (count, most) = (accounts.len(), limits::PLANNED_ITEMS);
                if !(1..=most).contains(&count) {
                    let description = format!(
                        "names {count} accounts; 1 to {most} can be listed, a filter picks any number"
                    );
                    violations.add("accounts", description);
                }
            }
            Accounts::Filter(filter) => {
                let (count, most) = (filter.chars().count(), limits::FILTER_CHARACTERS);
                if !(1..=most).contains(&count) {
                    violations.add(
                        "filter",
                        format!("has {count} characters; 1 to {most} are allowed"),
                    );
                }
            }
        }
        violations.finish()
    }
}

impl Command for BatchAssignRole {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = OperationName::of_command(context.command_id);
        let acting = context.acting_member().map(StreamName::from);
        let streams = [
            (&self.holder).into(),
            (&name).into(),
            StreamName::settings(),
        ];
        unit.need(acting.into_iter().chain(streams))?;
        context.require_admin(unit)?;
        self.check()?;
        let offered = self.role.is_assignee()
            || unit
                .settings()?
                .account_role(&self.role)
                .is_some_and(|choice| !choice.retired);
        if !offered {
            return Err(Rejection::Precondition {
                reason: Reason::UnknownRole,
                subject: "settings".to_owned(),
                description: format!(
                    "role: {} is not offered by the setting account_roles",
                    self.role
                ),
            }
            .into());
        }
        assignable(unit, "holder", &self.holder)?;
        context.check_plan(unit)?;
        let (listed, filter) = match &self.accounts {
            Accounts::Listed(accounts) => (distinct(accounts), None),
            Accounts::Filter(filter) => (Vec::new(), Some(filter.clone())),
        };
        let change = OwnershipChange::BatchAssignRole {
            role: self.role.clone(),
            to: self.holder.clone(),
            filter,
        };
        start(context, unit, change)?;
        if !listed.is_empty() {
            let items = listed.into_iter().map(|account| Holding::Role {
                account,
                role: self.role.clone(),
            });
            let (by, at) = (context.by(), context.now);
            let operation = unit.operation(&name)?;
            if let Some(event) = operation.plan_items(&name, 0, items.collect(), by.clone(), at)? {
                unit.append_operation(&name, event)?;
            }
            if let Some(event) = unit.operation(&name)?.finish_planning(&name, by, at)? {
                unit.append_operation(&name, event)?;
            }
        }
        answer(&name)
    }
}
