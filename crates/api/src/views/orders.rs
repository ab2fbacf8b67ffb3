//! Orders as queries show them: with names, and what is due.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use handoff_domain::names::OrderTaskName;
use handoff_proto::v1;
use handoff_read_models::{
    order_notes::OrderNoteEntry,
    orders::{Names, OrderEntry, OrderSummary, next_due},
};

use crate::{
    time,
    views::{View, order},
};

/// What a query answers about one order.
pub(crate) struct Shown {
    pub(crate) order: v1::Order,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) overdue: bool,
    pub(crate) display_names: HashMap<String, String>,
    pub(crate) account_notes: String,
}

/// An order with its checklist, as of `now`.
pub(crate) fn of_entry(view: View, entry: &OrderEntry, now: DateTime<Utc>) -> Option<Shown> {
    let details = entry.row.state.details()?;
    let due = next_due(details);
    let mut display_names = HashMap::new();
    let (account, service) = (details.account.as_str(), details.service.as_str());
    name_all(&mut display_names, account, service, &entry.names);
    match view {
        View::Admin | View::Team | View::Analyst => Some(Shown {
            order: v1::Order {
                account_display_name: entry.names.account.clone().unwrap_or_default(),
                ..order::of_state(view, entry.name.as_str(), &entry.row.state, now)?
            },
            due,
            overdue: due.is_some_and(|due| due < now),
            display_names,
            account_notes: match &entry.account_notes {
                Some(notes) if view.shows_account_notes() => notes.as_str().to_owned(),
                Some(_) | None => String::new(),
            },
        }),
    }
}

/// One task of an order, and the order without its checklist; none if it is not in it.
pub(crate) fn of_task(
    view: View,
    entry: &OrderEntry,
    name: &OrderTaskName,
    now: DateTime<Utc>,
) -> Option<(v1::OrderTask, Shown)> {
    let mut shown = of_entry(view, entry, now)?;
    let tasks = std::mem::take(&mut shown.order.tasks);
    let task = tasks.into_iter().find(|task| task.name == name.as_str())?;
    Some((task, shown))
}

/// Puts the display names of account, service, members and contacts under their names.
fn name_all(into: &mut HashMap<String, String>, account: &str, service: &str, names: &Names) {
    let account = names.account.as_ref().map(|name| (account, name));
    let service = names.service.as_ref().map(|name| (service, name));
    let members = names.members.iter();
    let members = members.map(|(member, name)| (member.as_str(), name));
    let contacts = names.contacts.iter();
    let contacts = contacts.map(|(contact, name)| (contact.as_str(), name));
    let all = account.into_iter().chain(service).chain(members);
    let all = all.chain(contacts);
    into.extend(all.map(|(name, display_name)| (name.to_owned(), display_name.clone())));
}

/// An order in a list, as of `now`. Its names go into `display_names`.
pub(crate) fn of_summary(
    view: View,
    summary: OrderSummary,
    display_names: &mut HashMap<String, String>,
    now: DateTime<Utc>,
) -> v1::OrderSummary {
    let (account, service) = (summary.account.as_str(), summary.service.as_str());
    name_all(display_names, account, service, &summary.names);
    let (close_time, closed_by) = summary.closed.unzip();
    match view {
        View::Admin | View::Team | View::Analyst => v1::OrderSummary {
            order: Some(v1::Order {
                name: summary.name.to_string(),
                account: summary.account.to_string(),
                account_display_name: summary.names.account.unwrap_or_default(),
                service: summary.service.to_string(),
                title: summary.title.as_str().to_owned(),
                status: order::status(summary.status).into(),
                start_time: Some(time::to_proto(summary.start)),
                current_tier: summary.current_tier.map(Into::into),
                assignees: summary.assignees.iter().map(ToString::to_string).collect(),
                close_time: close_time.map(time::to_proto),
                closed_by: closed_by.map(String::from).unwrap_or_default(),
                creator: summary.creator.to_string(),
                create_time: Some(time::to_proto(summary.created_at)),
                update_time: Some(time::to_proto(summary.updated_at)),
                etag: summary.revision.to_string(),
                ..v1::Order::default()
            }),
            task_count: summary.task_count,
            open_task_count: summary.open_task_count,
            due_time: summary.due.map(time::to_proto),
            overdue: summary.due.is_some_and(|due| due < now),
        },
    }
}

/// A note on an order or one of its tasks.
pub(crate) fn note(view: View, OrderNoteEntry { key, row }: OrderNoteEntry) -> v1::OrderNote {
    match view {
        View::Admin | View::Team | View::Analyst => v1::OrderNote {
            parent: match row.task {
                Some(task) => task.to_string(),
                None => key.order.to_string(),
            },
            note: row.note.as_str().to_owned(),
            internal: row.internal,
            author: row.author.as_str().to_owned(),
            on_behalf_of: row.on_behalf_of.map(String::from).unwrap_or_default(),
            create_time: Some(time::to_proto(row.written_at)),
            position: row.position.0,
        },
    }
}
