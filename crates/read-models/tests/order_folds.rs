//! Folds of services, orders, their tasks and the portal, without a database: what a read model makes of a
//! log is what the aggregates know, and what contacts see of it is nothing else than the rules say.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use handoff_domain::{
    Command, Partition,
    account::ContactKind,
    checklist::{Arrangement, Changes, DeadlineHours, Draft, Tier, Visibility},
    commands::{
        AddNote, AddOrderNote, AddOrderTask, AddTemplateTask, AssignOrderTask, CancelOrder,
        CheckOrderTask, CompleteOrder, CompleteTask, CreateContact, CreateService, CreateTask,
        DeleteTask, NewId, NewOrderTask, NoteOn, PlaceOrder, RemoveOrderTask, RenewOrder,
        ReopenOrder, ReopenTask, ReorderOrderTasks, UncheckOrderTask, UndeleteTask, UpdateOrder,
        UpdateOrderTask, UpdateTask,
    },
    names::{OrderName, OrderTaskName, ServiceName, TaskName, TemplateTaskName},
    order::{Cycle, Status},
    task::{self, Assignment, OpenStatus, Origin},
    text::{Html, Line},
};
use handoff_read_models::{
    order_notes::OrderNotes,
    orders::Orders,
    portal::{Held, OrderForContacts, Portal, TaskForContacts},
    portal_notes::PortalNotes,
    services::Services,
    task_texts::TaskTexts,
    tasks::{TaskKey, TaskState, Tasks, tasks_of},
    timelines::{Timelines, What},
};
use proptest::prelude::*;
use support::{STAFF, Story, fold, member};

/// What every text has that contacts must not see.
const HIDDEN: &str = "unseen";

fn seo() -> ServiceName {
    "services/seo".parse().unwrap()
}

fn order(id: u8) -> OrderName {
    OrderName::from_id(&format!("o{id}")).unwrap()
}

fn in_order(id: u8, task: u8) -> OrderTaskName {
    OrderTaskName::from_id(&order(id), &format!("t{task}")).unwrap()
}

fn lone(id: u8) -> TaskName {
    TaskName::from_id(&format!("t{id}")).unwrap()
}

fn line(text: &str) -> Line {
    Line::new(text).unwrap()
}

fn html(text: &str) -> Html {
    Html::new(text).unwrap()
}

fn visibility() -> impl Strategy<Value = Visibility> {
    prop::sample::select(vec![
        Visibility::Internal,
        Visibility::Portal,
        Visibility::ClientAssigned,
    ])
}

/// A task whose title says whether contacts may ever see it.
fn draft() -> impl Strategy<Value = Draft> {
    (
        visibility(),
        1..4_i64,
        prop::option::of(1..100_i64),
        0..3_usize,
    )
        .prop_map(|(visibility, tier, deadline, assignees)| Draft {
            title: line(match visibility {
                Visibility::Internal => "unseen work",
                Visibility::Portal | Visibility::ClientAssigned => "shown work",
            }),
            description: Some(html("<p>In detail</p>")),
            deadline_hours: deadline.map(|hours| DeadlineHours::new(hours).unwrap()),
            assignees: STAFF[..assignees].iter().map(|id| member(id)).collect(),
            responsible_role: None,
            tier: Some(Tier::new(tier).unwrap()),
            visibility,
        })
}

