//! The command with which the ownership policy moves work after a role changed hands.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    commands::operation::{
        check_moved_items,
        passing::{Passing, recipient, streams},
        record,
    },
    context::Context,
    names::{AccountName, MemberName, OperationName, StreamName},
    operation::{ItemResult, Outcome, PolicyStep, Recording, Status},
    policy::{Chunk, Decision, Planned, RoleChange},
    unit::{Command, Stop, Unit},
};

/// Does a chunk of what the ownership policy decided after a role event, and records what became of each
/// item in the operation that the role event is part of, all in one append. An item that was completed,
/// deleted or given to somebody else meanwhile is skipped. If `to` takes no work any more, it goes to their
/// successor, along the chain. Handoff only.
///
/// The answer is about the operation; where there is none, about the last task moved, or the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FollowRole {
    pub account: AccountName,
    /// None: the role event is from before there were operations.
    pub operation: Option<OperationName>,
    /// The id of the role event, which each move names as its cause.
    pub event: Uuid,
    pub from: MemberName,
    pub to: MemberName,
    /// At most [`limits::MOVED_ITEMS`](crate::limits::MOVED_ITEMS); empty where nothing is `from`'s.
    pub items: Vec<Planned>,
    /// Nothing more follows from the role event.
    pub last: bool,
}

impl FollowRole {
    /// Of a chunk of the plan for a role event of `account`.
    pub fn new(account: &AccountName, event: Uuid, change: &RoleChange, chunk: &Chunk) -> Self {
        Self {
            account: account.clone(),
            operation: change.operation.clone(),
            event,
            from: change.previous.clone(),
            to: change.holder.clone(),
            items: chunk.items.clone(),
            last: chunk.last,
        }
    }

    fn results(&self, context: &Context, unit: &mut Unit<'_>) -> Result<Vec<ItemResult>, Stop> {
        let moves = self
            .items
            .iter()
            .any(|item| item.decision == Decision::Move);
        let to = if moves {
            recipient(unit, &self.to)?
        } else {
            self.to.clone()
        };
        let mut passing = Passing {
            context,
            operation: self.operation.as_ref(),
            change: None,
            cause: Some(self.event),
            awaited: 0,
        };
        let mut results = Vec::with_capacity(self.items.len());
        for Planned {
            item,
            decision,
            pending,
        } in &self.items
        {
            results.push(match decision {
                Decision::Move => passing.follow(unit, item, &self.from, *pending, &to)?,
                Decision::Keep(reason) => ItemResult {
                    item: item.clone(),
                    outcome: Outcome::Kept { reason: *reason },
                },
            });
        }
        Ok(results)
    }
}

impl Command for FollowRole {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_system()?;
        check_moved_items(self.items.len(), 0)?;
        let items = streams(self.items.iter().map(|item| &item.item));
        unit.need(items.chain(self.operation.as_ref().map(StreamName::from)))?;
        let Some(name) = &self.operation else {
            let results = self.results(context, unit)?;
            let moved = results.iter().rev().find(|result| match &result.outcome {
                Outcome::Moved { .. } => true,
                Outcome::Kept { .. } | Outcome::Skipped { .. } => false,
            });
            let last = moved.and_then(|result| streams([&result.item]).next());
            return Ok(last.unwrap_or_else(|| (&self.account).into()));
        };
        let operation = unit.operation(name)?;
        let details = operation.existing(name)?;
        if details.status != Status::Running || details.awaited == 0 {
            // Every role event of it was followed to its end.
            return Ok(name.into());
        }
        let recording = Recording {
            results: self.results(context, unit)?,
            awaited: 0,
            policy: Some(PolicyStep {
                event: self.event,
                last: self.last,
            }),
        };
        record(context, unit, name, recording)?;
        Ok(name.into())
    }
}
