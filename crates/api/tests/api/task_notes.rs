//! Notes and bills: who writes and who reads them, by every way there is.

use std::fmt::Debug;

use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, history_query_service_client::HistoryQueryServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient, watch_tasks_response,
};
use tonic::Code;

use crate::support::{TestServer, fields, reason, soon};

const SECRET: &str = "They pay late";

/// Creates `tasks/a`.
async fn create(server: &TestServer, task: v1::Task) {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = v1::CreateTaskRequest {
        task_id: "a".into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Call".into(),
            ..task
        }),
        ..Default::default()
    };
    tasks.create_task(server.ana(request)).await.unwrap();
}

fn tells(answer: &impl Debug) -> bool {
    format!("{answer:?}").contains(SECRET)
}

/// By which ways a caller is told the secret.
async fn ways(server: &TestServer, token: &str, min_position: i64) -> Vec<&'static str> {
    let name = String::from("tasks/a");
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let mut ways = Vec::new();
    let mut note = |way, told| {
        if told {
            ways.push(way);
        }
    };
    let get = v1::GetTaskRequest {
        name: name.clone(),
        min_position,
    };
    let answer = tasks.get_task(server.request(token, get)).await.unwrap();
    note("GetTask", tells(&answer));
    let list = v1::ListTasksRequest {
        min_position,
        ..Default::default()
    };
    let answer = tasks.list_tasks(server.request(token, list)).await.unwrap();
    note("ListTasks", tells(&answer));
    let list = v1::ListTaskNotesRequest {
        task: name.clone(),
        min_position,
        ..Default::default()
    };
    let answer = tasks.list_task_notes(server.request(token, list)).await;
    note("ListTaskNotes", tells(&answer.unwrap()));
    let watch = v1::WatchTasksRequest {
        after_position: Some(0),
        ..Default::default()
    };
    let watch = server.request(token, watch);
    let mut changes = tasks.watch_tasks(watch).await.unwrap().into_inner();
    let mut told = false;
    loop {
        let message = soon("the next change", changes.message()).await.unwrap();
        told |= tells(&message);
        if let Some(watch_tasks_response::Item::Heartbeat(_)) = message.unwrap().item {
            break;
        }
    }
    note("WatchTasks", told);
    let at = v1::GetResourceAtRequest {
        name: name.clone(),
        ..Default::default()
    };
    let answer = history.get_resource_at(server.request(token, at)).await;
    note("GetResourceAt", tells(&answer.unwrap()));
    let list = v1::ListHistoryRequest {
        resource: name,
        min_position,
        ..Default::default()
    };
    let answer = history.list_history(server.request(token, list)).await;
    let answer = answer.unwrap().into_inner();
    // That there is a note is no secret, so what is missing is not missing because it came too late.
    let note_type = |entry: &v1::HistoryEntry| entry.r#type == "task.internal_note_added";
    assert!(answer.entries.iter().any(note_type), "{answer:?}");
    note("ListHistory", tells(&answer));
    let read = server.request(token, v1::ReadEventsRequest::default());
    let mut events = history.read_events(read).await.unwrap().into_inner();
    let mut told = false;
    while let Some(item) = soon("the next item", events.message()).await.unwrap() {
        told |= tells(&item);
    }
    note("ReadEvents", told);
    ways
}

