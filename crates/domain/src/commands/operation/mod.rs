//! Commands about operations: those that begin one, those with which Handoff itself goes on with it, and
//! the one that takes it back (S4).

mod failing;
mod follow;
mod moving;
mod passing;
mod planning;
mod start;
mod undo;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod runner;
#[cfg(test)]
mod tests;

use crate::{
    context::Context,
    limits,
    member::Standing,
    names::{OperationName, StreamName},
    operation::{OwnershipChange, Recording},
    rejection::Rejection,
    unit::{Stop, Unit},
};

pub use failing::FailOperation;
pub use follow::FollowRole;
pub use moving::MoveItems;
pub use planning::{FinishPlanning, PlanItems};
pub use start::{Accounts, BatchAssignRole, TransferResources};
pub use undo::{UndoItems, UndoOperation};

/// Starts an operation that is named after the command.
pub(super) fn start(
    context: &Context,
    unit: &mut Unit<'_>,
    change: OwnershipChange,
) -> Result<OperationName, Stop> {
    let name = OperationName::of_command(context.command_id);
    let event = unit
        .operation(&name)?
        .start(&name, change, context.by(), context.now)?;
    unit.append_operation(&name, event)?;
    Ok(name)
}

/// Records results, and ends the operation where they were the last that it waits for. Where a member is
/// disabled by it, that ends in the same append.
pub(super) fn record(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &OperationName,
    recording: Recording,
) -> Result<(), Stop> {
    let event = unit
        .operation(name)?
        .record(recording, context.by(), context.now);
    unit.append_operation(name, event)?;
    finish(context, unit, name)
}

/// Ends an operation for which nothing is left to do.
fn finish(context: &Context, unit: &mut Unit<'_>, name: &OperationName) -> Result<(), Stop> {
    let operation = unit.operation(name)?;
    let Some(event) = operation.finish(context.by(), context.now) else {
        return Ok(());
    };
    if let OwnershipChange::DisableMember { member, .. } = &operation.existing(name)?.change {
        let state = unit.member(member)?;
        if let Some(Standing::Disabling {
            operation: Some(by),
            ..
        }) = state.details().map(|details| &details.standing)
            && by == name
            && let Some(disabled) = state.disable(member, context.by(), context.now)?
        {
            unit.append_member(member, disabled)?;
        }
    }
    unit.append_operation(name, event)
}

/// Refuses more items, or fewer, than one command moves.
fn check_moved_items(count: usize, fewest: usize) -> Result<(), Rejection> {
    if (fewest..=limits::MOVED_ITEMS).contains(&count) {
        return Ok(());
    }
    Err(Rejection::invalid(
        "items",
        format!(
            "has {count} items; {fewest} to {} are moved at once",
            limits::MOVED_ITEMS
        ),
    ))
}

/// The stream that an answer about an operation shows.
fn answer(name: &OperationName) -> Result<StreamName, Stop> {
    Ok(name.into())
}
