//! Who may give a task's fields: one table.

use crate::task::Draft;

/// A class of caller, as far as the fields of tasks tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// An admin, or Handoff itself.
    Admin,
    /// A member who is no admin.
    Staff,
    /// A program that acts for itself.
    ServiceAccount,
    /// A person at the account that the task is about.
    Contact,
}

impl Caller {
    /// Every class.
    pub const ALL: [Self; 4] = [
        Self::Admin,
        Self::Staff,
        Self::ServiceAccount,
        Self::Contact,
    ];
}

/// Something of a task that a caller gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Title,
    Description,
    Category,
    Status,
    Percent,
    Priority,
    Visibility,
    Assignees,
    Notify,
    Start,
    Due,
    EstimatedHours,
    ActualHours,
    Billable,
    Billed,
    Requester,
    Quantity,
    Price,
    Mileage,
    Expenses,
    Related,
    Tags,
    ResponsibleRole,
    Tracker,
    Note,
    InternalNote,
}

/// Who may do one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    Nobody,
    Admins,
    /// Admins; staff and programs unless a contact submitted the task (S2: the original submission
    /// keeps its integrity).
    TeamUnlessSubmitted,
    /// Admins, staff and programs.
    Team,
    /// The team, and the account's contacts.
    Everyone,
}

impl Right {
    /// Whether a caller has it; `submitted` says whether a contact submitted the task.
    pub fn includes(self, caller: Caller, submitted: bool) -> bool {
        match (self, caller) {
            (Self::Nobody, _) => false,
            (Self::Everyone, _) => true,
            (_, Caller::Contact) => false,
            (_, Caller::Admin) => true,
            (Self::Admins, Caller::Staff | Caller::ServiceAccount) => false,
            (Self::TeamUnlessSubmitted, Caller::Staff | Caller::ServiceAccount) => !submitted,
            (Self::Team, Caller::Staff | Caller::ServiceAccount) => true,
        }
    }
}

/// Who may give a field when a task is created, and who may change it afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    pub create: Right,
    pub change: Right,
}

impl Field {
    /// The table: every field, and who may give it at creation and afterwards.
    pub const RIGHTS: [(Self, Right, Right); 26] = {
        use Right::{Admins, Everyone, Nobody, Team, TeamUnlessSubmitted};
        [
            (Self::Title, Everyone, TeamUnlessSubmitted),
            (Self::Description, Everyone, TeamUnlessSubmitted),
            (Self::Category, Everyone, Team),
            (Self::Status, Team, Team),
            (Self::Percent, Team, Team),
            (Self::Priority, Team, Team),
            (Self::Visibility, Team, Team),
            (Self::Assignees, Team, Team),
            (Self::Notify, Team, Team),
            (Self::Start, Team, Team),
            (Self::Due, Everyone, Team),
            (Self::EstimatedHours, Team, Team),
            (Self::ActualHours, Team, Team),
            (Self::Billable, Team, Team),
            (Self::Billed, Nobody, Admins),
            (Self::Requester, Team, TeamUnlessSubmitted),
            (Self::Quantity, Team, Team),
            (Self::Price, Team, Team),
            (Self::Mileage, Team, Team),
            (Self::Expenses, Team, Team),
            (Self::Related, Team, Team),
            (Self::Tags, Team, Team),
            (Self::ResponsibleRole, Team, Team),
            (Self::Tracker, Team, Nobody),
            (Self::Note, Nobody, Everyone),
            (Self::InternalNote, Nobody, Admins),
        ]
    };

    /// Who may give it.
    pub fn rights(self) -> Rights {
        let row = Self::RIGHTS.iter().find(|(field, _, _)| *field == self);
        let (create, change) = row.map_or((Right::Nobody, Right::Nobody), |(_, create, change)| {
            (*create, *change)
        });
        Rights { create, change }
    }

    /// Its path in a request about a task, without the `task.` before it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Category => "category",
            Self::Status => "status",
            Self::Percent => "percent_complete",
            Self::Priority => "priority",
            Self::Visibility => "visibility",
            Self::Assignees => "assignees",
            Self::Notify => "notify",
            Self::Start => "start_time",
            Self::Due => "due_time",
            Self::EstimatedHours => "estimated_hours",
            Self::ActualHours => "actual_hours",
            Self::Billable => "billable",
            Self::Billed => "billed",
            Self::Requester => "requester",
            Self::Quantity => "quantity",
            Self::Price => "price",
            Self::Mileage => "mileage",
            Self::Expenses => "expenses",
            Self::Related => "related_tasks",
            Self::Tags => "tags",
            Self::ResponsibleRole => "responsible_role",
            Self::Tracker => "save_to_tracker",
            Self::Note => "note",
            Self::InternalNote => "internal_note",
        }
    }
}

/// The fields that are marked.
pub(super) fn those(fields: impl IntoIterator<Item = (Field, bool)>) -> Vec<Field> {
    fields
        .into_iter()
        .filter_map(|(field, given)| given.then_some(field))
        .collect()
}

impl Draft {
    /// The fields that are given something other than what a task has by itself.
    pub fn fields(&self) -> Vec<Field> {
        let nothing = Self::default();
        those([
            (Field::Title, self.title.is_some()),
            (Field::Description, self.description.is_some()),
            (Field::Category, self.category.is_some()),
            (Field::Status, self.status != nothing.status),
            (Field::Percent, self.percent != nothing.percent),
            (Field::Priority, self.priority != nothing.priority),
            (Field::Visibility, self.visibility != nothing.visibility),
            (Field::Assignees, !self.assignees.is_empty()),
            (Field::Notify, !self.notify.is_empty()),
            (Field::Start, self.start.is_some()),
            (Field::Due, self.due.is_some()),
            (Field::EstimatedHours, self.estimated_hours.is_some()),
            (Field::ActualHours, self.actual_hours.is_some()),
            (Field::Billable, self.billable),
            (Field::Requester, !self.requester.is_unknown()),
            (Field::Quantity, self.quantity.is_some()),
            (Field::Price, self.price.is_some()),
            (Field::Mileage, self.mileage.is_some()),
            (Field::Expenses, self.expenses.is_some()),
            (Field::Related, !self.related.is_empty()),
            (Field::Tags, !self.tags.is_empty()),
            (Field::ResponsibleRole, self.responsible_role.is_some()),
            (Field::Tracker, self.tracker),
        ])
    }
}
