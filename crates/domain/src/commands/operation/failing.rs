//! The command with which Handoff ends an operation that it cannot go on with.

use serde::{Deserialize, Serialize};

use crate::{
    commands::operation::answer,
    context::Context,
    limits,
    names::{OperationName, StreamName},
    unit::{Command, Stop, Unit},
};

/// Ends an operation because something that belongs to it was refused for good, so that nobody waits for it.
/// What was moved stays moved, and can be undone. A member whom it disables stays as they are until they are
/// enabled. One that has ended already stays so. Handoff only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailOperation {
    pub operation: OperationName,
    /// At most [`limits::FAILURE_CHARACTERS`].
    reason: Box<str>,
}

impl FailOperation {
    /// Because of `reason`, of which the beginning is kept if it is long.
    pub fn new(operation: OperationName, reason: &str) -> Self {
        let reason: String = reason.chars().take(limits::FAILURE_CHARACTERS).collect();
        Self {
            operation,
            reason: reason.into(),
        }
    }
}

impl Command for FailOperation {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_system()?;
        let operation = unit.operation(&self.operation)?;
        operation.existing(&self.operation)?;
        if let Some(event) = operation.fail(&self.reason, context.by(), context.now) {
            unit.append_operation(&self.operation, event)?;
        }
        answer(&self.operation)
    }
}
