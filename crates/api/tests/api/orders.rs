//! Commands about services and orders, from end to end.

use handoff_domain::commands::CheckOrderTask;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    catalog_command_service_client::CatalogCommandServiceClient,
    get_resource_at_response::Resource, history_query_service_client::HistoryQueryServiceClient,
    order_command_service_client::OrderCommandServiceClient, read_events_response::Item,
};
use prost_types::{FieldMask, Timestamp};
use tonic::{Code, transport::Channel};

use crate::support::{TestServer, fields, reason};

fn catalog(server: &TestServer) -> CatalogCommandServiceClient<Channel> {
    CatalogCommandServiceClient::new(server.channel.clone())
}

fn orders(server: &TestServer) -> OrderCommandServiceClient<Channel> {
    OrderCommandServiceClient::new(server.channel.clone())
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: paths.iter().map(ToString::to_string).collect(),
    })
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

async fn add_template(server: &TestServer, id: &str, task: v1::TemplateTask) {
    let request = v1::AddTemplateTaskRequest {
        parent: "services/seo".into(),
        task_id: id.into(),
        task: Some(v1::TemplateTask {
            title: id.into(),
            ..task
        }),
        ..Default::default()
    };
    let added = catalog(server)
        .add_template_task(server.admin(request))
        .await;
    let added = added.unwrap().into_inner();
    assert_eq!(added.task, format!("services/seo/tasks/{id}"));
}

