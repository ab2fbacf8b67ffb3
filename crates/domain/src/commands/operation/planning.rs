//! The commands with which Handoff lists what an operation is to change. Nothing moves before the list
//! is complete, so that it is the same however often whoever makes it begins anew.

use serde::{Deserialize, Serialize};

use crate::{
    commands::operation::{answer, finish},
    context::Context,
    holding::{Holding, HoldingKind},
    names::{OperationName, StreamName},
    operation::{OwnershipChange, Status},
    unit::{Command, Stop, Unit},
};

/// Adds a page to an operation's plan. One that was added already changes nothing. Handoff only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanItems {
    pub operation: OperationName,
    /// From 0.
    pub page: u32,
    /// 1 to [`limits::PLANNED_ITEMS`](crate::limits::PLANNED_ITEMS), in the order in which they are moved:
    /// roles first. Each once in the whole plan.
    pub items: Vec<Holding>,
}

impl Command for PlanItems {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_system()?;
        let operation = unit.operation(&self.operation)?;
        let items = self.items.clone();
        let event =
            operation.plan_items(&self.operation, self.page, items, context.by(), context.now)?;
        if let Some(event) = event {
            unit.append_operation(&self.operation, event)?;
        }
        answer(&self.operation)
    }
}

/// Ends an operation's plan; where it is empty, the operation too. What the settings say is looked up by
/// the command itself: where the member who passes everything on is the `default_assignee`, that is
/// planned, if it was not. Handoff only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FinishPlanning {
    pub operation: OperationName,
}

impl Command for FinishPlanning {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_system()?;
        let name = &self.operation;
        unit.need([name.into(), StreamName::settings()])?;
        let operation = unit.operation(name)?;
        let details = operation.existing(name)?;
        if details.status != Status::Planning {
            return answer(name);
        }
        let (by, at) = (context.by(), context.now);
        let item = Holding::DefaultAssignee;
        let default = unit.settings()?.default_assignee.clone();
        let loses = details.change.passes().map(|(from, _)| from) == Some(&default)
            && details.change.includes(&item)
            && !details.planned.contains_key(&HoldingKind::DefaultAssignee);
        // An operation over nothing but a member without a successor is ended by `DisableMember`.
        if let OwnershipChange::DisableMember {
            successor: None, ..
        } = &details.change
        {
            return answer(name);
        }
        if loses {
            let event = operation.plan_items(name, details.pages, vec![item], by.clone(), at)?;
            if let Some(event) = event {
                unit.append_operation(name, event)?;
            }
        }
        if let Some(event) = unit.operation(name)?.finish_planning(name, by, at)? {
            unit.append_operation(name, event)?;
        }
        finish(context, unit, name)?;
        answer(name)
    }
}
