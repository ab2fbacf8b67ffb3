//! Errors about large input: they reach the caller and name the field.

use handoff_proto::v1::{
    self, catalog_command_service_client::CatalogCommandServiceClient,
    order_command_service_client::OrderCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use tonic::{Code, Status};

use crate::support::{TestServer, fields, reason};

/// Bytes that an error may have in the headers of its answer, far below the 16 KiB at which clients refuse
/// them.
const MOST: usize = 8 * 1024;

/// The fields at fault in an error that arrived, which names them and is small.
fn told(status: &Status) -> Vec<String> {
    assert_eq!(
        (status.code(), reason(status).as_str()),
        (Code::InvalidArgument, "INVALID_REQUEST"),
        "{status}"
    );
    // Every byte of the message may be escaped as three; four characters stand for three bytes of details.
    let bytes = 3 * status.message().len() + status.details().len().div_ceil(3) * 4;
    assert!(bytes <= MOST, "{bytes} bytes: {status}");
    fields(status)
}

fn task(task: v1::Task) -> v1::CreateTaskRequest {
    v1::CreateTaskRequest {
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Call".into(),
            ..task
        }),
        ..Default::default()
    }
}

async fn refused(server: &TestServer, given: v1::Task) -> Status {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let answer = tasks.create_task(server.ana(task(given))).await;
    answer.unwrap_err()
}

#[tokio::test]
async fn a_list_that_is_too_long_is_counted_before_its_entries_are_read() {
    let server = TestServer::start().await;
    let given = v1::Task {
        assignees: vec!["nobody at all".into(); 5_000],
        ..Default::default()
    };
    let status = refused(&server, given).await;
    assert_eq!(told(&status), ["task.assignees"]);
    assert!(status.message().contains("5000"), "{status}");
}

#[tokio::test]
async fn of_many_faults_the_first_are_told_and_the_others_counted() {
    let server = TestServer::start().await;
    // Of the most bytes: characters that take four of them each.
    let given = v1::Task {
        assignees: vec!["\u{1f600}".repeat(1_000); 200],
        related_tasks: vec!["no task".into(); 100],
        ..Default::default()
    };
    let status = refused(&server, given).await;
    let told = told(&status);
    assert_eq!(told[0], "task.assignees[0]");
    let last = told.last().unwrap();
    assert_eq!(*last, format!("task.assignees[{}]", told.len() - 1));
}

#[tokio::test]
async fn long_text_is_shown_cut() {
    let server = TestServer::start().await;
    let (digits, zeros) = ("9".repeat(100_000), "\0".repeat(100_000));
    for (field, given) in [
        (
            "task.estimated_hours",
            v1::Task {
                estimated_hours: digits.clone(),
                ..Default::default()
            },
        ),
        (
            "task.price",
            v1::Task {
                price: Some(v1::Money {
                    currency_code: zeros.clone(),
                    ..Default::default()
                }),
                ..Default::default()
            },
        ),
        (
            "task.requester.email",
            v1::Task {
                requester: Some(v1::TaskRequester {
                    email: zeros,
                    ..Default::default()
                }),
                ..Default::default()
            },
        ),
    ] {
        let status = refused(&server, given).await;
        assert_eq!(told(&status), [field]);
        assert!(status.message().len() < 300, "{status}");
    }
    let category = v1::Task {
        category: digits,
        ..Default::default()
    };
    let status = refused(&server, category).await;
    assert_eq!(reason(&status), "UNKNOWN_CATEGORY");
    assert!(status.message().len() < 300, "{status}");
}

#[tokio::test]
async fn an_arrangement_of_thousands_is_an_answer() {
    let server = TestServer::start().await;
    let (tasks, tiers) = (vec!["nothing".to_owned(); 5_000], vec![0; 5_000]);
    let reorder = v1::ReorderTemplateTasksRequest {
        name: "services/seo".into(),
        tasks: tasks.clone(),
        tiers: tiers.clone(),
        ..Default::default()
    };
    let mut catalog = CatalogCommandServiceClient::new(server.channel.clone());
    let answer = catalog.reorder_template_tasks(server.admin(reorder)).await;
    assert_eq!(told(&answer.unwrap_err()), ["tasks", "tiers"]);

    let reorder = v1::ReorderOrderTasksRequest {
        name: "orders/o1".into(),
        tasks: tasks[..500].to_vec(),
        tiers: tiers[..500].to_vec(),
        ..Default::default()
    };
    let mut orders = OrderCommandServiceClient::new(server.channel.clone());
    let status = orders.reorder_order_tasks(server.ana(reorder)).await;
    assert_eq!(told(&status.unwrap_err())[0], "tasks[0]");
}
