//! Commands about accounts, contacts, members and settings from end to end.

use handoff_api::auth::Role;
use handoff_commands::new_id;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    generate_task_response::Outcome, get_resource_at_response::Resource,
    history_query_service_client::HistoryQueryServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    settings_command_service_client::SettingsCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use prost_types::{FieldMask, Timestamp};
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt;

use crate::support::{TestServer, fields, reason};

const ACME: &str = "accounts/acme";

async fn acme(server: &TestServer) -> AccountCommandServiceClient<Channel> {
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    let request = v1::CreateAccountRequest {
        account: Some(v1::Account {
            display_name: "Acme".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    accounts.create_account(server.ana(request)).await.unwrap();
    accounts
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: paths.iter().map(ToString::to_string).collect(),
    })
}

#[tokio::test]
async fn an_account_answers_as_it_is_after_each_command() {
    let server = TestServer::start().await;
    let mut accounts = acme(&server).await;
    let role = v1::AssignRoleRequest {
        name: ACME.into(),
        role: "success-manager".into(),
        holder: "members/admin".into(),
        ..Default::default()
    };
    accounts.assign_role(server.ana(role)).await.unwrap();
    let team = v1::SetSupportTeamRequest {
        name: ACME.into(),
        members: vec!["members/admin".into(), "members/ana".into()],
        ..Default::default()
    };
    accounts.set_support_team(server.ana(team)).await.unwrap();
    let types = v1::SelectTaskTypesRequest {
        name: ACME.into(),
        task_types: Some(v1::TaskTypeSelection {
            all: false,
            task_types: vec!["social-post".into()],
        }),
        ..Default::default()
    };
    accounts.select_task_types(server.ana(types)).await.unwrap();
    let report = v1::SetMonthlyReportRequest {
        name: ACME.into(),
        ..Default::default()
    };
    accounts
        .set_monthly_report(server.ana(report))
        .await
        .unwrap();
    let update = v1::UpdateAccountRequest {
        account: Some(v1::Account {
            name: ACME.into(),
            sla_hours: Some(8),
            ..Default::default()
        }),
        update_mask: mask(&["sla_hours"]),
        ..Default::default()
    };
    accounts.update_account(server.ana(update)).await.unwrap();
    let pause = v1::PauseAccountRequest {
        name: ACME.into(),
        ..Default::default()
    };
    let answer = accounts.pause_account(server.ana(pause)).await.unwrap();
    let account = answer.into_inner().account.unwrap();
    assert_eq!(account.display_name, "Acme");
    assert_eq!(account.sla_hours, Some(8));
    assert_eq!(account.status(), v1::AccountStatus::Paused);
    assert_eq!(account.roles[0].holder, "members/admin");
    assert_eq!(account.support_team, ["members/admin", "members/ana"]);
    assert_eq!(account.task_types.unwrap().task_types, ["social-post"]);
    assert!(!account.monthly_report);
    assert_eq!(account.etag, "7");
}

#[tokio::test]
async fn stale_notes_are_aborted_with_the_present_revision() {
    let server = TestServer::start().await;
    let mut accounts = acme(&server).await;
    let notes = |notes: &str, notes_revision| v1::UpdateNotesRequest {
        name: ACME.into(),
        notes: notes.into(),
        notes_revision,
        ..Default::default()
    };
    let saved = accounts
        .update_notes(server.ana(notes("one<script>x</script>", 0)))
        .await
        .unwrap();
    assert_eq!(saved.into_inner().account.unwrap().notes, "one");
    let stale = accounts
        .update_notes(server.ana(notes("two", 0)))
        .await
        .unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale)),
        (Code::Aborted, "STALE_NOTES".into())
    );
    let details = stale.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["actual"], "1");
}

