//! A task as people see it.

use handoff_proto::v1::{Money, Task, TaskDueSource, TaskKind, TaskPriority, TaskStatus};

use super::money;
use crate::{
    command::words,
    html,
    list::Columns,
    output::{Cell, Row, Show, Tone},
    time,
};

/// The assignees without their collection, or `nobody`.
pub(super) fn assignees(task: &Task) -> String {
    let ids: Vec<&str> = task
        .assignees
        .iter()
        .map(|name| name.trim_start_matches("members/"))
        .collect();
    if ids.is_empty() {
        "nobody".to_owned()
    } else {
        ids.join(", ")
    }
}

/// The status, such as `in progress`.
pub(super) fn status_words(task: &Task) -> String {
    words(task.status().as_str_name(), "TASK_STATUS_")
}

fn status(task: &Task) -> Cell {
    let tone = match task.status() {
        TaskStatus::Complete => Tone::Good,
        TaskStatus::WaitingOnCustomer => Tone::Warning,
        TaskStatus::Cancelled => Tone::Faint,
        TaskStatus::NotStarted | TaskStatus::InProgress | TaskStatus::Unspecified => Tone::Plain,
    };
    Cell::new(status_words(task), tone)
}

fn priority(task: &Task) -> Cell {
    let tone = match task.priority() {
        TaskPriority::Urgent => Tone::Bad,
        TaskPriority::High => Tone::Warning,
        TaskPriority::Low => Tone::Faint,
        TaskPriority::Normal | TaskPriority::Unspecified => Tone::Plain,
    };
    Cell::new(words(task.priority().as_str_name(), "TASK_PRIORITY_"), tone)
}

fn due(task: &Task) -> Cell {
    let due = time::minutes(task.due_time.as_ref());
    if task.overdue {
        Cell::new(format!("{due} !"), Tone::Bad)
    } else {
        due.into()
    }
}

fn subject(task: &Task) -> &str {
    if task.subject_display_name.is_empty() {
        &task.subject
    } else {
        &task.subject_display_name
    }
}

/// The columns of a list of tasks that are all about the same.
pub(crate) const HEADER_OF_ONE: &[&str] = &[
    "NUMBER",
    "TITLE",
    "ASSIGNED TO",
    "PRIORITY",
    "STATUS",
    "DUE",
];

/// One cell for each column of [`HEADER_OF_ONE`].
pub(crate) fn row_of_one(task: &Task) -> Vec<Cell> {
    let mut row = task.row();
    row.remove(SUBJECT_COLUMN);
    row
}

/// The columns of a list of open tasks of orders, and the cells of one.
pub(crate) const OF_ORDERS: Columns<Task> = (
    &[
        "ORDER TASK",
        "TITLE",
        "ORDER",
        "ACCOUNT",
        "ASSIGNED TO",
        "TURN",
        "DUE",
    ],
    row_of_order,
);

fn row_of_order(task: &Task) -> Vec<Cell> {
    vec![
        task.name.as_str().into(),
        task.title.as_str().into(),
        task.order_title.as_str().into(),
        subject(task).into(),
        assignees(task).into(),
        turn(task),
        due(task),
    ]
}

/// Whether it is the turn of a task of an order.
fn turn(task: &Task) -> Cell {
    match task.current {
        true => "current".into(),
        false => Cell::new("upcoming", Tone::Faint),
    }
}

/// A task in a few words: its number or name, its title, how it stands and who does it.
pub(crate) fn sentence(task: &Task) -> String {
    let (which, stands) = match task.kind() {
        TaskKind::Order => (&task.name, turn_words(task)),
        TaskKind::Standalone | TaskKind::Unspecified => (&task.number, status_words(task)),
    };
    format!("{which}  {}  ({stands}, {})", task.title, assignees(task))
}

/// The turn of an open task of an order, the status of one that is done.
fn turn_words(task: &Task) -> String {
    match (task.status(), task.current) {
        (TaskStatus::NotStarted, true) => "current".to_owned(),
        (TaskStatus::NotStarted, false) => "upcoming".to_owned(),
        _ => status_words(task),
    }
}

/// Where the subject stands in the header of [`Task`].
const SUBJECT_COLUMN: usize = 2;

