//! Orders as callers see them.

use chrono::{DateTime, Utc};
use handoff_domain::{
    names::MemberName,
    order::{Details, Order, OrderTask, Status},
};
use handoff_proto::v1;

use crate::{
    time,
    views::{View, service, task},
};

/// An order as its events make it, if it exists. Whether tasks are overdue is as of `now`; names of other
/// resources are for queries. Notes are no part of it: they are in its history.
pub(crate) fn of_state(
    view: View,
    name: &str,
    order: &Order,
    now: DateTime<Utc>,
) -> Option<v1::Order> {
    let details = order.details()?;
    match view {
        View::Admin | View::Team | View::Analyst => Some(team(name, details, now)),
    }
}

fn team(name: &str, details: &Details, now: DateTime<Utc>) -> v1::Order {
    let closed = details.closed();
    let tasks = details.tasks.iter();
    v1::Order {
        name: name.to_owned(),
        account: details.account.as_str().to_owned(),
        account_display_name: String::new(),
        service: details.service.as_str().to_owned(),
        service_etag: details.service_version.to_string(),
        title: details.title.as_str().to_owned(),
        status: status(details.status()).into(),
        start_time: Some(time::to_proto(details.start)),
        tasks: tasks.map(|of| task_of(details, of, now)).collect(),
        current_tier: details.current_tier().map(|tier| tier.number().into()),
        assignees: names(&details.assignees),
        added_assignees: names(&details.added),
        removed_assignees: names(&details.removed),
        close_time: closed.map(|(at, _)| time::to_proto(at)),
        closed_by: closed
            .map(|(_, by)| by.as_str().to_owned())
            .unwrap_or_default(),
        locked: !details.takes_changes(),
        creator: details.creator.as_str().to_owned(),
        create_time: Some(time::to_proto(details.created_at)),
        update_time: Some(time::to_proto(details.updated_at)),
        etag: details.revision.to_string(),
    }
}

/// One task of an order.
pub(crate) fn task_of(details: &Details, of: &OrderTask, now: DateTime<Utc>) -> v1::OrderTask {
    let due = details.due(of);
    let content = &of.content;
    let checked = of.checked.as_ref();
    let mut assignees = names(&content.assignees);
    assignees.sort_unstable();
    v1::OrderTask {
        name: of.name.as_str().to_owned(),
        title: content.title.as_str().to_owned(),
        description: content
            .description
            .as_ref()
            .map(|html| html.as_str().to_owned())
            .unwrap_or_default(),
        deadline_hours: content.deadline_hours.map(|hours| hours.hours().into()),
        due_time: due.map(time::to_proto),
        overdue: details.is_open() && of.is_open() && due.is_some_and(|due| due < now),
        assignees,
        responsible_role: content
            .responsible_role
            .as_ref()
            .map(|role| role.as_str().to_owned())
            .unwrap_or_default(),
        tier: content.tier.number().into(),
        visibility: service::visibility(content.visibility).into(),
        origin: task::origin(of.origin).into(),
        template_task: of
            .template
            .as_ref()
            .map(|template| template.as_str().to_owned())
            .unwrap_or_default(),
        checked: checked.is_some(),
        check_time: checked.map(|checked| time::to_proto(checked.at)),
        checked_by: checked
            .map(|checked| checked.by.as_str().to_owned())
            .unwrap_or_default(),
        current: details.is_current(of),
        etag: of.revision.to_string(),
    }
}

fn names<'a>(members: impl IntoIterator<Item = &'a MemberName>) -> Vec<String> {
    members.into_iter().map(ToString::to_string).collect()
}

pub(crate) fn status(status: Status) -> v1::OrderStatus {
    match status {
        Status::Open => v1::OrderStatus::Open,
        Status::Complete => v1::OrderStatus::Complete,
        Status::Cancelled => v1::OrderStatus::Cancelled,
    }
}