#[tokio::test]
async fn a_contact_without_an_id_is_the_same_on_a_retry() {
    let server = TestServer::start().await;
    let mut accounts = acme(&server).await;
    let request = v1::CreateContactRequest {
        parent: ACME.into(),
        contact: Some(v1::Contact {
            display_name: "Zoe Brandt".into(),
            phone: "+49 30 123456".into(),
            ..Default::default()
        }),
        request_id: new_id().to_string(),
        ..Default::default()
    };
    let first = accounts
        .create_contact(server.ana(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let contact = first.contact.unwrap();
    assert_eq!(contact.kind(), v1::ContactKind::Client);
    let again = accounts
        .create_contact(server.ana(request.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.contact.as_ref(), Some(&contact));
    assert!(again.receipt.unwrap().replayed);
    let other = v1::CreateContactRequest {
        request_id: String::new(),
        ..request
    };
    let other = accounts.create_contact(server.ana(other)).await.unwrap();
    let other = other.into_inner().contact.unwrap();
    assert_ne!(other.name, contact.name);

    let update = v1::UpdateContactRequest {
        contact: Some(v1::Contact {
            name: contact.name.clone(),
            portal_access: true,
            ..Default::default()
        }),
        update_mask: mask(&["portal_access", "phone"]),
        etag: contact.etag,
        ..Default::default()
    };
    let updated = accounts.update_contact(server.ana(update)).await.unwrap();
    let updated = updated.into_inner().contact.unwrap();
    assert!(updated.portal_access && updated.phone.is_empty());
    assert_eq!(updated.display_name, "Zoe Brandt");
    let delete = v1::DeleteContactRequest {
        name: contact.name,
        ..Default::default()
    };
    let left = accounts.delete_contact(server.ana(delete)).await.unwrap();
    let left = left.into_inner().account.unwrap().contacts;
    assert_eq!(left, [other]);
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let server = TestServer::start().await;
    let mut accounts = acme(&server).await;
    let request = v1::UpdateContactRequest {
        contact: Some(v1::Contact {
            name: "accounts/acme/contacts/Zoe".into(),
            email: "nobody".into(),
            ..Default::default()
        }),
        update_mask: mask(&["email", "etag"]),
        ..Default::default()
    };
    let refusal = accounts
        .update_contact(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["update_mask", "contact.name"]);
    let request = v1::CreateContactRequest {
        parent: ACME.into(),
        contact: Some(v1::Contact {
            display_name: "a\0b".into(),
            email: "nobody".into(),
            phone: "12".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refusal = accounts
        .create_contact(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(
        fields(&refusal),
        ["contact.display_name", "contact.email", "contact.phone"]
    );
    let notes = v1::UpdateNotesRequest {
        name: "accounts/Acme".into(),
        notes: "x".repeat(64 * 1024 + 1),
        ..Default::default()
    };
    let refusal = accounts.update_notes(server.ana(notes)).await.unwrap_err();
    assert_eq!(fields(&refusal), ["name", "notes"]);
    let interaction = v1::LogInteractionRequest {
        name: "accounts/member-ana".into(),
        ..Default::default()
    };
    let refusal = accounts
        .log_interaction(server.ana(interaction))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["name", "kind"]);
    let future = v1::LogInteractionRequest {
        name: ACME.into(),
        kind: v1::InteractionKind::Email.into(),
        happen_time: Some(Timestamp {
            seconds: 253_000_000_000,
            nanos: 0,
        }),
        ..Default::default()
    };
    let refusal = accounts
        .log_interaction(server.ana(future))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["happen_time"]);
}

#[tokio::test]
async fn relevant_work_gives_one_task_or_the_reason_why_not() {
    let server = TestServer::start().await;
    let mut accounts = acme(&server).await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let token = server.program(Role::ServiceAccount, false);
    let work = |key: &str| v1::GenerateTaskRequest {
        account: ACME.into(),
        task_type: "review-response".into(),
        work_key: key.into(),
        task: Some(v1::Task {
            title: "Answer the review".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut generate = async |key: &str| {
        let request = server.request(&token, work(key));
        tasks.generate_task(request).await.unwrap().into_inner()
    };
    let first = generate("r1").await;
    let Some(Outcome::Task(task)) = first.outcome else {
        panic!("{first:?}")
    };
    assert_eq!(task.origin(), v1::TaskOrigin::Automation);
    let pause = v1::PauseAccountRequest {
        name: ACME.into(),
        ..Default::default()
    };
    accounts.pause_account(server.ana(pause)).await.unwrap();
    let again = generate("r1").await;
    assert_eq!(again.outcome, Some(Outcome::Task(task)));
    assert_eq!(again.receipt.unwrap().events_appended, 0);
    let skipped = generate("r2").await;
    let Some(Outcome::Skip(skip)) = skipped.outcome else {
        panic!("{skipped:?}")
    };
    assert_eq!(skip.reason(), v1::TaskGenerationSkipReason::AccountPaused);
    assert_eq!(skip.account.unwrap().name, ACME);
}

#[tokio::test]
async fn settings_change_for_admins_and_are_shown_in_history() {
    let server = TestServer::start().await;
    let mut settings = SettingsCommandServiceClient::new(server.channel.clone());
    let request = v1::UpdateSettingsRequest {
        settings: Some(v1::Settings {
            time_zone: "Europe/Berlin".into(),
            task_categories: vec![v1::Category {
                display_name: "Photo Shoot".into(),
                retired: false,
            }],
            ..Default::default()
        }),
        update_mask: mask(&["time_zone", "task_categories"]),
        ..Default::default()
    };
    let refusal = settings
        .update_settings(server.ana(request.clone()))
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::PermissionDenied);
    let admin = server.person("members/admin");
    let changed = settings
        .update_settings(server.request(&admin, request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(changed.receipt.unwrap().events_appended, 21);
    let after = changed.settings.unwrap();
    assert_eq!(after.time_zone, "Europe/Berlin");
    assert_eq!(after.default_sla_hours, 72);
    let offered = after.task_categories.iter().filter(|of| !of.retired);
    assert_eq!(offered.count(), 1);

    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let at = v1::GetResourceAtRequest {
        name: "settings".into(),
        ..Default::default()
    };
    let found = history.get_resource_at(server.ana(at)).await.unwrap();
    assert_eq!(found.into_inner().resource, Some(Resource::Settings(after)));

    let bad = v1::UpdateSettingsRequest {
        settings: Some(v1::Settings {
            time_zone: "Berlin".into(),
            task_number_format: "{n}".into(),
            digest_minutes: 0,
            ..Default::default()
        }),
        update_mask: mask(&["time_zone", "task_number_format", "digest_minutes"]),
        ..Default::default()
    };
    let refusal = settings
        .update_settings(server.request(&admin, bad))
        .await
        .unwrap_err();
    assert_eq!(
        fields(&refusal),
        [
            "settings.task_number_format",
            "settings.digest_minutes",
            "settings.time_zone"
        ]
    );
}

#[tokio::test]
async fn an_admin_changes_members_and_the_last_one_stays() {
    let server = TestServer::start_with_projectors().await;
    server.is_up_to_date().await;
    let mut members = MemberCommandServiceClient::new(server.channel.clone());
    let admin = server.person("members/admin");
    let update = |name: &str, kind: v1::MemberKind| v1::UpdateMemberRequest {
        member: Some(v1::Member {
            name: name.into(),
            kind: kind.into(),
            ..Default::default()
        }),
        update_mask: mask(&["kind"]),
        ..Default::default()
    };
    let demote = server.request(&admin, update("members/admin", v1::MemberKind::Staff));
    let refusal = members.update_member(demote).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::FailedPrecondition, "LAST_ADMIN".into())
    );
    let promote = server.request(&admin, update("members/ana", v1::MemberKind::Admin));
    let ana = members.update_member(promote).await.unwrap();
    let ana = ana.into_inner().member.unwrap();
    assert_eq!(ana.kind(), v1::MemberKind::Admin);
    let demote = server.ana(update("members/admin", v1::MemberKind::Staff));
    members.update_member(demote).await.unwrap();
    let enable = v1::EnableMemberRequest {
        name: "members/ana".into(),
        ..Default::default()
    };
    let enabled = members.enable_member(server.ana(enable)).await.unwrap();
    assert_eq!(enabled.into_inner().receipt.unwrap().events_appended, 0);
}
