//! Watching a list of tasks, and how streams end.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use handoff_event_log::{Database, begin_epoch};
use handoff_proto::v1::{
    self, TaskChangeKind,
    history_query_service_client::HistoryQueryServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    read_events_response::Item as Read,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
    watch_tasks_response::{Changes, Item},
};
use tonic::{Code, Status, Streaming};

use crate::support::{TestServer, fields, reason, soon};

async fn watch(
    server: &TestServer,
    filter: &str,
    after_position: Option<i64>,
) -> Result<Streaming<v1::WatchTasksResponse>, Status> {
    let request = v1::WatchTasksRequest {
        filter: filter.into(),
        after_position,
        epoch: 0,
    };
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let stream = tasks.watch_tasks(server.ana(request)).await?;
    Ok(stream.into_inner())
}

async fn next(stream: &mut Streaming<v1::WatchTasksResponse>) -> Item {
    let message = soon("the next message", stream.message()).await;
    message.unwrap().unwrap().item.unwrap()
}

/// What comes until everything through `end` has come.
async fn through(stream: &mut Streaming<v1::WatchTasksResponse>, end: i64) -> Vec<Changes> {
    let mut all = Vec::new();
    loop {
        match next(stream).await {
            Item::Changes(changes) => {
                let last = changes.position == end;
                all.push(changes);
                if last {
                    return all;
                }
            }
            Item::Heartbeat(heartbeat) if heartbeat.position >= end => return all,
            Item::Heartbeat(_) => {}
        }
    }
}

/// What became of the one task of a message: `+a`, `~a` or `-a`.
fn sign(changes: &Changes) -> String {
    let [change] = &changes.tasks[..] else {
        panic!("{changes:?}")
    };
    let sign = match change.kind() {
        TaskChangeKind::Entered => '+',
        TaskChangeKind::Changed => '~',
        TaskChangeKind::Left => '-',
        TaskChangeKind::Unspecified => panic!("{change:?}"),
    };
    format!("{sign}{}", change.name.trim_start_matches("tasks/"))
}

async fn create(server: &TestServer, id: &str, task: v1::Task) -> i64 {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = v1::CreateTaskRequest {
        task_id: id.into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Call".into(),
            ..task
        }),
        ..Default::default()
    };
    let answer = tasks.create_task(server.ana(request)).await.unwrap();
    answer.into_inner().receipt.unwrap().position
}

/// One of some commands on a task; what is refused changes nothing. Answers the last position.
async fn act(server: &TestServer, id: &str, what: usize) -> i64 {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let name = format!("tasks/{id}");
    let receipt = match what {
        0 => {
            let request = v1::CompleteTaskRequest {
                name,
                ..Default::default()
            };
            tasks
                .complete_task(server.ana(request))
                .await
                .map(|a| a.into_inner().receipt)
        }
        1 => {
            let request = v1::ReopenTaskRequest {
                name,
                status: v1::TaskStatus::InProgress.into(),
                ..Default::default()
            };
            tasks
                .reopen_task(server.ana(request))
                .await
                .map(|a| a.into_inner().receipt)
        }
        2 => {
            let request = v1::DeleteTaskRequest {
                name,
                ..Default::default()
            };
            tasks
                .delete_task(server.ana(request))
                .await
                .map(|a| a.into_inner().receipt)
        }
        3 => {
            let request = v1::UndeleteTaskRequest {
                name,
                ..Default::default()
            };
            tasks
                .undelete_task(server.ana(request))
                .await
                .map(|a| a.into_inner().receipt)
        }
        4 => {
            let request = v1::AddNoteRequest {
                name,
                note: "Called".into(),
                ..Default::default()
            };
            tasks
                .add_note(server.ana(request))
                .await
                .map(|a| a.into_inner().receipt)
        }
        n => {
            let priority = [v1::TaskPriority::Low, v1::TaskPriority::Urgent][n % 2];
            let request = v1::UpdateTaskRequest {
                task: Some(v1::Task {
                    name,
                    priority: priority.into(),
                    ..Default::default()
                }),
                update_mask: Some(prost_types::FieldMask {
                    paths: vec!["priority".into()],
                }),
                ..Default::default()
            };
            tasks
                .update_task(server.ana(request))
                .await
                .map(|a| a.into_inner().receipt)
        }
    };
    receipt.ok().flatten().map_or(0, |receipt| receipt.position)
}

/// Numbers that look as if they came by chance, the same for each seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// Thirty tasks' worth of commands in disorder. Answers the last position.
async fn busy(server: &TestServer, seed: u64) -> i64 {
    let (mut chance, mut end) = (Chance(seed), 0);
    for n in 0..6 {
        end = end.max(create(server, &format!("t{n}"), Default::default()).await);
    }
    for _ in 0..90 {
        let id = format!("t{}", chance.below(6));
        end = end.max(act(server, &id, chance.below(9)).await);
    }
    end
}

