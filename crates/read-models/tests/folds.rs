//! Folds without a database: what a read model makes of a log is what the aggregates know.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::collections::{BTreeMap, HashMap};

use handoff_domain::{
    Command, Event,
    account::{Account, InteractionKind, Kind, Status},
    commands::{
        AddInternalNote, AddNote, AssignRole, AssignTask, AttachDocuments, CancelTask,
        CompleteTask, CreateAccount, CreateTask, DeleteTask, LogInteraction, NewDocument, NewId,
        RecordView, RelateTasks, ReopenTask, SetAccountStatus, UndeleteTask, UpdateDocument,
        UpdateNotes, UpdateTask, VacateRole,
    },
    document,
    names::{AccountName, DocumentName, MemberName, Subject, TaskName},
    task::{self, Assignment, AssignmentCause, Changes, Draft, OpenStatus, Origin, Tag, Task},
    terms::Role,
    text::{Html, Line},
};
use handoff_event_log::Recorded;
use handoff_projections::{FoldError, ReadModel, Rows};
use handoff_read_models::{
    accounts::Accounts,
    documents::Documents,
    history::History,
    members::Members,
    task_notes::TaskNotes,
    task_texts::TaskTexts,
    tasks::{TaskKey, TaskRow, TaskState, Tasks},
    timelines::{Timelines, What},
};
use proptest::prelude::*;
use support::{STAFF, Story, fold, member, own};

fn task(id: u8) -> TaskName {
    TaskName::from_id(&format!("t{id}")).unwrap()
}

fn standalone(row: TaskRow) -> Task {
    match row.state {
        TaskState::Standalone(task) => task,
        other => panic!("{other:?}"),
    }
}

fn members() -> impl Strategy<Value = Vec<MemberName>> {
    prop::collection::vec(prop::sample::select(&STAFF[..]).prop_map(member), 0..4)
}

fn create_task() -> impl Strategy<Value = CreateTask> {
    let subject = prop_oneof![
        (0..4_u8).prop_map(|id| Subject::Account(AccountName::from_id(&format!("a{id}")).unwrap())),
        Just(Subject::Member(member("ana"))),
    ];
    let status = prop::sample::select(vec![OpenStatus::NotStarted, OpenStatus::InProgress]);
    (0..12_u8, subject, members(), status).prop_map(|(id, subject, assignees, status)| CreateTask {
        name: task(id),
        draft: Draft {
            subject: Some(subject),
            title: Some(Line::new("Call back").unwrap()),
            status,
            assignees,
            ..Draft::default()
        },
        origin: Origin::Manual,
    })
}

fn document(id: u8) -> DocumentName {
    DocumentName::from_id(&format!("d{id}")).unwrap()
}

fn attach(task: TaskName, id: u8) -> AttachDocuments {
    AttachDocuments {
        parent: document::Parent::Task(task),
        documents: vec![NewDocument {
            name: document(id),
            file: document::File {
                name: document::FileName::new("offer.pdf").unwrap(),
                media_type: document::MediaType::new("application/pdf").unwrap(),
                size: 1_000,
                sha256: document::Sha256::from_bytes([7; 32]),
                object: uuid::Uuid::from_u128(1),
            },
        }],
        about: document::Description::default(),
        active: true,
        visibility: None,
    }
}

fn command() -> impl Strategy<Value = Box<dyn Command>> {
    fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
        Box::new(command)
    }
    prop_oneof![
        4 => create_task().prop_map(boxed),
        2 => (0..12_u8, members()).prop_map(|(id, assignees)| boxed(AssignTask {
            name: task(id),
            assignment: Assignment::Set(assignees),
            cause: AssignmentCause::default(),
        })),
        3 => (0..12_u8).prop_map(|id| boxed(CompleteTask { name: task(id) })),
        2 => (0..12_u8).prop_map(|id| boxed(ReopenTask { name: task(id), status: OpenStatus::NotStarted })),
        1 => (0..12_u8).prop_map(|id| boxed(CancelTask { name: task(id) })),
        1 => (0..12_u8).prop_map(|id| boxed(DeleteTask { name: task(id) })),
        1 => (0..12_u8).prop_map(|id| boxed(UndeleteTask { name: task(id) })),
        1 => (0..12_u8, 0..5_usize).prop_map(|(id, n)| boxed(UpdateTask {
            name: task(id),
            changes: Changes {
                title: (n != 1).then(|| Line::new(&format!("Call {n}")).unwrap()),
                description: (n > 2).then(|| (n == 3).then(|| Html::new("<p>A &amp; B</p>").unwrap())),
                tags: (n > 1).then(|| vec![Tag::new(&format!("Tag {n}")).unwrap(); n % 2]),
                percent: None,
                ..Changes::default()
            },
        })),
        1 => (0..12_u8, any::<bool>()).prop_map(|(id, internal)| match internal {
            true => boxed(AddInternalNote { name: task(id), note: Html::new("They pay late").unwrap() }),
            false => boxed(AddNote { name: task(id), note: Html::new("Called").unwrap() }),
        }),
        2 => (0..12_u8, 0..6_u8).prop_map(|(id, document)| boxed(attach(task(id), document))),
        1 => (0..6_u8, any::<bool>()).prop_map(|(id, active)| boxed(UpdateDocument {
            name: document(id),
            changes: document::Changes { active: Some(active), ..document::Changes::default() },
        })),
        1 => (0..6_u8).prop_map(|id| boxed(RecordView { name: document(id) })),
        1 => (0..12_u8, 0..12_u8).prop_map(|(id, other)| boxed(RelateTasks {
            name: task(id),
            related: task(other),
        })),
        1 => (0..6_u8).prop_map(|id| boxed(CreateAccount {
            id: NewId::Given(AccountName::from_id(&format!("a{id}")).unwrap()),
            display_name: Line::new("Acme").unwrap(),
            kind: Kind::Lead,
            assignee: None,
            sla_hours: None,
        })),
        2 => (account(), role(), prop::sample::select(&STAFF[..])).prop_map(|(account, role, holder)| {
            boxed(AssignRole { account, role, holder: member(holder) })
        }),
        1 => (account(), role()).prop_map(|(account, role)| boxed(VacateRole { account, role })),
        1 => (account(), any::<bool>()).prop_map(|(name, active)| {
            boxed(SetAccountStatus { name, status: if active { Status::Active } else { Status::Paused } })
        }),
        1 => (account(), 0..3_u32).prop_map(|(account, notes_revision)| boxed(UpdateNotes {
            account,
            notes: Html::new(&format!("read at {notes_revision}")).unwrap(),
            notes_revision,
        })),
        1 => account().prop_map(|account| boxed(LogInteraction {
            account,
            kind: InteractionKind::PhoneCall,
            details: None,
            happened_at: None,
        })),
    ]
}

