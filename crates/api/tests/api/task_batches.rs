//! Batches: each item for itself, under an id of its own.

use handoff_commands::new_id;
use handoff_proto::v1::{
    self, history_query_service_client::HistoryQueryServiceClient, read_events_response::Item,
    task_command_service_client::TaskCommandServiceClient, task_result::Outcome,
};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

use crate::support::{TestServer, fields, soon};

/// Creates `tasks/a` and so on.
async fn create(server: &TestServer, ids: &[&str]) -> TaskCommandServiceClient<Channel> {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    for id in ids {
        let request = v1::CreateTaskRequest {
            task_id: (*id).into(),
            task: Some(v1::Task {
                subject: "accounts/acme".into(),
                title: "Call".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        tasks.create_task(server.ana(request)).await.unwrap();
    }
    tasks
}

fn names(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| format!("tasks/{id}")).collect()
}

fn done(result: &v1::TaskResult) -> (&v1::Task, &v1::CommandReceipt) {
    match &result.outcome {
        Some(Outcome::Done(done)) => (done.task.as_ref().unwrap(), done.receipt.as_ref().unwrap()),
        other => panic!("{}: {other:?}", result.name),
    }
}

fn refused(result: &v1::TaskResult) -> (Code, &str) {
    match &result.outcome {
        Some(Outcome::Error(error)) => (error.code.into(), &error.reason),
        other => panic!("{}: {other:?}", result.name),
    }
}

/// The ids of the commands that completed tasks.
async fn completing(server: &TestServer) -> Vec<String> {
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let read = server.ana(v1::ReadEventsRequest::default());
    let mut events = history.read_events(read).await.unwrap().into_inner();
    let mut ids = Vec::new();
    while let Some(response) = soon("the next item", events.message()).await.unwrap() {
        if let Some(Item::Event(event)) = response.item
            && event.r#type == "task.completed"
        {
            ids.push(event.command_id);
        }
    }
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn one_item_that_is_refused_holds_no_other_up() {
    let server = TestServer::start().await;
    let mut tasks = create(&server, &["a", "b", "c"]).await;
    let cancel = v1::CancelTaskRequest {
        name: "tasks/b".into(),
        ..Default::default()
    };
    tasks.cancel_task(server.ana(cancel)).await.unwrap();
    let request = v1::BatchCompleteTasksRequest {
        names: names(&["c", "b", "x", "a"]),
        ..Default::default()
    };
    let answer = tasks.batch_complete_tasks(server.ana(request)).await;
    let answer = answer.unwrap().into_inner();
    let order: Vec<_> = answer.results.iter().map(|of| of.name.as_str()).collect();
    assert_eq!(order, ["tasks/c", "tasks/b", "tasks/x", "tasks/a"]);
    let [c, b, x, a] = &answer.results[..] else {
        panic!("{answer:?}")
    };
    let mut last = 0;
    for (result, name) in [(c, "tasks/c"), (a, "tasks/a")] {
        let (task, receipt) = done(result);
        assert_eq!(
            (task.name.as_str(), task.status()),
            (name, v1::TaskStatus::Complete)
        );
        assert_eq!(receipt.events_appended, 1);
        last = last.max(receipt.position);
    }
    assert_eq!(refused(b), (Code::FailedPrecondition, "TASK_CLOSED"));
    assert_eq!(refused(x), (Code::NotFound, "NOT_FOUND"));
    assert_eq!(answer.position, last);
}

#[tokio::test]
async fn a_batch_is_retried_as_a_whole_or_in_part() {
    let server = TestServer::start().await;
    let mut tasks = create(&server, &["a", "b", "c"]).await;
    let id = new_id();
    let request = |ids: &[&str]| v1::BatchCompleteTasksRequest {
        names: names(ids),
        request_id: id.to_string(),
    };
    let first = tasks.batch_complete_tasks(server.ana(request(&["a", "b"])));
    let first = first.await.unwrap().into_inner();
    let mut expected: Vec<_> = names(&["a", "b"])
        .iter()
        .map(|name| Uuid::new_v5(&id, name.as_bytes()).to_string())
        .collect();
    expected.sort_unstable();
    assert_eq!(completing(&server).await, expected);

    // Reopened, so that a second completion would be seen.
    let reopen = v1::ReopenTaskRequest {
        name: "tasks/b".into(),
        ..Default::default()
    };
    tasks.reopen_task(server.ana(reopen)).await.unwrap();
    let again = tasks.batch_complete_tasks(server.ana(request(&["b", "c"])));
    let again = again.await.unwrap().into_inner();
    let (_, b) = done(&again.results[0]);
    let (_, before) = done(&first.results[1]);
    assert_eq!((b.replayed, b.position), (true, before.position));
    assert!(!done(&again.results[1]).1.replayed);
    assert_eq!(completing(&server).await.len(), 3);

    // Another caller's batch under the same id is told so, item by item.
    let other = tasks.batch_complete_tasks(server.admin(request(&["a"])));
    let other = other.await.unwrap().into_inner();
    assert_eq!(
        refused(&other.results[0]),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
}

#[tokio::test]
async fn many_tasks_are_assigned_alike() {
    let server = TestServer::start().await;
    let mut tasks = create(&server, &["a", "b"]).await;
    let request = v1::BatchAssignTasksRequest {
        names: names(&["a", "b", "x"]),
        add: vec!["members/admin".into()],
        request_id: new_id().to_string(),
        ..Default::default()
    };
    let answer = tasks.batch_assign_tasks(server.ana(request.clone())).await;
    let results = answer.unwrap().into_inner().results;
    for result in &results[..2] {
        assert_eq!(done(result).0.assignees, ["members/admin", "members/ana"]);
    }
    assert_eq!(refused(&results[2]).0, Code::NotFound);
    let other = v1::BatchAssignTasksRequest {
        add: vec![],
        remove: vec!["members/admin".into()],
        ..request
    };
    let answer = tasks.batch_assign_tasks(server.ana(other)).await;
    let results = answer.unwrap().into_inner().results;
    assert_eq!(refused(&results[0]).1, "REQUEST_ID_REUSED");
    let set = v1::BatchAssignTasksRequest {
        names: names(&["a", "b"]),
        assignees: vec!["members/admin".into(), "members/nobody".into()],
        ..Default::default()
    };
    let answer = tasks.batch_assign_tasks(server.ana(set)).await;
    for result in &answer.unwrap().into_inner().results {
        assert_eq!(
            refused(result),
            (Code::FailedPrecondition, "UNKNOWN_MEMBER")
        );
    }
}

#[tokio::test]
async fn a_batch_is_bounded_and_names_each_task_once() {
    let server = TestServer::start().await;
    let mut tasks = create(&server, &[]).await;
    let many: Vec<String> = (0..101).map(|n| format!("tasks/t{n}")).collect();
    let complete = |names: &[String]| v1::BatchCompleteTasksRequest {
        names: names.to_vec(),
        ..Default::default()
    };
    for (count, wrong) in [(0, true), (1, false), (100, false), (101, true)] {
        let answer = tasks.batch_complete_tasks(server.ana(complete(&many[..count])));
        match answer.await {
            Ok(answer) => {
                let answer = answer.into_inner();
                assert!(!wrong && answer.results.len() == count, "{count}");
                assert_eq!(answer.position, 0);
            }
            Err(refusal) => {
                assert!(wrong, "{count}");
                assert_eq!(fields(&refusal), ["names"]);
            }
        }
    }
    let request = v1::BatchAssignTasksRequest {
        names: vec!["a".into(), "tasks/b".into(), "c".into()],
        assignees: vec!["ana".into()],
        request_id: "7".into(),
        ..Default::default()
    };
    let refusal = tasks.batch_assign_tasks(server.ana(request)).await;
    assert_eq!(
        fields(&refusal.unwrap_err()),
        ["names[0]", "names[2]", "assignees[0]", "request_id"]
    );
    let twice = complete(&names(&["a", "b", "a"]));
    let refusal = tasks.batch_complete_tasks(server.ana(twice)).await;
    assert_eq!(fields(&refusal.unwrap_err()), ["names[2]"]);
}
