//! Accounts as callers see them.

use handoff_domain::account::{Account, Details, Kind, Origin, Status};
use handoff_proto::v1;
use handoff_read_models::accounts::AccountEntry;

use crate::{time, views::View};

/// An account as its events make it, if it exists. Counts are for queries: a command does not count.
pub(crate) fn of_state(view: View, name: &str, account: &Account) -> Option<v1::Account> {
    let Account::Existing(details) = account else {
        return None;
    };
    match view {
        View::Admin | View::Team => Some(team(name, details)),
    }
}

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
        open_task_count: None,
        task_count: None,
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