/// The service `seo`: `audit`, of ana's, and then `brief`, which a contact does.
async fn seo(server: &TestServer) {
    let request = v1::CreateServiceRequest {
        service_id: "seo".into(),
        service: Some(v1::Service {
            display_name: "Search engine optimisation".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    catalog(server)
        .create_service(server.admin(request))
        .await
        .unwrap();
    let audit = v1::TemplateTask {
        deadline_hours: Some(24),
        assignees: texts(&["members/ana"]),
        responsible_role: "success-manager".into(),
        ..Default::default()
    };
    add_template(server, "audit", audit).await;
    let brief = v1::TemplateTask {
        visibility: v1::ChecklistVisibility::ClientAssigned.into(),
        ..Default::default()
    };
    add_template(server, "brief", brief).await;
}

async fn place(server: &TestServer, id: &str) -> v1::Order {
    let request = v1::PlaceOrderRequest {
        order_id: id.into(),
        order: Some(v1::Order {
            account: "accounts/acme".into(),
            service: "services/seo".into(),
            start_time: Some(Timestamp {
                seconds: 1_800_000_000,
                nanos: 0,
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let placed = orders(server).place_order(server.ana(request)).await;
    placed.unwrap().into_inner().order.unwrap()
}

fn check(name: &str) -> v1::CheckOrderTaskRequest {
    v1::CheckOrderTaskRequest {
        name: name.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_order_is_shown_with_its_checklist_as_it_stands_after_each_command() {
    let server = TestServer::start().await;
    seo(&server).await;
    let order = place(&server, "o1").await;
    assert_eq!(order.title, "Search engine optimisation");
    assert_eq!(order.service_etag, "3");
    assert_eq!(order.status(), v1::OrderStatus::Open);
    assert_eq!(order.current_tier, Some(1));
    assert_eq!(order.assignees, ["members/ana"]);
    let audit = &order.tasks[0];
    assert_eq!(audit.name, "orders/o1/tasks/audit");
    assert_eq!(audit.template_task, "services/seo/tasks/audit");
    assert_eq!(audit.origin(), v1::TaskOrigin::Template);
    assert_eq!(audit.responsible_role, "success-manager");
    assert_eq!(audit.due_time.as_ref().unwrap().seconds, 1_800_086_400);
    assert!(audit.current && !order.tasks[1].current);
    assert_eq!((audit.tier, order.tasks[1].tier), (1, 2));

    let checked = orders(&server)
        .check_order_task(server.ana(check("orders/o1/tasks/audit")))
        .await;
    let order = checked.unwrap().into_inner().order.unwrap();
    assert!(order.assignees.is_empty());
    assert!(order.tasks[0].checked && order.tasks[1].current);
    assert_eq!(order.tasks[0].checked_by, "members/ana");

    let contact = v1::CreateContactRequest {
        parent: "accounts/acme".into(),
        contact_id: "zoe".into(),
        contact: Some(v1::Contact {
            display_name: "Zoe".into(),
            portal_access: true,
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    accounts.create_contact(server.ana(contact)).await.unwrap();
    let brief = CheckOrderTask {
        name: "orders/o1/tasks/brief".parse().unwrap(),
    };
    server.submit("accounts/acme/contacts/zoe", brief).await;
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let last = history.read_events(server.ana(v1::ReadEventsRequest::default()));
    let mut events = last.await.unwrap().into_inner();
    let mut position = 0;
    while let Some(event) = events.message().await.unwrap() {
        if let Some(Item::Event(event)) = event.item {
            position = event.position;
        }
    }
    let at = v1::GetResourceAtRequest {
        name: "orders/o1".into(),
        point: Some(v1::get_resource_at_request::Point::Position(position)),
    };
    let found = history.get_resource_at(server.ana(at)).await.unwrap();
    let Some(Resource::Order(order)) = found.into_inner().resource else {
        panic!("no order")
    };
    assert_eq!(order.status(), v1::OrderStatus::Complete);
    assert_eq!(order.closed_by, "accounts/acme/contacts/zoe");
    assert!(!order.locked);
}

#[tokio::test]
async fn a_retried_addition_adds_one_task_of_the_same_name() {
    let server = TestServer::start().await;
    seo(&server).await;
    place(&server, "o1").await;
    let request = v1::AddOrderTaskRequest {
        parent: "orders/o1".into(),
        task: Some(v1::OrderTask {
            title: "Report".into(),
            assignees: texts(&["members/admin"]),
            tier: 1,
            ..Default::default()
        }),
        request_id: "0198C0DE-0000-7000-8000-000000000001".into(),
        ..Default::default()
    };
    let mut added = Vec::new();
    for _ in 0..2 {
        let answer = orders(&server)
            .add_order_task(server.ana(request.clone()))
            .await;
        added.push(answer.unwrap().into_inner());
    }
    let name = "orders/o1/tasks/0198c0de-0000-7000-8000-000000000001";
    assert_eq!(added[0].task, name);
    assert_eq!(added[0].order, added[1].order);
    assert!(added[1].receipt.unwrap().replayed);
    let order = added[0].order.clone().unwrap();
    assert_eq!(order.tasks.len(), 3);
    assert_eq!(order.assignees, ["members/admin", "members/ana"]);

    let copy = v1::AddOrderTaskRequest {
        parent: "orders/o1".into(),
        template_task: "services/seo/tasks/audit".into(),
        tier: 7,
        ..Default::default()
    };
    let answer = orders(&server).add_order_task(server.ana(copy)).await;
    let answer = answer.unwrap().into_inner();
    let order = answer.order.unwrap();
    let task = order.tasks.last().unwrap();
    assert_eq!((&task.name, task.tier), (&answer.task, 7));
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let server = TestServer::start().await;
    seo(&server).await;
    place(&server, "o1").await;
    let request = v1::AddOrderTaskRequest {
        parent: "orders/o1".into(),
        task_id: "Not an id".into(),
        task: Some(v1::OrderTask {
            deadline_hours: Some(0),
            tier: 1_001,
            visibility: 9,
            assignees: texts(&["ana"]),
            ..Default::default()
        }),
        tier: 1,
        ..Default::default()
    };
    let refused = orders(&server).add_order_task(server.ana(request)).await;
    assert_eq!(
        fields(&refused.unwrap_err()),
        [
            "task_id",
            "tier",
            "task.title",
            "task.deadline_hours",
            "task.assignees[0]",
            "task.tier",
            "task.visibility",
        ]
    );
    let neither = v1::AddOrderTaskRequest {
        parent: "orders/o1".into(),
        ..Default::default()
    };
    let refused = orders(&server).add_order_task(server.ana(neither)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["task"]);
    let unplaced = v1::PlaceOrderRequest {
        order: Some(v1::Order::default()),
        ..Default::default()
    };
    let refused = orders(&server).place_order(server.ana(unplaced)).await;
    assert_eq!(
        fields(&refused.unwrap_err()),
        ["order.account", "order.service"]
    );
    let reordered = v1::ReorderOrderTasksRequest {
        name: "orders/o1".into(),
        tasks: texts(&["orders/o1/tasks/brief", "orders/o1/tasks/audit"]),
        tiers: vec![0, 1],
        ..Default::default()
    };
    let refused = orders(&server)
        .reorder_order_tasks(server.ana(reordered))
        .await;
    assert_eq!(fields(&refused.unwrap_err()), ["tiers[0]"]);
    let updated = v1::UpdateOrderTaskRequest {
        task: Some(v1::OrderTask {
            name: "orders/o1/tasks/audit".into(),
            ..Default::default()
        }),
        update_mask: mask(&["assignees"]),
        ..Default::default()
    };
    let refused = orders(&server).update_order_task(server.ana(updated)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["update_mask"]);
    let renewed = v1::RenewOrderRequest {
        name: "orders/o1".into(),
        ..Default::default()
    };
    let refused = orders(&server).renew_order(server.ana(renewed)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["cycle"]);
    let noted = v1::AddOrderNoteRequest {
        name: "tasks/t1".into(),
        note: "Hello".into(),
        ..Default::default()
    };
    let refused = orders(&server).add_order_note(server.ana(noted)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["name"]);
}

#[tokio::test]
async fn rules_refuse_with_their_reason() {
    let server = TestServer::start().await;
    seo(&server).await;
    place(&server, "o1").await;
    let complete = v1::CompleteOrderRequest {
        name: "orders/o1".into(),
        ..Default::default()
    };
    let completed = orders(&server).complete_order(server.ana(complete)).await;
    assert!(completed.unwrap().into_inner().order.unwrap().locked);
    let refused = orders(&server)
        .check_order_task(server.ana(check("orders/o1/tasks/audit")))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, "ORDER_CLOSED".into())
    );
    let reopen = v1::ReopenOrderRequest {
        name: "orders/o1".into(),
        ..Default::default()
    };
    orders(&server)
        .reopen_order(server.ana(reopen))
        .await
        .unwrap();
    let refused = orders(&server)
        .check_order_task(server.ana(check("orders/o1/tasks/none")))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);

    let retire = v1::RetireServiceRequest {
        name: "services/seo".into(),
        etag: "1".into(),
        ..Default::default()
    };
    let stale = catalog(&server)
        .retire_service(server.admin(retire.clone()))
        .await;
    assert_eq!(stale.unwrap_err().code(), Code::Aborted);
    let retire = v1::RetireServiceRequest {
        etag: String::new(),
        ..retire
    };
    let retired = catalog(&server).retire_service(server.admin(retire)).await;
    assert!(retired.unwrap().into_inner().service.unwrap().retired);
    let request = v1::PlaceOrderRequest {
        order: Some(v1::Order {
            account: "accounts/acme".into(),
            service: "services/seo".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = orders(&server)
        .place_order(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, "SERVICE_RETIRED".into())
    );
}

#[tokio::test]
async fn tasks_of_an_order_have_etags_of_their_own() {
    let server = TestServer::start().await;
    seo(&server).await;
    let order = place(&server, "o1").await;
    let rename = |id: &str, etag: &str| v1::UpdateOrderTaskRequest {
        task: Some(v1::OrderTask {
            name: format!("orders/o1/tasks/{id}"),
            title: "Renamed".into(),
            ..Default::default()
        }),
        update_mask: mask(&["title"]),
        etag: etag.into(),
        ..Default::default()
    };
    let (audit, brief) = (&order.tasks[0].etag, &order.tasks[1].etag);
    let mut client = orders(&server);
    client
        .update_order_task(server.ana(rename("audit", audit)))
        .await
        .unwrap();
    client
        .update_order_task(server.ana(rename("brief", brief)))
        .await
        .unwrap();
    let stale = client
        .update_order_task(server.ana(rename("audit", audit)))
        .await;
    let stale = stale.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale)),
        (Code::Aborted, "VERSION_MISMATCH".into())
    );
}

#[tokio::test]
async fn every_command_about_templates_and_orders_is_served() {
    let server = TestServer::start().await;
    seo(&server).await;
    let mut catalog = catalog(&server);
    let update = v1::UpdateServiceRequest {
        service: Some(v1::Service {
            name: "services/seo".into(),
            description: "<b>Be found</b><script>x</script>".into(),
            ..Default::default()
        }),
        update_mask: mask(&["description"]),
        ..Default::default()
    };
    let updated = catalog.update_service(server.admin(update)).await.unwrap();
    assert_eq!(
        updated.into_inner().service.unwrap().description,
        "<b>Be found</b>"
    );
    let update = v1::UpdateTemplateTaskRequest {
        task: Some(v1::TemplateTask {
            name: "services/seo/tasks/brief".into(),
            title: "The brief".into(),
            assignees: texts(&["members/admin"]),
            ..Default::default()
        }),
        update_mask: mask(&["title", "assignees", "visibility"]),
        ..Default::default()
    };
    let updated = catalog
        .update_template_task(server.admin(update))
        .await
        .unwrap();
    let task = updated.into_inner().service.unwrap().tasks[1].clone();
    assert_eq!(
        (task.title.as_str(), task.visibility()),
        ("The brief", v1::ChecklistVisibility::Internal)
    );
    let reorder = v1::ReorderTemplateTasksRequest {
        name: "services/seo".into(),
        tasks: texts(&["services/seo/tasks/brief", "services/seo/tasks/audit"]),
        ..Default::default()
    };
    let reordered = catalog
        .reorder_template_tasks(server.admin(reorder))
        .await
        .unwrap();
    assert_eq!(
        reordered.into_inner().service.unwrap().tasks[0].title,
        "The brief"
    );
    place(&server, "o1").await;
    let remove = v1::RemoveTemplateTaskRequest {
        name: "services/seo/tasks/audit".into(),
        ..Default::default()
    };
    let removed = catalog
        .remove_template_task(server.admin(remove))
        .await
        .unwrap();
    assert_eq!(removed.into_inner().service.unwrap().tasks.len(), 1);

    let mut orders = orders(&server);
    let update = v1::UpdateOrderRequest {
        order: Some(v1::Order {
            name: "orders/o1".into(),
            title: "Spring".into(),
            ..Default::default()
        }),
        update_mask: mask(&["title"]),
        ..Default::default()
    };
    let updated = orders.update_order(server.ana(update)).await.unwrap();
    assert_eq!(updated.into_inner().order.unwrap().title, "Spring");
    let assign = v1::AssignOrderRequest {
        name: "orders/o1".into(),
        add: texts(&["members/ana"]),
        remove: texts(&["members/admin"]),
        ..Default::default()
    };
    let order = orders
        .assign_order(server.ana(assign))
        .await
        .unwrap()
        .into_inner()
        .order
        .unwrap();
    assert_eq!(order.assignees, ["members/ana"]);
    assert_eq!(order.added_assignees, ["members/ana"]);
    assert_eq!(order.removed_assignees, ["members/admin"]);
    let brief = "orders/o1/tasks/brief".to_owned();
    let give = v1::AssignOrderTaskRequest {
        name: brief.clone(),
        add: texts(&["members/ana"]),
        ..Default::default()
    };
    let order = orders
        .assign_order_task(server.ana(give))
        .await
        .unwrap()
        .into_inner()
        .order
        .unwrap();
    assert_eq!(order.tasks[0].assignees, ["members/admin", "members/ana"]);
    orders
        .check_order_task(server.ana(check(&brief)))
        .await
        .unwrap();
    let uncheck = v1::UncheckOrderTaskRequest {
        name: brief.clone(),
        ..Default::default()
    };
    let order = orders
        .uncheck_order_task(server.ana(uncheck))
        .await
        .unwrap()
        .into_inner()
        .order
        .unwrap();
    assert!(!order.tasks[0].checked);
    let note = v1::AddOrderNoteRequest {
        name: brief.clone(),
        note: "Soon".into(),
        visibility: v1::TaskVisibility::Portal.into(),
        ..Default::default()
    };
    let noted = orders
        .add_order_note(server.ana(note))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(noted.order.unwrap().etag, order.etag);
    let reorder = v1::ReorderOrderTasksRequest {
        name: "orders/o1".into(),
        tasks: texts(&["orders/o1/tasks/audit", &brief]),
        tiers: vec![1, 1],
        ..Default::default()
    };
    let order = orders
        .reorder_order_tasks(server.ana(reorder))
        .await
        .unwrap()
        .into_inner()
        .order
        .unwrap();
    assert_eq!(order.assignees, ["members/admin", "members/ana"]);
    let remove = v1::RemoveOrderTaskRequest {
        name: brief,
        ..Default::default()
    };
    let order = orders
        .remove_order_task(server.ana(remove))
        .await
        .unwrap()
        .into_inner()
        .order
        .unwrap();
    assert_eq!(order.tasks.len(), 1);
    let renew = v1::RenewOrderRequest {
        name: "orders/o1".into(),
        cycle: "2026-12".into(),
        start_time: Some(Timestamp {
            seconds: 1_900_000_000,
            nanos: 0,
        }),
        ..Default::default()
    };
    let order = orders
        .renew_order(server.ana(renew))
        .await
        .unwrap()
        .into_inner()
        .order
        .unwrap();
    assert_eq!(
        order.tasks[0].due_time.as_ref().unwrap().seconds,
        1_900_086_400
    );
    assert!(order.added_assignees.is_empty());
    let cancel = v1::CancelOrderRequest {
        name: "orders/o1".into(),
        ..Default::default()
    };
    let order = orders
        .cancel_order(server.ana(cancel))
        .await
        .unwrap()
        .into_inner()
        .order
        .unwrap();
    assert_eq!(order.status(), v1::OrderStatus::Cancelled);
}
