//! What can be asked of a task, whatever kind it is of: the columns that repeat its state, and what a
//! condition finds in them without a database.

use chrono::{DateTime, Utc};
use handoff_domain::{
    names::{AccountName, Actor, MemberName, OrderName},
    order::{self, OrderTask},
    task::{Details, DueSource, Money, Origin, Priority, Status, Task, Visibility},
    text::Html,
};
use handoff_projections::Put;
use tokio_postgres::types::Timestamp;

use super::{ChecklistTask, TaskState, fields};
use crate::{
    filter::{Cell, Cells},
    search,
    stored::label,
};

/// A task in columns. One for each kind of state is made by [`of`](Self::of); what is asked and how it is
/// stored is the same for all.
pub(crate) struct Asked<'a> {
    kind: &'static str,
    subject: &'a str,
    number: &'a str,
    title: &'a str,
    description: &'a str,
    category: Option<&'a str>,
    /// Of a deleted task, `deleted`: no list finds it.
    status: String,
    priority: String,
    visibility: String,
    assignees: Vec<&'a str>,
    start: DateTime<Utc>,
    /// None: it is never due.
    due: Option<DateTime<Utc>>,
    due_source: String,
    percent: i16,
    origin: String,
    creator: &'a str,
    completed_at: Option<DateTime<Utc>>,
    completed_by: Option<&'a str>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    estimated_hours: Option<i64>,
    actual_hours: Option<i64>,
    billable: bool,
    billed: bool,
    requester_name: Option<&'a str>,
    requester_email: Option<&'a str>,
    requester_phone: Option<&'a str>,
    quantity: Option<i64>,
    price: Option<i64>,
    price_currency: Option<&'static str>,
    mileage: Option<i64>,
    expenses: Option<i64>,
    expenses_currency: Option<&'static str>,
    tags: Vec<&'a str>,
    responsible_role: Option<&'a str>,
    order: Option<OrderName>,
    current: bool,
}

/// The columns of the table. What [`Asked::put`] fills comes after `position`, in its order.
pub(super) const COLUMNS: &[&str] = &[
    // Which kind of state it is: `standalone`, `order`; `checklist` for an order itself.
    "kind text collate \"C\" not null",
    "state text collate \"C\" not null",
    "version integer not null",
    "position bigint not null",
    "subject text collate \"C\" not null",
    "number text collate \"C\" not null",
    "title text collate \"C\" not null",
    "category text collate \"C\"",
    // Of a deleted task and of an order itself, `deleted`: no list finds it.
    "status text collate \"C\" not null",
    "priority text collate \"C\" not null",
    "visibility text collate \"C\" not null",
    "assignees text[] collate \"C\" not null",
    "start timestamptz not null",
    // Of what is never due, `infinity`: it comes last.
    "due timestamptz not null",
    "due_source text collate \"C\" not null",
    "percent smallint not null",
    "origin text collate \"C\" not null",
    "creator text collate \"C\" not null",
    "completed_at timestamptz",
    "completed_by text collate \"C\"",
    "created_at timestamptz not null",
    "updated_at timestamptz not null",
    // Numbers with decimal places are in ten-thousandths.
    "estimated_hours bigint",
    "actual_hours bigint",
    "billable boolean not null",
    "billed boolean not null",
    "requester_name text collate \"C\"",
    "requester_email text collate \"C\"",
    "requester_phone text collate \"C\"",
    "quantity bigint",
    "price bigint",
    "price_currency text collate \"C\"",
    "mileage bigint",
    "expenses bigint",
    "expenses_currency text collate \"C\"",
    "tags text[] collate \"C\" not null",
    "responsible_role text collate \"C\"",
    // Empty for a task of its own. `order` is a word of SQL.
    "order_name text collate \"C\" not null",
    "is_current boolean not null",
];

/// A number with at most 4 decimal places, in ten-thousandths.
macro_rules! ten_thousandths {
    ($number:expr) => {{
        let number = $number;
        // 13 digits before the point and 4 behind it are far from what 64 bits hold.
        (number.mantissa() * 10_i128.pow(4_u32.saturating_sub(number.scale()))) as i64
    }};
}

impl<'a> Asked<'a> {
    /// What can be asked of a task; nothing of one that never was.
    pub(crate) fn of(state: &'a TaskState) -> Option<Self> {
        match state {
            TaskState::Standalone(task) => {
                let status = match task {
                    Task::Existing(details) => label(&details.status()),
                    Task::Absent | Task::Deleted(_) => fields::DELETED.to_owned(),
                };
                Some(Self::standalone(status, task.known()?))
            }
            TaskState::Order(task) => Some(Self::of_checklist(task)),
            TaskState::Checklist(order) => order.details().map(Self::hidden),
        }
    }

