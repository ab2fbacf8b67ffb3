//! An order with as many tasks and as much text as there may be, from end to end.

use handoff_domain::{
    checklist::{Draft, Visibility},
    commands::{AddTemplateTask, CreateService, NewId},
    limits,
    text::{Html, Line},
};
use handoff_proto::v1::{
    self, order_command_service_client::OrderCommandServiceClient,
    order_query_service_client::OrderQueryServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use handoff_testkit::eventually;
use prost::Message;
use tonic::{Code, Status, transport::Channel};

use crate::{
    order_queries::{SEO, end, place, template},
    page_bytes::PATIENCE,
    portal::ADMIN,
    support::{TestServer, account, reason},
};

const TEXT: usize = 2_090;

fn orders(server: &TestServer) -> OrderCommandServiceClient<Channel> {
    OrderCommandServiceClient::new(server.channel.clone())
}

fn name(n: usize) -> String {
    format!("orders/o1/tasks/t{n:03}")
}

/// `orders/o1` with 500 tasks of 50 tiers, and a few bytes of text less than there may be.
async fn with_large_order() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    server.submit(ADMIN, account("acme")).await;
    let service = CreateService {
        id: NewId::Given(SEO.parse().unwrap()),
        display_name: Line::new("Search engines").unwrap(),
        description: None,
    };
    server.submit(ADMIN, service).await;
    for n in 0..limits::CHECKLIST_TASKS {
        let tier = 1 + i64::try_from(n / 10).unwrap();
        let task = template(
            &format!("t{n:03}"),
            tier,
            Visibility::Portal,
            &["members/ana"],
        );
        let draft = Draft {
            description: Some(Html::new(&"x".repeat(TEXT)).unwrap()),
            ..task.draft
        };
        server
            .submit(ADMIN, AddTemplateTask { draft, ..task })
            .await;
    }
    server.submit(ADMIN, place("o1", "accounts/acme")).await;
    server
}

async fn get(server: &TestServer) -> v1::Order {
    let request = v1::GetOrderRequest {
        name: "orders/o1".into(),
        min_position: end(server).await,
    };
    let answer = eventually("the order", PATIENCE, async || {
        let mut orders = OrderQueryServiceClient::new(server.channel.clone());
        orders.get_order(server.ana(request.clone())).await
    })
    .await;
    answer.into_inner().order.unwrap()
}

async fn tasks(server: &TestServer, filter: &str) -> usize {
    let request = v1::ListTasksRequest {
        filter: format!("order = orders/o1 AND {filter}"),
        page_size: 500,
        min_position: end(server).await,
        ..Default::default()
    };
    let answer = eventually("the tasks", PATIENCE, async || {
        let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
        tasks.list_tasks(server.ana(request.clone())).await
    })
    .await;
    answer.into_inner().tasks.len()
}

#[track_caller]
fn assert_full(refused: Result<impl Message + std::fmt::Debug, Status>, what: &str) {
    let status = refused.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    assert_eq!(reason(&status), "CHECKLIST_FULL");
    assert_eq!(
        status.message(),
        format!("the checklist of orders/o1 would have {what} are allowed")
    );
}

#[tokio::test]
async fn an_order_of_500_tasks_and_1_mib_of_text_goes_all_its_ways() {
    let server = with_large_order().await;
    let order = get(&server).await;
    assert_eq!(order.tasks.len(), limits::CHECKLIST_TASKS);
    let texts = order.tasks.iter();
    let bytes: usize = texts
        .map(|task| task.description.len() + task.title.len())
        .sum();
    let spare = limits::CHECKLIST_TEXT_BYTES - bytes;
    assert!(spare < TEXT, "{spare}");
    assert_eq!(tasks(&server, "open").await, limits::CHECKLIST_TASKS);
    assert_eq!(tasks(&server, "current").await, 10);

    // The last task becomes the first, and all others are a place later.
    let mut client = orders(&server);
    let mut turned: Vec<_> = order.tasks.iter().map(|task| task.name.clone()).collect();
    turned.rotate_right(1);
    let request = v1::ReorderOrderTasksRequest {
        name: "orders/o1".into(),
        tasks: turned.clone(),
        ..Default::default()
    };
    let answer = client.reorder_order_tasks(server.ana(request)).await;
    let reordered = answer.unwrap().into_inner().order.unwrap();
    let names = reordered.tasks.iter().map(|task| task.name.clone());
    assert_eq!(names.collect::<Vec<_>>(), turned);
    assert_eq!(reordered.tasks[0].tier, 1);

    for name in &turned[..100] {
        let request = v1::CheckOrderTaskRequest {
            name: name.clone(),
            ..Default::default()
        };
        client.check_order_task(server.ana(request)).await.unwrap();
    }
    let request = v1::UncheckOrderTaskRequest {
        name: turned[50].clone(),
        ..Default::default()
    };
    client
        .uncheck_order_task(server.ana(request))
        .await
        .unwrap();
    assert_eq!(get(&server).await.current_tier, Some(6));
    assert_eq!(tasks(&server, "open").await, 401);

    let request = v1::RenewOrderRequest {
        name: "orders/o1".into(),
        cycle: "2027-01".into(),
        ..Default::default()
    };
    client.renew_order(server.ana(request)).await.unwrap();
    let renewed = get(&server).await;
    assert_eq!(renewed.current_tier, Some(1));
    assert!(renewed.tasks.iter().all(|task| task.check_time.is_none()));
    assert_eq!(tasks(&server, "open").await, limits::CHECKLIST_TASKS);

    // Not a task more, and not more text than there may be.
    let more = |description: String| v1::AddOrderTaskRequest {
        parent: "orders/o1".into(),
        task_id: "more".into(),
        task: Some(v1::OrderTask {
            title: "More".into(),
            description,
            ..Default::default()
        }),
        ..Default::default()
    };
    let added = client.add_order_task(server.ana(more(String::new()))).await;
    assert_full(
        added.map(tonic::Response::into_inner),
        "501 tasks; at most 500",
    );
    let longer = v1::UpdateOrderTaskRequest {
        task: Some(v1::OrderTask {
            name: name(7),
            description: "x".repeat(TEXT + spare + 1),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["description".into()],
        }),
        ..Default::default()
    };
    let too_long = "1048577 bytes of titles and descriptions; at most 1048576";
    let updated = client.update_order_task(server.ana(longer)).await;
    assert_full(updated.map(tonic::Response::into_inner), too_long);
    let request = v1::RemoveOrderTaskRequest {
        name: name(7),
        ..Default::default()
    };
    client.remove_order_task(server.ana(request)).await.unwrap();
    let freed = TEXT + "t007".len() + spare - "More".len();
    let added = client
        .add_order_task(server.ana(more("x".repeat(freed + 1))))
        .await;
    assert_full(added.map(tonic::Response::into_inner), too_long);
    let added = client
        .add_order_task(server.ana(more("x".repeat(freed))))
        .await;
    let whole = added.unwrap().into_inner();
    assert!(whole.encoded_len() < 4 * 1024 * 1024);
    assert_eq!(whole.order.unwrap().tasks.len(), limits::CHECKLIST_TASKS);
}
