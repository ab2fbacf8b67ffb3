//! Clients that do not read what a stream tells them.

use std::time::Duration;

use handoff_api::Limits;
use handoff_proto::v1::{
    self, history_query_service_client::HistoryQueryServiceClient,
    read_events_response::Item as Read, task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
    todo_query_service_client::TodoQueryServiceClient, watch_tasks_response::Item as OfTasks,
    watch_todo_response::Item as OfTodo,
};
use handoff_testkit::eventually;
use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_types::StatusExt;

use crate::support::{CEILING, TestServer, connect_narrow, reason, soon};

/// What is told is many times what fits into a narrow connection.
const TASKS: usize = 40;
const DESCRIPTION: usize = 60_000;

/// A message: where it is and what it tells, nothing if it is a heartbeat.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    position: i64,
    epoch: i32,
    what: Option<String>,
}

/// Creates tasks with long descriptions. Answers the last position.
async fn create_large(server: &TestServer) -> i64 {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let mut end = 0;
    for n in 0..TASKS {
        let request = v1::CreateTaskRequest {
            task_id: format!("t{n}"),
            task: Some(v1::Task {
                subject: "accounts/acme".into(),
                title: "Call".into(),
                description: "x".repeat(DESCRIPTION),
                ..Default::default()
            }),
            ..Default::default()
        };
        let created = tasks.create_task(server.admin(request)).await.unwrap();
        end = created.into_inner().receipt.unwrap().position;
    }
    end
}

async fn events(
    server: &TestServer,
    channel: Channel,
    after_position: i64,
    _epoch: i32,
) -> Streaming<v1::ReadEventsResponse> {
    let request = v1::ReadEventsRequest {
        after_position,
        follow: true,
        ..Default::default()
    };
    let mut client = HistoryQueryServiceClient::new(channel);
    let stream = client.read_events(server.admin(request)).await;
    stream.unwrap().into_inner()
}

