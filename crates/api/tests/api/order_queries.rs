//! Services, orders and their tasks as queries answer them.

use handoff_domain::{
    checklist::{DeadlineHours, Draft, Tier, Visibility},
    commands::{
        AddOrderNote, AddTemplateTask, CancelOrder, CheckOrderTask, CreateService, NewId, NoteOn,
        PlaceOrder, ReopenOrder,
    },
    names::{OrderName, OrderTaskName, ServiceName, TemplateTaskName},
    task,
    text::{Html, Line},
};
use handoff_proto::v1::{
    self, account_query_service_client::AccountQueryServiceClient,
    catalog_query_service_client::CatalogQueryServiceClient,
    history_query_service_client::HistoryQueryServiceClient,
    order_query_service_client::OrderQueryServiceClient,
    task_query_service_client::TaskQueryServiceClient, timeline_entry::Entry,
    watch_tasks_response::Item,
};
use tonic::Code;

use crate::support::{TestServer, account, fields, soon};

const ADMIN: &str = "members/admin";
pub(crate) const SEO: &str = "services/seo";

pub(crate) fn order(id: &str) -> OrderName {
    OrderName::from_id(id).unwrap()
}

pub(crate) fn in_order(id: &str, task: &str) -> OrderTaskName {
    OrderTaskName::from_id(&order(id), task).unwrap()
}

/// A task of the template of `services/seo`: its id is its title.
pub(crate) fn template(
    id: &str,
    tier: i64,
    visibility: Visibility,
    assignees: &[&str],
) -> AddTemplateTask {
    let service: ServiceName = SEO.parse().unwrap();
    AddTemplateTask {
        name: TemplateTaskName::from_id(&service, id).unwrap(),
        draft: Draft {
            title: Line::new(id).unwrap(),
            description: Some(Html::new(&format!("<p>about {id}</p>")).unwrap()),
            deadline_hours: Some(DeadlineHours::new(24 * tier).unwrap()),
            assignees: assignees.iter().map(|name| name.parse().unwrap()).collect(),
            responsible_role: None,
            tier: Some(Tier::new(tier).unwrap()),
            visibility,
        },
    }
}

/// An order of `services/seo` for an account.
pub(crate) fn place(id: &str, account: &str) -> PlaceOrder {
    PlaceOrder {
        name: order(id),
        account: account.parse().unwrap(),
        service: SEO.parse().unwrap(),
        title: Some(Line::new("Acme on top").unwrap()),
        start: None,
    }
}

/// The service `services/seo`: a brief by the client, an audit by ana, a report that contacts see.
pub(crate) async fn sell(server: &TestServer) {
    let service = CreateService {
        id: NewId::Given(SEO.parse().unwrap()),
        display_name: Line::new("Search engines").unwrap(),
        description: None,
    };
    server.submit(ADMIN, service).await;
    for task in [
        template("brief", 1, Visibility::ClientAssigned, &[]),
        template("audit", 1, Visibility::Internal, &["members/ana"]),
        template("report", 2, Visibility::Portal, &["members/admin"]),
    ] {
        server.submit(ADMIN, task).await;
    }
}

async fn with_order() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    server.submit(ADMIN, account("acme")).await;
    sell(&server).await;
    server.submit(ADMIN, place("o1", "accounts/acme")).await;
    server
}

/// The end of the log.
pub(crate) async fn end(server: &TestServer) -> i64 {
    let database = server.database.connect().await;
    let row = database.query_one("select max(position) from event_log.events", &[]);
    row.await.unwrap().get(0)
}

async fn get(server: &TestServer) -> v1::GetOrderResponse {
    let mut orders = OrderQueryServiceClient::new(server.channel.clone());
    let request = v1::GetOrderRequest {
        name: "orders/o1".into(),
        min_position: end(server).await,
    };
    orders
        .get_order(server.ana(request))
        .await
        .unwrap()
        .into_inner()
}

