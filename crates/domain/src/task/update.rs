//! What one save of a task changes.

use chrono::{DateTime, Utc};

use crate::{
    change::Change,
    limits,
    names::{Actor, Subject, TaskName},
    rejection::{Invalid, Reason, Rejection, Violations},
    settings::TimeZone,
    task::{
        Details, Due, DueSource, Field, Hours, Miles, Money, Percent, Priority, Progress, Quantity,
        Tag, Task, Updated, Visibility, distinct, due::in_range, field::those,
    },
    terms::Role,
    text::{Email, Html, Line, Phone},
};

/// New values for a task; what is none stays as it is, and none within is no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    pub title: Option<Line>,
    pub description: Option<Option<Html>>,
    /// One that the settings offer.
    pub category: Option<Option<Box<str>>>,
    /// Only of an open task.
    pub percent: Option<Percent>,
    pub priority: Option<Priority>,
    pub visibility: Option<Visibility>,
    /// A due time that the SLA gave moves along.
    pub start: Option<DateTime<Utc>>,
    /// None within: the start plus the hours of the SLA again.
    pub due: Option<Option<Due>>,
    pub estimated_hours: Option<Option<Hours>>,
    pub actual_hours: Option<Option<Hours>>,
    /// What is billed stays billable.
    pub billable: Option<bool>,
    pub requester_name: Option<Option<Line>>,
    pub requester_email: Option<Option<Email>>,
    pub requester_phone: Option<Option<Phone>>,
    pub quantity: Option<Option<Quantity>>,
    pub price: Option<Option<Money>>,
    pub mileage: Option<Option<Miles>>,
    pub expenses: Option<Option<Money>>,
    /// All of them.
    pub tags: Option<Vec<Tag>>,
    /// One that the settings offer; only of a task about an account.
    pub responsible_role: Option<Option<Role>>,
    /// What is wrong with values that could not be read and are not given here: the first of what the
    /// command's own check finds.
    pub found: Violations,
}

impl Updated {
    /// The fields that changed.
    pub fn fields(&self) -> Vec<Field> {
        let requester = self.requester_name.is_some()
            || self.requester_email.is_some()
            || self.requester_phone.is_some();
        those([
            (Field::Title, self.title.is_some()),
            (Field::Description, self.description.is_some()),
            (Field::Category, self.category.is_some()),
            (Field::Percent, self.percent.is_some()),
            (Field::Priority, self.priority.is_some()),
            (Field::Visibility, self.visibility.is_some()),
            (Field::Start, self.start.is_some()),
            (Field::Due, self.due.is_some() || self.due_source.is_some()),
            (Field::EstimatedHours, self.estimated_hours.is_some()),
            (Field::ActualHours, self.actual_hours.is_some()),
            (Field::Billable, self.billable.is_some()),
            (Field::Requester, requester),
            (Field::Quantity, self.quantity.is_some()),
            (Field::Price, self.price.is_some()),
            (Field::Mileage, self.mileage.is_some()),
            (Field::Expenses, self.expenses.is_some()),
            (Field::Tags, self.tags.is_some()),
            (Field::ResponsibleRole, self.responsible_role.is_some()),
        ])
    }
}

