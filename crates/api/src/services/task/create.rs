//! What the requests that make tasks ask for.

use handoff_commands::new_id;
use handoff_domain::{
    Violations,
    commands::{CreateTask, GenerateTask},
    limits,
    names::{Actor, TaskName},
    task::{Draft, Hours, Miles, Origin, Percent, Quantity, Tag},
    text::{Html, Line},
};
use handoff_proto::v1;

use super::fields::{category, money, notify, open_status, priority, requester, visibility};
use crate::{caller::Caller, command::CommandRequest, fields::Fields, services::due::due};

impl CommandRequest for v1::CreateTaskRequest {
    type Command = CreateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, caller: &Caller, fields: &mut Fields) -> Option<CreateTask> {
        let name = fields.optional("task_id", &self.task_id, TaskName::from_id);
        let task = fields.present("task", self.task.as_ref())?;
        let subject = fields.name("task.subject", &task.subject);
        let title = fields.required("task.title", &task.title, Line::new);
        let draft = draft(task, fields);
        Some(CreateTask {
            name: name.flatten().unwrap_or_else(new_name),
            draft: Draft {
                subject,
                title,
                found: fields.hand_on(),
                ..draft
            },
            origin: origin(caller),
        })
    }
}

/// A new task with everything that a caller can give it, but for its subject and title. What cannot be
/// read is noted and not given.
pub(super) fn draft(task: &v1::Task, fields: &mut Fields) -> Draft {
    let description = fields.optional("task.description", &task.description, Html::new);
    let status = open_status("task.status", task.status, fields);
    let priority = priority(task, fields);
    let visibility = visibility(task, fields);
    let assignees = fields.each(
        "task.assignees",
        &task.assignees,
        limits::ASSIGNEES,
        str::parse,
    );
    let start = fields.time("task.start_time", task.start_time.as_ref());
    let due = due("task", task.due_time.as_ref(), &task.due_date, fields);
    let percent = Percent::new(task.percent_complete.into());
    let percent = fields.check("task.percent_complete", percent);
    let notify = notify("task.notify", task.notify.as_ref(), fields);
    let (estimated, actual) = (&task.estimated_hours, &task.actual_hours);
    let estimated_hours = fields.optional("task.estimated_hours", estimated, Hours::new);
    let actual_hours = fields.optional("task.actual_hours", actual, Hours::new);
    let requester = requester(task, fields);
    let quantity = fields.optional("task.quantity", &task.quantity, Quantity::new);
    let price = money("task.price", task.price.as_ref(), fields);
    let mileage = fields.optional("task.mileage", &task.mileage, Miles::new);
    let expenses = money("task.expenses", task.expenses.as_ref(), fields);
    let related = fields.each(
        "task.related_tasks",
        &task.related_tasks,
        limits::RELATED_TASKS,
        str::parse,
    );
    let tags = fields.each("task.tags", &task.tags, limits::TAGS, Tag::new);
    let role = &task.responsible_role;
    let responsible_role = fields.optional("task.responsible_role", role, str::parse);
    Draft {
        subject: None,
        title: None,
        description: description.unwrap_or_default(),
        category: category(task),
        status: status.unwrap_or_default(),
        percent: percent.unwrap_or_default(),
        priority: priority.unwrap_or_default(),
        visibility: visibility.unwrap_or_default(),
        assignees: assignees.unwrap_or_default(),
        notify: notify.unwrap_or_default(),
        start: start.unwrap_or_default(),
        due: due.unwrap_or_default(),
        estimated_hours: estimated_hours.unwrap_or_default(),
        actual_hours: actual_hours.unwrap_or_default(),
        billable: task.billable,
        requester: requester.unwrap_or_default(),
        quantity: quantity.unwrap_or_default(),
        price: price.unwrap_or_default(),
        mileage: mileage.unwrap_or_default(),
        expenses: expenses.unwrap_or_default(),
        related: related.unwrap_or_default(),
        tags: tags.unwrap_or_default(),
        responsible_role: responsible_role.unwrap_or_default(),
        tracker: task.save_to_tracker,
        found: Violations::new(),
    }
}

impl CommandRequest for v1::GenerateTaskRequest {
    type Command = GenerateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<GenerateTask> {
        let account = fields.name("account", &self.account);
        let task_type = fields.required("task_type", &self.task_type, str::parse);
        let work_key = fields.required("work_key", &self.work_key, Line::new);
        let task = fields.present("task", self.task.as_ref())?;
        let title = fields.required("task.title", &task.title, Line::new);
        let description = fields.optional("task.description", &task.description, Html::new);
        let priority = priority(task, fields);
        let visibility = visibility(task, fields);
        let assignees = fields.each(
            "task.assignees",
            &task.assignees,
            limits::ASSIGNEES,
            str::parse,
        );
        let start = fields.time("task.start_time", task.start_time.as_ref());
        let due = fields.time("task.due_time", task.due_time.as_ref());
        refuse_others(task, fields);
        Some(GenerateTask {
            account: account?,
            task_type: task_type?,
            work_key: work_key?,
            title: title?,
            description: description?,
            category: category(task),
            priority: priority?,
            visibility: visibility?,
            assignees: assignees?,
            start: start?,
            due: due?,
        })
    }
}

/// Refuses each field that a generated task does not take, rather than to drop it unsaid.
fn refuse_others(task: &v1::Task, fields: &mut Fields) {
    let given = |text: &str| !text.is_empty();
    for (field, is_given) in [
        ("task.subject", given(&task.subject)),
        ("task.status", task.status != 0),
        ("task.percent_complete", task.percent_complete != 0),
        ("task.notify", task.notify.is_some()),
        ("task.due_date", given(&task.due_date)),
        ("task.estimated_hours", given(&task.estimated_hours)),
        ("task.actual_hours", given(&task.actual_hours)),
        ("task.billable", task.billable),
        ("task.requester", task.requester.is_some()),
        ("task.quantity", given(&task.quantity)),
        ("task.price", task.price.is_some()),
        ("task.mileage", given(&task.mileage)),
        ("task.expenses", task.expenses.is_some()),
        ("task.related_tasks", !task.related_tasks.is_empty()),
        ("task.tags", !task.tags.is_empty()),
        ("task.responsible_role", given(&task.responsible_role)),
        ("task.save_to_tracker", task.save_to_tracker),
    ] {
        if is_given {
            let description = "is not taken for a generated task: leave it empty, and update the task with it afterwards";
            fields.violation::<()>(field, description);
        }
    }
}

/// A new task's name where the caller chose none.
pub(super) fn new_name() -> TaskName {
    TaskName::from_id(&new_id().to_string()).expect("a UUID in lower case is an id")
}

/// Where a task comes from: a member's hand, also if a program lends it, or another program.
fn origin(caller: &Caller) -> Origin {
    match (&caller.actor, &caller.on_behalf_of) {
        (_, Some(_)) | (Actor::Member(_), None) => Origin::Manual,
        (Actor::Contact(_), None) => Origin::Portal,
        (Actor::ServiceAccount(_) | Actor::System, None) => Origin::Integration,
    }
}
