//! Reads what requests say about the tasks of checklists: of services and of orders.

use handoff_commands::new_id;
use handoff_domain::{
    Invalid,
    checklist::{Arrangement, Changes, DeadlineHours, Draft, Tier, Visibility},
    limits,
    names::{OrderName, OrderTaskName, ServiceName, TemplateTaskName},
    text::{Html, Line},
};
use handoff_proto::v1;

use crate::fields::{Fields, Mask, given};

/// What a request gives of a task: the same for both kinds.
pub(super) struct Given<'a> {
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) deadline_hours: Option<i32>,
    pub(super) assignees: &'a [String],
    pub(super) responsible_role: &'a str,
    pub(super) tier: i32,
    pub(super) visibility: i32,
}

impl<'a> From<&'a v1::TemplateTask> for Given<'a> {
    fn from(task: &'a v1::TemplateTask) -> Self {
        Self {
            title: &task.title,
            description: &task.description,
            deadline_hours: task.deadline_hours,
            assignees: &task.assignees,
            responsible_role: &task.responsible_role,
            tier: task.tier,
            visibility: task.visibility,
        }
    }
}

impl<'a> From<&'a v1::OrderTask> for Given<'a> {
    fn from(task: &'a v1::OrderTask) -> Self {
        Self {
            title: &task.title,
            description: &task.description,
            deadline_hours: task.deadline_hours,
            assignees: &task.assignees,
            responsible_role: &task.responsible_role,
            tier: task.tier,
            visibility: task.visibility,
        }
    }
}

/// A new task with everything that a caller can give it.
pub(super) fn draft(task: &Given<'_>, fields: &mut Fields) -> Option<Draft> {
    let title = fields.required("task.title", task.title, Line::new);
    let description = fields.optional("task.description", task.description, Html::new);
    let deadline_hours = deadline_hours(task, fields);
    let assignees = fields.each(
        "task.assignees",
        task.assignees,
        limits::ASSIGNEES,
        str::parse,
    );
    let role = fields.optional("task.responsible_role", task.responsible_role, str::parse);
    let tier = tier("task.tier", task.tier, fields);
    let visibility = visibility(task, fields);
    Some(Draft {
        title: title?,
        description: description?,
        deadline_hours: deadline_hours?,
        assignees: assignees?,
        responsible_role: role?,
        tier: tier?,
        visibility: visibility?,
    })
}

/// The values of the fields that the mask names, but for assignees.
pub(super) fn changes(mask: &Mask, task: &Given<'_>, fields: &mut Fields) -> Option<Changes> {
    let has = |field| mask.has(field);
    let title = has("title").then(|| fields.required("task.title", task.title, Line::new));
    let description = has("description")
        .then(|| fields.optional("task.description", task.description, Html::new));
    let deadline_hours = has("deadline_hours").then(|| deadline_hours(task, fields));
    let responsible_role = has("responsible_role").then(|| {
        let role = task.responsible_role;
        fields.optional("task.responsible_role", role, str::parse)
    });
    let tier = has("tier").then(|| fields.check("task.tier", Tier::new(task.tier.into())));
    let visibility = has("visibility").then(|| visibility(task, fields));
    Some(Changes {
        title: given(title)?,
        description: given(description)?,
        deadline_hours: given(deadline_hours)?,
        responsible_role: given(responsible_role)?,
        tier: given(tier)?,
        visibility: given(visibility)?,
    })
}

/// A new order of tasks.
pub(super) fn arrangement<Name>(
    tasks: &[String],
    tiers: &[i32],
    fields: &mut Fields,
) -> Option<Arrangement<Name>>
where
    Name: std::str::FromStr<Err = Invalid>,
{
    let tasks = match tasks {
        [] => fields.violation("tasks", "is required: name every task once"),
        tasks => fields.each("tasks", tasks, limits::CHECKLIST_TASKS, str::parse),
    };
    let tiers = fields.each_of("tiers", tiers, limits::CHECKLIST_TASKS, |tier| {
        Tier::new((*tier).into())
    });
    Some(Arrangement {
        tasks: tasks?,
        tiers: tiers?,
    })
}

/// A tier that may be left out, which is 0.
pub(super) fn tier(field: &str, tier: i32, fields: &mut Fields) -> Option<Option<Tier>> {
    match tier {
        0 => Some(None),
        tier => fields.check(field, Tier::new(tier.into())).map(Some),
    }
}

fn deadline_hours(task: &Given<'_>, fields: &mut Fields) -> Option<Option<DeadlineHours>> {
    match task.deadline_hours {
        None => Some(None),
        Some(hours) => fields
            .check("task.deadline_hours", DeadlineHours::new(hours.into()))
            .map(Some),
    }
}

fn visibility(task: &Given<'_>, fields: &mut Fields) -> Option<Visibility> {
    use v1::ChecklistVisibility as Shown;
    Some(match fields.known("task.visibility", task.visibility)? {
        Shown::Unspecified | Shown::Internal => Visibility::Internal,
        Shown::Portal => Visibility::Portal,
        Shown::ClientAssigned => Visibility::ClientAssigned,
    })
}

/// Makes sure that a request whose new task may be named after it has an id.
pub(super) fn identify(request_id: &mut String) {
    if request_id.is_empty() {
        *request_id = new_id().to_string();
    }
}

/// The name that a new task of a template gets: of the id that was chosen, else of the request's own, so
/// that a retry comes to the same one.
pub(super) fn new_template_task(
    request: &v1::AddTemplateTaskRequest,
) -> Result<TemplateTaskName, Invalid> {
    let service: ServiceName = request.parent.parse()?;
    TemplateTaskName::from_id(&service, &task_id(&request.task_id, &request.request_id))
}

/// The name that a new task of an order gets: likewise.
pub(super) fn new_order_task(request: &v1::AddOrderTaskRequest) -> Result<OrderTaskName, Invalid> {
    let order: OrderName = request.parent.parse()?;
    OrderTaskName::from_id(&order, &task_id(&request.task_id, &request.request_id))
}

fn task_id(chosen: &str, request_id: &str) -> String {
    match chosen {
        "" => request_id.to_lowercase(),
        chosen => chosen.to_owned(),
    }
}