#[tokio::test]
async fn an_internal_note_reaches_admins_and_nobody_else() {
    let server = TestServer::start_with_projectors().await;
    create(&server, Default::default()).await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = v1::AddInternalNoteRequest {
        name: "tasks/a".into(),
        note: format!("<p>{SECRET}</p>"),
        ..Default::default()
    };
    let answer = tasks.add_internal_note(server.admin(request.clone())).await;
    let position = answer.unwrap().into_inner().receipt.unwrap().position;

    let admin = server.person("members/admin");
    assert_eq!(
        ways(&server, &admin, position).await,
        ["GetTask", "ListTaskNotes", "ListHistory", "ReadEvents"]
    );
    let ana = server.person("members/ana");
    let program = server.program(Role::ServiceAccount, false);
    let analyst = server.program(Role::Analyst, false);
    for token in [&ana, &program, &analyst] {
        assert!(ways(&server, token, position).await.is_empty());
    }
    // Nor by what commands answer.
    for token in [&ana, &program] {
        let status = v1::SetTaskStatusRequest {
            name: "tasks/a".into(),
            status: v1::TaskStatus::InProgress.into(),
            ..Default::default()
        };
        let answer = tasks.set_task_status(server.request(token, status)).await;
        assert!(!tells(&answer.unwrap()));
        let refusal = tasks
            .add_internal_note(server.request(token, request.clone()))
            .await
            .unwrap_err();
        assert_eq!(reason(&refusal), "METHOD_NOT_ALLOWED");
        assert!(!tells(&refusal));
    }
}

#[tokio::test]
async fn a_program_writes_internal_notes_for_an_admin_only() {
    let server = TestServer::start().await;
    create(&server, Default::default()).await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let token = server.program(Role::ServiceAccount, true);
    let request = v1::AddInternalNoteRequest {
        name: "tasks/a".into(),
        note: SECRET.into(),
        ..Default::default()
    };
    for (member, allowed) in [("members/admin", true), ("members/ana", false)] {
        let mut request = server.request(&token, request.clone());
        let metadata = request.metadata_mut();
        metadata.insert("handoff-on-behalf-of", member.parse().unwrap());
        let answer = tasks.add_internal_note(request).await;
        assert_eq!(answer.is_ok(), allowed, "{member}");
    }
}

#[tokio::test]
async fn a_note_is_in_the_history_and_leaves_the_etag_alone() {
    let server = TestServer::start_with_projectors().await;
    create(&server, Default::default()).await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = |note: &str| v1::AddNoteRequest {
        name: "tasks/a".into(),
        note: note.into(),
        ..Default::default()
    };
    let answer = tasks.add_note(server.ana(request("<b>Called</b><script>x</script>")));
    let answer = answer.await.unwrap().into_inner();
    assert_eq!(answer.task.unwrap().etag, "1");
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let list = v1::ListHistoryRequest {
        resource: "tasks/a".into(),
        min_position: answer.receipt.unwrap().position,
        ..Default::default()
    };
    let entries = history.list_history(server.ana(list)).await.unwrap();
    let entries = entries.into_inner().entries;
    let note = entries
        .iter()
        .find(|entry| entry.r#type == "task.note_added");
    let note = note.unwrap();
    assert!(note.payload_json.contains("<b>Called</b>"), "{note:?}");
    assert!(!note.payload_json.contains("script"), "{note:?}");
    for empty in ["", "<script>x</script>"] {
        let refusal = tasks.add_note(server.ana(request(empty))).await;
        assert_eq!(fields(&refusal.unwrap_err()), ["note"], "{empty}");
    }
}

#[tokio::test]
async fn an_admin_marks_what_is_billable_as_billed() {
    let server = TestServer::start().await;
    let billable = v1::Task {
        billable: true,
        // Output only.
        billed: true,
        ..Default::default()
    };
    create(&server, billable).await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = |billed| v1::MarkBilledRequest {
        name: "tasks/a".into(),
        billed,
        ..Default::default()
    };
    let refusal = tasks.mark_billed(server.ana(request(true))).await;
    let refusal = refusal.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal).as_str()),
        (Code::PermissionDenied, "METHOD_NOT_ALLOWED")
    );
    let update = v1::UpdateTaskRequest {
        task: Some(v1::Task {
            name: "tasks/a".into(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["billable".into()],
        }),
        ..Default::default()
    };
    for billed in [true, false] {
        let answer = tasks.mark_billed(server.admin(request(billed))).await;
        let answer = answer.unwrap().into_inner();
        // So it was not billed before: what a request says of that is ignored.
        assert_eq!(answer.receipt.unwrap().events_appended, 1);
        assert_eq!(answer.task.unwrap().billed, billed);
        if billed {
            let refusal = tasks.update_task(server.ana(update.clone())).await;
            assert_eq!(reason(&refusal.unwrap_err()), "TASK_BILLED");
        }
    }
    tasks.update_task(server.ana(update)).await.unwrap();
    let refusal = tasks.mark_billed(server.admin(request(true))).await;
    assert_eq!(reason(&refusal.unwrap_err()), "NOT_BILLABLE");
}