fn command() -> impl Strategy<Value = Box<dyn Command>> {
    fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
        Box::new(command)
    }
    let id = || 0..3_u8;
    let task = || 0..6_u8;
    prop_oneof![
        2 => (task(), draft()).prop_map(|(n, draft)| boxed(AddTemplateTask {
            name: TemplateTaskName::from_id(&seo(), &format!("t{n}")).unwrap(),
            draft,
        })),
        3 => (id(), any::<bool>()).prop_map(|(id, acme)| boxed(PlaceOrder {
            name: order(id),
            account: if acme { "accounts/acme" } else { "accounts/bolt" }.parse().unwrap(),
            service: seo(),
            title: None,
            start: None,
        })),
        3 => (id(), task(), draft()).prop_map(|(id, n, draft)| boxed(AddOrderTask {
            name: in_order(id, n),
            task: NewOrderTask::Scratch(draft),
        })),
        6 => (id(), task()).prop_map(|(id, n)| boxed(CheckOrderTask { name: in_order(id, n) })),
        2 => (id(), task()).prop_map(|(id, n)| boxed(UncheckOrderTask { name: in_order(id, n) })),
        1 => (id(), task()).prop_map(|(id, n)| boxed(RemoveOrderTask { name: in_order(id, n) })),
        2 => (id(), task(), 1..4_i64).prop_map(|(id, n, tier)| boxed(UpdateOrderTask {
            name: in_order(id, n),
            changes: Changes {
                description: Some((tier > 1).then(|| html("<p>Another</p>"))),
                tier: Some(Tier::new(tier).unwrap()),
                ..Changes::default()
            },
        })),
        1 => (id(), task(), 0..3_usize).prop_map(|(id, n, count)| boxed(AssignOrderTask {
            name: in_order(id, n),
            assignment: Assignment::Set(STAFF[..count].iter().map(|id| member(id)).collect()),
        })),
        1 => id().prop_map(|id| boxed(ReorderOrderTasks {
            name: order(id),
            arrangement: Arrangement { tasks: (0..2).map(|n| in_order(id, n)).collect(), tiers: Vec::new() },
        })),
        1 => (id(), 0..100_i64).prop_map(|(id, hours)| boxed(UpdateOrder {
            name: order(id),
            title: (hours > 50).then(|| line("Another title")),
            start: Some(chrono::DateTime::UNIX_EPOCH + TimeDelta::hours(500_000 + hours)),
        })),
        1 => id().prop_map(|id| boxed(CompleteOrder { name: order(id) })),
        1 => id().prop_map(|id| boxed(CancelOrder { name: order(id) })),
        2 => id().prop_map(|id| boxed(ReopenOrder { name: order(id) })),
        1 => (id(), 0..3_u8).prop_map(|(id, cycle)| boxed(RenewOrder {
            name: order(id),
            cycle: Cycle::new(&format!("2027-0{cycle}")).unwrap(),
            start: None,
        })),
        2 => (id(), prop::option::of(task()), any::<bool>()).prop_map(|(id, n, shown)| boxed(AddOrderNote {
            on: n.map_or(NoteOn::Order(order(id)), |n| NoteOn::Task(in_order(id, n))),
            note: html(if shown { "shown" } else { HIDDEN }),
            visibility: if shown { task::Visibility::Portal } else { task::Visibility::Internal },
        })),
        2 => (task(), any::<bool>()).prop_map(|(n, shown)| boxed(CreateTask {
            name: lone(n),
            draft: task::Draft {
                subject: Some("accounts/acme".parse().unwrap()),
                title: Some(line(if shown { "shown" } else { HIDDEN })),
                visibility: if shown { task::Visibility::Portal } else { task::Visibility::Internal },
                tags: vec![task::Tag::new(HIDDEN).unwrap()],
                ..task::Draft::default()
            },
            origin: Origin::Manual,
        })),
        1 => (task(), any::<bool>()).prop_map(|(n, shown)| boxed(UpdateTask {
            name: lone(n),
            changes: task::Changes {
                title: Some(line(if shown { "shown" } else { HIDDEN })),
                visibility: Some(if shown { task::Visibility::Portal } else { task::Visibility::Internal }),
                start: Some(chrono::DateTime::UNIX_EPOCH + TimeDelta::hours(500_000 + i64::from(n))),
                ..task::Changes::default()
            },
        })),
        1 => task().prop_map(|n| boxed(CompleteTask { name: lone(n) })),
        1 => task().prop_map(|n| boxed(ReopenTask { name: lone(n), status: OpenStatus::InProgress })),
        1 => task().prop_map(|n| boxed(DeleteTask { name: lone(n) })),
        1 => task().prop_map(|n| boxed(UndeleteTask { name: lone(n) })),
        1 => task().prop_map(|n| boxed(AddNote { name: lone(n), note: html("note") })),
    ]
}

/// What a team may have done: commands that are refused leave nothing.
fn story() -> impl Strategy<Value = Story> {
    prop::collection::vec(command(), 0..80).prop_map(|commands| {
        let mut story = Story::with_team();
        let service = CreateService {
            id: NewId::Given(seo()),
            display_name: line("SEO"),
            description: None,
        };
        story.tell("members/admin", &service).unwrap();
        for command in commands {
            story.tell("members/admin", &*command).ok();
        }
        story
    })
}

