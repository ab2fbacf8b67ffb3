//! Properties of tasks after any sequence of commands, accepted and rejected mixed.

use chrono::TimeDelta;
use proptest::prelude::*;

use crate::{
    Command, Event, State,
    commands::{
        AddInternalNote, AddNote, CancelTask, CompleteTask, DeleteTask, DisableMember,
        EnableMember, Holdings, MarkBilled, RelateTasks, ReopenTask, SetNotify, SetTaskStatus,
        StartDisabling, UndeleteTask, UnrelateTasks, UpdateTask,
        memory::Memory,
        task::samples::{ZOE, assign, create, draft, member, name, with_submitted_task},
    },
    names::{MemberName, StreamName, TaskName},
    settings,
    task::{
        self, Assignment, Changes, Details, Draft, Notify, OpenStatus, Percent, Progress, Status,
        Task, Visibility,
    },
    text::{Html, Line},
};

type Step = (Box<dyn Command>, &'static str);

/// The first two exist; the last one is created by chance.
const TASKS: [&str; 4] = ["t1", "p1", "t2", "t3"];

fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
    Box::new(command)
}

fn task() -> impl Strategy<Value = TaskName> {
    prop::sample::select(&TASKS[..]).prop_map(name)
}

fn someone() -> impl Strategy<Value = MemberName> {
    prop::sample::select(&["admin", "ana", "ben", "nobody"][..]).prop_map(member)
}

fn members() -> impl Strategy<Value = Vec<MemberName>> {
    prop::collection::vec(someone(), 0..3)
}

fn open_status() -> impl Strategy<Value = OpenStatus> {
    prop_oneof![
        Just(OpenStatus::NotStarted),
        Just(OpenStatus::InProgress),
        Just(OpenStatus::WaitingOnCustomer)
    ]
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        3 => open_status().prop_map(Status::from),
        1 => Just(Status::Complete),
        1 => Just(Status::Cancelled),
    ]
}

fn percent() -> impl Strategy<Value = Percent> {
    (0..=100_i64).prop_map(|percent| Percent::new(percent).unwrap())
}

fn hours_from_start() -> impl Strategy<Value = Option<chrono::DateTime<chrono::Utc>>> {
    let base = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    prop::option::of((-50..200_i64).prop_map(move |hours| base + TimeDelta::hours(hours)))
}

fn changes() -> impl Strategy<Value = Changes> {
    (
        prop::option::of(percent()),
        hours_from_start(),
        prop::option::of(hours_from_start()),
        prop::option::of(any::<bool>()),
        prop::option::of("[a-c]{1,2}"),
        any::<bool>(),
    )
        .prop_map(|(percent, start, due, billable, title, portal)| Changes {
            percent,
            start,
            due: due.map(|due| due.map(Into::into)),
            billable,
            title: title.map(|title| Line::new(&title).unwrap()),
            visibility: portal.then_some(Visibility::Portal),
            ..Changes::default()
        })
}

fn assignment() -> impl Strategy<Value = Assignment> {
    prop_oneof![
        members().prop_map(Assignment::Set),
        (members(), members()).prop_map(|(add, remove)| Assignment::Change { add, remove }),
    ]
}

fn of_the_task() -> impl Strategy<Value = Box<dyn Command>> {
    let html = || Html::new("A note").unwrap();
    prop_oneof![
        3 => (task(), changes()).prop_map(|(name, changes)| boxed(UpdateTask { name, changes })),
        2 => (task(), status()).prop_map(|(name, status)| boxed(SetTaskStatus { name, status })),
        1 => task().prop_map(|name| boxed(CompleteTask { name })),
        1 => task().prop_map(|name| boxed(CancelTask { name })),
        2 => (task(), open_status()).prop_map(|(name, status)| boxed(ReopenTask { name, status })),
        1 => task().prop_map(|name| boxed(DeleteTask { name })),
        1 => task().prop_map(|name| boxed(UndeleteTask { name })),
        1 => (task(), assignment()).prop_map(|(name, assignment)| boxed(assign(name.id(), assignment))),
        1 => (task(), any::<bool>()).prop_map(|(name, on)| boxed(SetNotify {
            name,
            notify: Notify { on_change: on, ..Notify::default() },
        })),
        1 => task().prop_map(move |name| boxed(AddNote { name, note: html() })),
        1 => task().prop_map(move |name| boxed(AddInternalNote { name, note: html() })),
        1 => (task(), any::<bool>()).prop_map(|(name, billed)| boxed(MarkBilled { name, billed })),
        2 => (task(), task()).prop_map(|(name, related)| boxed(RelateTasks { name, related })),
        1 => (task(), task()).prop_map(|(name, related)| boxed(UnrelateTasks { name, related })),
    ]
}

