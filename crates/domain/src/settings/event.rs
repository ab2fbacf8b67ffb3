//! What is stored of the settings: an event for each change of a setting.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::Status,
    names::{AccountName, Actor, MemberName},
    settings::{DigestMinutes, DocumentBytes, NumberFormat, OwnershipPolicy, TimeZone},
    terms::{Role, TaskType},
    text::{Line, SlaHours},
};

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    DefaultAccountStatusChanged(Changed<Status>),
    DefaultAssigneeChanged(Changed<MemberName>),
    /// A role can be given from now on, perhaps again.
    AccountRoleAdded {
        role: Role,
        display_name: Line,
        by: Actor,
        at: DateTime<Utc>,
    },
    AccountRoleRenamed {
        role: Role,
        previous: Line,
        display_name: Line,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Whoever holds the role keeps it; it cannot be given any more.
    AccountRoleRetired {
        role: Role,
        by: Actor,
        at: DateTime<Utc>,
    },
    TaskCategoryAdded(Listed<Line>),
    TaskCategoryRetired(Listed<Line>),
    TaskTypeAdded(Listed<TaskType>),
    TaskTypeRetired(Listed<TaskType>),
    DocumentCategoryAdded(Listed<Line>),
    DocumentCategoryRetired(Listed<Line>),
    TaskNumberFormatChanged(Changed<NumberFormat>),
    DefaultSlaHoursChanged(Changed<SlaHours>),
    OwnershipPolicyChanged(Changed<OwnershipPolicy>),
    DigestMinutesChanged(Changed<DigestMinutes>),
    TimeZoneChanged(Changed<TimeZone>),
    CallDefaultAccountChanged(Changed<Option<AccountName>>),
    DocumentMaxBytesChanged(Changed<DocumentBytes>),
}

/// A setting has another value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changed<T> {
    pub previous: T,
    pub value: T,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// Something came onto or left the list that a setting offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub value: T,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Self::DefaultAccountStatusChanged(Changed { at, .. })
            | Self::DefaultAssigneeChanged(Changed { at, .. })
            | Self::AccountRoleAdded { at, .. }
            | Self::AccountRoleRenamed { at, .. }
            | Self::AccountRoleRetired { at, .. }
            | Self::TaskCategoryAdded(Listed { at, .. })
            | Self::TaskCategoryRetired(Listed { at, .. })
            | Self::TaskTypeAdded(Listed { at, .. })
            | Self::TaskTypeRetired(Listed { at, .. })
            | Self::DocumentCategoryAdded(Listed { at, .. })
            | Self::DocumentCategoryRetired(Listed { at, .. })
            | Self::TaskNumberFormatChanged(Changed { at, .. })
            | Self::DefaultSlaHoursChanged(Changed { at, .. })
            | Self::OwnershipPolicyChanged(Changed { at, .. })
            | Self::DigestMinutesChanged(Changed { at, .. })
            | Self::TimeZoneChanged(Changed { at, .. })
            | Self::CallDefaultAccountChanged(Changed { at, .. })
            | Self::DocumentMaxBytesChanged(Changed { at, .. }) => *at,
        }
    }
}
