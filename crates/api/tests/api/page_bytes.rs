//! Pages of long rows end before a client that takes 4 MiB refuses them.

use std::{collections::BTreeSet, time::Duration};

use handoff_domain::{
    checklist::{Draft, Visibility},
    commands::{AddOrderNote, AddTemplateTask, NoteOn},
    task,
    text::Html,
};
use handoff_proto::v1::{
    self, portal_service_client::PortalServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use handoff_testkit::eventually;
use prost::Message;

use crate::{
    order_queries::{end, order, place, sell, template},
    portal::{ADMIN, ZOE},
    support::{TestServer, account, contact},
};

/// What clients of gRPC take unless they are told to take more.
const TAKEN: usize = 4 * 1024 * 1024;
/// A page has more than this unless it is the last.
const FULL: usize = 2 * 1024 * 1024;
const ORDERS: usize = 50;
const LONG: usize = 60_000;
/// How long read models may take to follow as much as this; no single query waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

fn long() -> Html {
    Html::new(&"x".repeat(LONG)).unwrap()
}

/// Orders whose checklists have 240 KB of text each, which contacts see.
async fn with_long_orders(count: usize) -> TestServer {
    let server = TestServer::start_with_projectors().await;
    server.submit(ADMIN, account("acme")).await;
    server.submit(ADMIN, contact(ZOE, true)).await;
    sell(&server).await;
    for n in 0..4 {
        let task = template(&format!("long-{n}"), 1, Visibility::Portal, &[]);
        let draft = Draft {
            description: Some(long()),
            ..task.draft
        };
        server
            .submit(ADMIN, AddTemplateTask { draft, ..task })
            .await;
    }
    for n in 0..count {
        let place = place(&format!("o{n:02}"), "accounts/acme");
        server.submit(ADMIN, place).await;
    }
    server
}

/// Waits until contacts and the team are shown everything up to a position.
async fn is_included(server: &TestServer, zoe: &str, min_position: i64) {
    eventually("the portal", PATIENCE, async || {
        let request = v1::PortalServiceListTasksRequest {
            min_position,
            ..Default::default()
        };
        let mut portal = PortalServiceClient::new(server.channel.clone());
        portal.list_tasks(server.request(zoe, request)).await
    })
    .await;
    eventually("the tasks", PATIENCE, async || {
        let request = v1::ListTasksRequest {
            page_size: 1,
            min_position,
            ..Default::default()
        };
        let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
        tasks.list_tasks(server.ana(request)).await
    })
    .await;
}

/// Requires that a page is neither refused nor smaller than it need be.
fn assert_full(page: &impl Message, next_page_token: &str) {
    let bytes = page.encoded_len();
    assert!(bytes < TAKEN, "{bytes}");
    assert!(bytes > FULL || next_page_token.is_empty(), "{bytes}");
}

#[tokio::test]
async fn pages_of_long_orders_and_of_their_tasks_end_early_and_go_on() {
    let server = with_long_orders(ORDERS).await;
    let (zoe, min_position) = (server.person(ZOE), end(&server).await);
    is_included(&server, &zoe, min_position).await;
    let mut portal = PortalServiceClient::new(server.channel.clone());
    let (mut names, mut page_token, mut pages) = (BTreeSet::new(), String::new(), 0);
    loop {
        let request = v1::PortalServiceListOrdersRequest {
            page_size: 500,
            page_token,
            min_position,
            ..Default::default()
        };
        let page = portal.list_orders(server.request(&zoe, request)).await;
        let page = page.unwrap().into_inner();
        assert_full(&page, &page.next_page_token);
        for order in &page.orders {
            let texts = order.tasks.iter().map(|task| task.description.len());
            assert!(texts.sum::<usize>() > 4 * LONG, "{}", order.name);
            assert!(names.insert(order.name.clone()), "{} twice", order.name);
        }
        pages += 1;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), ORDERS);
    assert!(pages > 3, "{pages}");

    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let (mut names, mut page_token) = (BTreeSet::new(), String::new());
    loop {
        let request = v1::ListTasksRequest {
            filter: "kind = ORDER".into(),
            page_size: 500,
            page_token,
            min_position,
            ..Default::default()
        };
        let page = tasks.list_tasks(server.ana(request)).await;
        let page = page.unwrap().into_inner();
        assert_full(&page, &page.next_page_token);
        for task in &page.tasks {
            assert!(names.insert(task.name.clone()), "{} twice", task.name);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), ORDERS * 7);
}

#[tokio::test]
async fn an_order_with_long_notes_is_shown_with_the_newest_of_them() {
    let server = with_long_orders(1).await;
    for _ in 0..30 {
        let note = AddOrderNote {
            on: NoteOn::Order(order("o00")),
            note: long(),
            visibility: task::Visibility::Portal,
        };
        server.submit("members/ana", note).await;
    }
    let (zoe, min_position) = (server.person(ZOE), end(&server).await);
    is_included(&server, &zoe, min_position).await;
    let mut portal = PortalServiceClient::new(server.channel.clone());
    let (mut found, mut notes_page_token) = (0, String::new());
    loop {
        let request = v1::PortalServiceGetOrderRequest {
            name: "orders/o00".into(),
            notes_page_token,
            min_position,
        };
        let page = portal.get_order(server.request(&zoe, request)).await;
        let page = page.unwrap().into_inner();
        assert!(page.encoded_len() < FULL, "{}", page.encoded_len());
        found += page.notes.len();
        notes_page_token = page.next_notes_page_token;
        if notes_page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, 30);
}