/// The names and statuses of the tasks that a filter leaves.
async fn tasks(server: &TestServer, filter: &str) -> Vec<(String, v1::TaskStatus)> {
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let request = v1::ListTasksRequest {
        filter: filter.into(),
        min_position: end(server).await,
        ..Default::default()
    };
    let answer = tasks.list_tasks(server.ana(request)).await.unwrap();
    let tasks = answer.into_inner().tasks.into_iter();
    tasks
        .map(|task| (task.name.clone(), task.status()))
        .collect()
}

#[tokio::test]
async fn an_order_is_shown_with_its_checklist_and_whose_turn_it_is() {
    let server = with_order().await;
    let note = AddOrderNote {
        on: NoteOn::Task(in_order("o1", "audit")),
        note: Html::new("Begin with the site map").unwrap(),
        visibility: task::Visibility::Internal,
    };
    server.submit("members/ana", note).await;
    let answer = get(&server).await;
    let shown = answer.order.unwrap();
    assert_eq!(shown.account_display_name, "acme");
    assert_eq!(shown.assignees, ["members/ana"]);
    assert_eq!(shown.current_tier, Some(1));
    assert_eq!(shown.status(), v1::OrderStatus::Open);
    let current: Vec<_> = shown
        .tasks
        .iter()
        .map(|task| (task.name.as_str(), task.tier, task.current))
        .collect();
    assert_eq!(
        current,
        [
            ("orders/o1/tasks/brief", 1, true),
            ("orders/o1/tasks/audit", 1, true),
            ("orders/o1/tasks/report", 2, false)
        ]
    );
    assert_eq!(answer.due_time, shown.tasks[0].due_time);
    assert!(!answer.overdue && answer.due_time.is_some());
    for (name, display_name) in [
        ("accounts/acme", "acme"),
        (SEO, "Search engines"),
        ("members/ana", "Ana"),
        (ADMIN, "Admin"),
    ] {
        assert_eq!(answer.display_names[name], display_name);
    }
    assert_eq!(answer.notes[0].parent, "orders/o1/tasks/audit");
    assert!(answer.notes[0].internal);

    server
        .submit(
            "members/ana",
            CheckOrderTask {
                name: in_order("o1", "audit"),
            },
        )
        .await;
    server
        .submit(
            ADMIN,
            CheckOrderTask {
                name: in_order("o1", "brief"),
            },
        )
        .await;
    let shown = get(&server).await.order.unwrap();
    assert_eq!(shown.assignees, [ADMIN]);
    assert_eq!(shown.current_tier, Some(2));
    let audit = &shown.tasks[1];
    assert!(audit.checked && audit.check_time.is_some() && !audit.current);
    assert_eq!(audit.checked_by, "members/ana");

    let mut orders = OrderQueryServiceClient::new(server.channel.clone());
    let request = v1::GetOrderTaskRequest {
        name: "orders/o1/tasks/audit".into(),
        ..Default::default()
    };
    let one = orders
        .get_order_task(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(one.task.as_ref(), Some(audit));
    assert_eq!(one.notes.len(), 1);
    assert!(one.order.unwrap().tasks.is_empty());
    let request = v1::GetOrderTaskRequest {
        name: "orders/o1/tasks/nothing".into(),
        ..Default::default()
    };
    let refusal = orders
        .get_order_task(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
}

#[tokio::test]
async fn orders_are_listed_by_who_works_on_them_and_how_they_stand() {
    let server = with_order().await;
    server.submit(ADMIN, account("bolt")).await;
    server.submit(ADMIN, place("o2", "accounts/bolt")).await;
    server
        .submit(ADMIN, CancelOrder { name: order("o2") })
        .await;
    let mut orders = OrderQueryServiceClient::new(server.channel.clone());
    let min_position = end(&server).await;
    let list = |filter: &str, order_by: &str| v1::ListOrdersRequest {
        filter: filter.into(),
        order_by: order_by.into(),
        min_position,
        ..Default::default()
    };
    for (filter, expected) in [
        ("", &["orders/o2", "orders/o1"][..]),
        ("open", &["orders/o1"]),
        ("status = CANCELLED", &["orders/o2"]),
        ("account = accounts/acme AND assignees:me", &["orders/o1"]),
        ("assignee:members/admin", &[]),
        ("overdue", &[]),
        ("NOT due_time:*", &["orders/o2"]),
        ("due_time > 2020-01-01T00:00:00Z", &["orders/o1"]),
        (
            "text:\"ACME top\" AND service = services/seo",
            &["orders/o2", "orders/o1"],
        ),
    ] {
        let answer = orders.list_orders(server.ana(list(filter, ""))).await;
        let answer = answer.unwrap().into_inner();
        let names: Vec<_> = answer
            .orders
            .iter()
            .map(|summary| summary.order.as_ref().unwrap().name.as_str())
            .collect();
        assert_eq!(names, expected, "{filter}");
        for summary in &answer.orders {
            assert_eq!((summary.task_count, summary.open_task_count), (3, 3));
        }
    }
    for order_by in ["due_time", "start_time desc", "create_time", "update_time"] {
        let answer = orders.list_orders(server.ana(list("", order_by))).await;
        assert_eq!(answer.unwrap().into_inner().orders.len(), 2, "{order_by}");
    }
    let refusal = orders
        .list_orders(server.ana(list("colour = red", "")))
        .await;
    assert_eq!(fields(&refusal.unwrap_err()), ["filter"]);
}

#[tokio::test]
async fn tasks_of_open_orders_are_among_the_tasks() {
    use v1::TaskStatus::{Complete, NotStarted};
    let server = with_order().await;
    let names = |found: Vec<(String, v1::TaskStatus)>| -> Vec<String> {
        found.into_iter().map(|(name, _)| name).collect()
    };
    let all = tasks(&server, "kind = ORDER").await;
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|(_, status)| *status == NotStarted));
    for (filter, expected) in [
        ("assignees:me AND open", &["orders/o1/tasks/audit"][..]),
        (
            "order = orders/o1 AND current AND unassigned",
            &["orders/o1/tasks/brief"],
        ),
        (
            "kind = ORDER AND open AND NOT current",
            &["orders/o1/tasks/report"],
        ),
        ("text:report", &["orders/o1/tasks/report"]),
        (
            "subject = accounts/acme AND visibility = INTERNAL",
            &["orders/o1/tasks/audit"],
        ),
        ("kind = STANDALONE", &[]),
        ("overdue", &[]),
    ] {
        assert_eq!(names(tasks(&server, filter).await), expected, "{filter}");
    }
    server
        .submit(
            "members/ana",
            CheckOrderTask {
                name: in_order("o1", "audit"),
            },
        )
        .await;
    let done = tasks(&server, "name = orders/o1/tasks/audit").await;
    assert_eq!(done, [("orders/o1/tasks/audit".to_owned(), Complete)]);
    let mut one = TaskQueryServiceClient::new(server.channel.clone());
    let request = |name: &str| v1::GetTaskRequest {
        name: name.into(),
        ..Default::default()
    };
    let answer = one
        .get_task(server.ana(request("orders/o1/tasks/audit")))
        .await;
    let task = answer.unwrap().into_inner().task.unwrap();
    assert_eq!(
        (task.kind(), task.order.as_str(), task.order_title.as_str()),
        (v1::TaskKind::Order, "orders/o1", "Acme on top")
    );
    assert_eq!(task.completed_by, "members/ana");
    let refusal = one
        .get_task(server.ana(request("orders/o1")))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["name"]);

    server
        .submit(ADMIN, CancelOrder { name: order("o1") })
        .await;
    assert!(tasks(&server, "").await.is_empty());
    let refusal = one
        .get_task(server.ana(request("orders/o1/tasks/audit")))
        .await;
    assert_eq!(refusal.unwrap_err().code(), Code::NotFound);
    server
        .submit(ADMIN, ReopenOrder { name: order("o1") })
        .await;
    assert_eq!(tasks(&server, "open").await.len(), 2);
}

