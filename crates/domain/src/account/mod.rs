//! Account: a customer or a lead for whom work is done (S0).

mod contact;
mod event;
mod evolve;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    limits,
    names::{AccountName, Actor, ContactName, MemberName, OperationName, TaskName},
    rejection::{Reason, Rejection},
    settings::Settings,
    terms::{Role, TaskType},
    text::{Html, Line, SlaHours},
    version::Revision,
};

pub use contact::{Contact, ContactChanges, ContactKind};
pub use event::{Event, InteractionKind, RoleSource, SkipReason};

/// Whether the account buys already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Customer,
    Lead,
}

/// Whether work goes on (S0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Work goes on; tasks are generated.
    Active,
    /// Work by hand goes on; nothing is generated.
    Paused,
    /// No new work.
    Deactivated,
}

/// How the account came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// By a command of its own.
    Manual,
    /// By the first action that named it.
    Auto,
}

/// An account as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Account {
    #[default]
    Absent,
    Existing(Box<Details>),
}

/// What is known of an existing account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub display_name: Line,
    pub kind: Kind,
    pub status: Status,
    /// Who holds the role that every account has.
    pub assignee: MemberName,
    /// Who holds the other roles.
    pub roles: BTreeMap<Role, MemberName>,
    /// In the order given, each once.
    pub support_team: Vec<MemberName>,
    /// The hours within which its tasks are due; none: the setting `default_sla_hours`.
    pub sla_hours: Option<SlaHours>,
    pub contacts: BTreeMap<ContactName, Contact>,
    /// Their ids are not given again.
    pub deleted_contacts: BTreeSet<ContactName>,
    /// For the team only.
    pub notes: Html,
    /// How often the notes were saved.
    pub notes_revision: u32,
    /// The types of tasks that are generated; none: all.
    pub task_types: Option<Vec<TaskType>>,
    /// Whether the contacts get a report each month.
    pub monthly_report: bool,
    pub origin: Origin,
    /// How many tasks of the account have a number.
    pub tasks_numbered: u32,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Details {
    /// Who holds a role.
    pub fn holder(&self, role: &Role) -> Option<&MemberName> {
        if role.is_assignee() {
            Some(&self.assignee)
        } else {
            self.roles.get(role)
        }
    }

    /// Why work of a type gives no task; none if it does.
    pub fn skips(&self, task_type: &TaskType) -> Option<SkipReason> {
        match (self.status, &self.task_types) {
            (Status::Paused, _) => Some(SkipReason::AccountPaused),
            (Status::Deactivated, _) => Some(SkipReason::AccountDeactivated),
            (Status::Active, Some(selected)) if !selected.contains(task_type) => {
                Some(SkipReason::TypeNotSelected)
            }
            (Status::Active, _) => None,
        }
    }

    /// The contact of this name, which must exist.
    pub fn contact(&self, name: &ContactName) -> Result<&Contact, Rejection> {
        self.contacts.get(name).ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }
}

/// A role that changes hands.
#[derive(Debug, Clone)]
pub struct Handover {
    pub role: Role,
    pub holder: MemberName,
    pub source: RoleSource,
    /// What the change is part of.
    pub operation: Option<OperationName>,
    /// Whether that moves the open work itself, so that no policy acts.
    pub moves_work: bool,
}

impl Account {
    /// What is known of the account `name`, which must exist.
    pub fn existing(&self, name: &AccountName) -> Result<&Details, Rejection> {
        match self {
            Self::Existing(details) => Ok(details),
            Self::Absent => Err(Rejection::NotFound {
                resource: name.to_string(),
            }),
        }
    }