proptest! {
    #[test]
    fn rows_of_services_and_orders_are_the_aggregates(story in story()) {
        let rows = fold::<Services>(&story.events);
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, name), row)| (name, row.state)).collect();
        prop_assert_eq!(folded, story.services());
        let rows = fold::<Orders>(&story.events);
        let folded: BTreeMap<_, _> = rows.into_iter().map(|((_, name), row)| (name, row.state)).collect();
        prop_assert_eq!(folded, story.orders());
    }

    #[test]
    fn tasks_of_orders_are_those_that_their_orders_list(story in story()) {
        let mut expected = BTreeMap::new();
        for (name, order) in story.orders() {
            expected.extend(tasks_of(&order));
            let details = order.details().unwrap();
            let listed = tasks_of(&order).len();
            match details.status() {
                Status::Open => prop_assert_eq!(listed, details.tasks.len()),
                Status::Complete => prop_assert_eq!(listed, details.tasks.len() - details.open_tasks().count()),
                Status::Cancelled => prop_assert_eq!(listed, 0),
            }
            let current: Vec<_> = tasks_of(&order).into_values().filter(|task| task.current).map(|task| task.task.name.clone()).collect();
            let mut rule: Vec<_> = details.tasks.iter().filter(|task| details.is_current(task)).map(|task| task.name.clone()).collect();
            rule.sort();
            prop_assert_eq!(current, rule, "{}", name);
        }
        for ((partition, key), row) in fold::<Tasks>(&story.events) {
            match (key, row.state) {
                (TaskKey::Order(name), TaskState::Order(task)) => {
                    let is = expected.remove(&name);
                    prop_assert_eq!(partition, Partition::of(task.account.as_str()));
                    // When it last changed is as of the last change that it took part in.
                    let is = is.map(|is| handoff_read_models::tasks::ChecklistTask { updated_at: task.updated_at, ..is });
                    prop_assert_eq!(is.as_ref(), Some(&*task));
                }
                (TaskKey::Checklist(name), TaskState::Checklist(order)) => prop_assert_eq!(&story.orders()[&name], &order),
                (TaskKey::Standalone(name), TaskState::Standalone(task)) => prop_assert_eq!(&story.tasks()[&name], &task),
                (key, _) => prop_assert!(false, "{} has the row of something else", key),
            }
        }
        prop_assert!(expected.is_empty(), "{:?}", expected);
    }

    #[test]
    fn texts_of_tasks_of_orders_are_those_that_they_have_now(story in story()) {
        let rows = fold::<TaskTexts>(&story.events);
        let texts: BTreeMap<_, _> = rows.into_iter().map(|((_, key), row)| (key, row)).collect();
        let mut of_orders = 0;
        for order in story.orders().values() {
            for task in &order.details().unwrap().tasks {
                let text = &texts[&TaskKey::Order(task.name.clone())];
                prop_assert_eq!(&text.title, &task.content.title.as_str().to_lowercase());
                let description = match task.content.description.as_ref().map(Html::as_str) {
                    Some("<p>In detail</p>") => "\nin detail\n",
                    Some(_) => "\nanother\n",
                    None => "",
                };
                prop_assert_eq!(&text.description, description);
                of_orders += 1;
            }
        }
        prop_assert_eq!(texts.keys().filter(|key| matches!(key, TaskKey::Order(_))).count(), of_orders);
    }

    #[test]
    fn contacts_see_what_the_aggregates_show_them_and_no_hidden_text(story in story()) {
        let (tasks, orders) = (story.tasks(), story.orders());
        for ((_, key), row) in fold::<Portal>(&story.events) {
            let shown = match &row.held {
                Held::Task(shared) => {
                    let task = &tasks[&key.as_str().parse::<TaskName>().unwrap()];
                    let expected = TaskForContacts::of(task);
                    prop_assert_eq!(shared.shown(), expected.as_ref(), "{}", key);
                    serde_json::to_string(&expected).unwrap()
                }
                Held::Order { order, .. } => {
                    prop_assert_eq!(order, &orders[&key.as_str().parse::<OrderName>().unwrap()]);
                    let details = order.details().unwrap();
                    let shown = OrderForContacts::of(details);
                    let tier = details.current_tier().filter(|_| details.status() != Status::Complete);
                    for task in &shown.tasks {
                        let content = &details.task(&task.name).unwrap().content;
                        prop_assert!(content.visibility.is_for_contacts());
                        prop_assert!(tier.is_none_or(|tier| content.tier <= tier));
                    }
                    serde_json::to_string(&shown).unwrap()
                }
            };
            prop_assert!(!shown.contains(HIDDEN) && !shown.contains("members/"), "{shown}");
        }
        for row in fold::<PortalNotes>(&story.events).values() {
            prop_assert!(!row.note.as_str().contains(HIDDEN));
        }
    }

    #[test]
    fn every_note_on_an_order_has_a_row_that_says_for_whom_it_is(story in story()) {
        let rows = fold::<OrderNotes>(&story.events);
        let noted = story.events.iter().filter(|event| event.event_type == "order.note_added");
        prop_assert_eq!(rows.len(), noted.count());
        for row in rows.values() {
            prop_assert_eq!(row.internal, row.note.as_str() == HIDDEN);
        }
        let shown = rows.values().filter(|row| !row.internal).count();
        let on_tasks = story.events.iter().filter(|event| event.event_type == "task.note_added").count();
        prop_assert_eq!(fold::<PortalNotes>(&story.events).len(), shown + on_tasks);
    }

    #[test]
    fn a_timeline_has_the_orders_of_its_account(story in story()) {
        let orders = story.orders();
        for (what, event_type) in [(What::OrderPlaced, "order.placed"), (What::OrderCompleted, "order.completed")] {
            let events = story.events.iter().filter(|event| event.event_type == event_type);
            let expected: Vec<_> = events
                .map(|event| {
                    let order = &orders[&event.stream.as_str().parse::<OrderName>().unwrap()];
                    (event.position, order.details().unwrap().account.clone())
                })
                .collect();
            let rows = fold::<Timelines>(&story.events);
            let rows = rows.into_values().filter(|row| row.what == what);
            let mut folded: Vec<_> = rows.map(|row| (row.position, row.account)).collect();
            folded.sort();
            prop_assert_eq!(folded, expected);
        }
    }
}

