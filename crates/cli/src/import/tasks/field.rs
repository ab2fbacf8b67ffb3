//! What the columns of a list of tasks can say, and what they are called: the headings of the two forms that tasks come from
//! (S2, S3) first.

use crate::import::columns::Field;

/// What a row says about its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskField {
    Title,
    Customer,
    Assignees,
    Priority,
    Status,
    Due,
    Description,
    Category,
    /// What tells the row from all others.
    Key,
    Start,
    Percent,
    EstimatedHours,
    ActualHours,
    Billable,
    Billed,
    Price,
    Expenses,
    Quantity,
    Mileage,
    Notify,
    OnChange,
    OnComplete,
    RequesterName,
    RequesterEmail,
    RequesterPhone,
    Related,
    Tags,
    Note,
    InternalNote,
    Visibility,
    Role,
    Tracker,
    /// Whether it is complete, beside its status.
    Complete,
}

impl TaskField {
    /// Those by all of which a row is recognised that has no key. Of the later ones those count that say something, so that a
    /// row is the same that it was before there were these.
    pub(super) const FIRST: usize = 9;
}

impl Field for TaskField {
    const ALL: &'static [Self] = &[
        Self::Title,
        Self::Customer,
        Self::Assignees,
        Self::Priority,
        Self::Status,
        Self::Due,
        Self::Description,
        Self::Category,
        Self::Key,
        Self::Start,
        Self::Percent,
        Self::EstimatedHours,
        Self::ActualHours,
        Self::Billable,
        Self::Billed,
        Self::Price,
        Self::Expenses,
        Self::Quantity,
        Self::Mileage,
        Self::Notify,
        Self::OnChange,
        Self::OnComplete,
        Self::RequesterName,
        Self::RequesterEmail,
        Self::RequesterPhone,
        Self::Related,
        Self::Tags,
        Self::Note,
        Self::InternalNote,
        Self::Visibility,
        Self::Role,
        Self::Tracker,
        Self::Complete,
    ];
    const REQUIRED: &'static [(Self, &'static str)] =
        &[(Self::Title, "Task Title"), (Self::Customer, "Customer")];
    const KEY: Option<Self> = Some(Self::Key);

    fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Title => &[
                "task title",
                "title",
                "task",
                "subject",
                "summary",
                "description short",
                "short description",
            ],
            Self::Customer => &[
                "customer",
                "account",
                "client",
                "customer name",
                "account name",
                "regarding",
            ],
            Self::Assignees => &["assigned to", "assignee", "assignees", "owner"],
            Self::Priority => &["priority"],
            Self::Status => &["task status", "status"],
            Self::Due => &["due date", "due", "deadline"],
            Self::Description => &["description details", "description", "details"],
            Self::Category => &["category"],
            Self::Key => &["key", "id", "task id"],
            Self::Start => &["start date", "start"],
            Self::Percent => &[
                "complete percent",
                "percent complete",
                "percent",
                "complete",
                "progress",
            ],
            Self::EstimatedHours => &["estimated hours", "estimate"],
            // S2: "truly refers to how many hours a task took".
            Self::ActualHours => &["billable hours", "actual hours", "hours", "hours worked"],
            Self::Billable => &["billable"],
            Self::Billed => &["billed"],
            Self::Price => &["price"],
            Self::Expenses => &["expenses"],
            Self::Quantity => &["quantity"],
            Self::Mileage => &["mileage", "miles"],
            Self::Notify => &["notify"],
            Self::OnChange => &[
                "send notice to client on change",
                "notify on change",
                "on change",
            ],
            Self::OnComplete => &[
                "send notice to client on complete",
                "notify on complete",
                "on complete",
            ],
            Self::RequesterName => &["full name", "requester", "requested by", "requester name"],
            Self::RequesterEmail => &[
                "email address",
                "e mail address",
                "email",
                "e mail",
                "requester email",
            ],
            Self::RequesterPhone => &["phone number", "phone", "requester phone"],
            Self::Related => &["related task s", "related tasks", "related task", "related"],
            Self::Tags => &["tags", "tag", "labels"],
            Self::Note => &["work notes", "work note", "notes", "note"],
            Self::InternalNote => &[
                "work notes internal only",
                "internal work notes",
                "internal notes",
                "internal note",
            ],
            Self::Visibility => &["visibility"],
            Self::Role => &["role", "responsible role"],
            Self::Tracker => &["save to tracker", "tracker"],
            Self::Complete => &["task complete"],
        }
    }

    fn of_path(path: &str) -> Option<Self> {
        // `task.assignees[1]` is of the field `task.assignees`.
        let path = path.split('[').next().unwrap_or(path);
        Some(match path {
            "task.title" => Self::Title,
            "task.subject" | "account_id" | "account.display_name" => Self::Customer,
            "task.assignees" => Self::Assignees,
            path if path.starts_with("member") => Self::Assignees,
            "task.priority" => Self::Priority,
            "task.status" => Self::Status,
            "task.due_time" | "task.due_date" => Self::Due,
            "task.description" => Self::Description,
            "task.category" => Self::Category,
            "task.start_time" => Self::Start,
            "task.percent_complete" => Self::Percent,
            "task.estimated_hours" => Self::EstimatedHours,
            "task.actual_hours" => Self::ActualHours,
            "task.price" | "task.price.currency_code" => Self::Price,
            "task.expenses" | "task.expenses.currency_code" => Self::Expenses,
            "task.quantity" => Self::Quantity,
            "task.mileage" => Self::Mileage,
            path if path.starts_with("task.notify") => Self::Notify,
            "task.requester.display_name" => Self::RequesterName,
            "task.requester.email" => Self::RequesterEmail,
            "task.requester.phone" => Self::RequesterPhone,
            "task.related_tasks" | "related_task" => Self::Related,
            "task.tags" => Self::Tags,
            "task.responsible_role" => Self::Role,
            "note" => Self::Note,
            "internal_note" => Self::InternalNote,
            "billed" => Self::Billed,
            _ => return None,
        })
    }

    fn of_reason(reason: &str) -> (Option<Self>, Option<&'static str>) {
        match reason {
            "UNKNOWN_MEMBER" => (
                Some(Self::Assignees),
                Some("create the member, or import with --create-members"),
            ),
            "MEMBER_DISABLED" => (Some(Self::Assignees), Some("name another member")),
            "ACCOUNT_DEACTIVATED" => (Some(Self::Customer), None),
            "UNKNOWN_CATEGORY" => (
                Some(Self::Category),
                Some("`handoff settings show` lists the categories"),
            ),
            "UNKNOWN_ROLE" => (
                Some(Self::Role),
                Some("`handoff settings show` lists the roles"),
            ),
            "UNKNOWN_CONTACT" => (
                Some(Self::Notify),
                Some("add the contact first: handoff import contacts"),
            ),
            _ => (None, None),
        }
    }
}