fn hours(hours: &str) -> String {
    match hours {
        "" => String::new(),
        hours => format!("{hours} h"),
    }
}

fn billing(task: &Task) -> &'static str {
    match (task.billable, task.billed) {
        (_, true) => "billed",
        (true, false) => "billable",
        (false, false) => "",
    }
}

fn amount(amount: Option<&Money>) -> String {
    amount.map(money::show).unwrap_or_default()
}

fn requester(task: &Task) -> String {
    let Some(requester) = &task.requester else {
        return String::new();
    };
    let known = [&requester.display_name, &requester.email, &requester.phone];
    let known = known.into_iter().filter(|text| !text.is_empty());
    known.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Who is told beside the assignees, and of what.
fn told(task: &Task) -> String {
    let Some(notify) = &task.notify else {
        return String::new();
    };
    let of = match (notify.on_change, notify.on_complete) {
        (true, true) => "every save and completion",
        (true, false) => "every save",
        (false, true) => "completion",
        (false, false) => "nothing",
    };
    format!("{}: {of}", notify.recipients.join(", "))
}

fn tracker(task: &Task) -> &'static str {
    match task.save_to_tracker {
        true => "saved to it",
        false => "",
    }
}

impl Show for Task {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let due_source = match self.due_source() {
            TaskDueSource::Sla => format!("{} hours after the start", self.sla_hours),
            TaskDueSource::Manual | TaskDueSource::Unspecified => String::new(),
        };
        let overdue = if self.overdue {
            Cell::new("yes", Tone::Bad)
        } else {
            Cell::default()
        };
        vec![
            ("Number", self.number.as_str().into()),
            ("Name", self.name.as_str().into()),
            (
                "Kind",
                words(self.kind().as_str_name(), "TASK_KIND_").into(),
            ),
            ("Title", self.title.as_str().into()),
            ("Subject", self.subject.as_str().into()),
            ("", self.subject_display_name.as_str().into()),
            ("Status", status(self)),
            ("Priority", priority(self)),
            ("Assigned to", assignees(self).into()),
            ("Category", self.category.as_str().into()),
            (
                "Visibility",
                words(self.visibility().as_str_name(), "TASK_VISIBILITY_").into(),
            ),
            ("Start", time::minutes(self.start_time.as_ref()).into()),
            ("Due", time::minutes(self.due_time.as_ref()).into()),
            ("", due_source.into()),
            ("Overdue", overdue),
            ("Done", format!("{} %", self.percent_complete).into()),
            (
                "Completed",
                time::minutes(self.complete_time.as_ref()).into(),
            ),
            ("Completed by", self.completed_by.as_str().into()),
            ("Estimated", hours(&self.estimated_hours).into()),
            ("Worked", hours(&self.actual_hours).into()),
            ("Billing", billing(self).into()),
            ("Price", amount(self.price.as_ref()).into()),
            ("Expenses", amount(self.expenses.as_ref()).into()),
            ("Quantity", self.quantity.as_str().into()),
            ("Miles", self.mileage.as_str().into()),
            ("Asked for by", requester(self).into()),
            ("Follows", self.responsible_role.as_str().into()),
            ("Tags", self.tags.join(", ").into()),
            ("Related", self.related_tasks.join(", ").into()),
            ("Tells", told(self).into()),
            ("Tracker", tracker(self).into()),
            (
                "Origin",
                words(self.origin().as_str_name(), "TASK_ORIGIN_").into(),
            ),
            ("Created", time::minutes(self.create_time.as_ref()).into()),
            ("Created by", self.creator.as_str().into()),
            ("Changed", time::minutes(self.update_time.as_ref()).into()),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
            ("Description", html::text(&self.description).into()),
        ]
    }
}

impl Row for Task {
    const HEADER: &'static [&'static str] = &[
        "NUMBER",
        "TITLE",
        "SUBJECT",
        "ASSIGNED TO",
        "PRIORITY",
        "STATUS",
        "DUE",
    ];

    fn row(&self) -> Vec<Cell> {
        vec![
            self.number.as_str().into(),
            self.title.as_str().into(),
            subject(self).into(),
            assignees(self).into(),
            priority(self),
            status(self),
            due(self),
        ]
    }
}
