//! Properties of activities after any sequence of commands, accepted and rejected mixed.

use std::collections::HashMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::{
    Event as Any, State,
    commands::{DisableMember, EnableMember, Holdings, StartDisabling, memory::Memory},
};

type Step = (Box<dyn Command>, &'static str);

fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
    Box::new(command)
}

fn activity() -> impl Strategy<Value = ActivityName> {
    prop::sample::select(&["a1", "a2", "a3"][..]).prop_map(|id| ActivityName::from_id(id).unwrap())
}

fn someone() -> impl Strategy<Value = MemberName> {
    prop::sample::select(&["admin", "ana", "ben", "nobody"][..])
        .prop_map(|id| MemberName::from_id(id).unwrap())
}

fn due() -> impl Strategy<Value = Option<Due>> {
    let base = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    prop::option::of((-50..200_i64).prop_map(move |hours| (base + TimeDelta::hours(hours)).into()))
}

fn note() -> impl Strategy<Value = Html> {
    "[ab]{0,2}".prop_map(|text| Html::new(&text).unwrap())
}

fn step() -> impl Strategy<Value = Step> {
    let command = prop_oneof![
        4 => (activity(), note(), due(), prop::option::of(someone())).prop_map(|(name, note, due, assignee)| {
            let account = "accounts/acme".parse().unwrap();
            boxed(CreateActivity { name, account, note, due, assignee })
        }),
        4 => (activity(), prop::option::of(note()), prop::option::of(due()))
            .prop_map(|(name, note, due)| boxed(UpdateActivity { name, note, due })),
        2 => (activity(), prop::option::of(someone())).prop_map(|(name, assignee)| {
            boxed(AssignActivity { name, assignee, cause: AssignmentCause::default() })
        }),
        4 => activity().prop_map(|name| boxed(CompleteActivity { name })),
        3 => activity().prop_map(|name| boxed(ReopenActivity { name })),
        1 => activity().prop_map(|name| boxed(DeleteActivity { name })),
        1 => someone().prop_map(|name| boxed(StartDisabling {
            name,
            successor: None,
            other_admins: vec![],
            holdings: Holdings::default(),
        })),
        1 => someone().prop_map(|name| boxed(DisableMember { name, holdings: Holdings::default() })),
        1 => someone().prop_map(|name| boxed(EnableMember { name })),
    ];
    let actor = prop::sample::select(
        &[
            "members/admin",
            "members/ana",
            "members/ben",
            "service-accounts/crm",
            "accounts/acme/contacts/zoe",
        ][..],
    );
    (command, actor)
}

fn run(memory: &mut Memory, (command, actor): &Step) {
    let context = memory.context(actor);
    // Whether it is accepted is not the point here.
    let _ = memory.decide(&context, &**command);
}

proptest! {
    #[test]
    fn what_was_accepted_folds_and_completed_means_a_due_time_and_a_completion(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut memory = Memory::with_account("acme");
        steps.iter().for_each(|step| run(&mut memory, step));
        let mut states: HashMap<StreamName, Activity> = HashMap::new();
        for new in &memory.log {
            let (kind, version) = (new.stream.kind(), new.event.type_version());
            let stored = Any::decode(kind, new.event.name(), version, &new.payload).unwrap();
            prop_assert_eq!(&stored, &new.event, "an event is read back as it was written");
            let Any::Activity(event) = stored else { continue };
            let before = states.remove(&new.stream).unwrap_or_default();
            let had_due = before.details().is_some_and(|details| details.due().is_some());
            let after = before.evolve(&event).unwrap();
            if let Event::Completed { .. } = event {
                prop_assert!(had_due, "{} was completed without a due time", new.stream);
            }
            let details = after.known().unwrap();
            let complete = details.status() == Status::Complete;
            prop_assert_eq!(complete, details.completed().is_some());
            prop_assert_eq!(details.status() == Status::Noted, details.due().is_none());
            prop_assert!(!details.note.is_blank());
            let json = serde_json::to_string(&State::Activity(after.clone().into())).unwrap();
            let State::Activity(snapshot) = serde_json::from_str(&json).unwrap() else {
                panic!("{json}")
            };
            prop_assert_eq!(&*snapshot, &after, "a state is read back as it was kept");
            states.insert(new.stream.clone(), after);
        }
    }

    #[test]
    fn whoever_is_given_an_activity_takes_work(steps in prop::collection::vec(step(), 0..60)) {
        let mut memory = Memory::with_account("acme");
        for step in &steps {
            let before = memory.log.len();
            run(&mut memory, step);
            for new in &memory.log[before..] {
                let given = match &new.event {
                    Any::Activity(Event::Assigned { assignee, .. }) => assignee.clone(),
                    Any::Activity(Event::Created(created)) => created.assignee.clone(),
                    _ => None,
                };
                if let Some(member) = given {
                    prop_assert!(memory.member(member.id()).takes_work());
                }
            }
        }
    }

    #[test]
    fn what_becomes_open_is_nobodys_who_does_not_take_work(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut memory = Memory::with_account("acme");
        for step in &steps {
            let before = memory.log.len();
            run(&mut memory, step);
            let opened: Vec<_> = memory.log[before..]
                .iter()
                .filter(|new| matches!(new.event, Any::Activity(Event::Reopened { .. } | Event::Created(_))))
                .map(|new| new.stream.as_str().parse::<ActivityName>().unwrap())
                .collect();
            for name in opened {
                let activity = memory.activity(&name);
                if let Some(member) = activity.details().and_then(|details| details.assignee.as_ref()) {
                    prop_assert!(memory.member(member.id()).takes_work());
                }
            }
        }
    }
}