fn event(message: v1::ReadEventsResponse) -> Seen {
    let (position, epoch, what) = match message.item.unwrap() {
        Read::Event(event) => (event.position, event.epoch, Some(event.r#type)),
        Read::Heartbeat(heartbeat) => (heartbeat.position, heartbeat.epoch, None),
    };
    Seen {
        position,
        epoch,
        what,
    }
}

async fn tasks(
    server: &TestServer,
    channel: Channel,
    after_position: i64,
    epoch: i32,
) -> Streaming<v1::WatchTasksResponse> {
    let request = v1::WatchTasksRequest {
        after_position: Some(after_position),
        epoch,
        ..Default::default()
    };
    let mut client = TaskQueryServiceClient::new(channel);
    let stream = client.watch_tasks(server.admin(request)).await;
    stream.unwrap().into_inner()
}

fn task(message: v1::WatchTasksResponse) -> Seen {
    let (position, epoch, what) = match message.item.unwrap() {
        OfTasks::Changes(changes) => {
            let names = changes.tasks.into_iter().map(|change| change.name);
            (changes.position, changes.epoch, Some(names.collect()))
        }
        OfTasks::Heartbeat(heartbeat) => (heartbeat.position, heartbeat.epoch, None),
    };
    Seen {
        position,
        epoch,
        what,
    }
}

async fn todo(
    server: &TestServer,
    channel: Channel,
    after_position: i64,
    epoch: i32,
) -> Streaming<v1::WatchTodoResponse> {
    let request = v1::WatchTodoRequest {
        after_position: Some(after_position),
        epoch,
        ..Default::default()
    };
    let mut client = TodoQueryServiceClient::new(channel);
    let stream = client.watch_todo(server.admin(request)).await;
    stream.unwrap().into_inner()
}

fn item(message: v1::WatchTodoResponse) -> Seen {
    let (position, epoch, what) = match message.item.unwrap() {
        OfTodo::Changes(changes) => {
            let names = changes.items.into_iter().map(|change| change.name);
            (changes.position, changes.epoch, Some(names.collect()))
        }
        OfTodo::Heartbeat(heartbeat) => (heartbeat.position, heartbeat.epoch, None),
    };
    Seen {
        position,
        epoch,
        what,
    }
}

/// What comes until everything through `end` has come, or how the stream ended before.
async fn read<M>(
    stream: &mut Streaming<M>,
    seen: fn(M) -> Seen,
    end: i64,
) -> (Vec<Seen>, Option<Status>) {
    let mut all = Vec::new();
    loop {
        match soon("the next message", stream.message()).await {
            Ok(message) => all.push(seen(message.unwrap())),
            Err(status) => return (all, Some(status)),
        }
        if all.last().is_some_and(|last| last.position >= end) {
            return (all, None);
        }
    }
}

/// What one who is ended and resumes gets is what one gets who reads all the time.
async fn is_resumed<M>(
    server: &TestServer,
    mut slow: Streaming<M>,
    begin: impl AsyncFn(&TestServer, Channel, i64, i32) -> Streaming<M>,
    seen: fn(M) -> Seen,
    end: i64,
) {
    // Beside the impatient server, which a busy machine might make wait for any reader.
    let patient = server.replica().await;
    let mut undisturbed = begin(server, patient.clone(), 0, 0).await;
    let (whole, _) = read(&mut undisturbed, seen, end).await;

    let (mut all, ended) = read(&mut slow, seen, end).await;
    let ended = ended.expect("an end before all has come");
    assert_eq!(
        (ended.code(), reason(&ended).as_str()),
        (Code::ResourceExhausted, "SLOW_READER")
    );
    assert!(all.len() < whole.len(), "{} came", all.len());
    let details = ended.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    let [position, epoch] = ["position", "epoch"].map(|key| metadata[key].as_str());
    let last = all.last().unwrap();
    assert_eq!(position, last.position.to_string());
    assert_eq!(epoch, last.epoch.to_string());

    let (after, epoch) = (last.position, last.epoch);
    let mut resumed = begin(server, patient, after, epoch).await;
    all.extend(read(&mut resumed, seen, end).await.0);
    let told = |seen: Vec<Seen>| -> Vec<_> {
        let told = seen.into_iter().filter(|seen| seen.what.is_some());
        told.collect()
    };
    assert_eq!(told(all), told(whole));
}

#[tokio::test]
async fn a_slow_reader_is_ended_with_its_resume_position() {
    let limits = Limits {
        patience: Duration::from_millis(200),
        ..Limits::default()
    };
    let mut server = TestServer::start_with(limits).await;
    server.start_projectors().await;
    let end = create_large(&server).await;
    server.is_up_to_date().await;
    // A connection for each: what is not read of one stream would hold the others up.
    let channel = || connect_narrow(server.address);
    let slow_events = events(&server, channel().await, 0, 0).await;
    let slow_tasks = tasks(&server, channel().await, 0, 0).await;
    let slow_todo = todo(&server, channel().await, 0, 0).await;
    eventually("three ends", CEILING, async || {
        match server.metric("handoff_api_slow_readers_total") {
            3 => Ok(()),
            ended => Err(ended),
        }
    })
    .await;
    is_resumed(&server, slow_events, events, event, end).await;
    is_resumed(&server, slow_tasks, tasks, task, end).await;
    is_resumed(&server, slow_todo, todo, item, end).await;
    assert_eq!(server.metric("handoff_api_slow_readers_total"), 3);
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_nobody_up_and_misses_nothing() {
    let server = TestServer::start().await;
    let narrow = connect_narrow(server.address).await;
    let mut idle = events(&server, narrow, 0, 0).await;
    let narrow = connect_narrow(server.address).await;
    let mut idle_too = tasks(&server, narrow, 0, 0).await;
    let end = soon("the work of others", create_large(&server)).await;
    let mut other = events(&server, server.channel.clone(), 0, 0).await;
    let (whole, _) = read(&mut other, event, end).await;
    let told = |seen: Vec<Seen>| seen.into_iter().filter_map(|seen| seen.what).count();
    let (late, ended) = read(&mut idle, event, end).await;
    assert!(ended.is_none(), "{ended:?}");
    assert_eq!((told(late), told(whole)), (end as usize, end as usize));
    let (late, ended) = read(&mut idle_too, task, end).await;
    assert!(ended.is_none(), "{ended:?}");
    assert_eq!(told(late), TASKS);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_reader_beyond_the_cap() {
    let limits = Limits {
        drain: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = TestServer::start_with(limits).await;
    create_large(&server).await;
    let narrow = connect_narrow(server.address).await;
    let unread = events(&server, narrow, 0, 0).await;
    server.shutdown.cancel();
    soon("the end of the server", server.served).await.unwrap();
    drop(unread);
}