#[tokio::test]
async fn a_watch_tells_what_came_changed_and_went_in_the_callers_view() {
    let server = TestServer::start().await;
    create(&server, "old", Default::default()).await;
    // From now on.
    let filter = "assignees:me AND open AND priority >= NORMAL";
    let mut stream = watch(&server, filter, None).await.unwrap();
    assert!(matches!(next(&mut stream).await, Item::Heartbeat(at) if at.epoch > 0));
    let mine = v1::Task {
        assignees: vec!["members/ana".into()],
        ..Default::default()
    };
    create(&server, "a", mine.clone()).await;
    let others = v1::Task {
        assignees: vec!["members/admin".into()],
        ..Default::default()
    };
    create(&server, "b", others).await;
    act(&server, "b", 7).await;
    // Urgent, complete, reopened, low, urgent, a note, deleted, undeleted.
    let mut end = 0;
    for what in [7, 0, 1, 6, 7, 4, 2, 3] {
        end = act(&server, "a", what).await;
    }
    let told = through(&mut stream, end).await;
    let signs: Vec<_> = told.iter().map(sign).collect();
    assert_eq!(signs, ["+a", "~a", "-a", "+a", "-a", "+a", "-a", "+a"]);
    let positions: Vec<_> = told.iter().map(|changes| changes.position).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    let task = |n: usize| told[n].tasks[0].task.clone();
    assert_eq!(task(0).unwrap().number, "ACME-TASK-2");
    assert_eq!(task(1).unwrap().priority(), v1::TaskPriority::Urgent);
    assert_eq!(task(2).unwrap().status(), v1::TaskStatus::Complete);
    assert_eq!(task(6), None);
    assert_eq!(
        (told[2].event_type.as_str(), told[2].actor.as_str()),
        ("task.completed", "members/ana")
    );
}

#[tokio::test]
async fn what_depends_on_the_time_is_as_of_the_change() {
    let server = TestServer::start().await;
    let due = |seconds: i64| v1::Task {
        start_time: Some(prost_types::Timestamp {
            seconds: 0,
            nanos: 0,
        }),
        due_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..Default::default()
    };
    let mut stream = watch(&server, "overdue", Some(0)).await.unwrap();
    create(&server, "late", due(1_000)).await;
    create(&server, "early", due(32_503_680_000)).await;
    let end = act(&server, "late", 0).await;
    let signs: Vec<_> = through(&mut stream, end).await.iter().map(sign).collect();
    assert_eq!(signs, ["+late", "-late"]);
}

#[tokio::test]
async fn a_watch_cut_and_resumed_at_random_misses_and_repeats_nothing() {
    let server = TestServer::start_with_projectors().await;
    let writing = busy(&server, 7);
    // One that is there from the beginning, while it happens.
    let mut live = watch(&server, "open", Some(0)).await.unwrap();
    let end = writing.await;
    let whole = through(&mut live, end).await;
    assert!(whole.len() > 20, "{}", whole.len());

    for seed in 1..=8 {
        let (mut chance, mut resumed, mut after) = (Chance(seed), Vec::new(), 0);
        loop {
            let mut stream = watch(&server, "open", Some(after)).await.unwrap();
            // Cut after a few messages, of whatever kind.
            for _ in 0..=chance.below(9) {
                match next(&mut stream).await {
                    Item::Changes(changes) => {
                        after = changes.position;
                        resumed.push(changes);
                    }
                    Item::Heartbeat(heartbeat) => {
                        after = heartbeat.position;
                        break;
                    }
                }
            }
            if after >= end {
                break;
            }
        }
        assert_eq!(resumed, whole, "cut by seed {seed}");
    }

    // Put together, the changes give the list.
    let mut list = BTreeMap::new();
    for changes in &whole {
        let change = &changes.tasks[0];
        let there = match change.kind() {
            TaskChangeKind::Left => list.remove(&change.name),
            _ => list.insert(change.name.clone(), change.task.clone().unwrap()),
        };
        let entered = change.kind() == TaskChangeKind::Entered;
        assert_eq!(there.is_none(), entered, "{changes:?}");
    }
    let request = v1::ListTasksRequest {
        filter: "open".into(),
        min_position: end,
        ..Default::default()
    };
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let answer = tasks.list_tasks(server.ana(request)).await.unwrap();
    let etags = |tasks: &mut dyn Iterator<Item = v1::Task>| -> BTreeSet<_> {
        tasks.map(|task| (task.name, task.etag)).collect()
    };
    assert_eq!(
        etags(&mut list.into_values()),
        etags(&mut answer.into_inner().tasks.into_iter())
    );
}

