//! What the requests of OrderCommandService ask for.

use handoff_commands::new_id;
use handoff_domain::{
    Invalid,
    commands::{
        AddOrderNote, AddOrderTask, AssignOrder, AssignOrderTask, CancelOrder, CheckOrderTask,
        CompleteOrder, NewOrderTask, NoteOn, PlaceOrder, RemoveOrderTask, RenewOrder, ReopenOrder,
        ReorderOrderTasks, UncheckOrderTask, UpdateOrder, UpdateOrderTask,
    },
    limits,
    names::OrderName,
    order::Cycle,
    task::Visibility,
    text::{Html, Line},
};
use handoff_proto::v1;

use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::{Fields, given},
    services::{
        checklist::{Given, arrangement, changes, draft, new_order_task, tier},
        task::assign::assignment,
    },
    time,
};

impl CommandRequest for v1::PlaceOrderRequest {
    type Command = PlaceOrder;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<PlaceOrder> {
        let name = fields.optional("order_id", &self.order_id, OrderName::from_id);
        let order = fields.present("order", self.order.as_ref())?;
        let account = fields.name("order.account", &order.account);
        let service = fields.name("order.service", &order.service);
        let title = fields.optional("order.title", &order.title, Line::new);
        let start = fields.time("order.start_time", order.start_time.as_ref());
        Some(PlaceOrder {
            name: name?.unwrap_or_else(new_name),
            account: account?,
            service: service?,
            title: title?,
            start: start?,
        })
    }
}

impl CommandRequest for v1::UpdateOrderRequest {
    type Command = UpdateOrder;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateOrder> {
        let mask = fields.mask(self.update_mask.as_ref(), &["title", "start_time"]);
        let order = fields.present("order", self.order.as_ref())?;
        let name = fields.name("order.name", &order.name);
        let mask = mask?;
        let title = mask
            .has("title")
            .then(|| fields.required("order.title", &order.title, Line::new));
        let start = mask.has("start_time").then(|| {
            let start = fields.present("order.start_time", order.start_time.as_ref())?;
            fields.check("order.start_time", time::from_proto(start))
        });
        Some(UpdateOrder {
            name: name?,
            title: given(title)?,
            start: given(start)?,
        })
    }
}

impl CommandRequest for v1::AddOrderTaskRequest {
    type Command = AddOrderTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AddOrderTask> {
        let order: Option<OrderName> = fields.name("parent", &self.parent);
        let name = match order {
            Some(_) => fields.check("task_id", new_order_task(self)),
            None => None,
        };
        let task = new_task(self, fields);
        Some(AddOrderTask {
            name: name?,
            task: task?,
        })
    }
}

/// The task that is to be added: one from scratch, or one of the template.
fn new_task(request: &v1::AddOrderTaskRequest, fields: &mut Fields) -> Option<NewOrderTask> {
    match (&request.task, request.template_task.as_str()) {
        (None, "") => fields.violation("task", "is required, or template_task"),
        (Some(_), template) if !template.is_empty() => {
            fields.violation("template_task", "is given beside task: give one of them")
        }
        (Some(task), _) => {
            if request.tier != 0 {
                fields.violation::<()>(
                    "tier",
                    "is given beside task: give task.tier, or template_task",
                );
            }
            draft(&Given::from(task), fields).map(NewOrderTask::Scratch)
        }
        (None, template) => {
            let task = fields.name("template_task", template);
            let tier = tier("tier", request.tier, fields);
            Some(NewOrderTask::Template {
                task: task?,
                tier: tier?,
            })
        }
    }
}

impl CommandRequest for v1::UpdateOrderTaskRequest {
    type Command = UpdateOrderTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateOrderTask> {
        let mask = fields.mask(
            self.update_mask.as_ref(),
            &[
                "title",
                "description",
                "deadline_hours",
                "responsible_role",
                "tier",
                "visibility",
            ],
        );
        let task = fields.present("task", self.task.as_ref())?;
        let name = fields.name("task.name", &task.name);
        let changes = changes(&mask?, &Given::from(task), fields);
        Some(UpdateOrderTask {
            name: name?,
            changes: changes?,
        })
    }
}

impl CommandRequest for v1::RemoveOrderTaskRequest {
    type Command = RemoveOrderTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<RemoveOrderTask> {
        Some(RemoveOrderTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::ReorderOrderTasksRequest {
    type Command = ReorderOrderTasks;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<ReorderOrderTasks> {
        let name = fields.name("name", &self.name);
        let arrangement = arrangement(&self.tasks, &self.tiers, fields);
        Some(ReorderOrderTasks {
            name: name?,
            arrangement: arrangement?,
        })
    }
}

impl CommandRequest for v1::CheckOrderTaskRequest {
    type Command = CheckOrderTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CheckOrderTask> {
        Some(CheckOrderTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::UncheckOrderTaskRequest {
    type Command = UncheckOrderTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UncheckOrderTask> {
        Some(UncheckOrderTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::AssignOrderRequest {
    type Command = AssignOrder;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AssignOrder> {
        let name = fields.name("name", &self.name);
        let add = fields.each("add", &self.add, limits::ASSIGNEES, str::parse);
        let remove = fields.each("remove", &self.remove, limits::ASSIGNEES, str::parse);
        Some(AssignOrder {
            name: name?,
            add: add?,
            remove: remove?,
        })
    }
}

impl CommandRequest for v1::AssignOrderTaskRequest {
    type Command = AssignOrderTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AssignOrderTask> {
        let name = fields.name("name", &self.name);
        let assignment = assignment(&self.assignees, &self.add, &self.remove, fields);
        Some(AssignOrderTask {
            name: name?,
            assignment: assignment?,
        })
    }
}

impl CommandRequest for v1::AddOrderNoteRequest {
    type Command = AddOrderNote;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AddOrderNote> {
        let on = fields.required("name", &self.name, note_on);
        let note = fields.required("note", &self.note, Html::new);
        let visibility = match fields.known("visibility", self.visibility) {
            Some(v1::TaskVisibility::Unspecified | v1::TaskVisibility::Internal) => {
                Some(Visibility::Internal)
            }
            Some(v1::TaskVisibility::Portal) => Some(Visibility::Portal),
            None => None,
        };
        Some(AddOrderNote {
            on: on?,
            note: note?,
            visibility: visibility?,
        })
    }
}

impl CommandRequest for v1::CompleteOrderRequest {
    type Command = CompleteOrder;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CompleteOrder> {
        Some(CompleteOrder {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::CancelOrderRequest {
    type Command = CancelOrder;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CancelOrder> {
        Some(CancelOrder {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::ReopenOrderRequest {
    type Command = ReopenOrder;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<ReopenOrder> {
        Some(ReopenOrder {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::RenewOrderRequest {
    type Command = RenewOrder;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<RenewOrder> {
        let name = fields.name("name", &self.name);
        let cycle = fields.required("cycle", &self.cycle, Cycle::new);
        let start = fields.time("start_time", self.start_time.as_ref());
        Some(RenewOrder {
            name: name?,
            cycle: cycle?,
            start: start?,
        })
    }
}

/// The order or the task that a note is about.
fn note_on(name: &str) -> Result<NoteOn, Invalid> {
    if name.contains("/tasks/") {
        return name.parse().map(NoteOn::Task);
    }
    name.parse().map(NoteOn::Order)
}

/// A new order's name where the caller chose none.
fn new_name() -> OrderName {
    OrderName::from_id(&new_id().to_string()).expect("a UUID in lower case is an id")
}
