//! What an operation was asked to do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    account::RoleSource,
    holding::{Holding, HoldingKind},
    names::{AccountName, MemberName, OperationName},
    settings::OwnershipPolicy,
    task::AssignmentSource,
    terms::Role,
    version::Revision,
};

/// A change of ownership, as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OwnershipChange {
    /// A role of one account goes to `to`. `policy` is the ownership policy at that moment.
    AssignRole {
        account: AccountName,
        role: Role,
        from: Option<MemberName>,
        to: MemberName,
        policy: OwnershipPolicy,
        policy_version: Revision,
    },
    /// Nobody holds a role of one account any more.
    VacateRole {
        account: AccountName,
        role: Role,
        from: MemberName,
    },
    /// A role of many accounts goes to `to`. `filter` picks them; none: they were listed.
    BatchAssignRole {
        role: Role,
        to: MemberName,
        filter: Option<Box<str>>,
    },
    /// A member is disabled, and all that they hold goes to `successor`; none: they hold nothing.
    DisableMember {
        member: MemberName,
        successor: Option<MemberName>,
    },
    /// What `from` holds of these kinds goes to `to`.
    TransferResources {
        from: MemberName,
        to: MemberName,
        kinds: BTreeSet<HoldingKind>,
    },
    /// What another operation changed is taken back.
    Undo { operation: OperationName },
}

impl OwnershipChange {
    /// The word for what was asked.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AssignRole { .. } => "assign_role",
            Self::VacateRole { .. } => "vacate_role",
            Self::BatchAssignRole { .. } => "batch_assign_role",
            Self::DisableMember { .. } => "disable_member",
            Self::TransferResources { .. } => "transfer_resources",
            Self::Undo { .. } => "undo",
        }
    }

    /// From whom it takes and to whom it gives, where that is the same for every item.
    pub fn passes(&self) -> Option<(&MemberName, &MemberName)> {
        match self {
            Self::DisableMember { member, successor } => {
                successor.as_ref().map(|successor| (member, successor))
            }
            Self::TransferResources { from, to, .. } => Some((from, to)),
            Self::AssignRole { .. }
            | Self::VacateRole { .. }
            | Self::BatchAssignRole { .. }
            | Self::Undo { .. } => None,
        }
    }

    /// Whether its plan may have this item.
    pub fn includes(&self, item: &Holding) -> bool {
        match self {
            Self::DisableMember { successor, .. } => successor.is_some(),
            Self::TransferResources { kinds, .. } => kinds.contains(&item.kind()),
            Self::BatchAssignRole { role: given, .. } => match item {
                Holding::Role { role, .. } => role == given,
                _ => false,
            },
            Self::Undo { .. } => true,
            // Their one role is recorded as they begin.
            Self::AssignRole { .. } | Self::VacateRole { .. } => false,
        }
    }

    /// Whether it moves open work by itself, so that the ownership policy has nothing to do with it.
    pub fn moves_work(&self) -> bool {
        match self {
            Self::DisableMember { .. } => true,
            Self::TransferResources { kinds, .. } => kinds.iter().any(|kind| kind.is_work()),
            Self::AssignRole { .. }
            | Self::VacateRole { .. }
            | Self::BatchAssignRole { .. }
            | Self::Undo { .. } => false,
        }
    }

    /// What its role events call it.
    pub fn role_source(&self) -> RoleSource {
        match self {
            Self::AssignRole { .. } | Self::VacateRole { .. } => RoleSource::Api,
            Self::BatchAssignRole { .. } => RoleSource::Bulk,
            Self::DisableMember { .. } => RoleSource::Disabling,
            Self::TransferResources { .. } => RoleSource::Transfer,
            Self::Undo { .. } => RoleSource::Undo,
        }
    }

    /// What the assignments that it makes itself call it.
    pub fn assignment_source(&self) -> AssignmentSource {
        match self {
            Self::AssignRole { .. } | Self::VacateRole { .. } | Self::BatchAssignRole { .. } => {
                AssignmentSource::Role
            }
            Self::DisableMember { .. } => AssignmentSource::Disabling,
            Self::TransferResources { .. } => AssignmentSource::Transfer,
            Self::Undo { .. } => AssignmentSource::Undo,
        }
    }
}
