//! Reads what requests say about a task's fields.

use handoff_domain::{
    limits,
    task::{Money, Notify, OpenStatus, Priority, Requester, Visibility},
    text::{Email, Line, Phone},
};
use handoff_proto::v1;

use crate::fields::Fields;

/// The category, if one is given.
pub(super) fn category(task: &v1::Task) -> Option<Box<str>> {
    Some(task.category.as_str())
        .filter(|category| !category.is_empty())
        .map(Box::from)
}

pub(super) fn priority(task: &v1::Task, fields: &mut Fields) -> Option<Priority> {
    Some(match fields.known("task.priority", task.priority)? {
        v1::TaskPriority::Low => Priority::Low,
        v1::TaskPriority::Unspecified | v1::TaskPriority::Normal => Priority::Normal,
        v1::TaskPriority::High => Priority::High,
        v1::TaskPriority::Urgent => Priority::Urgent,
    })
}

pub(super) fn visibility(task: &v1::Task, fields: &mut Fields) -> Option<Visibility> {
    Some(match fields.known("task.visibility", task.visibility)? {
        v1::TaskVisibility::Unspecified | v1::TaskVisibility::Internal => Visibility::Internal,
        v1::TaskVisibility::Portal => Visibility::Portal,
    })
}

/// An open status; not started if none is given.
pub(super) fn open_status(field: &str, number: i32, fields: &mut Fields) -> Option<OpenStatus> {
    match fields.known(field, number)? {
        v1::TaskStatus::Unspecified | v1::TaskStatus::NotStarted => Some(OpenStatus::NotStarted),
        v1::TaskStatus::InProgress => Some(OpenStatus::InProgress),
        v1::TaskStatus::WaitingOnCustomer => Some(OpenStatus::WaitingOnCustomer),
        closed @ (v1::TaskStatus::Complete | v1::TaskStatus::Cancelled) => fields.violation(
            field,
            format!("is {}; an open status is wanted", closed.as_str_name()),
        ),
    }
}

/// An amount of money, if one is given.
pub(super) fn money(
    field: &str,
    money: Option<&v1::Money>,
    fields: &mut Fields,
) -> Option<Option<Money>> {
    let Some(money) = money else {
        return Some(None);
    };
    let money = Money::from_parts(money.units, money.nanos, &money.currency_code);
    fields.check(field, money).map(Some)
}

/// Who is told; nobody, if that is not given.
pub(super) fn notify(
    field: &str,
    notify: Option<&v1::TaskNotify>,
    fields: &mut Fields,
) -> Option<Notify> {
    let Some(notify) = notify else {
        return Some(Notify::default());
    };
    let recipients = fields.each(
        &format!("{field}.recipients"),
        &notify.recipients,
        limits::RECIPIENTS,
        str::parse,
    );
    Some(Notify {
        recipients: recipients?,
        on_change: notify.on_change,
        on_complete: notify.on_complete,
    })
}

/// Who asked for the work, as far as that is given.
pub(super) fn requester(task: &v1::Task, fields: &mut Fields) -> Option<Requester> {
    let Some(requester) = &task.requester else {
        return Some(Requester::default());
    };
    let name = requester_name(requester, fields);
    let email = requester_email(requester, fields);
    let phone = requester_phone(requester, fields);
    Some(Requester {
        name: name?,
        email: email?,
        phone: phone?,
    })
}

pub(super) fn requester_name(
    requester: &v1::TaskRequester,
    fields: &mut Fields,
) -> Option<Option<Line>> {
    let field = "task.requester.display_name";
    fields.optional(field, &requester.display_name, Line::new)
}

pub(super) fn requester_email(
    requester: &v1::TaskRequester,
    fields: &mut Fields,
) -> Option<Option<Email>> {
    fields.optional("task.requester.email", &requester.email, Email::new)
}

pub(super) fn requester_phone(
    requester: &v1::TaskRequester,
    fields: &mut Fields,
) -> Option<Option<Phone>> {
    fields.optional("task.requester.phone", &requester.phone, Phone::new)
}
