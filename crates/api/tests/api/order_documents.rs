//! Documents on orders and their tasks, for the team.

use handoff_domain::commands::{DeleteTask, RemoveOrderTask};
use handoff_proto::v1::{
    self, document_service_client::DocumentServiceClient,
    order_query_service_client::OrderQueryServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use tonic::Code;

use crate::{
    documents::{download, file, header, upload},
    order_queries::{end, in_order, place, sell},
    support::{TestServer, account, fields},
};

const ADMIN: &str = "members/admin";
const CONTENT: &[u8] = b"As agreed\n";

/// `orders/o1` and `orders/o10`, so that one name begins as the other.
async fn with_orders() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    server.submit(ADMIN, account("acme")).await;
    sell(&server).await;
    server.submit(ADMIN, place("o1", "accounts/acme")).await;
    server.submit(ADMIN, place("o10", "accounts/acme")).await;
    server
}

/// Attaches a file of this name; gives the document.
async fn attach(server: &TestServer, parent: &str, file_name: &str) -> v1::Document {
    let header = v1::UploadDocumentsHeader {
        parent: parent.into(),
        ..header(vec![file(file_name, "", CONTENT)])
    };
    let uploaded = upload(server, header, &[CONTENT]).await.unwrap();
    uploaded.documents[0].clone()
}

fn names(documents: &[v1::Document]) -> Vec<&str> {
    let names = documents.iter().map(|document| document.file_name.as_str());
    names.collect()
}

async fn get(server: &TestServer, order: &str) -> v1::GetOrderResponse {
    let request = v1::GetOrderRequest {
        name: order.into(),
        min_position: end(server).await,
    };
    let mut orders = OrderQueryServiceClient::new(server.channel.clone());
    orders
        .get_order(server.ana(request))
        .await
        .unwrap()
        .into_inner()
}

async fn get_task(server: &TestServer, task: &str) -> v1::GetOrderTaskResponse {
    let request = v1::GetOrderTaskRequest {
        name: task.into(),
        min_position: end(server).await,
    };
    let mut orders = OrderQueryServiceClient::new(server.channel.clone());
    orders
        .get_order_task(server.ana(request))
        .await
        .unwrap()
        .into_inner()
}

async fn list(server: &TestServer, filter: &str) -> Vec<v1::Document> {
    let request = v1::ListDocumentsRequest {
        filter: filter.into(),
        min_position: end(server).await,
        ..Default::default()
    };
    let mut documents = DocumentServiceClient::new(server.channel.clone());
    let answer = documents.list_documents(server.ana(request)).await;
    answer.unwrap().into_inner().documents
}

#[tokio::test]
async fn an_order_comes_with_the_documents_on_it_and_on_its_tasks() {
    let server = with_orders().await;
    let on_order = attach(&server, "orders/o1", "contract.txt").await;
    assert_eq!(on_order.parent, "orders/o1");
    assert_eq!(on_order.subject, "accounts/acme");
    assert_eq!(on_order.visibility(), v1::DocumentVisibility::Internal);
    let brief = attach(&server, "orders/o1/tasks/brief", "brief.txt").await;
    assert_eq!(brief.visibility(), v1::DocumentVisibility::Portal);
    attach(&server, "orders/o1/tasks/audit", "audit.txt").await;
    attach(&server, "orders/o10", "other.txt").await;

    let shown = get(&server, "orders/o1").await.documents;
    assert_eq!(names(&shown), ["audit.txt", "brief.txt", "contract.txt"]);
    assert_eq!(
        names(&get(&server, "orders/o10").await.documents),
        ["other.txt"]
    );
    let shown = get_task(&server, "orders/o1/tasks/brief").await.documents;
    assert_eq!(shown, [brief]);
    for (filter, expected) in [
        (
            "order = \"orders/o1\"",
            &["audit.txt", "brief.txt", "contract.txt"][..],
        ),
        ("parent = \"orders/o1\"", &["contract.txt"]),
        ("parent = \"orders/o1/tasks/audit\"", &["audit.txt"]),
        ("order = \"orders/o9\"", &[]),
    ] {
        assert_eq!(names(&list(&server, filter).await), expected, "{filter}");
    }
    let request = v1::ListDocumentsRequest {
        filter: "order = \"tasks/t1\"".into(),
        ..Default::default()
    };
    let mut documents = DocumentServiceClient::new(server.channel.clone());
    let refused = documents.list_documents(server.ana(request)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["filter"]);
    let (_, content) = download(&server, &on_order.name, 0, "").await.unwrap();
    assert_eq!(content, CONTENT);
}

#[tokio::test]
async fn documents_on_nothing_that_there_is_are_refused() {
    let server = with_orders().await;
    for parent in ["orders/o9", "orders/o1/tasks/nope", "orders/o9/tasks/brief"] {
        let header = v1::UploadDocumentsHeader {
            parent: parent.into(),
            ..header(vec![file("a.txt", "", CONTENT)])
        };
        let refused = upload(&server, header, &[CONTENT]).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{parent}");
    }
    for parent in ["orders/", "orders/o1/notes/brief", "services/seo"] {
        let header = v1::UploadDocumentsHeader {
            parent: parent.into(),
            ..header(vec![file("a.txt", "", CONTENT)])
        };
        let refused = upload(&server, header, &[CONTENT]).await.unwrap_err();
        assert_eq!(fields(&refused), ["header.parent"], "{parent}");
    }
}

#[tokio::test]
async fn only_a_deleted_task_hides_its_documents() {
    let server = with_orders().await;
    let create = v1::CreateTaskRequest {
        task_id: "t1".into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Send the offer".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    tasks.create_task(server.ana(create)).await.unwrap();
    attach(&server, "tasks/t1", "offer.txt").await;
    let brief = attach(&server, "orders/o1/tasks/brief", "brief.txt").await;
    attach(&server, "orders/o1", "contract.txt").await;

    let gone = RemoveOrderTask {
        name: in_order("o1", "brief"),
    };
    server.submit("members/ana", gone).await;
    let deleted = DeleteTask {
        name: "tasks/t1".parse().unwrap(),
    };
    server.submit("members/ana", deleted).await;
    let listed = list(&server, "").await;
    assert_eq!(names(&listed), ["contract.txt", "brief.txt"]);
    let shown = get(&server, "orders/o1").await.documents;
    assert_eq!(names(&shown), ["contract.txt", "brief.txt"]);
    // What is listed can be had.
    let (_, content) = download(&server, &brief.name, 0, "").await.unwrap();
    assert_eq!(content, CONTENT);
    let request = v1::GetOrderTaskRequest {
        name: "orders/o1/tasks/brief".into(),
        min_position: end(&server).await,
    };
    let mut orders = OrderQueryServiceClient::new(server.channel.clone());
    let refused = orders.get_order_task(server.ana(request)).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
}