    /// Creates the account as `created` says.
    pub fn create(&self, name: &AccountName, created: Event) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(created),
            Self::Existing(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Refuses what a deactivated account refuses: new work (S0).
    pub fn accept_new_work(&self, name: &AccountName) -> Result<&Details, Rejection> {
        let details = self.existing(name)?;
        match details.status {
            Status::Active | Status::Paused => Ok(details),
            Status::Deactivated => Err(Rejection::Precondition {
                reason: Reason::AccountDeactivated,
                subject: name.to_string(),
                description: format!(
                    "{name} is deactivated and takes no new work: activate it first"
                ),
            }),
        }
    }

    /// Gives the next number to a task of the account.
    pub fn number_task(
        &self,
        name: &AccountName,
        task: TaskName,
    ) -> Result<(u32, Event), Rejection> {
        let n = self.accept_new_work(name)?.tasks_numbered + 1;
        Ok((n, Event::TaskNumbered { task, n }))
    }

    /// Gives it another display name or SLA.
    pub fn change_details(
        &self,
        name: &AccountName,
        display_name: Option<&Line>,
        sla_hours: Option<&Option<SlaHours>>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        let display_name = Change::between(&details.display_name, display_name);
        let sla_hours = Change::between(&details.sla_hours, sla_hours);
        let changed = display_name.is_some() || sla_hours.is_some();
        Ok(changed.then_some(Event::DetailsChanged {
            display_name,
            sla_hours,
            by,
            at,
        }))
    }

    /// Makes a lead a customer.
    pub fn convert_lead(
        &self,
        name: &AccountName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match self.existing(name)?.kind {
            Kind::Customer => Ok(None),
            Kind::Lead => Ok(Some(Event::LeadConverted { by, at })),
        }
    }

    /// Activates, pauses or deactivates it, from whatever status (S0).
    pub fn set_status(
        &self,
        name: &AccountName,
        status: Status,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let previous = self.existing(name)?.status;
        Ok((previous != status).then_some(Event::StatusChanged {
            previous,
            status,
            by,
            at,
        }))
    }

    /// Gives a role to a member; the settings say which roles there are and what policy is stamped. A
    /// retired role is given to nobody new, but passed on with all that a member holds, or given back.
    pub fn assign_role(
        &self,
        name: &AccountName,
        handover: &Handover,
        settings: &Settings,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let Handover {
            role,
            holder,
            source,
            operation,
            moves_work,
        } = handover;
        let previous = self.existing(name)?.holder(role);
        let passed_on = match source {
            RoleSource::Disabling | RoleSource::Transfer | RoleSource::Undo => true,
            RoleSource::Api | RoleSource::Bulk => false,
        };
        let offered = passed_on
            || role.is_assignee()
            || settings
                .account_role(role)
                .is_some_and(|choice| !choice.retired);
        if previous == Some(holder) {
            return Ok(None);
        }
        if !offered {
            return Err(unknown_role(role));
        }
        Ok(Some(Event::RoleAssigned {
            role: role.clone(),
            previous: previous.cloned(),
            holder: holder.clone(),
            source: *source,
            policy: settings.ownership_policy,
            policy_version: settings.ownership_policy_version,
            operation: operation.clone(),
            moves_work: *moves_work,
            by,
            at,
        }))
    }

    /// Takes a role from whoever holds it, as part of an operation. The assignee's is passed on, never
    /// vacated (S0).
    #[allow(
        clippy::too_many_arguments,
        reason = "each is another word of the event"
    )]
    pub fn vacate_role(
        &self,
        name: &AccountName,
        role: &Role,
        source: RoleSource,
        operation: Option<OperationName>,
        settings: &Settings,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        if role.is_assignee() {
            return Err(Rejection::Precondition {
                reason: Reason::AssigneeRequired,
                subject: name.to_string(),
                description: format!(
                    "every account has an assignee: assign the role to another member instead of vacating it at {name}"
                ),
            });
        }
        match details.roles.get(role) {
            Some(previous) => Ok(Some(Event::RoleVacated {
                role: role.clone(),
                previous: previous.clone(),
                source,
                operation,
                by,
                at,
            })),
            None if settings.account_role(role).is_some() => Ok(None),
            None => Err(unknown_role(role)),
        }
    }

    /// Saves the notes. Whoever saves must have read the notes as they are now.
    pub fn update_notes(
        &self,
        name: &AccountName,
        notes: &Html,
        read: u32,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        if read != details.notes_revision {
            return Err(Rejection::StaleNotes {
                resource: name.to_string(),
                expected: read,
                actual: details.notes_revision,
            });
        }
        Ok((details.notes != *notes).then(|| Event::NotesUpdated {
            notes: notes.clone(),
            notes_revision: read + 1,
            by,
            at,
        }))
    }

    /// Turns the monthly report on or off.
    pub fn set_monthly_report(
        &self,
        name: &AccountName,
        on: bool,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let is = self.existing(name)?.monthly_report;
        Ok((is != on).then_some(Event::MonthlyReportSet { on, by, at }))
    }

    /// Says which types of tasks are generated; none: all. Each must be one of the settings.
    pub fn select_task_types(
        &self,
        name: &AccountName,
        task_types: Option<&[TaskType]>,
        settings: &Settings,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        if let Some(unknown) = task_types.into_iter().flatten().find(|task_type| {
            settings
                .task_types
                .find(|known| known == *task_type)
                .is_none()
        }) {
            return Err(unknown_task_type(unknown));
        }
        let task_types: Option<Vec<TaskType>> = task_types.map(|types| {
            let sorted: BTreeSet<_> = types.iter().cloned().collect();
            sorted.into_iter().collect()
        });
        Ok(
            (details.task_types != task_types).then(|| Event::TaskTypesSelected {
                previous: details.task_types.clone(),
                task_types,
                by,
                at,
            }),
        )
    }

    /// Makes exactly these members, each once, the support team.
    pub fn set_support_team(
        &self,
        name: &AccountName,
        members: Vec<MemberName>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let previous = &self.existing(name)?.support_team;
        Ok((*previous != members).then(|| Event::SupportTeamSet {
            previous: previous.clone(),
            members,
            by,
            at,
        }))
    }

    /// Adds a contact as `created` says. An id is given once, also after its contact was deleted.
    pub fn create_contact(
        &self,
        name: &AccountName,
        contact: &ContactName,
        created: Event,
    ) -> Result<Event, Rejection> {
        let details = self.existing(name)?;
        if details.contacts.contains_key(contact) || details.deleted_contacts.contains(contact) {
            return Err(Rejection::AlreadyExists {
                resource: contact.to_string(),
            });
        }
        if details.contacts.len() >= limits::CONTACTS {
            return Err(Rejection::Precondition {
                reason: Reason::TooManyContacts,
                subject: name.to_string(),
                description: format!(
                    "{name} has {} contacts, the most there may be: delete one first",
                    limits::CONTACTS
                ),
            });
        }
        Ok(created)
    }

    /// Changes what is known of a contact.
    pub fn update_contact(
        &self,
        name: &AccountName,
        contact: &ContactName,
        changes: &ContactChanges,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let is = self.existing(name)?.contact(contact)?;
        let display_name = Change::between(&is.display_name, changes.display_name.as_ref());
        let email = Change::between(&is.email, changes.email.as_ref());
        let phone = Change::between(&is.phone, changes.phone.as_ref());
        let kind = Change::between(&is.kind, changes.kind.as_ref());
        let portal_access = Change::between(&is.portal_access, changes.portal_access.as_ref());
        let changed = display_name.is_some()
            || email.is_some()
            || phone.is_some()
            || kind.is_some()
            || portal_access.is_some();
        Ok(changed.then(|| Event::ContactUpdated {
            contact: contact.clone(),
            display_name,
            email,
            phone,
            kind,
            portal_access,
            by,
            at,
        }))
    }

    /// Removes a contact; one that was removed already stays so.
    pub fn delete_contact(
        &self,
        name: &AccountName,
        contact: &ContactName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        if details.deleted_contacts.contains(contact) {
            return Ok(None);
        }
        details.contact(contact)?;
        Ok(Some(Event::ContactDeleted {
            contact: contact.clone(),
            by,
            at,
        }))
    }
}

fn unknown_role(role: &Role) -> Rejection {
    Rejection::Precondition {
        reason: Reason::UnknownRole,
        subject: "settings".to_owned(),
        description: format!("role: {role} is not offered by the setting account_roles"),
    }
}

/// The settings never had this type.
pub(crate) fn unknown_task_type(task_type: &TaskType) -> Rejection {
    Rejection::Precondition {
        reason: Reason::UnknownTaskType,
        subject: "settings".to_owned(),
        description: format!("{task_type} is not among the setting task_types"),
    }
}
