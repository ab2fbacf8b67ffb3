//! What the history says about who a task is assigned to.

use handoff_domain::{
    Event,
    names::{MemberName, StreamName},
    order,
    task::{self, AssignmentCause},
};
use handoff_read_models::tasks::TaskKey;

/// Who lost a task and who got it by one event, and why.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Assigned {
    pub(super) left: Vec<MemberName>,
    pub(super) joined: Vec<MemberName>,
    pub(super) cause: AssignmentCause,
}

/// Where the assignments of a task are recorded, and the filter of the events that may be some. None of an order
/// as a whole.
pub(super) fn events_of(name: &TaskKey) -> Option<(StreamName, &'static str)> {
    match name {
        TaskKey::Standalone(name) => Some((
            name.into(),
            "type = \"task.assigned\" OR type = \"task.created\"",
        )),
        TaskKey::Order(name) => Some((
            (&name.order()).into(),
            "type = \"order.task_assigned\" OR type = \"order.task_added\" OR type = \"order.renewed\" \
             OR type = \"order.placed\" OR type = \"order.checklist_copied\"",
        )),
        TaskKey::Checklist(_) => None,
    }
}

/// What an event changed about a task's assignees; none: nothing.
pub(super) fn in_event(name: &TaskKey, event: &Event) -> Option<Assigned> {
    let joined = |members: &[MemberName]| Assigned {
        joined: members.to_vec(),
        ..Assigned::default()
    };
    match (name, event) {
        (TaskKey::Standalone(_), Event::Task(task::Event::Created(created))) => {
            Some(joined(&created.assignees))
        }
        (
            TaskKey::Standalone(_),
            Event::Task(task::Event::Assigned {
                left,
                joined,
                cause,
                ..
            }),
        ) => Some(Assigned {
            left: left.clone(),
            joined: joined.clone(),
            cause: cause.clone(),
        }),
        (TaskKey::Order(name), Event::Order(event)) => match event {
            order::Event::Placed(placed) => copied(&placed.tasks, name).map(joined),
            order::Event::ChecklistCopied { tasks, .. } => copied(tasks, name).map(joined),
            order::Event::TaskAdded(added) => {
                (added.task == *name).then(|| joined(&added.content.assignees))
            }
            order::Event::TaskAssigned {
                task,
                left,
                joined,
                cause,
                ..
            } => (task == name).then(|| Assigned {
                left: left.clone(),
                joined: joined.clone(),
                cause: cause.clone(),
            }),
            order::Event::Renewed(renewed) => {
                let mut tasks = renewed.tasks.iter();
                let found = tasks.find(|reassigned| reassigned.task == *name);
                found.map(|reassigned| joined(&reassigned.assignees))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Who a task among those that were copied is assigned to.
fn copied<'a>(
    tasks: &'a [order::Copied],
    name: &handoff_domain::names::OrderTaskName,
) -> Option<&'a [MemberName]> {
    let found = tasks.iter().find(|copied| copied.task == *name);
    found.map(|copied| &copied.content.assignees[..])
}