impl Task {
    /// What the save changes; none if everything is so already. Closed tasks stay editable but for how
    /// much of them is done (S2). A date means the end of that day in `zone`.
    pub fn update(
        &self,
        name: &TaskName,
        changes: &Changes,
        zone: TimeZone,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Updated>, Rejection> {
        let is = self.existing(name)?;
        let schedule = is.schedule(changes, zone)?;
        let percent = Change::between(&is.percent(), changes.percent.as_ref());
        let billable = Change::between(&is.billable, changes.billable.as_ref());
        if percent.is_some() && !is.is_open() {
            return Err(closed(name, is, "how much of it is done"));
        }
        if is.billed && billable.is_some() {
            return Err(Rejection::Precondition {
                reason: Reason::TaskBilled,
                subject: name.to_string(),
                description: format!(
                    "task.billable: {name} is billed: have an admin mark it as not billed first"
                ),
            });
        }
        let description = changes
            .description
            .as_ref()
            .map(|html| html.clone().filter(|html| !html.is_blank()));
        let tags = changes.tags.as_deref().map(distinct);
        let updated = Updated {
            title: Change::between(&is.title, changes.title.as_ref()),
            description: Change::between(&is.description, description.as_ref()),
            category: Change::between(&is.category, changes.category.as_ref()),
            percent,
            priority: Change::between(&is.priority, changes.priority.as_ref()),
            visibility: Change::between(&is.visibility, changes.visibility.as_ref()),
            start: Change::between(&is.start, Some(&schedule.start)),
            due: Change::between(&is.due, Some(&schedule.due)),
            due_source: Change::between(&is.due_source, Some(&schedule.source)),
            estimated_hours: Change::between(&is.estimated_hours, changes.estimated_hours.as_ref()),
            actual_hours: Change::between(&is.actual_hours, changes.actual_hours.as_ref()),
            billable,
            requester_name: Change::between(&is.requester.name, changes.requester_name.as_ref()),
            requester_email: Change::between(&is.requester.email, changes.requester_email.as_ref()),
            requester_phone: Change::between(&is.requester.phone, changes.requester_phone.as_ref()),
            quantity: Change::between(&is.quantity, changes.quantity.as_ref()),
            price: Change::between(&is.price, changes.price.as_ref()),
            mileage: Change::between(&is.mileage, changes.mileage.as_ref()),
            expenses: Change::between(&is.expenses, changes.expenses.as_ref()),
            tags: Change::between(&is.tags, tags.as_ref()),
            responsible_role: Change::between(
                &is.responsible_role,
                changes.responsible_role.as_ref(),
            ),
            by,
            at,
        };
        Ok((!updated.fields().is_empty()).then_some(updated))
    }
}

/// When a task starts and is due.
struct Schedule {
    start: DateTime<Utc>,
    due: DateTime<Utc>,
    source: DueSource,
}

impl Details {
    /// When the task starts and is due after the changes, with whatever else is wrong in them.
    fn schedule(&self, changes: &Changes, zone: TimeZone) -> Result<Schedule, Rejection> {
        let mut violations = changes.found.clone();
        let unread = ["task.start_time", "task.due_time", "task.due_date"]
            .iter()
            .any(|field| violations.names(field));
        if let Some(tags) = &changes.tags {
            check_count(&mut violations, "task.tags", tags, limits::TAGS);
        }
        let start = match changes.start {
            None => Some(self.start),
            Some(start) => violations.check("task.start_time", in_range(start)),
        };
        let given = match changes.due {
            Some(Some(due)) => {
                let instant = due.instant(zone).and_then(in_range);
                violations.check("task.due_time", instant).map(Some)
            }
            None if self.due_source == DueSource::Manual => Some(Some(self.due)),
            None | Some(None) => Some(None),
        };
        // What was out of range is noted; what stands in for it here is never used.
        let (start, given) = (start.unwrap_or(self.start), given.unwrap_or_default());
        let (due, source) = match given {
            Some(due) => (due, DueSource::Manual),
            None => (start + self.sla_hours.duration(), DueSource::Sla),
        };
        if due < start && !unread {
            let (due, start) = (due.to_rfc3339(), start.to_rfc3339());
            match changes.due {
                Some(_) => violations.add(
                    "task.due_time",
                    format!("is {due}, before the start at {start}"),
                ),
                None => violations.add(
                    "task.start_time",
                    format!("is {start}, after the due time at {due}: give another due time too"),
                ),
            }
        }
        if let Some(Some(role)) = &changes.responsible_role {
            violations.check("task.responsible_role", follows(&self.subject, role));
        }
        violations.finish()?;
        Ok(Schedule { start, due, source })
    }
}

/// Checks that a task about `subject` can follow a role: one that accounts have.
pub(crate) fn follows(subject: &Subject, role: &Role) -> Result<(), Invalid> {
    match subject {
        Subject::Account(_) => Ok(()),
        Subject::Member(_) => Err(Invalid::new(format!(
            "is {role}; a task about a member follows no role"
        ))),
    }
}

/// Notes that a list is longer than it may be.
pub(crate) fn check_count<T>(violations: &mut Violations, field: &str, items: &[T], most: usize) {
    violations.check_count(field, items.len(), most);
}

/// Refuses what a closed task refuses.
pub(super) fn closed(name: &TaskName, details: &Details, what: &str) -> Rejection {
    let status = match details.progress {
        Progress::Open { .. } => "open",
        Progress::Complete { .. } => "complete",
        Progress::Cancelled { .. } => "cancelled",
    };
    Rejection::Precondition {
        reason: Reason::TaskClosed,
        subject: name.to_string(),
        description: format!("{name} is {status}: reopen it to change {what}"),
    }
}
