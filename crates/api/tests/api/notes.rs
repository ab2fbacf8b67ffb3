//! Who sees the notes of accounts: the team, by whatever call.

use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    account_query_service_client::AccountQueryServiceClient, get_resource_at_response::Resource,
    history_query_service_client::HistoryQueryServiceClient, read_events_response::Item,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use tonic::Code;

use crate::support::{TestServer, soon};

const ACME: &str = "accounts/acme";
const NOTES: &str = "Never before nine";
const SAVED: &str = "account.notes_updated";

/// Everything that a caller is shown of the notes: by each call, what it shows, and whether what an
/// event says was left out.
async fn shown(server: &TestServer, token: &str, min_position: i64) -> Vec<(&'static str, String)> {
    let channel = || server.channel.clone();
    let mut shown = Vec::new();
    let request = v1::GetAccountRequest {
        name: ACME.into(),
        min_position,
    };
    let answer = AccountQueryServiceClient::new(channel())
        .get_account(server.request(token, request))
        .await;
    let account = answer.unwrap().into_inner().account.unwrap();
    assert_eq!(
        (account.display_name.as_str(), account.notes_revision),
        ("acme", 1)
    );
    shown.push(("GetAccount", account.notes));

    let request = v1::GetTaskRequest {
        name: "tasks/a".into(),
        min_position,
    };
    let answer = TaskQueryServiceClient::new(channel())
        .get_task(server.request(token, request))
        .await;
    shown.push(("GetTask", answer.unwrap().into_inner().account_notes));

    let mut history = HistoryQueryServiceClient::new(channel());
    let request = v1::GetResourceAtRequest {
        name: ACME.into(),
        point: None,
    };
    let answer = history
        .get_resource_at(server.request(token, request))
        .await;
    let Some(Resource::Account(account)) = answer.unwrap().into_inner().resource else {
        panic!("no account")
    };
    shown.push(("GetResourceAt", account.notes));

    let request = v1::ListHistoryRequest {
        resource: ACME.into(),
        min_position,
        ..Default::default()
    };
    let answer = history.list_history(server.request(token, request)).await;
    let entries = answer.unwrap().into_inner().entries;
    let saved = entries.into_iter().find(|entry| entry.r#type == SAVED);
    let saved = saved.unwrap();
    assert_eq!(saved.redacted, saved.payload_json.is_empty());
    assert_eq!(saved.actor, "members/ana");
    shown.push(("ListHistory", saved.payload_json));

    let request = v1::ReadEventsRequest {
        resource: ACME.into(),
        ..Default::default()
    };
    let answer = history.read_events(server.request(token, request)).await;
    let mut events = answer.unwrap().into_inner();
    while let Some(answer) = soon("the next event", events.message()).await.unwrap() {
        if let Some(Item::Event(event)) = answer.item
            && event.r#type == SAVED
        {
            assert_eq!(event.redacted, event.payload_json.is_empty());
            assert_eq!(event.redacted, event.metadata_json.is_empty());
            assert_eq!(event.hash.len(), 32);
            shown.push(("ReadEvents", event.payload_json));
        }
    }
    shown
}

#[tokio::test]
async fn the_notes_of_an_account_are_shown_to_the_team_and_to_nobody_else() {
    let server = TestServer::start_with_projectors().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let task = v1::CreateTaskRequest {
        task_id: "a".into(),
        task: Some(v1::Task {
            subject: ACME.into(),
            title: "Call".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    tasks.create_task(server.ana(task)).await.unwrap();
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    let notes = v1::UpdateNotesRequest {
        name: ACME.into(),
        notes: NOTES.into(),
        ..Default::default()
    };
    let saved = accounts.update_notes(server.ana(notes.clone())).await;
    let saved = saved.unwrap().into_inner();
    assert_eq!(saved.account.unwrap().notes, NOTES);
    let position = saved.receipt.unwrap().position;

    for (team, token) in [
        ("admin", server.person("members/admin")),
        ("staff", server.person("members/ana")),
        (
            "service account",
            server.program(Role::ServiceAccount, false),
        ),
    ] {
        let shown = shown(&server, &token, position).await;
        assert_eq!(shown.len(), 5);
        for (method, text) in shown {
            assert!(text.contains(NOTES), "{team}, {method}: {text:?}");
        }
    }
    let analyst = server.program(Role::Analyst, false);
    let shown = shown(&server, &analyst, position).await;
    assert_eq!(shown.len(), 5);
    for (method, text) in shown {
        assert_eq!(text, "", "{method}");
    }
    // Who sees no resources at all has no answers to see them in.
    for token in [
        analyst,
        server.program(Role::Operator, false),
        server.person("accounts/acme/contacts/zoe"),
    ] {
        let refusal = accounts
            .update_notes(server.request(&token, notes.clone()))
            .await;
        assert_eq!(refusal.unwrap_err().code(), Code::PermissionDenied);
    }
}