fn account() -> impl Strategy<Value = AccountName> {
    (0..4_u8).prop_map(|id| AccountName::from_id(&format!("a{id}")).unwrap())
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec!["assignee", "sales-manager", "success-manager"])
        .prop_map(|role| role.parse().unwrap())
}

/// What a team may have done: commands that are refused leave nothing.
fn story() -> impl Strategy<Value = Story> {
    prop::collection::vec(command(), 0..60).prop_map(|commands| {
        let mut story = Story::with_team();
        for command in commands {
            story.tell("members/admin", &*command).ok();
        }
        story
    })
}

proptest! {
    #[test]
    fn rows_of_tasks_are_the_aggregates(story in story()) {
        let rows = fold::<Tasks>(&story.events);
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, key), row)| (own(&key), standalone(row))).collect();
        prop_assert_eq!(folded, story.tasks());
    }

    #[test]
    fn texts_are_those_of_the_tasks_as_they_are_now(story in story()) {
        let rows = fold::<TaskTexts>(&story.events);
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, name), row)| (name, row)).collect();
        for (name, task) in story.tasks() {
            let (details, row) = (task.known().unwrap(), &folded[&TaskKey::Standalone(name)]);
            prop_assert_eq!(&row.number, &details.number.to_lowercase());
            prop_assert_eq!(&row.title, &details.title.as_str().to_lowercase());
            let description = if details.description.is_some() { "\na & b\n" } else { "" };
            prop_assert_eq!(&row.description, description);
            let tags: Vec<_> = details.tags.iter().map(|tag| tag.as_str().to_lowercase()).collect();
            prop_assert_eq!(&row.tags, &tags.join("\n"));
        }
        prop_assert_eq!(folded.len(), story.tasks().len());
    }

    #[test]
    fn every_note_has_a_row_that_says_for_whom_it_is(story in story()) {
        let rows = fold::<TaskNotes>(&story.events);
        let mut folded: Vec<_> = rows
            .values()
            .map(|row| (row.position, row.internal, row.note.as_str().to_owned()))
            .collect();
        folded.sort();
        let expected: Vec<_> = story
            .events
            .iter()
            .filter_map(|recorded| match recorded.event_type.as_str() {
                "task.note_added" => Some((recorded.position, false, "Called".to_owned())),
                "task.internal_note_added" => Some((recorded.position, true, "They pay late".to_owned())),
                _ => None,
            })
            .collect();
        prop_assert_eq!(folded, expected);
    }

    #[test]
    fn rows_of_documents_are_the_aggregates_and_lie_with_their_subject(story in story()) {
        let rows = fold::<Documents>(&story.events);
        for ((partition, _), row) in &rows {
            let subject = &row.state.details().unwrap().subject;
            prop_assert_eq!(*partition, handoff_domain::Partition::of(subject.as_str()));
        }
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, name), row)| (name, row.state)).collect();
        prop_assert_eq!(folded, story.documents());
    }

    #[test]
    fn rows_of_accounts_are_the_aggregates(story in story()) {
        let rows = fold::<Accounts>(&story.events);
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, name), row)| (name, row.state)).collect();
        prop_assert_eq!(folded, story.accounts());
    }

    #[test]
    fn rows_of_members_are_the_aggregates(story in story()) {
        let rows = fold::<Members>(&story.events);
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, name), row)| (name, row.state)).collect();
        prop_assert_eq!(folded, story.members());
    }

    #[test]
    fn a_timeline_has_what_happened_at_its_account(story in story()) {
        let subjects: BTreeMap<_, _> = story
            .tasks()
            .into_iter()
            .map(|(name, task)| (name.to_string(), task.known().unwrap().subject.to_string()))
            .collect();
        // What the types of the events say, without the read model.
        let expected: Vec<_> = story
            .events
            .iter()
            .filter_map(|recorded| {
                let account = match recorded.event_type.as_str() {
                    "account.interaction_logged" | "account.notes_updated" | "account.status_changed"
                    | "account.role_assigned" | "account.role_vacated" => recorded.stream.to_string(),
                    "task.created" | "task.completed" => subjects[recorded.stream.as_str()].clone(),
                    _ => return None,
                };
                account.starts_with("accounts/").then_some((recorded.position, account))
            })
            .collect();
        let rows = fold::<Timelines>(&story.events);
        let mut folded: Vec<_> = rows.values().map(|row| (row.position, row.account.to_string())).collect();
        folded.sort();
        prop_assert_eq!(folded, expected);
        for ((partition, key), row) in &rows {
            prop_assert_eq!(*partition, handoff_domain::Partition::of(row.account.as_str()));
            let event = story.events[row.position.0 as usize - 1].event().unwrap();
            let is_completion = matches!(&event, Event::Task(task::Event::Completed { .. }));
            prop_assert_eq!(is_completion, row.what == What::TaskCompleted, "{:?}", key);
        }
    }

    #[test]
    fn an_account_numbers_as_many_tasks_as_there_are_about_it(story in story()) {
        let mut counted: HashMap<AccountName, u32> = HashMap::new();
        for ((partition, _), row) in fold::<Tasks>(&story.events) {
            let subject = standalone(row).known().unwrap().subject.clone();
            prop_assert_eq!(partition, handoff_domain::Partition::of(subject.as_str()));
            if let Subject::Account(account) = subject {
                *counted.entry(account).or_default() += 1;
            }
        }
        for ((_, name), row) in fold::<Accounts>(&story.events) {
            let Account::Existing(details) = row.state else { panic!("a row of nothing") };
            prop_assert_eq!(details.tasks_numbered, counted.remove(&name).unwrap_or_default());
        }
        prop_assert!(counted.is_empty());
    }

    #[test]
    fn history_has_each_event_once_and_knows_every_tasks_subject(story in story()) {
        let rows = fold::<History>(&story.events);
        prop_assert_eq!(rows.len(), story.events.len());
        let subjects: BTreeMap<_, _> = rows
            .values()
            .filter_map(|row| Some((row.stream.as_str().parse::<TaskName>().ok()?, row.subject.clone()?)))
            .collect();
        let known: BTreeMap<_, _> = story
            .tasks()
            .into_iter()
            .filter_map(|(name, task)| Some((name, task.known()?.subject.clone())))
            .collect();
        prop_assert_eq!(subjects, known);
    }
}