fn around_it() -> impl Strategy<Value = Box<dyn Command>> {
    prop_oneof![
        2 => (task(), percent(), prop::collection::vec(task(), 0..3)).prop_map(|(name, percent, related)| {
            let new = Draft { percent, related, ..draft("accounts/acme") };
            boxed(create(name.id(), new))
        }),
        1 => someone().prop_map(|name| boxed(StartDisabling {
            name,
            successor: None,
            other_admins: vec![],
            holdings: Holdings::default(),
        })),
        1 => someone().prop_map(|name| boxed(DisableMember { name, holdings: Holdings::default() })),
        1 => someone().prop_map(|name| boxed(EnableMember { name })),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let actor = prop::sample::select(
        &[
            "members/admin",
            "members/ana",
            "members/ben",
            "service-accounts/crm",
            ZOE,
        ][..],
    );
    (prop_oneof![5 => of_the_task(), 1 => around_it()], actor)
}

/// What is known of a task before and after each event of its own, in order.
fn told(memory: &Memory) -> Vec<(TaskName, Task, task::Event, Task)> {
    let mut states: std::collections::HashMap<StreamName, Task> = Default::default();
    let mut told = Vec::new();
    for new in &memory.log {
        let kind = new.stream.kind();
        let stored = Event::decode(
            kind,
            new.event.name(),
            new.event.type_version(),
            &new.payload,
        );
        let stored = stored.unwrap();
        assert_eq!(stored, new.event, "an event is read back as it was written");
        let Event::Task(event) = stored else { continue };
        let before = states.remove(&new.stream).unwrap_or_default();
        let after = before.clone().evolve(&event).unwrap();
        let json = serde_json::to_string(&State::Task(after.clone().into())).unwrap();
        let State::Task(snapshot) = serde_json::from_str(&json).unwrap() else {
            panic!("{json}")
        };
        assert_eq!(*snapshot, after, "a state is read back as it was kept");
        let name = new.stream.as_str().parse().unwrap();
        states.insert(new.stream.clone(), after.clone());
        told.push((name, before, event, after));
    }
    told
}

fn after(steps: &[Step]) -> Memory {
    let mut memory = with_submitted_task();
    memory.change_settings(settings::Changes::default());
    for (command, actor) in steps {
        let context = memory.context(actor);
        // Whether it is accepted is not the point here.
        let _ = memory.decide(&context, &**command);
    }
    memory
}

fn closed(details: Option<&Details>) -> Option<(Status, Percent)> {
    details
        .filter(|details| !details.is_open())
        .map(|details| (details.status(), details.percent()))
}

proptest! {
    #[test]
    fn what_was_accepted_folds_and_a_complete_task_has_a_date_and_100_percent(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        for (name, _, _, after) in told(&after(&steps)) {
            let details = after.known().unwrap();
            let complete = details.status() == Status::Complete;
            prop_assert_eq!(complete, details.completed().is_some(), "{}", name);
            if complete {
                prop_assert_eq!(details.percent(), Percent::DONE);
            }
        }
    }

    #[test]
    fn the_status_and_percentage_of_a_closed_task_move_only_by_reopening(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        for (name, before, event, after) in told(&after(&steps)) {
            if let Some(closed_before) = closed(before.known()) {
                match event {
                    task::Event::Reopened { .. } => prop_assert!(after.details().unwrap().is_open()),
                    _ => prop_assert_eq!(Some(closed_before), closed(after.known()), "{}", name),
                }
            }
        }
    }

    #[test]
    fn reopening_gives_back_the_percentage_of_the_closing(steps in prop::collection::vec(step(), 0..60)) {
        let mut percents = std::collections::HashMap::new();
        for (name, before, event, after) in told(&after(&steps)) {
            match event {
                task::Event::Completed { .. } | task::Event::Cancelled { .. } => {
                    percents.insert(name, before.details().unwrap().percent());
                }
                task::Event::Reopened { status, .. } => {
                    let percent = percents[&name];
                    prop_assert_eq!(&after.details().unwrap().progress, &Progress::Open { status, percent });
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_invariants_of_a_task_hold_after_every_event(steps in prop::collection::vec(step(), 0..60)) {
        let memory = after(&steps);
        for (name, _, _, after) in told(&memory) {
            let details = after.known().unwrap();
            prop_assert!(details.start <= details.due);
            prop_assert!(details.billable || !details.billed);
            prop_assert!(!details.related.contains(&name));
            let distinct: std::collections::HashSet<_> = details.assignees.iter().collect();
            prop_assert_eq!(distinct.len(), details.assignees.len());
            prop_assert!(details.assignees.iter().all(|member| member.id() != "nobody"));
        }
        // Relations are said by both once a command is done.
        for id in TASKS {
            let task = memory.task(&name(id));
            for other in task.known().into_iter().flat_map(|details| &details.related) {
                let there = memory.task(other);
                prop_assert!(there.known().unwrap().related.contains(&name(id)), "{id} {other}");
            }
        }
    }
}
