//! Queries against a real Postgres, on read models that real projectors built.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use handoff_domain::{
    account::Account,
    commands::{AssignTask, CompleteTask, CreateTask, DeleteTask, ReopenTask, UndeleteTask},
    names::{AccountName, StreamName, Subject, TaskName},
    task::{
        Assignment, AssignmentCause, Details, Draft, DueSource, OpenStatus, Origin, Priority,
        Status, Task, Visibility,
    },
    text::{Html, Line},
};
use handoff_event_log::Position;
use handoff_read_models::{
    Consistency, InvalidList, ListRequest, QueryError, Viewer,
    tasks::{TaskEntry, TaskState, WatchedTasks},
};
use support::{STAFF, Story, member, own, scene::Scene};
use tokio::time::Instant;

const TASKS: usize = 1_000;

/// A thousand tasks of every kind; many are equal in whatever they are ordered by.
fn busy() -> Story {
    let mut story = Story::with_team();
    let start = story.now;
    for i in 0..TASKS {
        let name = TaskName::from_id(&format!("t{:03}", i * 7919 % TASKS)).unwrap();
        let subject = match i % 8 {
            7 => Subject::Member(member(STAFF[i % 5])),
            n => Subject::Account(AccountName::from_id(&format!("a{n}")).unwrap()),
        };
        let create = CreateTask {
            name: name.clone(),
            draft: Draft {
                subject: Some(subject),
                title: Some(
                    Line::new(["Call back", "Prepare the review", "100% of it_"][i % 3]).unwrap(),
                ),
                description: (i % 4 == 0).then(|| Html::new("a < b <strong>c</strong>").unwrap()),
                category: (i % 3 == 0).then(|| "Phone Call".into()),
                status: [OpenStatus::NotStarted, OpenStatus::InProgress][i % 2],
                priority: [
                    Priority::Low,
                    Priority::Normal,
                    Priority::High,
                    Priority::Urgent,
                ][i % 4],
                visibility: [Visibility::Internal, Visibility::Portal][i % 2],
                assignees: (0..i % 6)
                    .map(|n| member(STAFF[(i + n) % STAFF.len()]))
                    .collect(),
                start: Some(start - TimeDelta::days(30)),
                due: (i % 5 != 0).then(|| (start + TimeDelta::hours((i % 11) as i64 - 5)).into()),
                ..Draft::default()
            },
            origin: Origin::Manual,
        };
        story.tell("members/ana", &create).unwrap();
        if i % 3 == 0 {
            story
                .tell("members/ben", &CompleteTask { name: name.clone() })
                .unwrap();
        }
        if i % 9 == 0 {
            let status = OpenStatus::WaitingOnCustomer;
            story
                .tell(
                    "members/cleo",
                    &ReopenTask {
                        name: name.clone(),
                        status,
                    },
                )
                .unwrap();
        }
        if i % 13 == 0 {
            story
                .tell(
                    "members/ana",
                    &AssignTask {
                        name,
                        assignment: Assignment::Set(Vec::new()),
                        cause: AssignmentCause::default(),
                    },
                )
                .unwrap();
        }
    }
    story
}

fn viewer(story: &Story) -> Viewer {
    Viewer {
        now: story.now - TimeDelta::seconds(500),
        me: Some(member("ana")),
    }
}

/// All pages of a list of tasks.
async fn tasks(
    scene: &Scene,
    viewer: &Viewer,
    filter: &str,
    order_by: &str,
    page_size: i32,
) -> Vec<TaskEntry> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let request = ListRequest {
            page_size,
            page_token: &token,
            filter,
            order_by,
        };
        let answer = scene
            .queries
            .list_tasks(&request, viewer, scene.all())
            .await
            .unwrap();
        assert_eq!(answer.position, scene.head);
        assert!(answer.value.items.len() <= page_size as usize);
        all.extend(answer.value.items);
        token = answer.value.next_page_token;
        if token.is_empty() {
            return all;
        }
    }
}

fn task_of(entry: &TaskEntry) -> &Task {
    let TaskState::Standalone(task) = &entry.row.state else {
        panic!("{:?} is of no task of its own", entry.name)
    };
    task
}

fn is_open(task: &Task) -> bool {
    task.details().is_some_and(Details::is_open)
}

fn completed_at(task: &Task) -> Option<DateTime<Utc>> {
    let (at, _) = task.details()?.completed()?;
    Some(at)
}

