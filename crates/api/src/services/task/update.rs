//! What UpdateTask asks for.

use handoff_domain::{
    Violations,
    commands::UpdateTask,
    limits,
    task::{Changes, Hours, Miles, Percent, Quantity, Tag},
    text::{Html, Line},
};
use handoff_proto::v1;

use super::fields::{
    category, money, priority, requester_email, requester_name, requester_phone, visibility,
};
use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::{Fields, Mask},
    services::due::due,
    time,
};

/// What can be changed.
const FIELDS: &[&str] = &[
    "title",
    "description",
    "category",
    "percent_complete",
    "priority",
    "visibility",
    "start_time",
    "due_time",
    "due_date",
    "estimated_hours",
    "actual_hours",
    "billable",
    "requester",
    "requester.display_name",
    "requester.email",
    "requester.phone",
    "quantity",
    "price",
    "mileage",
    "expenses",
    "tags",
    "responsible_role",
];

impl CommandRequest for v1::UpdateTaskRequest {
    type Command = UpdateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateTask> {
        let mask = fields.mask(self.update_mask.as_ref(), FIELDS);
        let task = fields.present("task", self.task.as_ref())?;
        let name = fields.name("task.name", &task.name);
        let changes = changes(&mask?, task, fields);
        Some(UpdateTask {
            name: name?,
            changes: Changes {
                found: fields.hand_on(),
                ..changes
            },
        })
    }
}

/// The values of the fields that the mask names. What cannot be read is noted and stays.
fn changes(mask: &Mask, task: &v1::Task, fields: &mut Fields) -> Changes {
    let has = |field| mask.has(field);
    let title = has("title").then(|| fields.required("task.title", &task.title, Line::new));
    let description = has("description")
        .then(|| fields.optional("task.description", &task.description, Html::new));
    let percent = has("percent_complete").then(|| {
        let percent = Percent::new(task.percent_complete.into());
        fields.check("task.percent_complete", percent)
    });
    let priority = has("priority").then(|| priority(task, fields));
    let visibility = has("visibility").then(|| visibility(task, fields));
    let start = has("start_time").then(|| {
        let start = fields.present("task.start_time", task.start_time.as_ref())?;
        fields.check("task.start_time", time::from_proto(start))
    });
    let due = (has("due_time") || has("due_date")).then(|| {
        let time = task.due_time.as_ref().filter(|_| has("due_time"));
        let date = if has("due_date") { &task.due_date } else { "" };
        due("task", time, date, fields)
    });
    let estimated_hours = has("estimated_hours")
        .then(|| fields.optional("task.estimated_hours", &task.estimated_hours, Hours::new));
    let actual_hours = has("actual_hours")
        .then(|| fields.optional("task.actual_hours", &task.actual_hours, Hours::new));
    let requester = task.requester.clone().unwrap_or_default();
    let of_requester = |field| has("requester") || has(field);
    let requester_name =
        of_requester("requester.display_name").then(|| requester_name(&requester, fields));
    let requester_email =
        of_requester("requester.email").then(|| requester_email(&requester, fields));
    let requester_phone =
        of_requester("requester.phone").then(|| requester_phone(&requester, fields));
    let quantity =
        has("quantity").then(|| fields.optional("task.quantity", &task.quantity, Quantity::new));
    let price = has("price").then(|| money("task.price", task.price.as_ref(), fields));
    let mileage =
        has("mileage").then(|| fields.optional("task.mileage", &task.mileage, Miles::new));
    let expenses = has("expenses").then(|| money("task.expenses", task.expenses.as_ref(), fields));
    let tags = has("tags").then(|| fields.each("task.tags", &task.tags, limits::TAGS, Tag::new));
    let responsible_role = has("responsible_role").then(|| {
        let role = &task.responsible_role;
        fields.optional("task.responsible_role", role, str::parse)
    });
    Changes {
        title: title.flatten(),
        description: description.flatten(),
        category: has("category").then(|| category(task)),
        percent: percent.flatten(),
        priority: priority.flatten(),
        visibility: visibility.flatten(),
        start: start.flatten(),
        due: due.flatten(),
        estimated_hours: estimated_hours.flatten(),
        actual_hours: actual_hours.flatten(),
        billable: has("billable").then_some(task.billable),
        requester_name: requester_name.flatten(),
        requester_email: requester_email.flatten(),
        requester_phone: requester_phone.flatten(),
        quantity: quantity.flatten(),
        price: price.flatten(),
        mileage: mileage.flatten(),
        expenses: expenses.flatten(),
        tags: tags.flatten(),
        responsible_role: responsible_role.flatten(),
        found: Violations::new(),
    }
}
