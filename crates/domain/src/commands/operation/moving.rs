//! The command with which Handoff moves the items of an operation's plan.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    commands::operation::{
        answer, check_moved_items,
        passing::{Passing, recipient, streams},
        record,
    },
    context::Context,
    holding::Holding,
    names::{MemberName, OperationName, StreamName},
    operation::{OwnershipChange, Recording, out_of_step},
    unit::{Command, Stop, Unit},
};

/// Moves the next items of an operation's plan and records what became of each, all in one append. What
/// was moved already, or belongs to an operation that has ended, changes nothing. An item that was
/// completed, deleted or given to somebody else meanwhile is skipped. Whoever was to get the items and
/// takes no work any more is replaced by their successor, along the chain. Handoff only.
///
/// With the last item the operation ends, and with it, where it disables a member, the disabling. Items of
/// an undo are for [`UndoItems`](crate::commands::UndoItems).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MoveItems {
    pub operation: OperationName,
    /// The place of the first item in the plan, from 0.
    pub first: u64,
    /// 1 to [`limits::MOVED_ITEMS`](crate::limits::MOVED_ITEMS), as they were planned.
    pub items: Vec<Holding>,
    /// The id of `operation.started`, which each move names as its cause.
    pub cause: Option<Uuid>,
}

impl Command for MoveItems {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_system()?;
        check_moved_items(self.items.len(), 1)?;
        let name = &self.operation;
        unit.need(streams(&self.items).chain([name.into()]))?;
        let operation = unit.operation(name)?;
        if !operation.takes_results(name, self.first, self.items.len())? {
            return answer(name);
        }
        let change = &operation.existing(name)?.change;
        let (from, to) = parties(name, change)?;
        let to = recipient(unit, to)?;
        let mut passing = Passing {
            context,
            operation: Some(name),
            change: Some(change),
            cause: self.cause,
            awaited: 0,
        };
        let mut results = Vec::with_capacity(self.items.len());
        for item in &self.items {
            if !change.includes(item) {
                return Err(out_of_step(name, format!("{name} does not move {item}")).into());
            }
            results.push(passing.pass(unit, item, from, &to)?);
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

/// Who loses the items (none: whoever holds them) and who is to get them.
fn parties<'a>(
    name: &OperationName,
    change: &'a OwnershipChange,
) -> Result<(Option<&'a MemberName>, &'a MemberName), Stop> {
    match change {
        OwnershipChange::BatchAssignRole { to, .. } => Ok((None, to)),
        _ => match change.passes() {
            Some((from, to)) => Ok((Some(from), to)),
            None => {
                let description = format!("{name} has no items that pass to one member");
                Err(out_of_step(name, description).into())
            }
        },
    }
}
