//! Every event of every aggregate, and its stored form.

use serde::{Serialize, de::DeserializeOwned};

use crate::{account, member, names::Kind, order, service, settings, task};

/// An event cannot follow the state before it: the stored history is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event cannot follow the state before it")]
pub struct CorruptHistory;

/// A stored event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("type {event_type} version {type_version} is not known to this program")]
    Unknown {
        event_type: String,
        type_version: i16,
    },
    #[error("payload of type {event_type} version {type_version} is malformed")]
    Malformed {
        event_type: String,
        type_version: i16,
        source: serde_json::Error,
    },
}

/// An event of any aggregate.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Account(account::Event),
    Task(task::Event),
    Member(member::Event),
    Settings(settings::Event),
    Service(service::Event),
    Order(order::Event),
}

macro_rules! event_types {
    ($($Kind:ident { $($pattern:pat => $name:literal),* $(,)? })*) => {
        const TYPES: &[&str] = &[$($($name),*),*];

        fn name(event: &Event) -> &'static str {
            match event {
                $($(Event::$Kind($pattern) => $name,)*)*
            }
        }
    };
}

event_types! {
    Account {
        account::Event::Created { .. } => "account.created",
        account::Event::DetailsChanged { .. } => "account.details_changed",
        account::Event::LeadConverted { .. } => "account.lead_converted",
        account::Event::StatusChanged { .. } => "account.status_changed",
        account::Event::RoleAssigned { .. } => "account.role_assigned",
        account::Event::RoleVacated { .. } => "account.role_vacated",
        account::Event::NotesUpdated { .. } => "account.notes_updated",
        account::Event::InteractionLogged { .. } => "account.interaction_logged",
        account::Event::QuestionRecorded { .. } => "account.question_recorded",
        account::Event::MonthlyReportSet { .. } => "account.monthly_report_set",
        account::Event::TaskTypesSelected { .. } => "account.task_types_selected",
        account::Event::SupportTeamSet { .. } => "account.support_team_set",
        account::Event::ContactCreated { .. } => "account.contact_created",
        account::Event::ContactUpdated { .. } => "account.contact_updated",
        account::Event::ContactDeleted { .. } => "account.contact_deleted",
        account::Event::TaskNumbered { .. } => "account.task_numbered",
        account::Event::TaskGenerationSkipped { .. } => "account.task_generation_skipped",
    }
    Task {
        task::Event::Created(_) => "task.created",
        task::Event::Updated(_) => "task.updated",
        task::Event::StatusChanged { .. } => "task.status_changed",
        task::Event::Completed { .. } => "task.completed",
        task::Event::Cancelled { .. } => "task.cancelled",
        task::Event::Reopened { .. } => "task.reopened",
        task::Event::Deleted { .. } => "task.deleted",
        task::Event::Undeleted { .. } => "task.undeleted",
        task::Event::Assigned { .. } => "task.assigned",
        task::Event::NotifySet { .. } => "task.notify_set",
        task::Event::NoteAdded { .. } => "task.note_added",
        task::Event::InternalNoteAdded { .. } => "task.internal_note_added",
        task::Event::BilledSet { .. } => "task.billed_set",
        task::Event::Related { .. } => "task.related",
        task::Event::Unrelated { .. } => "task.unrelated",
        task::Event::TrackerRequested { .. } => "task.tracker_requested",
    }
    Member {
        member::Event::Created { .. } => "member.created",
        member::Event::Changed { .. } => "member.changed",
        member::Event::KindChanged { .. } => "member.kind_changed",
        member::Event::DisablingStarted { .. } => "member.disabling_started",
        member::Event::DisablingCancelled { .. } => "member.disabling_cancelled",
        member::Event::Disabled { .. } => "member.disabled",
        member::Event::Enabled { .. } => "member.enabled",
        member::Event::TaskNumbered { .. } => "member.task_numbered",
    }
    Settings {
        settings::Event::DefaultAccountStatusChanged(_) => "settings.default_account_status_changed",
        settings::Event::DefaultAssigneeChanged(_) => "settings.default_assignee_changed",
        settings::Event::AccountRoleAdded { .. } => "settings.account_role_added",
        settings::Event::AccountRoleRenamed { .. } => "settings.account_role_renamed",
        settings::Event::AccountRoleRetired { .. } => "settings.account_role_retired",
        settings::Event::TaskCategoryAdded(_) => "settings.task_category_added",
        settings::Event::TaskCategoryRetired(_) => "settings.task_category_retired",
        settings::Event::TaskTypeAdded(_) => "settings.task_type_added",
        settings::Event::TaskTypeRetired(_) => "settings.task_type_retired",
        settings::Event::DocumentCategoryAdded(_) => "settings.document_category_added",
        settings::Event::DocumentCategoryRetired(_) => "settings.document_category_retired",
        settings::Event::TaskNumberFormatChanged(_) => "settings.task_number_format_changed",
        settings::Event::DefaultSlaHoursChanged(_) => "settings.default_sla_hours_changed",
        settings::Event::OwnershipPolicyChanged(_) => "settings.ownership_policy_changed",
        settings::Event::DigestMinutesChanged(_) => "settings.digest_minutes_changed",
        settings::Event::TimeZoneChanged(_) => "settings.time_zone_changed",
        settings::Event::CallDefaultAccountChanged(_) => "settings.call_default_account_changed",
        settings::Event::DocumentMaxBytesChanged(_) => "settings.document_max_bytes_changed",
    }
    Service {
        service::Event::Created { .. } => "service.created",
        service::Event::Updated { .. } => "service.updated",
        service::Event::Retired { .. } => "service.retired",
        service::Event::TaskAdded(_) => "service.task_added",
        service::Event::TaskUpdated(_) => "service.task_updated",
        service::Event::TaskAssigned { .. } => "service.task_assigned",
        service::Event::TaskRemoved { .. } => "service.task_removed",
        service::Event::TasksReordered { .. } => "service.tasks_reordered",
    }
    Order {
        order::Event::Placed(_) => "order.placed",
        order::Event::ChecklistCopied { .. } => "order.checklist_copied",
        order::Event::Updated { .. } => "order.updated",
        order::Event::TaskAdded(_) => "order.task_added",
        order::Event::TaskUpdated(_) => "order.task_updated",
        order::Event::TaskRemoved { .. } => "order.task_removed",
        order::Event::TasksReordered { .. } => "order.tasks_reordered",
        order::Event::TaskChecked { .. } => "order.task_checked",
        order::Event::TaskUnchecked { .. } => "order.task_unchecked",
        order::Event::TaskAssigned { .. } => "order.task_assigned",
        order::Event::Assigned { .. } => "order.assigned",
        order::Event::AssigneesRotated { .. } => "order.assignees_rotated",
        order::Event::ClientTaskActivated { .. } => "order.client_task_activated",
        order::Event::NoteAdded { .. } => "order.note_added",
        order::Event::Completed { .. } => "order.completed",
        order::Event::Cancelled { .. } => "order.cancelled",
        order::Event::Reopened { .. } => "order.reopened",
        order::Event::Renewed(_) => "order.renewed",
    }
}

