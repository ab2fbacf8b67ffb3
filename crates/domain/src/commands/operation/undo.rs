//! The commands that take an operation back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    commands::operation::{
        answer, check_moved_items,
        passing::{Passing, streams},
        record, start,
    },
    context::Context,
    holding::Holding,
    member::Standing,
    names::{Actor, MemberName, OperationName, StreamName},
    operation::{OwnershipChange, Reassigned, Recording, out_of_step},
    rejection::{Reason, Rejection},
    unit::{Command, Stop, Unit},
};

/// Begins to take an operation back. Admins only. What it moved is planned and reversed by Handoff, where
/// it is still as the operation left it. Undoing the disabling of a member enables them first. An operation
/// is undone once, when it is finished; an undo is not undone.
#[derive(Debug, Clone)]
pub struct UndoOperation {
    pub operation: OperationName,
}

impl Command for UndoOperation {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let undo = OperationName::of_command(context.command_id);
        let acting = context.acting_member().map(StreamName::from);
        unit.need(
            acting
                .into_iter()
                .chain([(&self.operation).into(), (&undo).into()]),
        )?;
        context.require_admin(unit)?;
        let operation = unit.operation(&self.operation)?;
        let details = operation.existing(&self.operation)?;
        context.check_revision(self.operation.as_str(), details.revision)?;
        let (by, at) = (context.by(), context.now);
        let event = operation.start_undo(&self.operation, &undo, by.clone(), at)?;
        context.check_plan(unit)?;
        unit.append_operation(&self.operation, event)?;
        if let OwnershipChange::DisableMember { member, .. } = &details.change {
            enable(unit, member, by, at)?;
        }
        let change = OwnershipChange::Undo {
            operation: self.operation.clone(),
        };
        answer(&start(context, unit, change)?)
    }
}

/// Enables a member whose disabling is undone. Not while another operation disables them: that must be
/// taken back first.
fn enable(
    unit: &mut Unit<'_>,
    member: &MemberName,
    by: Actor,
    at: DateTime<Utc>,
) -> Result<(), Stop> {
    let state = unit.member(member)?;
    if let Standing::Disabling { .. } = &state.existing(member)?.standing {
        return Err(Rejection::Precondition {
            reason: Reason::DisablingUnderWay,
            subject: member.to_string(),
            description: format!("{member} is being disabled again: enable them first"),
        }
        .into());
    }
    if let Some(event) = state.enable(member, by, at)? {
        unit.append_member(member, event)?;
    }
    Ok(())
}

/// Reverses the next items of an undo's plan and records what became of each, all in one append. What was
/// reversed already changes nothing. An item whose holders or status are not as the operation left them is
/// skipped. Handoff only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UndoItems {
    /// The undo.
    pub operation: OperationName,
    /// The place of the first item in the plan, from 0.
    pub first: u64,
    /// 1 to [`limits::MOVED_ITEMS`](crate::limits::MOVED_ITEMS), as they were planned, each with what the
    /// operation to be undone recorded of it.
    pub items: Vec<(Holding, Reassigned)>,
    /// The id of the undo's `operation.started`, which each move names as its cause.
    pub cause: Option<Uuid>,
}

impl Command for UndoItems {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_system()?;
        check_moved_items(self.items.len(), 1)?;
        let name = &self.operation;
        let members = self
            .items
            .iter()
            .filter_map(|(_, change)| change.from.as_ref());
        let members = members.map(|member: &MemberName| member.into());
        let items = streams(self.items.iter().map(|(item, _)| item));
        unit.need(items.chain(members).chain([name.into()]))?;
        let operation = unit.operation(name)?;
        if !operation.takes_results(name, self.first, self.items.len())? {
            return answer(name);
        }
        let details = operation.existing(name)?;
        if !details.is_undo() {
            return Err(out_of_step(name, format!("{name} is not an undo")).into());
        }
        let mut passing = Passing {
            context,
            operation: Some(name),
            change: Some(&details.change),
            cause: self.cause,
            awaited: 0,
        };
        let mut results = Vec::with_capacity(self.items.len());
        for (item, change) in &self.items {
            results.push(passing.reverse(unit, item, change)?);
        }
        let recording = Recording {
            results,
            awaited: passing.awaited,
            policy: None,
        };
        record(context, unit, name, recording)?;
        answer(name)
    }
}
