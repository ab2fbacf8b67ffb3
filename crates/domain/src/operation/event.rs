//! What is stored of an operation, and the words in it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    holding::Holding,
    names::{Actor, MemberName, OperationName},
    operation::{Counts, OwnershipChange},
};

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// What is changed is planned page by page from here on. A single role is no plan: it is recorded in
    /// the same append.
    Started {
        change: OwnershipChange,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The next items, in the order in which they are moved. `page` counts from 0.
    ItemsPlanned {
        page: u32,
        items: Vec<Holding>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The plan is complete.
    PlanningFinished {
        items: u64,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What became of some items: the next ones of the plan, or, where `policy` is given, what the
    /// ownership policy passed on after a role event. `awaited` counts the role events in this append
    /// after which it has something to do.
    ItemsRecorded {
        results: Vec<ItemResult>,
        #[serde(default, skip_serializing_if = "is_zero")]
        awaited: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<PolicyStep>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Nothing more comes. `cancelled`: it was taken back, or could not go on, before it was done; what was moved
    /// stays moved. `failure`: why it could not go on.
    Finished {
        counts: Counts,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cancelled: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Box<str>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Another operation began to take this one back.
    UndoStarted {
        undo: OperationName,
        by: Actor,
        at: DateTime<Utc>,
    },
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A part of what the ownership policy does after a role event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStep {
    /// The id of the role event.
    pub event: Uuid,
    /// Nothing more follows from that event.
    pub last: bool,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemResult {
    pub item: Holding,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Moved {
        change: Reassigned,
    },
    /// It stays, because a rule says so.
    Kept {
        reason: KeepReason,
    },
    /// It was to move, and could not any more.
    Skipped {
        reason: SkipReason,
    },
}

/// Who lost something and who got it; what an undo has to reverse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reassigned {
    /// None: nobody held it.
    pub from: Option<MemberName>,
    /// None: nobody holds it.
    pub to: Option<MemberName>,
    /// `to` had a part in it before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// Its holders and status afterwards, as [`left_as`](super::left_as) says.
    pub left_as: Uuid,
}

/// Why an item stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepReason {
    /// The ownership policy is `none`.
    PolicyNone,
    /// The ownership policy leaves what was made by hand.
    MadeByHand,
    /// It follows another role than the one that changed hands.
    OtherRole,
    /// It follows no role, and who held this one holds another of the account.
    HoldsAnotherRole,
    /// It is about a member, and moves by no role.
    AboutMember,
    /// Whoever is to get it has it already.
    AlreadyTheirs,
}

/// Why an item was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// It does not exist, or not any more.
    NotFound,
    /// It was completed or cancelled.
    Closed,
    /// Who was to lose it does not have it any more.
    Reassigned,
    /// An undo finds other holders or another status than the operation left.
    Changed,
    /// An undo cannot give it back to somebody who takes no work.
    MemberDisabled,
    /// The settings offer the role no more.
    RoleRetired,
}

impl KeepReason {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PolicyNone => "policy_none",
            Self::MadeByHand => "made_by_hand",
            Self::OtherRole => "other_role",
            Self::HoldsAnotherRole => "holds_another_role",
            Self::AboutMember => "about_member",
            Self::AlreadyTheirs => "already_theirs",
        }
    }
}

impl SkipReason {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Closed => "closed",
            Self::Reassigned => "reassigned",
            Self::Changed => "changed",
            Self::MemberDisabled => "member_disabled",
            Self::RoleRetired => "role_retired",
        }
    }
}
