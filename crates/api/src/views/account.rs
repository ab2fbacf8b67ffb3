//! Accounts as callers see them.

use handoff_domain::{
    account::{Account, Contact, ContactKind, Details, Kind, Origin, SkipReason, Status},
    names::ContactName,
    terms::TaskType,
};
use handoff_proto::v1;
use handoff_read_models::accounts::AccountEntry;

use crate::{time, views::View};

/// An account as its events make it, if it exists. Counts are for queries: a command does not count.
pub(crate) fn of_state(view: View, name: &str, account: &Account) -> Option<v1::Account> {
    let Account::Existing(details) = account else {
        return None;
    };
    match view {
        View::Admin | View::Team | View::Analyst => Some(v1::Account {
            notes: match view.shows_account_notes() {
                true => details.notes.as_str().to_owned(),
                false => String::new(),
            },
            ..team(name, details)
        }),
    }
}

/// What everybody sees of it who sees accounts.
fn team(name: &str, details: &Details) -> v1::Account {
    v1::Account {
        name: name.to_owned(),
        display_name: details.display_name.as_str().to_owned(),
        kind: kind(details.kind).into(),
        status: status(details.status).into(),
        assignee: details.assignee.as_str().to_owned(),
        sla_hours: details.sla_hours.map(|hours| hours.hours().into()),
        origin: origin(details.origin).into(),
        etag: details.revision.to_string(),
        create_time: Some(time::to_proto(details.created_at)),
        update_time: Some(time::to_proto(details.updated_at)),
        roles: details
            .roles
            .iter()
            .map(|(role, holder)| v1::RoleHolder {
                role: role.as_str().to_owned(),
                holder: holder.as_str().to_owned(),
            })
            .collect(),
        support_team: details
            .support_team
            .iter()
            .map(|member| member.as_str().to_owned())
            .collect(),
        contacts: details
            .contacts
            .iter()
            .map(|(name, of)| contact(name, of))
            .collect(),
        notes_revision: i32::try_from(details.notes_revision).unwrap_or(i32::MAX),
        task_types: Some(v1::TaskTypeSelection {
            all: details.task_types.is_none(),
            task_types: details
                .task_types
                .iter()
                .flatten()
                .map(|task_type| task_type.as_str().to_owned())
                .collect(),
        }),
        monthly_report: details.monthly_report,
        ..v1::Account::default()
    }
}

/// A contact of an account that exists, if there is one of this name.
pub(crate) fn contact_of_state(
    view: View,
    name: &ContactName,
    account: &Account,
) -> Option<v1::Contact> {
    let Account::Existing(details) = account else {
        return None;
    };
    match view {
        View::Admin | View::Team | View::Analyst => {
            details.contacts.get(name).map(|of| contact(name, of))
        }
    }
}

fn contact(name: &ContactName, contact: &Contact) -> v1::Contact {
    let kind = match contact.kind {
        ContactKind::Client => v1::ContactKind::Client,
        ContactKind::Collaborator => v1::ContactKind::Collaborator,
    };
    v1::Contact {
        name: name.as_str().to_owned(),
        display_name: contact.display_name.as_str().to_owned(),
        email: contact
            .email
            .as_ref()
            .map(|email| email.as_str().to_owned())
            .unwrap_or_default(),
        phone: contact
            .phone
            .as_ref()
            .map(|phone| phone.as_str().to_owned())
            .unwrap_or_default(),
        kind: kind.into(),
        portal_access: contact.portal_access,
        etag: contact.revision.to_string(),
    }
}

/// Why relevant work of a type gave no task at an account that skipped it just now.
pub(crate) fn skip_reason(account: &Account, task_type: &TaskType) -> v1::TaskGenerationSkipReason {
    let reason = match account {
        Account::Existing(details) => details.skips(task_type),
        Account::Absent => None,
    };
    // Of what the account itself lets through, the settings offer the type no more.
    match reason.unwrap_or(SkipReason::TypeRetired) {
        SkipReason::AccountPaused => v1::TaskGenerationSkipReason::AccountPaused,
        SkipReason::AccountDeactivated => v1::TaskGenerationSkipReason::AccountDeactivated,
        SkipReason::TypeNotSelected => v1::TaskGenerationSkipReason::TypeNotSelected,
        SkipReason::TypeRetired => v1::TaskGenerationSkipReason::TypeRetired,
    }
}

pub(crate) fn kind(kind: Kind) -> v1::AccountKind {
    match kind {
        Kind::Customer => v1::AccountKind::Customer,
        Kind::Lead => v1::AccountKind::Lead,
    }
}

pub(crate) fn status(status: Status) -> v1::AccountStatus {
    match status {
        Status::Active => v1::AccountStatus::Active,
        Status::Paused => v1::AccountStatus::Paused,
        Status::Deactivated => v1::AccountStatus::Deactivated,
    }
}

pub(crate) fn origin(origin: Origin) -> v1::AccountOrigin {
    match origin {
        Origin::Manual => v1::AccountOrigin::Manual,
        Origin::Auto => v1::AccountOrigin::Auto,
    }
}

/// An account as a query finds it: with its counts.
pub(crate) fn of_entry(view: View, entry: &AccountEntry) -> Option<v1::Account> {
    let Account::Existing(details) = &entry.row.state else {
        return None;
    };
    Some(v1::Account {
        open_task_count: Some(entry.open_tasks),
        // A task is numbered once, when it is created.
        task_count: Some(details.tasks_numbered.into()),
        ..of_state(view, entry.name.as_str(), &entry.row.state)?
    })
}

/// An account in a list: without what may be long, which is asked for by its name.
pub(crate) fn of_listed(view: View, entry: &AccountEntry) -> Option<v1::Account> {
    Some(v1::Account {
        notes: String::new(),
        contacts: Vec::new(),
        ..of_entry(view, entry)?
    })
}
