//! Orders, their tasks and the portal in Postgres, built from a log that was there before.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::collections::BTreeMap;

use handoff_domain::{
    checklist::{Draft, Tier, Visibility},
    commands::{
        AddTemplateTask, AssignOrder, CancelOrder, CheckOrderTask, CompleteOrder, CreateService,
        Holding, NewId, PlaceOrder, RemoveOrderTask, RenewOrder, UncheckOrderTask, UpdateOrder,
    },
    names::{OrderName, OrderTaskName, ServiceName, TemplateTaskName},
    order::Cycle,
    text::Line,
};
use handoff_read_models::{
    ListRequest, Viewer,
    portal::OrderForContacts,
    tasks::{ChecklistTask, TaskKey, TaskState, tasks_of},
};
use support::{Story, member, scene::Scene};

const ADMIN: &str = "members/admin";
const ORDERS: u8 = 12;

fn order(n: u8) -> OrderName {
    OrderName::from_id(&format!("o{n:02}")).unwrap()
}

fn task(n: u8, id: &str) -> OrderTaskName {
    OrderTaskName::from_id(&order(n), id).unwrap()
}

/// Orders of two accounts in every state, and with tasks that came, went, moved and came back.
fn busy() -> Story {
    let mut story = Story::with_team();
    let service: ServiceName = "services/seo".parse().unwrap();
    let create = CreateService {
        id: NewId::Given(service.clone()),
        display_name: Line::new("SEO").unwrap(),
        description: None,
    };
    story.tell(ADMIN, &create).unwrap();
    for (id, tier, visibility, assignees) in [
        ("brief", 1, Visibility::ClientAssigned, &[][..]),
        ("audit", 1, Visibility::Internal, &["ana"]),
        ("report", 2, Visibility::Portal, &["ana", "ben"]),
    ] {
        let add = AddTemplateTask {
            name: TemplateTaskName::from_id(&service, id).unwrap(),
            draft: Draft {
                title: Line::new(id).unwrap(),
                description: None,
                deadline_hours: None,
                assignees: assignees.iter().map(|id| member(id)).collect(),
                responsible_role: None,
                tier: Some(Tier::new(tier).unwrap()),
                visibility,
            },
        };
        story.tell(ADMIN, &add).unwrap();
    }
    for n in 0..ORDERS {
        let account = if n % 2 == 0 {
            "accounts/acme"
        } else {
            "accounts/bolt"
        };
        let place = PlaceOrder {
            name: order(n),
            account: account.parse().unwrap(),
            service: service.clone(),
            title: None,
            start: None,
        };
        story.tell(ADMIN, &place).unwrap();
        for step in 0..n % 4 {
            let name = task(n, ["brief", "audit", "report"][usize::from(step)]);
            story.tell("members/ana", &CheckOrderTask { name }).unwrap();
        }
        match n / 4 {
            0 => {
                let add = AssignOrder {
                    name: order(n),
                    add: vec![member("cleo")],
                    remove: Vec::new(),
                };
                story.tell(ADMIN, &add).unwrap();
                let name = task(n, "brief");
                story.tell(ADMIN, &UncheckOrderTask { name }).unwrap();
            }
            1 => {
                let name = task(n, "audit");
                story.tell(ADMIN, &RemoveOrderTask { name }).unwrap();
                let renew = RenewOrder {
                    name: order(n),
                    cycle: Cycle::new("2027-02").unwrap(),
                    start: None,
                };
                story.tell(ADMIN, &renew).unwrap();
                let moved = UpdateOrder {
                    name: order(n),
                    title: Some(Line::new("Moved").unwrap()),
                    start: Some(story.now),
                };
                story.tell(ADMIN, &moved).unwrap();
            }
            // One that completed by itself stays as it is.
            _ if n % 2 == 0 => {
                story
                    .tell(ADMIN, &CompleteOrder { name: order(n) })
                    .unwrap();
            }
            _ => {
                story.tell(ADMIN, &CancelOrder { name: order(n) }).ok();
            }
        }
    }
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_from_the_log_is_what_the_aggregates_know() {
    let story = busy();
    let scene = Scene::of(&story).await;
    let viewer = Viewer {
        now: story.now,
        me: Some(member("ana")),
    };
    let orders = story.orders();
    assert_eq!(orders.len(), usize::from(ORDERS));

    let mut expected = BTreeMap::new();
    for order in orders.values() {
        expected.extend(tasks_of(order));
    }
    let request = ListRequest {
        filter: "kind = ORDER",
        page_size: 500,
        ..ListRequest::default()
    };
    let tasks = scene.queries.list_tasks(&request, &viewer, scene.all());
    let mut found = 0;
    for entry in tasks.await.unwrap().value.items {
        let (TaskKey::Order(name), TaskState::Order(task)) = (&entry.name, entry.row.state) else {
            panic!("{} is of no order", entry.name)
        };
        let is = &expected[name];
        // When it last changed is as of the last change that it took part in.
        assert!(task.updated_at <= is.updated_at);
        let updated_at = task.updated_at;
        assert_eq!(
            *task,
            ChecklistTask {
                updated_at,
                ..is.clone()
            }
        );
        found += 1;
    }
    assert_eq!(found, expected.len());
    let open = scene
        .queries
        .count_tasks("assignees:me AND open", &viewer, scene.all());
    let mine = expected.values().filter(|task| !task.is_done());
    let mine = mine.filter(|task| task.task.content.assignees.contains(&member("ana")));
    assert_eq!(open.await.unwrap().value.counted, mine.count() as i64);

    for (name, state) in &orders {
        let found = scene.queries.get_order(name, scene.all()).await.unwrap();
        let found = found.value.unwrap();
        assert_eq!(&found.row.state, state);
        assert_eq!(found.names.service.as_deref(), Some("SEO"));
        let details = state.details().unwrap();
        for assignee in &details.assignees {
            assert_eq!(found.names.members[assignee], assignee.id());
        }
        let shown = scene
            .queries
            .get_portal_order(&details.account, name, scene.all());
        let shown = shown.await.unwrap().value.unwrap();
        assert_eq!(shown.order, OrderForContacts::of(details));
        let other = match details.account.id() {
            "acme" => "accounts/bolt",
            _ => "accounts/acme",
        };
        let other = other.parse().unwrap();
        let hidden = scene
            .queries
            .get_portal_order(&other, name, scene.all())
            .await;
        assert_eq!(hidden.unwrap().value, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_holds_parts_of_open_orders_and_of_templates() {
    let story = busy();
    let scene = Scene::of(&story).await;
    for id in ["ana", "ben", "cleo", "dan"] {
        let who = member(id);
        let mut expected = Vec::new();
        for order in story.orders().values() {
            let open = order.details().unwrap().open_tasks_of(&who).cloned();
            expected.extend(open.map(|task| Holding::OpenOrderTask { task }));
        }
        for (order, state) in story.orders() {
            if state.details().unwrap().has_added(&who) {
                expected.push(Holding::Order { order });
            }
        }
        for service in story.services().values() {
            let held = service.details().unwrap().held_by(&who).cloned();
            let mut held: Vec<_> = held.collect();
            held.sort();
            let held = held.into_iter().map(|task| Holding::TemplateTask { task });
            expected.extend(held);
        }
        let found = scene
            .queries
            .holdings(&who, scene.all())
            .await
            .unwrap()
            .value;
        assert_eq!(found.count, expected.len() as u64, "{id}");
        expected.truncate(found.named.len());
        assert_eq!(found.named, expected, "{id}");
    }
}
