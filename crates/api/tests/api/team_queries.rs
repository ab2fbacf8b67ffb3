//! Queries about accounts, members and settings from end to end.

use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    account_query_service_client::AccountQueryServiceClient,
    member_query_service_client::MemberQueryServiceClient,
    settings_command_service_client::SettingsCommandServiceClient,
    settings_query_service_client::SettingsQueryServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient, timeline_entry::Entry,
};
use tonic::{Code, transport::Channel};

use crate::support::{TestServer, fields, reason};

const ACME: &str = "accounts/acme";

/// An account with notes, a contact, a role and a task; answers the position of the last command.
async fn acme(server: &TestServer) -> i64 {
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
    let contact = v1::CreateContactRequest {
        parent: ACME.into(),
        contact_id: "zoe".into(),
        contact: Some(v1::Contact {
            display_name: "Zoe".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    accounts.create_contact(server.ana(contact)).await.unwrap();
    let role = v1::AssignRoleRequest {
        name: ACME.into(),
        role: "success-manager".into(),
        holder: "members/admin".into(),
        ..Default::default()
    };
    accounts.assign_role(server.ana(role)).await.unwrap();
    let question = v1::RecordQuestionRequest {
        name: ACME.into(),
        contact: "accounts/acme/contacts/zoe".into(),
        question: "When?".into(),
        ..Default::default()
    };
    accounts
        .record_question(server.ana(question))
        .await
        .unwrap();
    let notes = v1::UpdateNotesRequest {
        name: ACME.into(),
        notes: "<b>Call</b> before nine".into(),
        ..Default::default()
    };
    let answer = accounts.update_notes(server.ana(notes)).await.unwrap();
    answer.into_inner().receipt.unwrap().position
}

fn accounts(server: &TestServer) -> AccountQueryServiceClient<Channel> {
    AccountQueryServiceClient::new(server.channel.clone())
}

#[tokio::test]
async fn an_account_is_shown_whole_and_in_lists_without_notes_and_contacts() {
    let server = TestServer::start_with_projectors().await;
    let min_position = acme(&server).await;
    let request = v1::GetAccountRequest {
        name: ACME.into(),
        min_position,
    };
    let answer = accounts(&server).get_account(server.ana(request)).await;
    let account = answer.unwrap().into_inner().account.unwrap();
    assert_eq!(account.notes, "<b>Call</b> before nine");
    assert_eq!(account.notes_revision, 1);
    assert_eq!(account.contacts[0].name, "accounts/acme/contacts/zoe");
    assert_eq!(account.roles[0].holder, "members/admin");

    let request = v1::ListAccountsRequest {
        filter: "text:ACM AND assignee = me AND roles.success-manager = members/admin".into(),
        min_position,
        ..Default::default()
    };
    let answer = accounts(&server).list_accounts(server.ana(request)).await;
    let expected = v1::Account {
        notes: String::new(),
        contacts: Vec::new(),
        ..account
    };
    assert_eq!(answer.unwrap().into_inner().accounts, [expected]);

    // The notes come with the task, for the team.
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let request = v1::GetTaskRequest {
        name: "tasks/a".into(),
        min_position,
    };
    let answer = tasks.get_task(server.ana(request)).await.unwrap();
    assert_eq!(answer.into_inner().account_notes, "<b>Call</b> before nine");
}

#[tokio::test]
async fn a_timeline_names_what_happened_and_an_unknown_account_has_none() {
    let server = TestServer::start_with_projectors().await;
    let min_position = acme(&server).await;
    let mut request = v1::ListTimelineRequest {
        account: ACME.into(),
        min_position,
        ..Default::default()
    };
    let list = async |request: &v1::ListTimelineRequest| {
        let answer = accounts(&server)
            .list_timeline(server.ana(request.clone()))
            .await;
        answer.map(tonic::Response::into_inner)
    };
    let answer = list(&request).await.unwrap();
    assert!(answer.position >= min_position);
    let entries: Vec<_> = answer
        .entries
        .into_iter()
        .map(|entry| {
            assert_eq!(entry.actor, "members/ana");
            assert!(entry.happen_time.is_some() && entry.record_time.is_some());
            assert!((1..=min_position).contains(&entry.position));
            entry.entry.unwrap()
        })
        .collect();
    let expected = [
        Entry::Notes(v1::TimelineNotes { notes_revision: 1 }),
        Entry::Question(v1::TimelineQuestion {
            contact: "accounts/acme/contacts/zoe".into(),
            question: "When?".into(),
            assignee: "members/ana".into(),
        }),
        Entry::Role(v1::TimelineRole {
            role: "success-manager".into(),
            previous: String::new(),
            holder: "members/admin".into(),
        }),
        Entry::TaskCreated(v1::TimelineTask {
            task: "tasks/a".into(),
            number: "ACME-TASK-1".into(),
            title: "Call".into(),
        }),
    ];
    assert_eq!(entries, expected);

    request.page_size = 3;
    let first = list(&request).await.unwrap();
    request.page_token = first.next_page_token;
    assert_eq!(list(&request).await.unwrap().entries.len(), 1);
    request.account = "accounts/other".into();
    assert_eq!(fields(&list(&request).await.unwrap_err()), ["page_token"]);
    request.page_token = String::new();
    let refusal = list(&request).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::NotFound, "NOT_FOUND".into())
    );
    request.account = "tasks/a".into();
    request.min_position = -1;
    let refusal = list(&request).await.unwrap_err();
    assert_eq!(fields(&refusal), ["account", "min_position"]);
}

#[tokio::test]
async fn members_and_their_workloads_are_listed() {
    let server = TestServer::start_with_projectors().await;
    let min_position = acme(&server).await;
    let mut members = MemberQueryServiceClient::new(server.channel.clone());
    let request = v1::ListMembersRequest {
        filter: "text:an".into(),
        min_position,
        ..Default::default()
    };
    let listed = members.list_members(server.ana(request)).await.unwrap();
    let listed = listed.into_inner().members;
    let get = |name: &str| v1::GetMemberRequest {
        name: name.into(),
        min_position,
    };
    let ana = members.get_member(server.ana(get("members/ana"))).await;
    assert_eq!(listed, [ana.unwrap().into_inner().member.unwrap()]);
    assert_eq!(listed[0].display_name, "Ana");
    let refusal = members.get_member(server.ana(get("members/ben"))).await;
    assert_eq!(refusal.unwrap_err().code(), Code::NotFound);

    let request = v1::ListWorkloadsRequest {
        filter: "enabled".into(),
        min_position,
        ..Default::default()
    };
    let answer = accounts(&server).list_workloads(server.ana(request)).await;
    let workload = |id: &str, name: &str, tasks, role: &str| v1::Workload {
        member: format!("members/{id}"),
        member_display_name: name.into(),
        open_task_count: tasks,
        roles: vec![v1::RoleWorkload {
            role: role.into(),
            active_account_count: 1,
            ..Default::default()
        }],
    };
    assert_eq!(
        answer.unwrap().into_inner().workloads,
        [
            workload("admin", "Admin", 0, "success-manager"),
            workload("ana", "Ana", 1, "assignee")
        ]
    );
}

#[tokio::test]
async fn settings_are_read_as_they_are_and_never_from_before_a_position() {
    let server = TestServer::start().await;
    let mut queries = SettingsQueryServiceClient::new(server.channel.clone());
    let get = |min_position| v1::GetSettingsRequest { min_position };
    let first = queries.get_settings(server.ana(get(0))).await.unwrap();
    let first = first.into_inner().settings.unwrap();
    assert_eq!(
        (first.name.as_str(), first.default_sla_hours),
        ("settings", 72)
    );

    let mut commands = SettingsCommandServiceClient::new(server.channel.clone());
    let update = v1::UpdateSettingsRequest {
        settings: Some(v1::Settings {
            default_sla_hours: 24,
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["default_sla_hours".into()],
        }),
        ..Default::default()
    };
    let admin = server.person("members/admin");
    let changed = commands
        .update_settings(server.request(&admin, update))
        .await;
    let changed = changed.unwrap().into_inner();
    let position = changed.receipt.unwrap().position;
    // Analysts read too.
    let analyst = server.program(Role::Analyst, false);
    let request = server.request(&analyst, get(position));
    let answer = queries.get_settings(request).await.unwrap().into_inner();
    assert_eq!(
        (answer.settings, answer.position),
        (changed.settings, position)
    );

    let refusal = queries
        .get_settings(server.ana(get(position + 1)))
        .await
        .unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::Unavailable, "READ_MODEL_BEHIND".into())
    );
    let refusal = queries.get_settings(server.ana(get(-1))).await.unwrap_err();
    assert_eq!(fields(&refusal), ["min_position"]);
}