#[tokio::test]
async fn a_task_comes_with_its_newest_notes_and_a_token_for_the_rest() {
    let server = TestServer::start_with_projectors().await;
    create(&server, Default::default()).await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let mut min_position = 0;
    for n in 0..25 {
        let request = v1::AddNoteRequest {
            name: "tasks/a".into(),
            note: format!("<p>note {n}</p>"),
            ..Default::default()
        };
        let answer = tasks.add_note(server.ana(request)).await.unwrap();
        min_position = answer.into_inner().receipt.unwrap().position;
    }
    let mut queries = TaskQueryServiceClient::new(server.channel.clone());
    let get = v1::GetTaskRequest {
        name: "tasks/a".into(),
        min_position,
    };
    let answer = queries
        .get_task(server.ana(get))
        .await
        .unwrap()
        .into_inner();
    assert!(answer.position >= min_position);
    assert_eq!(answer.notes.len(), 20);
    let newest = &answer.notes[0];
    assert_eq!(
        (
            newest.note.as_str(),
            newest.author.as_str(),
            newest.position
        ),
        ("<p>note 24</p>", "members/ana", min_position)
    );
    let list = |task: &str, page_token: &str| v1::ListTaskNotesRequest {
        task: task.into(),
        page_token: page_token.into(),
        min_position,
        ..Default::default()
    };
    let token = answer.next_notes_page_token.as_str();
    let rest = queries.list_task_notes(server.ana(list("tasks/a", token)));
    let rest = rest.await.unwrap().into_inner();
    let texts: Vec<_> = rest.notes.iter().map(|note| note.note.as_str()).collect();
    let expected: Vec<_> = (0..5).rev().map(|n| format!("<p>note {n}</p>")).collect();
    assert_eq!(texts, expected);
    assert_eq!(rest.next_page_token, "");
    // The token is of one task and one reader.
    let refusal = queries.list_task_notes(server.admin(list("tasks/a", token)));
    assert_eq!(fields(&refusal.await.unwrap_err()), ["page_token"]);
    let refusal = queries.list_task_notes(server.ana(list("tasks/b", "")));
    assert_eq!(refusal.await.unwrap_err().code(), Code::NotFound);
    let refusal = queries.list_task_notes(server.ana(list("acme", "")));
    assert_eq!(fields(&refusal.await.unwrap_err()), ["task"]);
}

#[tokio::test]
async fn tasks_are_counted_as_they_are_listed() {
    let server = TestServer::start_with_projectors().await;
    create(&server, Default::default()).await;
    server.is_up_to_date().await;
    let mut queries = TaskQueryServiceClient::new(server.channel.clone());
    let count = |filter: &str| v1::CountTasksRequest {
        filter: filter.into(),
        min_position: 5,
    };
    for (filter, expected) in [("", 1), ("open", 1), ("NOT open", 0), ("text:call", 1)] {
        let answer = queries.count_tasks(server.ana(count(filter))).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!((answer.count, answer.more), (expected, false), "{filter}");
        assert!(answer.position >= 5);
    }
    let refusal = queries.count_tasks(server.ana(count("colour = red"))).await;
    assert_eq!(fields(&refusal.unwrap_err()), ["filter"]);
}