#[tokio::test]
async fn one_event_of_an_order_may_change_many_tasks_of_a_watched_list() {
    let server = with_order().await;
    let mut client = TaskQueryServiceClient::new(server.channel.clone());
    let request = v1::WatchTasksRequest {
        filter: "open".into(),
        after_position: Some(end(&server).await),
        ..Default::default()
    };
    let mut changes = client
        .watch_tasks(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    server
        .submit(ADMIN, CancelOrder { name: order("o1") })
        .await;
    loop {
        let message = soon("a change", changes.message()).await.unwrap().unwrap();
        let Some(Item::Changes(changes)) = message.item else {
            continue;
        };
        assert_eq!(changes.event_type, "order.cancelled");
        let left = changes
            .tasks
            .iter()
            .map(|change| (change.kind(), change.name.as_str()));
        let left: Vec<_> = left.collect();
        assert_eq!(
            left,
            [
                (v1::TaskChangeKind::Left, "orders/o1/tasks/audit"),
                (v1::TaskChangeKind::Left, "orders/o1/tasks/brief"),
                (v1::TaskChangeKind::Left, "orders/o1/tasks/report")
            ]
        );
        break;
    }
}

#[tokio::test]
async fn timelines_and_histories_tell_of_orders() {
    let server = with_order().await;
    for task in ["brief", "audit", "report"] {
        server
            .submit(
                "members/ana",
                CheckOrderTask {
                    name: in_order("o1", task),
                },
            )
            .await;
    }
    let min_position = end(&server).await;
    let mut accounts = AccountQueryServiceClient::new(server.channel.clone());
    let request = v1::ListTimelineRequest {
        account: "accounts/acme".into(),
        filter: "kind = ORDER_PLACED OR kind = ORDER_COMPLETED".into(),
        min_position,
        ..Default::default()
    };
    let answer = accounts.list_timeline(server.ana(request)).await.unwrap();
    let entries = answer.into_inner().entries;
    let [completed, placed] = &entries[..] else {
        panic!("{entries:?}")
    };
    for (entry, actor) in [(placed, ADMIN), (completed, "members/ana")] {
        let (Some(Entry::OrderPlaced(order)) | Some(Entry::OrderCompleted(order))) = &entry.entry
        else {
            panic!("{entry:?}")
        };
        assert_eq!(
            (order.order.as_str(), order.title.as_str()),
            ("orders/o1", "Acme on top")
        );
        assert_eq!(entry.actor, actor);
    }
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let request = |resource: &str| v1::ListHistoryRequest {
        resource: resource.into(),
        filter: "type = order.task_checked".into(),
        min_position,
        ..Default::default()
    };
    for resource in ["orders/o1", "accounts/acme"] {
        let answer = history.list_history(server.ana(request(resource))).await;
        let entries = answer.unwrap().into_inner().entries;
        assert_eq!(entries.len(), 3, "{resource}");
        assert!(entries[0].payload_json.contains("orders/o1/tasks/report"));
        assert_eq!(entries[0].actor, "members/ana");
    }
}

#[tokio::test]
async fn services_are_shown_with_their_template_and_listed_without() {
    let server = with_order().await;
    let min_position = end(&server).await;
    let mut catalog = CatalogQueryServiceClient::new(server.channel.clone());
    let request = v1::GetServiceRequest {
        name: SEO.into(),
        min_position,
    };
    let answer = catalog
        .get_service(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    let service = answer.service.unwrap();
    let ids: Vec<_> = service
        .tasks
        .iter()
        .map(|task| task.title.as_str())
        .collect();
    assert_eq!(ids, ["brief", "audit", "report"]);
    assert_eq!(service.tasks[1].assignees, ["members/ana"]);
    assert_eq!(answer.display_names["members/ana"], "Ana");
    let list = |filter: &str| v1::ListServicesRequest {
        filter: filter.into(),
        min_position,
        ..Default::default()
    };
    for (filter, count) in [
        ("", 1),
        ("NOT retired", 1),
        ("text:engines", 1),
        ("assignees:me", 1),
        ("retired", 0),
    ] {
        let answer = catalog.list_services(server.ana(list(filter))).await;
        let services = answer.unwrap().into_inner().services;
        assert_eq!(services.len(), count, "{filter}");
        for summary in services {
            assert_eq!(summary.task_count, 3);
            assert!(summary.service.unwrap().tasks.is_empty());
        }
    }
    let request = v1::GetServiceRequest {
        name: "services/none".into(),
        ..Default::default()
    };
    let refusal = catalog.get_service(server.ana(request)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
}
