//! Queries: what a command did is seen by whoever asks for its position.

use std::time::{Duration, Instant};

use handoff_proto::v1::{
    self, account_query_service_client::AccountQueryServiceClient,
    history_query_service_client::HistoryQueryServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{TestServer, fields, reason};

/// Creates `tasks/{id}` about `accounts/acme` and answers it with the command's position.
async fn create(server: &TestServer, id: &str) -> (v1::Task, i64) {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = v1::CreateTaskRequest {
        task_id: id.into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Call".into(),
            description: "<p>soon</p>".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let created = tasks
        .create_task(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    (created.task.unwrap(), created.receipt.unwrap().position)
}

#[tokio::test]
async fn a_query_at_the_command_s_position_sees_what_it_did() {
    let server = TestServer::start_with_projectors().await;
    let (created, min_position) = create(&server, "a").await;

    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let request = v1::GetTaskRequest {
        name: "tasks/a".into(),
        min_position,
    };
    let answer = tasks
        .get_task(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    assert!(answer.position >= min_position);
    // The same resource as in the command's answer, and the name of its subject.
    let expected = v1::Task {
        subject_display_name: "acme".into(),
        ..created
    };
    assert_eq!(answer.task, Some(expected.clone()));

    let request = v1::ListTasksRequest {
        filter: "assignees:me AND open".into(),
        min_position,
        ..Default::default()
    };
    let answer = tasks
        .list_tasks(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.tasks, [expected]);

    let mut accounts = AccountQueryServiceClient::new(server.channel.clone());
    let request = v1::GetAccountRequest {
        name: "accounts/acme".into(),
        min_position,
    };
    let account = accounts
        .get_account(server.ana(request))
        .await
        .unwrap()
        .into_inner()
        .account
        .unwrap();
    assert_eq!(
        (
            account.origin(),
            account.open_task_count,
            account.task_count
        ),
        (v1::AccountOrigin::Auto, Some(1), Some(1))
    );
    let request = v1::ListAccountsRequest {
        min_position,
        ..Default::default()
    };
    let answer = accounts
        .list_accounts(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.accounts, [account]);

    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let request = v1::ListHistoryRequest {
        resource: "tasks/a".into(),
        min_position,
        ..Default::default()
    };
    let entries = history
        .list_history(server.ana(request))
        .await
        .unwrap()
        .into_inner()
        .entries;
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(
        (entry.r#type.as_str(), entry.actor.as_str()),
        ("task.created", "members/ana")
    );
    assert!(!entry.redacted && entry.payload_json.contains("soon"));
}

#[tokio::test]
async fn lists_come_in_pages_whose_tokens_are_bound_to_the_list() {
    let server = TestServer::start_with_projectors().await;
    let mut min_position = 0;
    for id in ["a", "b", "c"] {
        (_, min_position) = create(&server, id).await;
    }
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let mut request = v1::ListTasksRequest {
        page_size: 2,
        min_position,
        ..Default::default()
    };
    let first = tasks
        .list_tasks(server.ana(request.clone()))
        .await
        .unwrap()
        .into_inner();
    request.page_token = first.next_page_token;
    let second = tasks
        .list_tasks(server.ana(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let names: Vec<String> = first
        .tasks
        .into_iter()
        .chain(second.tasks)
        .map(|task| task.name)
        .collect();
    assert_eq!(names, ["tasks/a", "tasks/b", "tasks/c"]);
    assert_eq!(second.next_page_token, "");

    request.filter = "open".into();
    let refusal = tasks.list_tasks(server.ana(request)).await.unwrap_err();
    assert_eq!(fields(&refusal), ["page_token"]);
}

#[tokio::test]
async fn a_query_names_the_field_at_fault() {
    let server = TestServer::start_with_projectors().await;
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let list = |change: fn(&mut v1::ListTasksRequest)| {
        let mut request = v1::ListTasksRequest::default();
        change(&mut request);
        let request = server.ana(request);
        let mut tasks = tasks.clone();
        async move { fields(&tasks.list_tasks(request).await.unwrap_err()) }
    };
    assert_eq!(list(|request| request.page_size = -1).await, ["page_size"]);
    assert_eq!(
        list(|request| request.filter = "nothing = 1".into()).await,
        ["filter"]
    );
    assert_eq!(
        list(|request| request.order_by = "nothing".into()).await,
        ["order_by"]
    );
    assert_eq!(
        list(|request| request.min_position = -1).await,
        ["min_position"]
    );

    let request = v1::GetTaskRequest {
        name: "accounts/acme".into(),
        min_position: -1,
    };
    let refusal = tasks.get_task(server.ana(request)).await.unwrap_err();
    assert_eq!(fields(&refusal), ["name", "min_position"]);
    let request = v1::GetTaskRequest {
        name: "tasks/nothing".into(),
        min_position: 2,
    };
    let refusal = tasks.get_task(server.ana(request)).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::NotFound, "NOT_FOUND".into())
    );
}

#[tokio::test]
async fn a_read_model_that_is_behind_is_waited_for_until_shortly_before_the_deadline() {
    let server = TestServer::start_with_projectors().await;
    let (_, position) = create(&server, "a").await;
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let request = v1::GetTaskRequest {
        name: "tasks/a".into(),
        min_position: position,
    };
    tasks.get_task(server.ana(request)).await.unwrap();

    let wanted = position + 1_000;
    let request = v1::GetTaskRequest {
        name: "tasks/a".into(),
        min_position: wanted,
    };
    let mut request = server.ana(request);
    request.set_timeout(Duration::from_millis(500));
    let begun = Instant::now();
    let refusal = tasks.get_task(request).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::Unavailable, "READ_MODEL_BEHIND".into())
    );
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    let details = refusal.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(metadata["wanted"], wanted.to_string());
    assert_eq!(metadata["position"], position.to_string());
    assert!(details.retry_info().is_some());
}