#[tokio::test]
async fn a_watch_of_all_tasks_has_a_message_for_each_event_but_notes() {
    let server = TestServer::start().await;
    let end = busy(&server, 3).await;
    let mut stream = watch(&server, "", Some(0)).await.unwrap();
    let told: Vec<_> = through(&mut stream, end)
        .await
        .into_iter()
        .map(|changes| (changes.position, changes.event_type))
        .collect();
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let request = server.ana(v1::ReadEventsRequest::default());
    let mut events = history.read_events(request).await.unwrap().into_inner();
    let mut expected = Vec::new();
    while let Some(message) = soon("the next event", events.message()).await.unwrap() {
        if let Some(Read::Event(event)) = message.item
            && event.r#type.starts_with("task.")
            && event.r#type != "task.note_added"
        {
            expected.push((event.position, event.r#type));
        }
    }
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused_at_once() {
    let server = TestServer::start().await;
    for (filter, after_position, field) in [
        ("colour = red", None, "filter"),
        ("due_time < tomorrow", None, "filter"),
        ("", Some(-1), "after_position"),
        ("", Some(1_000), "after_position"),
    ] {
        let refusal = watch(&server, filter, after_position).await.unwrap_err();
        assert_eq!(fields(&refusal), [field], "{filter}");
    }
}

#[tokio::test]
async fn a_position_of_another_epoch_is_refused_and_a_watch_ends_with_its_epoch() {
    let server = TestServer::start().await;
    let end = create(&server, "a", Default::default()).await;
    let mut stream = watch(&server, "", Some(0)).await.unwrap();
    let epoch = through(&mut stream, end).await[0].epoch;
    let database = Database::new(&server.database.url).unwrap();
    begin_epoch(&database).await.unwrap();
    let ended = soon("the end of the watch", async {
        loop {
            if let Err(status) = stream.message().await {
                return status;
            }
        }
    });
    let ended = ended.await;
    assert_eq!(
        (ended.code(), reason(&ended).as_str()),
        (Code::Aborted, "EPOCH_CHANGED")
    );
    let request = |epoch| v1::WatchTasksRequest {
        filter: String::new(),
        after_position: Some(end),
        epoch,
    };
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let refusal = tasks
        .watch_tasks(server.ana(request(epoch)))
        .await
        .unwrap_err();
    assert_eq!(reason(&refusal), "EPOCH_CHANGED");
    tasks
        .watch_tasks(server.ana(request(epoch + 1)))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_watch_ends_when_the_server_stops_and_is_resumed_elsewhere() {
    let server = TestServer::start().await;
    let first = create(&server, "a", Default::default()).await;
    let mut stream = watch(&server, "", Some(0)).await.unwrap();
    let mut all = through(&mut stream, first).await;
    let end = act(&server, "a", 0).await;
    server.shutdown.cancel();
    let status = loop {
        match soon("the end", stream.message()).await {
            Ok(message) => {
                if let Some(Item::Changes(changes)) = message.unwrap().item {
                    all.push(changes);
                }
            }
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&status), "DRAINING");
    let request = v1::WatchTasksRequest {
        filter: String::new(),
        after_position: all.last().map(|changes| changes.position),
        epoch: 0,
    };
    let mut tasks = TaskQueryServiceClient::new(server.replica().await);
    let mut rest = tasks
        .watch_tasks(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    all.extend(through(&mut rest, end).await);
    let signs: Vec<_> = all.iter().map(sign).collect();
    assert_eq!(signs, ["+a", "~a"]);
}

/// How a stream ended, and after how long.
async fn ended<T>(mut stream: Streaming<T>, begun: Instant) -> (Status, Duration) {
    let end = soon("the end of the stream", async {
        loop {
            if let Err(status) = stream.message().await {
                return status;
            }
        }
    });
    (end.await, begun.elapsed())
}

/// A watch and a reader of events, both of `ana`.
async fn streams(
    server: &TestServer,
) -> (
    Streaming<v1::WatchTasksResponse>,
    Streaming<v1::ReadEventsResponse>,
) {
    let mut watched = watch(server, "", None).await.unwrap();
    next(&mut watched).await;
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let request = v1::ReadEventsRequest {
        follow: true,
        ..Default::default()
    };
    let read = history.read_events(server.ana(request)).await.unwrap();
    (watched, read.into_inner())
}

#[tokio::test]
async fn streams_end_soon_after_their_caller_is_disabled() {
    let server = TestServer::start_with_projectors().await;
    server.is_up_to_date().await;
    let (watched, read) = streams(&server).await;
    let request = v1::DisableMemberRequest {
        name: "members/ana".into(),
        ..Default::default()
    };
    let mut members = MemberCommandServiceClient::new(server.channel.clone());
    members.disable_member(server.admin(request)).await.unwrap();
    let begun = Instant::now();
    for (status, after) in [ended(watched, begun).await, ended(read, begun).await] {
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unauthenticated, "UNKNOWN_CALLER")
        );
        assert!(after < Duration::from_secs(3), "{after:?}");
    }
}

#[tokio::test]
async fn streams_end_soon_after_what_their_caller_may_see_has_changed() {
    let server = TestServer::start().await;
    let (watched, read) = streams(&server).await;
    let request = v1::UpdateMemberRequest {
        member: Some(v1::Member {
            name: "members/ana".into(),
            kind: v1::MemberKind::Admin.into(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["kind".into()],
        }),
        ..Default::default()
    };
    let mut members = MemberCommandServiceClient::new(server.channel.clone());
    members.update_member(server.admin(request)).await.unwrap();
    let begun = Instant::now();
    for (status, after) in [ended(watched, begun).await, ended(read, begun).await] {
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Aborted, "RIGHTS_CHANGED")
        );
        assert!(after < Duration::from_secs(3), "{after:?}");
    }
    // Whoever calls again is let in with the new rights.
    watch(&server, "", None).await.unwrap();
}