impl Event {
    /// Every event type there is, in the order of the code.
    pub const TYPES: &[&str] = TYPES;

    /// Its type: aggregate and what happened, `task.completed`.
    pub fn name(&self) -> &'static str {
        name(self)
    }

    /// The version of its type's format that this program writes.
    pub fn type_version(&self) -> i16 {
        1
    }

    /// Its payload as it is stored and hashed: a JSON object.
    pub fn encode(&self) -> String {
        fn json(event: &impl Serialize) -> String {
            serde_json::to_string(event).expect("events have string keys and finite numbers only")
        }
        match self {
            Self::Account(event) => json(event),
            Self::Task(event) => json(event),
            Self::Member(event) => json(event),
            Self::Settings(event) => json(event),
            Self::Service(event) => json(event),
            Self::Order(event) => json(event),
        }
    }

    /// Reads a stored payload. Older versions of a type are brought up to date here.
    ///
    /// # Errors
    /// A type or version that this program does not know, or a payload that is not of its type:
    /// a newer program wrote it, or the row is damaged. Trying again does not help.
    pub fn decode(
        kind: Kind,
        event_type: &str,
        type_version: i16,
        payload: &str,
    ) -> Result<Self, DecodeError> {
        if type_version != 1 || !TYPES.contains(&event_type) {
            return Err(DecodeError::Unknown {
                event_type: event_type.to_owned(),
                type_version,
            });
        }
        fn json<T: DeserializeOwned>(payload: &str) -> serde_json::Result<T> {
            serde_json::from_str(payload)
        }
        match kind {
            Kind::Account => json(payload).map(Self::Account),
            Kind::Task => json(payload).map(Self::Task),
            Kind::Member => json(payload).map(Self::Member),
            Kind::Settings => json(payload).map(Self::Settings),
            Kind::Service => json(payload).map(Self::Service),
            Kind::Order => json(payload).map(Self::Order),
        }
        .map_err(|source| DecodeError::Malformed {
            event_type: event_type.to_owned(),
            type_version,
            source,
        })
    }
}
