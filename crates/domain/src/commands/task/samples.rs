//! For tests: tasks to begin with.

use crate::{
    commands::{AssignTask, CreateContact, CreateTask, memory::Memory},
    names::{MemberName, TaskName},
    rejection::{Reason, Rejection, Violation},
    task::{Assignment, AssignmentCause, Details, Draft, Origin},
    text::Line,
};

/// Somebody at `accounts/acme` who may sign in.
pub(in crate::commands) const ZOE: &str = "accounts/acme/contacts/zoe";

pub(super) fn name(id: &str) -> TaskName {
    TaskName::from_id(id).unwrap()
}

pub(in crate::commands) fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

pub(super) fn draft(subject: &str) -> Draft {
    Draft {
        subject: Some(subject.parse().unwrap()),
        title: Some(Line::new("Prepare the quarterly review").unwrap()),
        ..Draft::default()
    }
}

pub(super) fn create(id: &str, draft: Draft) -> CreateTask {
    CreateTask {
        name: name(id),
        draft,
        origin: Origin::Manual,
    }
}

pub(super) fn assign(id: &str, assignment: Assignment) -> AssignTask {
    AssignTask {
        name: name(id),
        assignment,
        cause: AssignmentCause::default(),
    }
}

/// The team, `accounts/acme` with `zoe` in the portal, and `tasks/t1` about it.
pub(super) fn with_task() -> Memory {
    let mut memory = Memory::with_account("acme");
    let zoe = CreateContact {
        portal_access: true,
        ..CreateContact::sample("zoe")
    };
    memory.accept("members/ana", &zoe);
    memory.accept("members/ana", &create("t1", draft("accounts/acme")));
    memory
}

/// The same, and `tasks/p1`, which `zoe` submitted.
pub(super) fn with_submitted_task() -> Memory {
    let mut memory = with_task();
    memory.accept(ZOE, &create("p1", draft("accounts/acme")));
    memory
}

pub(super) fn details(memory: &Memory, id: &str) -> Details {
    memory.task(&name(id)).details().unwrap().clone()
}

pub(in crate::commands) fn reason(rejection: Rejection) -> Reason {
    match rejection {
        Rejection::Precondition { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

/// The fields at fault, in order.
pub(in crate::commands) fn fields(rejection: Rejection) -> Vec<String> {
    let field = |violation: Violation| violation.field;
    match rejection {
        Rejection::Invalid(violations) => violations.into_iter().map(field).collect(),
        other => panic!("{other}"),
    }
}