/// Whether a task is shown, by its state alone.
type Shown<'a> = Box<dyn Fn(&Task, &Details) -> bool + 'a>;

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_tasks_answer_what_their_aggregates_would() {
    let story = busy();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));

    let known = story.tasks();
    let listed = tasks(&scene, &viewer, "", "", 500).await;
    let rows: BTreeMap<_, _> = listed
        .iter()
        .map(|entry| (own(&entry.name), task_of(entry).clone()))
        .collect();
    assert_eq!(rows, known);
    for entry in &listed {
        let account = match &task_of(entry).details().unwrap().subject {
            Subject::Account(account) => Some(account.id()),
            Subject::Member(_) => None,
        };
        assert_eq!(entry.subject_display_name.as_deref(), account);
    }

    let assigned =
        |id: &'static str| -> Shown<'_> { Box::new(move |_, d| d.assignees.contains(&member(id))) };
    let filters: Vec<(&str, Shown<'_>)> = vec![
        ("open", Box::new(|task, _| is_open(task))),
        (
            "overdue",
            Box::new(|task, d| is_open(task) && d.due < viewer.now),
        ),
        (
            "NOT overdue",
            Box::new(|task, d| !is_open(task) || d.due >= viewer.now),
        ),
        ("status = COMPLETE", Box::new(|task, _| !is_open(task))),
        (
            "status = WAITING_ON_CUSTOMER OR status = COMPLETE",
            Box::new(|task, d| !is_open(task) || d.status() == Status::WaitingOnCustomer),
        ),
        ("assignees:me", assigned("ana")),
        ("assignees:members/finn", assigned("finn")),
        ("NOT assignees:*", Box::new(|_, d| d.assignees.is_empty())),
        (
            "assignees:members/ben AND assignees:members/cleo AND open",
            Box::new(|task, d| {
                is_open(task)
                    && d.assignees.contains(&member("ben"))
                    && d.assignees.contains(&member("cleo"))
            }),
        ),
        (
            "assignees:members/ben OR subject = accounts/a1",
            Box::new(|_, d| {
                d.assignees.contains(&member("ben")) || d.subject.as_str() == "accounts/a1"
            }),
        ),
        (
            "subject = accounts/a2 status = COMPLETE",
            Box::new(|t, d| d.subject.as_str() == "accounts/a2" && !is_open(t)),
        ),
        (
            "subject = members/ana",
            Box::new(|_, d| d.subject.as_str() == "members/ana"),
        ),
        (
            "priority >= HIGH",
            Box::new(|_, d| matches!(d.priority, Priority::High | Priority::Urgent)),
        ),
        (
            "category = \"Phone Call\"",
            Box::new(|_, d| d.category.is_some()),
        ),
        (
            "category != \"Phone Call\"",
            Box::new(|_, d| d.category.is_none()),
        ),
        (
            "NOT category = \"Phone Call\"",
            Box::new(|_, d| d.category.is_none()),
        ),
        (
            "title:REVIEW",
            Box::new(|_, d| d.title.as_str().contains("review")),
        ),
        (
            "title:\"% of it_\"",
            Box::new(|_, d| d.title.as_str().contains('%')),
        ),
        (
            "complete_time:*",
            Box::new(|task, _| completed_at(task).is_some()),
        ),
        (
            "NOT complete_time > 2000-01-01T00:00:00Z",
            Box::new(|task, _| completed_at(task).is_none()),
        ),
        (
            "number = A1-TASK-3",
            Box::new(|_, d| &*d.number == "A1-TASK-3"),
        ),
        ("name = tasks/t042", Box::new(|_, _| false)),
        ("open AND status = COMPLETE", Box::new(|_, _| false)),
        ("unassigned", Box::new(|_, d| d.assignees.is_empty())),
        ("assignee:me", assigned("ana")),
        ("kind = STANDALONE", Box::new(|_, _| true)),
        ("kind = ORDER", Box::new(|_, _| false)),
        (
            "due_source = MANUAL",
            Box::new(|_, d| d.due_source == DueSource::Manual),
        ),
        (
            "percent_complete = 100",
            Box::new(|task, _| completed_at(task).is_some()),
        ),
        (
            "completed_by = members/ben",
            Box::new(|task, _| completed_at(task).is_some()),
        ),
        (
            "text:REVIEW",
            Box::new(|_, d| d.title.as_str().contains("review")),
        ),
        (
            "text:\"the-prep prepare\" OR text:\"% of _\"",
            Box::new(|_, d| d.title.as_str().contains('%')),
        ),
        ("text:\"< CB\"", Box::new(|_, _| false)),
        (
            "text:\"< C B a1-task\"",
            Box::new(|_, d| d.description.is_some() && d.subject.as_str() == "accounts/a1"),
        ),
        (
            "-text:back AND assignees:me",
            Box::new(|_, d| {
                d.assignees.contains(&member("ana")) && !d.title.as_str().contains("back")
            }),
        ),
    ];
    for (filter, shown) in &filters {
        // What a watch says of each task by its state alone is what the list says.
        let watched = WatchedTasks::new(filter, &viewer).unwrap();
        let in_memory: BTreeSet<_> = known
            .iter()
            .filter(|(name, task)| {
                let state = TaskState::Standalone((*task).clone());
                watched.shows(name.as_str(), &state, viewer.now)
            })
            .map(|(name, _)| name.clone())
            .collect();
        for order_by in ["", "due_time desc", "update_time"] {
            let found: BTreeSet<_> = tasks(&scene, &viewer, filter, order_by, 300)
                .await
                .iter()
                .map(|entry| own(&entry.name))
                .collect();
            let expected: BTreeSet<_> = known
                .iter()
                .filter(|(name, task)| match *filter {
                    "name = tasks/t042" => name.id() == "t042",
                    _ => shown(task, task.details().unwrap()),
                })
                .map(|(name, _)| name.clone())
                .collect();
            assert_eq!(found, expected, "{filter} by {order_by:?}");
            assert_eq!(found, in_memory, "{filter} by {order_by:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_in_any_order_shows_each_task_once() {
    let story = busy();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    for order_by in [
        "",
        "due_time desc",
        "create_time",
        "create_time desc",
        "update_time",
        "update_time desc",
        "complete_time",
        "complete_time desc",
        "priority",
        "priority desc",
        "number",
        "number desc",
        "priority desc, due_time",
        "due_time, priority desc, number",
    ] {
        let entries = tasks(&scene, &viewer, "", order_by, 33).await;
        let names: BTreeSet<_> = entries.iter().map(|entry| &entry.name).collect();
        assert_eq!((entries.len(), names.len()), (TASKS, TASKS), "{order_by}");
        let details = entries
            .iter()
            .map(|entry| task_of(entry).details().unwrap());
        match order_by {
            "" => assert!(details.map(|d| (d.due, d.created_at)).is_sorted()),
            "due_time desc" => assert!(details.rev().map(|d| (d.due, d.created_at)).is_sorted()),
            "priority desc" => assert!(details.rev().map(|d| d.priority as u8).is_sorted()),
            "priority desc, due_time" => {
                assert!(
                    details
                        .map(|d| (std::cmp::Reverse(d.priority as u8), d.due))
                        .is_sorted()
                );
            }
            "complete_time" => {
                let ends = entries.iter().map(|entry| completed_at(task_of(entry)));
                assert!(ends.map(|at| (at.is_none(), at)).is_sorted());
            }
            "number" => {
                let numbers = details.map(|d| {
                    let (subject, n) = d.number.rsplit_once('-').unwrap();
                    (subject.to_owned(), n.parse::<u32>().unwrap())
                });
                assert!(numbers.is_sorted());
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_come_with_the_number_of_their_open_tasks() {
    let story = busy();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    let open_tasks = |account: &AccountName| {
        let of_account = |d: &Details| d.subject == Subject::Account(account.clone());
        story
            .tasks()
            .values()
            .filter(|task| is_open(task) && of_account(task.details().unwrap()))
            .count() as i64
    };
    for order_by in [
        "",
        "display_name desc",
        "update_time",
        "create_time desc",
        "open_task_count desc",
    ] {
        let mut entries = Vec::new();
        let mut token = String::new();
        loop {
            let request = ListRequest {
                page_size: 2,
                page_token: &token,
                filter: "",
                order_by,
            };
            let page = scene
                .queries
                .list_accounts(&request, &viewer, scene.all())
                .await
                .unwrap()
                .value;
            entries.extend(page.items);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let rows: BTreeMap<_, _> = entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.row.state.clone()))
            .collect();
        assert_eq!((entries.len(), rows), (7, story.accounts()), "{order_by}");
        assert!(
            entries
                .iter()
                .all(|entry| entry.open_tasks == open_tasks(&entry.name))
        );
        if order_by == "open_task_count desc" {
            assert!(
                entries
                    .iter()
                    .rev()
                    .map(|entry| (entry.open_tasks, &entry.name))
                    .is_sorted()
            );
        }
    }
    let name: AccountName = "accounts/a3".parse().unwrap();
    let answer = scene.queries.get_account(&name, scene.all()).await.unwrap();
    let entry = answer.value.unwrap();
    assert!(answer.position >= scene.head);
    assert_eq!(
        (entry.open_tasks, &entry.row.state),
        (open_tasks(&name), &story.accounts()[&name])
    );
    let Account::Existing(details) = &entry.row.state else {
        panic!("{entry:?}")
    };
    assert_eq!(details.tasks_numbered, 125);
    let unknown = "accounts/nobody".parse().unwrap();
    assert_eq!(
        scene
            .queries
            .get_account(&unknown, scene.all())
            .await
            .unwrap()
            .value,
        None
    );

    let request = |filter| ListRequest {
        filter,
        ..ListRequest::default()
    };
    for (filter, count) in [
        ("status = PAUSED", 0),
        ("assignee = me", 7),
        ("kind = LEAD", 0),
        ("name = accounts/a0", 1),
    ] {
        let page = scene
            .queries
            .list_accounts(&request(filter), &viewer, scene.all())
            .await
            .unwrap()
            .value;
        assert_eq!(page.items.len(), count, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_of_an_account_has_that_of_its_tasks() {
    let story = busy();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    let subject_of: BTreeMap<StreamName, Subject> = story
        .tasks()
        .iter()
        .map(|(name, task)| (name.into(), task.details().unwrap().subject.clone()))
        .collect();
    let list = async |resource: Option<&str>, filter: &str, order_by: &str| {
        let resource = resource.map(|resource| resource.parse::<StreamName>().unwrap());
        let (mut positions, mut token) = (Vec::new(), String::new());
        loop {
            let request = ListRequest {
                page_size: 101,
                page_token: &token,
                filter,
                order_by,
            };
            let answer = scene
                .queries
                .list_history(resource.as_ref(), &request, &viewer, scene.all())
                .await
                .unwrap();
            assert_eq!(answer.position, scene.head);
            for entry in answer.value.items {
                let event = &story.events[entry.position.0 as usize - 1];
                assert_eq!(
                    (&entry.row.stream, entry.row.version),
                    (&event.stream, event.version)
                );
                assert_eq!(
                    (&entry.row.payload, &entry.row.event_type),
                    (&event.payload, &event.event_type)
                );
                assert_eq!(
                    (entry.row.event_id, entry.row.command_id),
                    (event.event_id, event.command_id)
                );
                assert_eq!(entry.row.recorded_at, event.recorded_at);
                positions.push(entry.position);
            }
            token = answer.value.next_page_token;
            if token.is_empty() {
                return positions;
            }
        }
    };
    let expected = |shown: &dyn Fn(&handoff_event_log::Recorded) -> bool| -> Vec<Position> {
        story
            .events
            .iter()
            .rev()
            .filter(|event| shown(event))
            .map(|event| event.position)
            .collect()
    };
    assert_eq!(list(None, "", "").await, expected(&|_| true));
    let oldest_first: Vec<_> = expected(&|_| true).into_iter().rev().collect();
    assert_eq!(list(None, "", "position").await, oldest_first);
    assert_eq!(
        list(Some("tasks/t000"), "", "").await,
        expected(&|event| event.stream.as_str() == "tasks/t000")
    );
    for owner in ["accounts/a1", "members/cleo"] {
        let owned = |stream: &StreamName| {
            stream.as_str() == owner
                || subject_of
                    .get(stream)
                    .is_some_and(|subject| subject.as_str() == owner)
        };
        assert_eq!(
            list(Some(owner), "", "").await,
            expected(&|event| owned(&event.stream))
        );
        assert_eq!(
            list(
                Some(owner),
                "type = task.completed AND actor = members/ben",
                ""
            )
            .await,
            expected(&|event| owned(&event.stream) && event.event_type == "task.completed")
        );
    }
    assert_eq!(list(Some("accounts/nobody"), "", "").await, []);
    let middle = &story.events[700];
    for (filter, holds) in [
        (
            "record_time >= {}",
            (|a, b| a >= b) as fn(DateTime<Utc>, DateTime<Utc>) -> bool,
        ),
        ("record_time < {}", |a, b| a < b),
        ("record_time = {}", |a, b| a == b),
        ("record_time != {}", |a, b| a != b),
    ] {
        let filter = filter.replace("{}", &middle.recorded_at.to_rfc3339());
        assert_eq!(
            list(None, &filter, "").await,
            expected(&|event| holds(event.recorded_at, middle.recorded_at))
        );
    }
    assert_eq!(
        list(None, "position > 10 AND position <= 20", "position")
            .await
            .len(),
        10
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_task_is_found_nowhere_until_it_is_undeleted() {
    let mut story = Story::with_team();
    let names = ["one", "two", "three"].map(|id| TaskName::from_id(id).unwrap());
    for name in names.clone() {
        let create = CreateTask {
            name: name.clone(),
            draft: Draft {
                subject: Some("accounts/acme".parse().unwrap()),
                title: Some(Line::new("Call back").unwrap()),
                ..Draft::default()
            },
            origin: Origin::Manual,
        };
        story.tell("members/ana", &create).unwrap();
        story.tell("members/ana", &DeleteTask { name }).unwrap();
    }
    let [one, two, three] = names;
    for name in [&one, &three] {
        let undelete = UndeleteTask { name: name.clone() };
        story.tell("members/ana", &undelete).unwrap();
    }
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    for order_by in [
        "",
        "due_time desc",
        "create_time",
        "update_time",
        "priority",
        "number",
    ] {
        for filter in [
            "",
            "open",
            "NOT overdue",
            "subject = accounts/acme",
            "assignees:me",
            "name = tasks/two",
        ] {
            let listed = tasks(&scene, &viewer, filter, order_by, 1).await;
            let listed: BTreeSet<_> = listed.iter().map(|entry| own(&entry.name)).collect();
            let wanted = match filter {
                "name = tasks/two" => BTreeSet::new(),
                _ => BTreeSet::from([one.clone(), three.clone()]),
            };
            assert_eq!(listed, wanted, "{filter} by {order_by}");
        }
    }
    for (name, there) in [(&one, true), (&two, false)] {
        let found = scene.queries.get_task(name, scene.all()).await.unwrap();
        assert_eq!(found.value.is_some(), there, "{name}");
    }
    let acme = "accounts/acme".parse().unwrap();
    let account = scene.queries.get_account(&acme, scene.all()).await.unwrap();
    assert_eq!(account.value.unwrap().open_tasks, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_list_can_answer_is_the_callers_mistake() {
    let mut story = Story::with_team();
    let name: TaskName = "tasks/one".parse().unwrap();
    for name in [&name, &"tasks/two".parse().unwrap()] {
        let create = CreateTask {
            name: name.clone(),
            draft: Draft {
                subject: Some("accounts/acme".parse().unwrap()),
                title: Some(Line::new("Call back").unwrap()),
                ..Draft::default()
            },
            origin: Origin::Manual,
        };
        story.tell("members/ana", &create).unwrap();
    }
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    let found = scene.queries.get_task(&name, scene.all()).await.unwrap();
    assert_eq!(
        (found.position, task_of(&found.value.unwrap()).clone()),
        (scene.head, story.tasks()[&name].clone())
    );

    let first = ListRequest {
        page_size: 1,
        ..ListRequest::default()
    };
    let token = scene
        .queries
        .list_tasks(&first, &viewer, scene.all())
        .await
        .unwrap()
        .value
        .next_page_token;
    assert!(!token.is_empty());
    let next = ListRequest {
        page_token: &token,
        ..first
    };
    let other = Viewer {
        me: Some(member("ben")),
        ..viewer.clone()
    };
    for (request, viewer, field) in [
        (
            ListRequest {
                page_size: -1,
                ..first
            },
            &viewer,
            "page_size",
        ),
        (
            ListRequest {
                filter: "colour = red",
                ..first
            },
            &viewer,
            "filter",
        ),
        (
            ListRequest {
                order_by: "colour",
                ..first
            },
            &viewer,
            "order_by",
        ),
        (
            ListRequest {
                page_token: "made-up",
                ..first
            },
            &viewer,
            "page_token",
        ),
        (
            ListRequest {
                filter: "open",
                ..next
            },
            &viewer,
            "page_token",
        ),
        (
            ListRequest {
                order_by: "number",
                ..next
            },
            &viewer,
            "page_token",
        ),
        (next, &other, "page_token"),
    ] {
        let error = scene
            .queries
            .list_tasks(&request, viewer, scene.all())
            .await
            .unwrap_err();
        let QueryError::Invalid(invalid) = error else {
            panic!("{error:?}")
        };
        assert_eq!(invalid.request_field(), field);
    }
    let error = scene
        .queries
        .list_accounts(&next, &viewer, scene.all())
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        QueryError::Invalid(InvalidList::PageToken(_))
    ));
    // The size of pages may change on the way.
    let last = ListRequest {
        page_size: 10,
        ..next
    };
    let page = scene
        .queries
        .list_tasks(&last, &viewer, scene.all())
        .await
        .unwrap()
        .value;
    assert_eq!((page.items.len(), page.next_page_token.as_str()), (1, ""));

    let tomorrow = Consistency {
        min_position: Position(scene.head.0 + 1),
        deadline: Instant::now() + Duration::from_millis(100),
    };
    let error = scene.queries.get_task(&name, tomorrow).await.unwrap_err();
    assert!(matches!(error, QueryError::Behind { wanted, head, .. } if wanted > head));
}