#[test]
fn a_contact_sees_their_turn_and_only_then() {
    let mut story = Story::with_team();
    let admin = "members/admin";
    let service = CreateService {
        id: NewId::Given(seo()),
        display_name: line("SEO"),
        description: None,
    };
    story.tell(admin, &service).unwrap();
    let steps = [
        ("t0", Visibility::Internal),
        ("t1", Visibility::ClientAssigned),
        ("t2", Visibility::Portal),
    ];
    for (tier, (id, visibility)) in (1..).zip(steps) {
        let add = AddTemplateTask {
            name: TemplateTaskName::from_id(&seo(), id).unwrap(),
            draft: Draft {
                title: line(id),
                description: None,
                deadline_hours: None,
                assignees: Vec::new(),
                responsible_role: None,
                tier: Some(Tier::new(tier).unwrap()),
                visibility,
            },
        };
        story.tell(admin, &add).unwrap();
    }
    let place = PlaceOrder {
        name: order(0),
        account: "accounts/acme".parse().unwrap(),
        service: seo(),
        title: None,
        start: None,
    };
    story.tell(admin, &place).unwrap();
    let zoe = CreateContact {
        account: "accounts/acme".parse().unwrap(),
        name: "accounts/acme/contacts/zoe".parse().unwrap(),
        display_name: line("Zoe"),
        email: None,
        phone: None,
        kind: ContactKind::Client,
        portal_access: true,
    };
    story.tell(admin, &zoe).unwrap();
    let seen = |story: &Story| -> Vec<(String, bool)> {
        let rows = fold::<Portal>(&story.events).into_values();
        let mut shown = rows.filter_map(|row| match row.held {
            Held::Order { order, .. } => Some(OrderForContacts::of(order.details().unwrap())),
            Held::Task(_) => None,
        });
        let tasks = shown.next().unwrap().tasks.into_iter();
        tasks
            .map(|task| (task.name.id().to_owned(), task.waits))
            .collect()
    };
    let pairs = |pairs: &[(&str, bool)]| -> Vec<(String, bool)> {
        pairs
            .iter()
            .map(|(id, waits)| ((*id).to_owned(), *waits))
            .collect()
    };
    // Done or not: what comes later is not shown.
    story
        .tell(
            admin,
            &CheckOrderTask {
                name: in_order(0, 2),
            },
        )
        .unwrap();
    assert_eq!(seen(&story), pairs(&[]));
    story
        .tell(
            admin,
            &CheckOrderTask {
                name: in_order(0, 0),
            },
        )
        .unwrap();
    assert_eq!(seen(&story), pairs(&[("t1", true)]));
    let check = CheckOrderTask {
        name: in_order(0, 1),
    };
    story.tell("accounts/acme/contacts/zoe", &check).unwrap();
    assert_eq!(seen(&story), pairs(&[("t1", false), ("t2", false)]));
}
