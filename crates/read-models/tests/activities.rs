//! Folds of activities without a database: their rows, and their entries in timelines.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::collections::BTreeMap;

use handoff_domain::{
    Command, Partition,
    activity::{Activity, Status},
    commands::{
        AssignActivity, CompleteActivity, CreateActivity, DeleteActivity, ReopenActivity,
        UpdateActivity,
    },
    names::{AccountName, ActivityName, MemberName},
    task::{AssignmentCause, Due},
    text::Html,
};
use handoff_read_models::{
    activities::Activities,
    history::History,
    timelines::{TimelineRow, Timelines, What},
};
use proptest::prelude::*;
use support::{STAFF, Story, fold, member};

fn activity(id: u8) -> ActivityName {
    ActivityName::from_id(&format!("c{id}")).unwrap()
}

fn account(id: u8) -> AccountName {
    AccountName::from_id(&format!("a{id}")).unwrap()
}

fn due() -> impl Strategy<Value = Option<Due>> {
    let base = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let hours = move |hours| (base + chrono::TimeDelta::hours(hours)).into();
    prop::option::of((-9..99_i64).prop_map(hours))
}

fn someone() -> impl Strategy<Value = Option<MemberName>> {
    prop::option::of(prop::sample::select(&STAFF[..]).prop_map(member))
}

fn command() -> impl Strategy<Value = Box<dyn Command>> {
    fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
        Box::new(command)
    }
    let note = || Html::new("Call").unwrap();
    prop_oneof![
        4 => (0..8_u8, 0..3_u8, due(), someone()).prop_map(move |(id, on, due, assignee)| {
            let (name, account) = (activity(id), account(on));
            boxed(CreateActivity { name, account, note: note(), due, assignee })
        }),
        2 => (0..8_u8, any::<bool>(), prop::option::of(due())).prop_map(|(id, note, due)| {
            let note = note.then(|| Html::new("Call back").unwrap());
            boxed(UpdateActivity { name: activity(id), note, due })
        }),
        1 => (0..8_u8, someone()).prop_map(|(id, assignee)| {
            let cause = AssignmentCause::default();
            boxed(AssignActivity { name: activity(id), assignee, cause })
        }),
        3 => (0..8_u8).prop_map(|id| boxed(CompleteActivity { name: activity(id) })),
        2 => (0..8_u8).prop_map(|id| boxed(ReopenActivity { name: activity(id) })),
        1 => (0..8_u8).prop_map(|id| boxed(DeleteActivity { name: activity(id) })),
    ]
}

/// What a team may have done: commands that are refused leave nothing.
fn story() -> impl Strategy<Value = Story> {
    prop::collection::vec(command(), 0..60).prop_map(|commands| {
        let mut story = Story::with_team();
        for command in commands {
            story.tell("members/ana", &*command).ok();
        }
        story
    })
}

fn entries(story: &Story) -> BTreeMap<ActivityName, TimelineRow> {
    let rows = fold::<Timelines>(&story.events);
    rows.into_iter()
        .map(|((partition, key), row)| {
            assert_eq!(partition, Partition::of(row.account.as_str()));
            (key.stream.as_str().parse().unwrap(), row)
        })
        .collect()
}

proptest! {
    #[test]
    fn rows_of_activities_are_the_aggregates(story in story()) {
        let rows = fold::<Activities>(&story.events);
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, name), row)| (name, row.state)).collect();
        prop_assert_eq!(folded, story.activities());
    }

    #[test]
    fn each_activity_that_was_not_deleted_has_one_entry_where_it_belongs(story in story()) {
        let mut entries = entries(&story);
        for (name, state) in story.activities() {
            let Activity::Existing(details) = state else {
                prop_assert!(!entries.contains_key(&name), "{name} was deleted");
                continue;
            };
            let row = entries.remove(&name).unwrap();
            let (expected, actor) = match details.status() {
                Status::Noted => (details.created_at, &details.creator),
                Status::Open => (details.due().unwrap(), &details.creator),
                Status::Complete => details.completed().unwrap(),
            };
            prop_assert_eq!((row.happened_at, &row.actor), (expected, actor));
            prop_assert_eq!(&row.account, &details.account);
            let recorded = &story.events[row.position.0 as usize - 1];
            prop_assert_eq!(recorded.stream.as_str(), name.as_str());
            prop_assert_eq!(row.what, What::Activity { activity: details });
        }
        prop_assert!(entries.is_empty());
    }

    #[test]
    fn history_knows_every_activitys_account(story in story()) {
        let rows = fold::<History>(&story.events);
        let known: BTreeMap<ActivityName, String> = rows
            .values()
            .filter(|row| row.event_type == "activity.created")
            .map(|row| (row.stream.as_str().parse().unwrap(), row.subject.as_ref().unwrap().to_string()))
            .collect();
        let expected: BTreeMap<_, _> = story
            .activities()
            .into_iter()
            .map(|(name, state)| (name, state.known().unwrap().account.to_string()))
            .collect();
        prop_assert_eq!(known, expected);
    }
}

#[test]
fn another_note_leaves_an_entry_where_it_stands() {
    let mut story = Story::with_team();
    let name = activity(1);
    let create = CreateActivity {
        name: name.clone(),
        account: account(1),
        note: Html::new("Call").unwrap(),
        due: None,
        assignee: None,
    };
    story.tell("members/ana", &create).unwrap();
    let placed = entries(&story)[&name].clone();
    let update = UpdateActivity {
        name: name.clone(),
        note: Some(Html::new("Call back").unwrap()),
        due: None,
    };
    story.tell("members/ben", &update).unwrap();
    let after = entries(&story)[&name].clone();
    let What::Activity { activity } = &after.what else {
        panic!("{after:?}")
    };
    assert_eq!(activity.note.as_str(), "Call back");
    assert_eq!(
        (after.position, after.recorded_at, after.actor),
        (placed.position, placed.recorded_at, placed.actor)
    );
}