/// Applies events again, to rows that all of them have made already.
fn again<M: ReadModel>(events: &[Recorded], wanted: &str) -> FoldError {
    let mut rows = Rows::default();
    for recorded in events {
        let event = recorded.event().unwrap();
        M::touches(recorded, &event).into_iter().for_each(|key| {
            rows.touch(key);
        });
        M::fold(&mut rows, recorded, &event).unwrap();
    }
    let repeated = events
        .iter()
        .find(|recorded| recorded.event_type == wanted)
        .unwrap();
    M::fold(&mut rows, repeated, &repeated.event().unwrap()).unwrap_err()
}

#[test]
fn an_event_that_comes_twice_is_not_applied_twice() {
    let mut story = Story::with_team();
    let name = task(1);
    let create = CreateTask {
        name: name.clone(),
        draft: Draft {
            subject: Some("accounts/acme".parse().unwrap()),
            title: Some(Line::new("Call back").unwrap()),
            ..Draft::default()
        },
        origin: Origin::Manual,
    };
    let before = story.events.len();
    story.tell("members/ana", &create).unwrap();
    story
        .tell("members/ana", &CompleteTask { name: name.clone() })
        .unwrap();
    assert!(
        story.tasks()[&name]
            .details()
            .unwrap()
            .completed()
            .is_some()
    );
    let events = &story.events[before..];
    assert!(matches!(
        again::<Tasks>(events, "task.created"),
        FoldError::Exists { .. }
    ));
    assert!(matches!(
        again::<Tasks>(events, "task.completed"),
        FoldError::Contradiction(_)
    ));
    assert!(matches!(
        again::<Accounts>(events, "account.created"),
        FoldError::Exists { .. }
    ));
    assert!(matches!(
        again::<Accounts>(events, "account.task_numbered"),
        FoldError::Contradiction(_)
    ));
    for twice in ["task.created", "task.completed"] {
        assert!(matches!(
            again::<Timelines>(events, twice),
            FoldError::Exists { .. }
        ));
    }
    assert!(matches!(
        again::<History>(events, "task.created"),
        FoldError::Exists { .. }
    ));
}
