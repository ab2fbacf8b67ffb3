mod coming_back;
mod disabling;
mod plans;
mod roles;
mod transfers;
mod undo;

use std::collections::BTreeSet;

use super::{runner::Runner, *};
use crate::{
    Command, Event, Expectation, Revision,
    account::{self, RoleSource},
    commands::{
        Accounts, AssignRole, AssignTask, CompleteTask, CreateAccount, CreateMember, CreateTask,
        DeleteTask, DisableMember, EnableMember, NewId, ReopenTask, SetSupportTeam, StartDisabling,
        UpdateMember, UpdateSettings, VacateRole, memory::Memory,
    },
    holding::{Holding, HoldingKind, Holdings},
    member,
    names::{AccountName, MemberName, Subject, TaskName},
    operation::{Counts, KeepReason, Outcome, SkipReason, Status},
    rejection::Reason,
    settings::{Changes, OwnershipPolicy},
    task::{self, Assignment, AssignmentCause, AssignmentSource, Draft, OpenStatus, Origin},
    terms::Role,
    text::Line,
};

pub(super) fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

pub(super) fn account(id: &str) -> AccountName {
    AccountName::from_id(id).unwrap()
}

pub(super) fn task(id: &str) -> TaskName {
    TaskName::from_id(id).unwrap()
}

pub(super) fn item(id: &str) -> Holding {
    Holding::OpenTask { task: task(id) }
}

fn members(ids: &[&str]) -> Vec<MemberName> {
    ids.iter().map(|id| member(id)).collect()
}

pub(super) fn role(id: &str) -> Role {
    id.parse().unwrap()
}

/// The team, the staff `cleo` and `dora` beside it, an account of `ana`'s, and a policy.
pub(super) fn runner(policy: OwnershipPolicy) -> Runner {
    let mut memory = Memory::with_account("acme");
    for id in ["cleo", "dora"] {
        let command = CreateMember {
            id: NewId::Given(member(id)),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: member::Kind::Staff,
        };
        memory.accept("system", &command);
    }
    memory.change_settings(Changes {
        ownership_policy: Some(policy),
        ..Changes::default()
    });
    Runner::new(memory)
}

pub(super) fn create_task(
    id: &str,
    subject: Subject,
    assignees: &[&str],
    origin: Origin,
) -> CreateTask {
    CreateTask {
        name: task(id),
        draft: Draft {
            subject: Some(subject),
            title: Some(Line::new(id).unwrap()),
            assignees: members(assignees),
            ..Draft::default()
        },
        origin,
    }
}

impl Runner {
    /// A task of acme's that no member made by hand.
    pub(super) fn add_task(&mut self, id: &str, assignees: &[&str]) {
        let subject = Subject::Account(account("acme"));
        let command = create_task(id, subject, assignees, Origin::Automation);
        self.memory.accept("members/ana", &command);
    }

    pub(super) fn assignees(&self, id: &str) -> Vec<String> {
        let known = self.memory.task(&task(id));
        let assignees = &known.known().unwrap().assignees;
        assignees
            .iter()
            .map(|member| member.id().to_owned())
            .collect()
    }

    pub(super) fn outcome(&self, operation: &OperationName, of: &Holding) -> Outcome {
        let results = self.results(operation);
        let result = results.iter().find(|result| result.item == *of);
        result
            .unwrap_or_else(|| panic!("no result of {of}"))
            .outcome
            .clone()
    }

    pub(super) fn has(&self, event: impl Fn(&Event) -> bool) -> bool {
        self.memory.log.iter().any(|new| event(&new.event))
    }

    pub(super) fn assign(&mut self, id: &str, add: &[&str], remove: &[&str]) {
        self.memory.accept(
            "members/ana",
            &AssignTask {
                name: task(id),
                assignment: Assignment::Change {
                    add: members(add),
                    remove: members(remove),
                },
                cause: AssignmentCause::default(),
            },
        );
    }
}

pub(super) fn assign_role(to: &str) -> AssignRole {
    AssignRole {
        account: account("acme"),
        role: Role::assignee(),
        holder: member(to),
    }
}

pub(super) fn disable(id: &str, successor: Option<&str>) -> StartDisabling {
    StartDisabling {
        name: member(id),
        successor: successor.map(member),
        other_admins: vec![],
        holdings: Holdings::default(),
    }
}

pub(super) fn transfer(from: &str, to: &str, kinds: &[HoldingKind]) -> TransferResources {
    TransferResources {
        from: member(from),
        to: member(to),
        kinds: kinds.iter().copied().collect::<BTreeSet<_>>(),
    }
}

fn reason(rejection: Rejection) -> Reason {
    match rejection {
        Rejection::Precondition { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

fn field(rejection: Rejection) -> String {
    match rejection {
        Rejection::Invalid(violations) => violations[0].field.clone(),
        other => panic!("{other}"),
    }
}

fn skipped(reason: SkipReason) -> Outcome {
    Outcome::Skipped { reason }
}