    /// A task of an order. It has no number, its due time is its deadline, and it has no fields but those
    /// of checklists.
    fn of_checklist(listed: &'a ChecklistTask) -> Self {
        let OrderTask {
            name: _,
            template: _,
            origin,
            content,
            checked,
            creator,
            created_at,
            revision: _,
        } = &*listed.task;
        let (status, percent) = match checked {
            None => (Status::NotStarted, 0),
            Some(_) => (Status::Complete, 100),
        };
        let visibility = match content.visibility.is_for_contacts() {
            true => Visibility::Portal,
            false => Visibility::Internal,
        };
        Self {
            kind: fields::ORDER,
            title: content.title.as_str(),
            description: content.description.as_ref().map_or("", Html::as_str),
            status: label(&status),
            visibility: label(&visibility),
            assignees: content.assignees.iter().map(MemberName::as_str).collect(),
            due: listed.due(),
            percent,
            origin: label(origin),
            creator: creator.as_str(),
            completed_at: checked.as_ref().map(|checked| checked.at),
            completed_by: checked.as_ref().map(|checked| checked.by.as_str()),
            created_at: *created_at,
            updated_at: listed.updated_at,
            responsible_role: content.responsible_role.as_ref().map(|role| role.as_str()),
            order: Some(listed.order()),
            current: listed.current,
            ..Self::plain(&listed.account, listed.start)
        }
    }

    /// An order itself.
    fn hidden(order: &'a order::Details) -> Self {
        Self {
            kind: fields::CHECKLIST,
            title: order.title.as_str(),
            creator: order.creator.as_str(),
            created_at: order.created_at,
            updated_at: order.updated_at,
            ..Self::plain(&order.account, order.start)
        }
    }

    /// What no task of an order has.
    fn plain(account: &'a AccountName, start: DateTime<Utc>) -> Self {
        Self {
            kind: fields::CHECKLIST,
            subject: account.as_str(),
            number: "",
            title: "",
            description: "",
            category: None,
            status: fields::DELETED.to_owned(),
            priority: label(&Priority::Normal),
            visibility: label(&Visibility::Internal),
            assignees: Vec::new(),
            start,
            due: None,
            // It moves with the start, as what the SLA gives does.
            due_source: label(&DueSource::Sla),
            percent: 0,
            origin: label(&Origin::Template),
            creator: "",
            completed_at: None,
            completed_by: None,
            created_at: start,
            updated_at: start,
            estimated_hours: None,
            actual_hours: None,
            billable: false,
            billed: false,
            requester_name: None,
            requester_email: None,
            requester_phone: None,
            quantity: None,
            price: None,
            price_currency: None,
            mileage: None,
            expenses: None,
            expenses_currency: None,
            tags: Vec::new(),
            responsible_role: None,
            order: None,
            current: false,
        }
    }

    fn standalone(status: String, details: &'a Details) -> Self {
        let amount = |money: Option<Money>| money.map(|money| ten_thousandths!(money.amount()));
        let (requester, completed) = (&details.requester, details.completed());
        Self {
            kind: fields::STANDALONE,
            subject: details.subject.as_str(),
            number: &details.number,
            title: details.title.as_str(),
            description: details.description.as_ref().map_or("", Html::as_str),
            category: details.category.as_deref(),
            status,
            priority: label(&details.priority),
            visibility: label(&details.visibility),
            assignees: details.assignees.iter().map(MemberName::as_str).collect(),
            start: details.start,
            due: Some(details.due),
            due_source: label(&details.due_source),
            percent: details.percent().number().into(),
            origin: label(&details.origin),
            creator: details.creator.as_str(),
            completed_at: completed.map(|(at, _)| at),
            completed_by: completed.map(|(_, by)| Actor::as_str(by)),
            created_at: details.created_at,
            updated_at: details.updated_at,
            estimated_hours: details
                .estimated_hours
                .map(|hours| ten_thousandths!(hours.number())),
            actual_hours: details
                .actual_hours
                .map(|hours| ten_thousandths!(hours.number())),
            billable: details.billable,
            billed: details.billed,
            requester_name: requester.name.as_ref().map(|name| name.as_str()),
            requester_email: requester.email.as_ref().map(|email| email.as_str()),
            requester_phone: requester.phone.as_ref().map(|phone| phone.as_str()),
            quantity: details
                .quantity
                .map(|quantity| ten_thousandths!(quantity.number())),
            price: amount(details.price),
            price_currency: details.price.map(Money::currency),
            mileage: details
                .mileage
                .map(|miles| ten_thousandths!(miles.number())),
            expenses: amount(details.expenses),
            expenses_currency: details.expenses.map(Money::currency),
            tags: details.tags.iter().map(|tag| tag.as_str()).collect(),
            responsible_role: details.responsible_role.as_ref().map(|role| role.as_str()),
            order: None,
            current: false,
        }
    }

