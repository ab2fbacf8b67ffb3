//! Tasks as callers see them.

use chrono::{DateTime, Utc};
use handoff_domain::task::{
    Details, DueSource, Notify, Origin, Priority, Requester, Status, Task, Visibility,
};
use handoff_proto::v1;
use handoff_read_models::{
    task_notes::NoteEntry,
    tasks::{ChecklistTask, TaskEntry, TaskState},
};

use crate::{
    time,
    views::{self, View},
};

/// A task as its events make it, if it exists. Whether it is overdue is as of `now`; names of other
/// resources are for queries. Notes are no part of it: they are rows of their own, see [`note`], and in its
/// history, where [`event`](crate::views::event) says who reads which.
pub(crate) fn of_state(
    view: View,
    name: &str,
    task: &Task,
    now: DateTime<Utc>,
) -> Option<v1::Task> {
    let details = task.details()?;
    let completed = details.completed();
    match view {
        View::Admin | View::Team | View::Analyst => Some(v1::Task {
            status: status(details.status()).into(),
            percent_complete: details.percent().number().into(),
            complete_time: completed.map(|(at, _)| time::to_proto(at)),
            completed_by: completed
                .map(|(_, by)| by.as_str().to_owned())
                .unwrap_or_default(),
            overdue: details.is_open() && details.due < now,
            ..worked(name, details)
        }),
    }
}

/// The work, and what comes of it on a bill.
fn worked(name: &str, details: &Details) -> v1::Task {
    fn decimal(amount: Option<impl ToString>) -> String {
        amount.map(|amount| amount.to_string()).unwrap_or_default()
    }
    v1::Task {
        estimated_hours: decimal(details.estimated_hours),
        actual_hours: decimal(details.actual_hours),
        billable: details.billable,
        billed: details.billed,
        quantity: decimal(details.quantity),
        price: details.price.map(views::money),
        mileage: decimal(details.mileage),
        expenses: details.expenses.map(views::money),
        ..lasting(name, details)
    }
}

/// What a task has whatever its status.
fn lasting(name: &str, details: &Details) -> v1::Task {
    let mut assignees: Vec<String> = details
        .assignees
        .iter()
        .map(|member| member.as_str().to_owned())
        .collect();
    assignees.sort_unstable();
    v1::Task {
        name: name.to_owned(),
        number: details.number.to_string(),
        subject: details.subject.as_str().to_owned(),
        title: details.title.as_str().to_owned(),
        description: details
            .description
            .as_ref()
            .map(|html| html.as_str().to_owned())
            .unwrap_or_default(),
        category: details.category.as_deref().unwrap_or_default().to_owned(),
        priority: priority(details.priority).into(),
        visibility: visibility(details.visibility).into(),
        assignees,
        start_time: Some(time::to_proto(details.start)),
        due_time: Some(time::to_proto(details.due)),
        due_source: due_source(details.due_source).into(),
        sla_hours: details.sla_hours.hours().into(),
        origin: origin(details.origin).into(),
        notify: notify(&details.notify),
        requester: requester(&details.requester),
        kind: v1::TaskKind::Standalone.into(),
        related_tasks: details.related.iter().map(ToString::to_string).collect(),
        tags: details
            .tags
            .iter()
            .map(|tag| tag.as_str().to_owned())
            .collect(),
        responsible_role: details
            .responsible_role
            .as_ref()
            .map(|role| role.as_str().to_owned())
            .unwrap_or_default(),
        save_to_tracker: details.tracker_requested,
        creator: details.creator.as_str().to_owned(),
        create_time: Some(time::to_proto(details.created_at)),
        update_time: Some(time::to_proto(details.updated_at)),
        etag: details.revision.to_string(),
        ..v1::Task::default()
    }
}

/// Who is told; absent if nothing was asked for.
fn notify(notify: &Notify) -> Option<v1::TaskNotify> {
    let recipients = notify.recipients.iter().map(ToString::to_string);
    (!notify.is_empty()).then(|| v1::TaskNotify {
        recipients: recipients.collect(),
        on_change: notify.on_change,
        on_complete: notify.on_complete,
    })
}

/// Who asked for the work; absent if nothing is known.
fn requester(requester: &Requester) -> Option<v1::TaskRequester> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (!requester.is_unknown()).then(|| v1::TaskRequester {
        display_name: text(requester.name.as_ref().map(|name| name.as_str())),
        email: text(requester.email.as_ref().map(|email| email.as_str())),
        phone: text(requester.phone.as_ref().map(|phone| phone.as_str())),
    })
}

pub(crate) fn status(status: Status) -> v1::TaskStatus {
    match status {
        Status::NotStarted => v1::TaskStatus::NotStarted,
        Status::InProgress => v1::TaskStatus::InProgress,
        Status::WaitingOnCustomer => v1::TaskStatus::WaitingOnCustomer,
        Status::Complete => v1::TaskStatus::Complete,
        Status::Cancelled => v1::TaskStatus::Cancelled,
    }
}

