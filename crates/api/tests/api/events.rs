//! Reading and checking the log.

use std::time::Duration;

use handoff_proto::v1::{
    self, history_query_service_client::HistoryQueryServiceClient, read_events_response::Item,
    task_command_service_client::TaskCommandServiceClient,
};
use tonic::{Code, Streaming};

use crate::support::{TestServer, fields, soon};

async fn create_tasks(server: &TestServer, count: usize) {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    for n in 0..count {
        let request = v1::CreateTaskRequest {
            task_id: format!("t{n}"),
            task: Some(v1::Task {
                subject: "accounts/acme".into(),
                title: "Call".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        tasks.create_task(server.ana(request)).await.unwrap();
    }
}

async fn read(
    server: &TestServer,
    request: v1::ReadEventsRequest,
) -> Streaming<v1::ReadEventsResponse> {
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    history
        .read_events(server.ana(request))
        .await
        .unwrap()
        .into_inner()
}

async fn next(stream: &mut Streaming<v1::ReadEventsResponse>) -> Option<Item> {
    soon("the next item", stream.message())
        .await
        .unwrap()
        .map(|response| response.item.unwrap())
}

/// The positions of the events up to the end, and where the end is.
async fn positions(mut stream: Streaming<v1::ReadEventsResponse>) -> (Vec<i64>, Option<i64>) {
    let (mut positions, mut end) = (Vec::new(), None);
    while let Some(item) = next(&mut stream).await {
        match item {
            Item::Event(event) => positions.push(event.position),
            Item::Heartbeat(heartbeat) => end = Some(heartbeat.position),
        }
    }
    (positions, end)
}

#[tokio::test]
async fn events_are_read_from_any_position_to_the_end() {
    let server = TestServer::start().await;
    create_tasks(&server, 5).await;
    // Two members, an account, and two events a task.
    let all: Vec<i64> = (1..=13).collect();
    assert_eq!(
        positions(read(&server, Default::default()).await).await,
        (all.clone(), Some(13))
    );
    let request = v1::ReadEventsRequest {
        after_position: 10,
        ..Default::default()
    };
    assert_eq!(
        positions(read(&server, request).await).await,
        (vec![11, 12, 13], Some(13))
    );
    let request = v1::ReadEventsRequest {
        after_position: 13,
        ..Default::default()
    };
    assert_eq!(
        positions(read(&server, request).await).await,
        (vec![], Some(13))
    );
    let request = v1::ReadEventsRequest {
        max_events: 2,
        follow: true,
        ..Default::default()
    };
    assert_eq!(
        positions(read(&server, request).await).await,
        (vec![1, 2], None)
    );

    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let beyond = v1::ReadEventsRequest {
        after_position: 14,
        ..Default::default()
    };
    let refusal = history.read_events(server.ana(beyond)).await.unwrap_err();
    assert_eq!(fields(&refusal), ["after_position"]);
}

#[tokio::test]
async fn the_events_of_one_resource_are_read_alone() {
    let server = TestServer::start().await;
    create_tasks(&server, 3).await;
    let of = |resource: &str, after_position| v1::ReadEventsRequest {
        resource: resource.into(),
        after_position,
        ..Default::default()
    };
    let (account, end) = positions(read(&server, of("accounts/acme", 0)).await).await;
    assert_eq!((account.len(), end), (4, Some(9)));
    let (rest, _) = positions(read(&server, of("accounts/acme", account[1])).await).await;
    assert_eq!(rest, account[2..]);
}

#[tokio::test]
async fn a_follower_gets_new_events_as_they_come() {
    let server = TestServer::start().await;
    let request = v1::ReadEventsRequest {
        after_position: 2,
        follow: true,
        ..Default::default()
    };
    let mut stream = read(&server, request).await;
    assert!(matches!(next(&mut stream).await, Some(Item::Heartbeat(at)) if at.position == 2));
    create_tasks(&server, 2).await;
    for position in 3..=7 {
        let Some(Item::Event(event)) = next(&mut stream).await else {
            panic!("not an event")
        };
        assert_eq!((event.position, event.redacted), (position, false));
        assert!(event.payload_json.starts_with('{') && event.metadata_json.contains("\"actor\""));
    }
    // Nothing new for a while: the stream says that it is alive.
    let silence = tokio::time::timeout(Duration::from_secs(20), next(&mut stream))
        .await
        .unwrap();
    assert!(matches!(silence, Some(Item::Heartbeat(at)) if at.position == 7));
}

#[tokio::test]
async fn a_log_is_verified_and_damage_is_an_answer() {
    let server = TestServer::start().await;
    create_tasks(&server, 2).await;
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let verify = |history: &mut HistoryQueryServiceClient<_>, from_position, to_position| {
        let request = v1::VerifyLogRequest {
            from_position,
            to_position,
        };
        let (mut history, request) = (history.clone(), server.ana(request));
        async move {
            let mut stream = history.verify_log(request).await?.into_inner();
            let mut last = v1::VerifyLogResponse::default();
            while let Some(progress) = stream.message().await? {
                last = progress;
            }
            Ok::<_, tonic::Status>(last)
        }
    };
    let whole = verify(&mut history, 0, 0).await.unwrap();
    assert!(
        whole.done && whole.problem() == v1::LogProblem::Unspecified,
        "{whole:?}"
    );
    assert_eq!((whole.verified_position, whole.events_checked), (7, 7));
    let part = verify(&mut history, 3, 5).await.unwrap();
    assert_eq!(
        (
            part.verified_position,
            part.to_position,
            part.events_checked
        ),
        (5, 5, 3)
    );
    let refusal = verify(&mut history, 5, 3).await.unwrap_err();
    assert_eq!(fields(&refusal), ["to_position"]);
    let refusal = verify(&mut history, 8, 0).await.unwrap_err();
    assert_eq!(
        (refusal.code(), fields(&refusal)),
        (Code::InvalidArgument, vec!["from_position".into()])
    );

    let client = server.database.connect().await;
    client
        .batch_execute(
            "alter table event_log.events disable trigger events_insert_only; \
             update event_log.events set type = 'task.forged' where position = 4",
        )
        .await
        .unwrap();
    let damaged = verify(&mut history, 0, 0).await.unwrap();
    assert!(
        damaged.done && damaged.problem() == v1::LogProblem::HashMismatch,
        "{damaged:?}"
    );
    assert_eq!(
        (damaged.verified_position, damaged.first_bad_position),
        (3, 4)
    );
}
