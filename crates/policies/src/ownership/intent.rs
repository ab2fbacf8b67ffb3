//! What the ownership policy and its jobs issue.

use handoff_domain::{
    Command, Reason, Rejection,
    commands::{FailOperation, FinishPlanning, FollowRole, MoveItems, PlanItems, UndoItems},
};
use serde::{Deserialize, Serialize};

use crate::policy::Intent;

/// A command with which Handoff goes on with an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    FollowRole(FollowRole),
    PlanItems(PlanItems),
    FinishPlanning(FinishPlanning),
    MoveItems(MoveItems),
    UndoItems(UndoItems),
    FailOperation(FailOperation),
}

impl Intent for Step {
    fn request(&self) -> &'static str {
        match self {
            Self::FollowRole(_) => "FollowRole",
            Self::PlanItems(_) => "PlanItems",
            Self::FinishPlanning(_) => "FinishPlanning",
            Self::MoveItems(_) => "MoveItems",
            Self::UndoItems(_) => "UndoItems",
            Self::FailOperation(_) => "FailOperation",
        }
    }

    fn command(&self) -> Box<dyn Command> {
        match self.clone() {
            Self::FollowRole(command) => Box::new(command),
            Self::PlanItems(command) => Box::new(command),
            Self::FinishPlanning(command) => Box::new(command),
            Self::MoveItems(command) => Box::new(command),
            Self::UndoItems(command) => Box::new(command),
            Self::FailOperation(command) => Box::new(command),
        }
    }

    /// Not that nobody takes work, which ends when somebody is enabled; and not that a step came before
    /// the one that it follows, which is under way.
    fn is_final(&self, rejection: &Rejection) -> bool {
        !matches!(
            rejection,
            Rejection::Precondition {
                reason: Reason::NobodyTakesWork | Reason::OutOfStep,
                ..
            }
        )
    }
}

#[cfg(test)]
mod tests {
    use handoff_domain::names::OperationName;

    use super::*;

    /// A partition waits for what it has issued: what is stored must stay readable.
    #[test]
    fn what_is_stored_is_fixed() {
        let step = Step::FinishPlanning(FinishPlanning {
            operation: "operations/o".parse::<OperationName>().unwrap(),
        });
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(
            json,
            r#"{"step":"finish_planning","operation":"operations/o"}"#
        );
        let read: Step = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }
}
