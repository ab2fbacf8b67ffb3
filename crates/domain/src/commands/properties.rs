//! Properties that hold after any sequence of commands, accepted and rejected mixed.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use proptest::prelude::*;

use crate::{
    Command, Event, Revision, State, Version, account,
    commands::{
        AssignTask, CompleteTask, CreateAccount, CreateTask, NewId, ReopenTask, memory::Memory,
    },
    names::{MemberName, Subject, TaskName},
    task::{self, Assignment, AssignmentCause, Draft, OpenStatus, Origin, Progress},
    text::Line,
};

#[derive(Debug, Clone)]
enum Step {
    CreateAccount {
        id: u8,
    },
    CreateTask {
        task: u8,
        subject: u8,
        assignees: Vec<u8>,
        due_hours: Option<i64>,
    },
    Assign {
        task: u8,
        assignees: Vec<u8>,
        stale: bool,
    },
    Complete {
        task: u8,
    },
    Reopen {
        task: u8,
        status: OpenStatus,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![
        Just(OpenStatus::NotStarted),
        Just(OpenStatus::InProgress),
        Just(OpenStatus::WaitingOnCustomer)
    ];
    let members = || prop::collection::vec(0..4_u8, 0..4);
    prop_oneof![
        (0..3_u8).prop_map(|id| Step::CreateAccount { id }),
        (0..6_u8, 0..5_u8, members(), prop::option::of(-2..200_i64)).prop_map(
            |(task, subject, assignees, due_hours)| Step::CreateTask {
                task,
                subject,
                assignees,
                due_hours
            }
        ),
        (0..6_u8, members(), any::<bool>()).prop_map(|(task, assignees, stale)| Step::Assign {
            task,
            assignees,
            stale
        }),
        (0..6_u8).prop_map(|task| Step::Complete { task }),
        (0..6_u8, status).prop_map(|(task, status)| Step::Reopen { task, status }),
    ]
}

fn task_name(task: u8) -> TaskName {
    TaskName::from_id(&format!("t{task}")).unwrap()
}

/// The last one is nobody's.
fn members(members: &[u8]) -> Vec<MemberName> {
    let ids = ["admin", "ana", "ben", "nobody"];
    members
        .iter()
        .map(|m| MemberName::from_id(ids[usize::from(*m)]).unwrap())
        .collect()
}

fn run(memory: &mut Memory, step: &Step) {
    let command: Box<dyn Command> = match step {
        Step::CreateAccount { id } => Box::new(CreateAccount {
            id: NewId::Given(format!("accounts/a{id}").parse().unwrap()),
            display_name: Line::new("An account").unwrap(),
            kind: account::Kind::Lead,
            assignee: None,
            sla_hours: None,
        }),
        Step::CreateTask {
            task,
            subject,
            assignees,
            due_hours,
        } => Box::new(CreateTask {
            name: task_name(*task),
            draft: Draft {
                subject: Some(match subject {
                    0..3 => Subject::Account(format!("accounts/a{subject}").parse().unwrap()),
                    3 => Subject::Member("members/ana".parse().unwrap()),
                    _ => Subject::Member("members/nobody".parse().unwrap()),
                }),
                title: Some(Line::new("Call them").unwrap()),
                assignees: members(assignees),
                due: due_hours.map(|hours| (memory.now + TimeDelta::hours(hours)).into()),
                ..Draft::default()
            },
            origin: Origin::Manual,
        }),
        Step::Assign {
            task,
            assignees,
            stale,
        } => {
            let command = AssignTask {
                name: task_name(*task),
                assignment: Assignment::Set(members(assignees)),
                cause: AssignmentCause::default(),
            };
            if *stale {
                let before = memory.task(&command.name);
                // No resource is at revision 0, so nothing happens.
                assert!(memory.decide_at(Revision(0), &command).is_err());
                assert_eq!(memory.task(&command.name), before);
                return;
            }
            Box::new(command)
        }
        Step::Complete { task } => Box::new(CompleteTask {
            name: task_name(*task),
        }),
        Step::Reopen { task, status } => Box::new(ReopenTask {
            name: task_name(*task),
            status: *status,
        }),
    };
    let context = memory.context("members/ana");
    // Whether it is accepted is not the point here.
    let _ = memory.decide(&context, &*command);
}

proptest! {
    #[test]
    fn whatever_was_accepted_folds_from_what_is_stored(steps in prop::collection::vec(step(), 0..60)) {
        let mut memory = Memory::with_team();
        steps.iter().for_each(|step| run(&mut memory, step));

        let mut folded: HashMap<String, (Version, State)> = HashMap::new();
        for new in &memory.log {
            let event = Event::decode(new.stream.kind(), new.event.name(), new.event.type_version(), &new.payload)
                .unwrap();
            prop_assert_eq!(&event, &new.event);
            let (version, state) = folded
                .remove(new.stream.as_str())
                .unwrap_or((Version::default(), State::absent(new.stream.kind())));
            prop_assert_eq!(new.version, version.next());
            let state = state.evolve(&event).unwrap();
            let json = serde_json::to_string(&state).unwrap();
            prop_assert_eq!(&serde_json::from_str::<State>(&json).unwrap(), &state);
            folded.insert(new.stream.as_str().to_owned(), (new.version, state));
        }
    }

    #[test]
    fn no_number_is_given_twice_and_none_is_left_out(steps in prop::collection::vec(step(), 0..60)) {
        let mut memory = Memory::with_team();
        steps.iter().for_each(|step| run(&mut memory, step));

        let mut numbers = HashSet::new();
        let mut counts: HashMap<Subject, u32> = HashMap::new();
        for new in &memory.log {
            if let Event::Task(task::Event::Created(created)) = &new.event {
                prop_assert!(numbers.insert(created.number.clone()));
                let n = counts.entry(created.subject.clone()).or_default();
                *n += 1;
                let ending = format!("-TASK-{n}");
                prop_assert!(created.number.ends_with(&ending), "{}", created.number);
            }
        }
    }

    #[test]
    fn a_complete_task_has_a_date_and_reopening_gives_back_what_was(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut memory = Memory::with_team();
        steps.iter().for_each(|step| run(&mut memory, step));

        for task in 0..6 {
            let name = task_name(task);
            let progress = memory.task(&name).details().map(|details| details.progress.clone());
            let Some(Progress::Complete { percent_before, at, .. }) = progress else { continue };
            prop_assert!(at <= memory.now);
            memory.accept("members/ana", &CompleteTask { name: name.clone() });
            let events = memory.log.len();
            memory.accept("members/ana", &ReopenTask { name: name.clone(), status: OpenStatus::InProgress });
            prop_assert_eq!(memory.log.len(), events + 1);
            let open = Progress::Open { status: OpenStatus::InProgress, percent: percent_before };
            let task = memory.task(&name);
            prop_assert_eq!(&task.details().unwrap().progress, &open);
        }
    }

    #[test]
    fn nobody_unknown_is_ever_assigned(steps in prop::collection::vec(step(), 0..60)) {
        let mut memory = Memory::with_team();
        for step in &steps {
            run(&mut memory, step);
            for task in 0..6 {
                if let Some(details) = memory.task(&task_name(task)).details() {
                    prop_assert!(details.assignees.iter().all(|member| member.id() != "nobody"));
                    let distinct: HashSet<_> = details.assignees.iter().collect();
                    prop_assert_eq!(distinct.len(), details.assignees.len());
                    prop_assert!(details.due >= details.start);
                }
            }
        }
    }
}
