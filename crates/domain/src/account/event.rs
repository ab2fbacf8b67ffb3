//! What is stored of an account, and the words in it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::{ContactKind, Kind, Origin, Status},
    change::Change,
    names::{Actor, ContactName, MemberName, OperationName, TaskName},
    settings::OwnershipPolicy,
    terms::{Role, TaskType},
    text::{Email, Html, Line, Phone, SlaHours},
    version::Revision,
};

/// Which path a change of a role took. The ownership policy is the same on every one but `undo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleSource {
    /// A command about this role alone.
    Api,
    /// A change of many accounts.
    Bulk,
    /// The holder is disabled, and a successor takes over.
    Disabling,
    /// All that a member holds goes to another.
    Transfer,
    /// An earlier change is taken back; no policy acts.
    Undo,
}

/// How the team was in touch with the client (S0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InteractionKind {
    VideoCall,
    Email,
    PhoneCall,
}

/// Why relevant work gave no task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    AccountPaused,
    AccountDeactivated,
    /// The account does not want tasks of this type.
    TypeNotSelected,
    /// The settings offer the type no more.
    TypeRetired,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created {
        display_name: Line,
        kind: Kind,
        status: Status,
        assignee: MemberName,
        sla_hours: Option<SlaHours>,
        origin: Origin,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What is none was not changed.
    DetailsChanged {
        display_name: Option<Change<Line>>,
        sla_hours: Option<Change<Option<SlaHours>>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// A lead became a customer.
    LeadConverted { by: Actor, at: DateTime<Utc> },
    StatusChanged {
        previous: Status,
        status: Status,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `policy` is the ownership policy at this moment, `policy_version` the revision of the settings
    /// at which it came to be that; 0: it has its first value. `operation` is what the change is part of;
    /// `moves_work`: that moves the open work itself, so that no policy acts.
    RoleAssigned {
        role: Role,
        previous: Option<MemberName>,
        holder: MemberName,
        source: RoleSource,
        policy: OwnershipPolicy,
        policy_version: Revision,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<OperationName>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        moves_work: bool,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Nobody holds the role any more. Never the role `assignee`.
    RoleVacated {
        role: Role,
        previous: MemberName,
        source: RoleSource,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<OperationName>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `notes_revision` counts the saves, from 1.
    NotesUpdated {
        notes: Html,
        notes_revision: u32,
        by: Actor,
        at: DateTime<Utc>,
    },
    InteractionLogged {
        kind: InteractionKind,
        details: Option<Html>,
        happened_at: DateTime<Utc>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// `assignee` is the account's at this moment, who is notified.
    QuestionRecorded {
        contact: Option<ContactName>,
        question: Html,
        asked_at: DateTime<Utc>,
        assignee: MemberName,
        by: Actor,
        at: DateTime<Utc>,
    },
    MonthlyReportSet {
        on: bool,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// None: all types, also those that the settings will add.
    TaskTypesSelected {
        previous: Option<Vec<TaskType>>,
        task_types: Option<Vec<TaskType>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    SupportTeamSet {
        previous: Vec<MemberName>,
        members: Vec<MemberName>,
        by: Actor,
        at: DateTime<Utc>,
    },
    ContactCreated {
        contact: ContactName,
        display_name: Line,
        email: Option<Email>,
        phone: Option<Phone>,
        kind: ContactKind,
        portal_access: bool,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What is none was not changed.
    ContactUpdated {
        contact: ContactName,
        display_name: Option<Change<Line>>,
        email: Option<Change<Option<Email>>>,
        phone: Option<Change<Option<Phone>>>,
        kind: Option<Change<ContactKind>>,
        portal_access: Option<Change<bool>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The id is not given again.
    ContactDeleted {
        contact: ContactName,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// A task of the account got the number `n` of the count that the account keeps.
    TaskNumbered { task: TaskName, n: u32 },
    /// Relevant work was reported and gave no task. The key can give one later.
    TaskGenerationSkipped {
        task_type: TaskType,
        work_key: Line,
        reason: SkipReason,
        by: Actor,
        at: DateTime<Utc>,
    },
}