pub(crate) fn priority(priority: Priority) -> v1::TaskPriority {
    match priority {
        Priority::Low => v1::TaskPriority::Low,
        Priority::Normal => v1::TaskPriority::Normal,
        Priority::High => v1::TaskPriority::High,
        Priority::Urgent => v1::TaskPriority::Urgent,
    }
}

pub(crate) fn visibility(visibility: Visibility) -> v1::TaskVisibility {
    match visibility {
        Visibility::Internal => v1::TaskVisibility::Internal,
        Visibility::Portal => v1::TaskVisibility::Portal,
    }
}

pub(crate) fn due_source(source: DueSource) -> v1::TaskDueSource {
    match source {
        DueSource::Sla => v1::TaskDueSource::Sla,
        DueSource::Manual => v1::TaskDueSource::Manual,
    }
}

pub(crate) fn origin(origin: Origin) -> v1::TaskOrigin {
    match origin {
        Origin::Manual => v1::TaskOrigin::Manual,
        Origin::Portal => v1::TaskOrigin::Portal,
        Origin::Template => v1::TaskOrigin::Template,
        Origin::Automation => v1::TaskOrigin::Automation,
        Origin::Integration => v1::TaskOrigin::Integration,
        Origin::Call => v1::TaskOrigin::Call,
    }
}

/// A task as a query finds it: with the name of its subject.
pub(crate) fn of_entry(view: View, entry: TaskEntry, now: DateTime<Utc>) -> Option<v1::Task> {
    Some(v1::Task {
        subject_display_name: entry.subject_display_name.unwrap_or_default(),
        ..of_task_state(view, entry.name.as_str(), &entry.row.state, now)?
    })
}

/// A task of any kind, if it exists; see [`of_state`].
pub(crate) fn of_task_state(
    view: View,
    name: &str,
    state: &TaskState,
    now: DateTime<Utc>,
) -> Option<v1::Task> {
    match state {
        TaskState::Standalone(task) => of_state(view, name, task, now),
        TaskState::Order(task) => Some(of_checklist(view, name, task, now)),
        TaskState::Checklist(_) => None,
    }
}

/// A task of an order.
fn of_checklist(view: View, name: &str, listed: &ChecklistTask, now: DateTime<Utc>) -> v1::Task {
    let (task, due) = (&listed.task, listed.due());
    let content = &task.content;
    let done = task.checked.as_ref();
    let (reached, percent) = match done {
        None => (Status::NotStarted, 0),
        Some(_) => (Status::Complete, 100),
    };
    let seen = match content.visibility.is_for_contacts() {
        true => Visibility::Portal,
        false => Visibility::Internal,
    };
    let assignees = content.assignees.iter().map(ToString::to_string);
    let description = content.description.as_ref().map(|html| html.as_str());
    let role = content.responsible_role.as_ref().map(|role| role.as_str());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    match view {
        View::Admin | View::Team | View::Analyst => v1::Task {
            name: name.to_owned(),
            kind: v1::TaskKind::Order.into(),
            order: listed.order().to_string(),
            order_title: listed.order_title.as_str().to_owned(),
            current: listed.current,
            subject: listed.account.as_str().to_owned(),
            title: content.title.as_str().to_owned(),
            description: text(description),
            status: status(reached).into(),
            percent_complete: percent,
            priority: priority(Priority::Normal).into(),
            visibility: visibility(seen).into(),
            assignees: assignees.collect(),
            start_time: Some(time::to_proto(listed.start)),
            due_time: due.map(time::to_proto),
            due_source: due
                .map_or(v1::TaskDueSource::Unspecified, |_| v1::TaskDueSource::Sla)
                .into(),
            overdue: task.is_open() && due.is_some_and(|due| due < now),
            origin: origin(task.origin).into(),
            responsible_role: text(role),
            complete_time: done.map(|checked| time::to_proto(checked.at)),
            completed_by: text(done.map(|checked| checked.by.as_str())),
            creator: task.creator.as_str().to_owned(),
            create_time: Some(time::to_proto(task.created_at)),
            update_time: Some(time::to_proto(listed.updated_at)),
            etag: task.revision.to_string(),
            ..v1::Task::default()
        },
    }
}

/// A note on a task, for those who see it.
pub(crate) fn note(view: View, entry: NoteEntry) -> Option<v1::TaskNote> {
    let NoteEntry { key, row } = entry;
    (!row.internal || view.shows_internal_notes()).then(|| v1::TaskNote {
        task: key.task.to_string(),
        note: row.note.as_str().to_owned(),
        author: row.author.as_str().to_owned(),
        on_behalf_of: row.on_behalf_of.map(String::from).unwrap_or_default(),
        create_time: Some(time::to_proto(row.written_at)),
        internal: row.internal,
        position: row.position.0,
    })
}

/// The notes of the account that a task is about, for those who see them.
pub(crate) fn account_notes(view: View, entry: &TaskEntry) -> String {
    match &entry.account_notes {
        Some(notes) if view.shows_account_notes() => notes.as_str().to_owned(),
        Some(_) | None => String::new(),
    }
}