    /// The word for its kind.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Puts the values of the columns after `position`.
    pub(super) fn put(&self, to: &mut Put<'_>) {
        to.put(self.subject)
            .put(self.number)
            .put(self.title)
            .put(self.category)
            .put(&self.status)
            .put(&self.priority)
            .put(&self.visibility)
            .put(&self.assignees)
            .put(self.start)
            .put(self.due.map_or(Timestamp::PosInfinity, Timestamp::Value))
            .put(&self.due_source)
            .put(self.percent)
            .put(&self.origin)
            .put(self.creator)
            .put(self.completed_at)
            .put(self.completed_by)
            .put(self.created_at)
            .put(self.updated_at)
            .put(self.estimated_hours)
            .put(self.actual_hours)
            .put(self.billable)
            .put(self.billed)
            .put(self.requester_name)
            .put(self.requester_email)
            .put(self.requester_phone)
            .put(self.quantity)
            .put(self.price)
            .put(self.price_currency)
            .put(self.mileage)
            .put(self.expenses)
            .put(self.expenses_currency)
            .put(&self.tags)
            .put(self.responsible_role)
            .put(self.order.as_ref().map_or("", OrderName::as_str))
            .put(self.current);
    }

    /// Whether lists show it at all.
    pub(crate) fn is_there(&self) -> bool {
        self.status != fields::DELETED
    }

    /// What is searched of it for words.
    fn document(&self) -> String {
        let description = search::plain(self.description);
        let texts = [self.number, self.title, &description].into_iter();
        search::document(texts.chain(self.tags.iter().copied()))
    }
}

impl Cells for Asked<'_> {
    fn cell(&self, sql: &str) -> Option<Cell<'_>> {
        let text = |text: Option<&'static str>| text.map_or(Cell::Null, Cell::Text);
        let number = |number: Option<i64>| number.map_or(Cell::Null, Cell::Integer);
        fn borrowed(text: Option<&str>) -> Cell<'_> {
            text.map_or(Cell::Null, Cell::Text)
        }
        Some(match sql {
            fields::KIND => Cell::Text(self.kind),
            fields::SUBJECT => Cell::Text(self.subject),
            fields::NUMBER => Cell::Text(self.number),
            fields::TITLE => Cell::Text(self.title),
            fields::SEARCH => Cell::Document(self.document()),
            fields::CATEGORY => borrowed(self.category),
            fields::STATUS => Cell::Text(&self.status),
            fields::PRIORITY => Cell::Text(&self.priority),
            fields::VISIBILITY => Cell::Text(&self.visibility),
            fields::ASSIGNED_ANYWHERE => Cell::Texts(self.assignees.clone()),
            fields::ASSIGNED_AT_ALL => Cell::Flag(!self.assignees.is_empty()),
            fields::START => Cell::Moment(self.start),
            fields::DUE => self.due.map_or(Cell::Null, Cell::Moment),
            fields::DUE_AT_ALL => Cell::Flag(self.due.is_some()),
            fields::DUE_SOURCE => Cell::Text(&self.due_source),
            fields::PERCENT => Cell::Integer(self.percent.into()),
            fields::ORIGIN => Cell::Text(&self.origin),
            fields::CREATOR => Cell::Text(self.creator),
            fields::COMPLETED_AT => self.completed_at.map_or(Cell::Null, Cell::Moment),
            fields::COMPLETED_BY => borrowed(self.completed_by),
            fields::CREATED_AT => Cell::Moment(self.created_at),
            fields::UPDATED_AT => Cell::Moment(self.updated_at),
            fields::ESTIMATED_HOURS => number(self.estimated_hours),
            fields::ACTUAL_HOURS => number(self.actual_hours),
            fields::BILLABLE => Cell::Flag(self.billable),
            fields::BILLED => Cell::Flag(self.billed),
            fields::REQUESTER_NAME => borrowed(self.requester_name),
            fields::REQUESTER_EMAIL => borrowed(self.requester_email),
            fields::REQUESTER_PHONE => borrowed(self.requester_phone),
            fields::QUANTITY => number(self.quantity),
            fields::PRICE => number(self.price),
            fields::PRICE_CURRENCY => text(self.price_currency),
            fields::MILEAGE => number(self.mileage),
            fields::EXPENSES => number(self.expenses),
            fields::EXPENSES_CURRENCY => text(self.expenses_currency),
            fields::TAGGED => Cell::Texts(self.tags.clone()),
            fields::TAGGED_AT_ALL => Cell::Flag(!self.tags.is_empty()),
            fields::ORDER_NAME => Cell::Text(self.order.as_ref().map_or("", OrderName::as_str)),
            fields::CURRENT => Cell::Flag(self.current),
            fields::RESPONSIBLE_ROLE => borrowed(self.responsible_role),
            _ => return None,
        })
    }
}
