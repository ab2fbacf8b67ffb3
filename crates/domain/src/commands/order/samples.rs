//! For tests: a service, and orders of it.

use crate::{
    checklist::{Changes, Draft, Tier, Visibility},
    commands::{
        AddOrderTask, AddTemplateTask, AssignOrder, AssignOrderTask, CheckOrderTask, CreateContact,
        CreateMember, CreateService, NewId, NewOrderTask, PlaceOrder, UncheckOrderTask,
        UpdateOrderTask,
        memory::Memory,
        task::samples::{ZOE, member},
    },
    member::Kind,
    names::{MemberName, OrderName, OrderTaskName, ServiceName, TemplateTaskName},
    order::{Details, Event},
    task::Assignment,
    text::Line,
};

/// A task of a checklist: id, tier, assignees.
#[derive(Clone, Copy)]
pub(in crate::commands) struct Step<'a>(pub &'a str, pub i64, pub &'a [&'a str], pub Visibility);

pub(in crate::commands) fn team<'a>(id: &'a str, tier: i64, assignees: &'a [&'a str]) -> Step<'a> {
    Step(id, tier, assignees, Visibility::Internal)
}

pub(in crate::commands) fn client(id: &str, tier: i64) -> Step<'_> {
    Step(id, tier, &[], Visibility::ClientAssigned)
}

pub(in crate::commands) fn portal(id: &str, tier: i64) -> Step<'_> {
    Step(id, tier, &[], Visibility::Portal)
}

pub(in crate::commands) fn members(ids: &[&str]) -> Vec<MemberName> {
    ids.iter().map(|id| member(id)).collect()
}

pub(in crate::commands) fn draft(step: Step<'_>) -> Draft {
    let Step(id, tier, assignees, visibility) = step;
    Draft {
        title: Line::new(id).unwrap(),
        description: None,
        deadline_hours: None,
        assignees: members(assignees),
        responsible_role: None,
        tier: Some(Tier::new(tier).unwrap()),
        visibility,
    }
}

pub(in crate::commands) fn seo() -> ServiceName {
    "services/seo".parse().unwrap()
}

pub(in crate::commands) fn template(id: &str) -> TemplateTaskName {
    TemplateTaskName::from_id(&seo(), id).unwrap()
}

pub(in crate::commands) fn add_template(step: Step<'_>) -> AddTemplateTask {
    AddTemplateTask {
        name: template(step.0),
        draft: draft(step),
    }
}

pub(in crate::commands) fn o1() -> OrderName {
    "orders/o1".parse().unwrap()
}

pub(in crate::commands) fn name(id: &str) -> OrderTaskName {
    OrderTaskName::from_id(&o1(), id).unwrap()
}

pub(in crate::commands) fn place(id: &str) -> PlaceOrder {
    PlaceOrder {
        name: OrderName::from_id(id).unwrap(),
        account: "accounts/acme".parse().unwrap(),
        service: seo(),
        title: None,
        start: None,
    }
}

pub(in crate::commands) fn check(id: &str) -> CheckOrderTask {
    CheckOrderTask { name: name(id) }
}

pub(in crate::commands) fn uncheck(id: &str) -> UncheckOrderTask {
    UncheckOrderTask { name: name(id) }
}

pub(in crate::commands) fn add(step: Step<'_>) -> AddOrderTask {
    AddOrderTask {
        name: name(step.0),
        task: NewOrderTask::Scratch(draft(step)),
    }
}

pub(in crate::commands) fn give(id: &str, assignees: &[&str]) -> AssignOrderTask {
    AssignOrderTask {
        name: name(id),
        assignment: Assignment::Set(members(assignees)),
    }
}

pub(in crate::commands) fn assign(add: &[&str], remove: &[&str]) -> AssignOrder {
    AssignOrder {
        name: o1(),
        add: members(add),
        remove: members(remove),
    }
}

pub(in crate::commands) fn edit(id: &str, changes: Changes) -> UpdateOrderTask {
    UpdateOrderTask {
        name: name(id),
        changes,
    }
}

/// The team with `cleo` and `dan`, `accounts/acme` with `zoe` in the portal, and `services/seo` with
/// these tasks.
pub(in crate::commands) fn with_service(tasks: &[Step<'_>]) -> Memory {
    let mut memory = Memory::with_account("acme");
    for id in ["cleo", "dan"] {
        let command = CreateMember {
            id: NewId::Given(member(id)),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: Kind::Staff,
        };
        memory.accept("system", &command);
    }
    let zoe = CreateContact {
        portal_access: true,
        ..CreateContact::sample("zoe")
    };
    assert_eq!(ZOE, "accounts/acme/contacts/zoe");
    memory.accept("members/ana", &zoe);
    let service = CreateService {
        id: NewId::Given(seo()),
        display_name: Line::new("Search engine optimisation").unwrap(),
        description: None,
    };
    memory.accept("members/admin", &service);
    for task in tasks {
        memory.accept("members/admin", &add_template(*task));
    }
    memory
}

/// The same, and `orders/o1`.
pub(in crate::commands) fn with_order(tasks: &[Step<'_>]) -> Memory {
    let mut memory = with_service(tasks);
    memory.accept("members/ana", &place("o1"));
    memory
}

pub(in crate::commands) fn details(memory: &Memory) -> Details {
    memory.order("o1").details().unwrap().clone()
}

/// The ids of those who work on the order.
pub(in crate::commands) fn assignees(memory: &Memory) -> Vec<String> {
    let assignees = details(memory).assignees;
    assignees
        .iter()
        .map(|member| member.id().to_owned())
        .collect()
}

/// The ids of its tasks, in order.
pub(in crate::commands) fn tasks(memory: &Memory) -> Vec<String> {
    let tasks = details(memory).tasks;
    tasks.iter().map(|task| task.name.id().to_owned()).collect()
}

/// The events of the order from the `from`th event of the log on.
pub(in crate::commands) fn events(memory: &Memory, from: usize) -> Vec<Event> {
    let events = memory.log[from..].iter();
    events
        .filter_map(|new| match &new.event {
            crate::Event::Order(event) => Some(event.clone()),
            _ => None,
        })
        .collect()
}

/// The words of the order's events from the `from`th event of the log on.
pub(in crate::commands) fn types(memory: &Memory, from: usize) -> Vec<&'static str> {
    let events = memory.log[from..].iter().map(|new| new.event.name());
    events
        .filter_map(|name| name.strip_prefix("order."))
        .collect()
}

/// The ids of the client tasks that were activated from the `from`th event of the log on.
pub(in crate::commands) fn activated(memory: &Memory, from: usize) -> Vec<String> {
    let events = events(memory, from).into_iter();
    events
        .filter_map(|event| match event {
            Event::ClientTaskActivated { task, .. } => Some(task.id().to_owned()),
            _ => None,
        })
        .collect()
}
