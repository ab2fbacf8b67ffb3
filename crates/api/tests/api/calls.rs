//! Tasks from phone calls (S2), from the number to the task.

use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    settings_command_service_client::SettingsCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use prost_types::FieldMask;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::support::{TestServer, fields, reason};

const NUMBER: &str = "+49 30 123456";

/// An account with a contact of this name and number; gives the position that includes both.
async fn add(server: &TestServer, account: &str, contact: &str, phone: &str) -> i64 {
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    let create = v1::CreateAccountRequest {
        account_id: account.into(),
        account: Some(v1::Account {
            display_name: account.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let created = accounts.create_account(server.ana(create)).await;
    created.unwrap();
    let create = v1::CreateContactRequest {
        parent: format!("accounts/{account}"),
        contact_id: contact.to_lowercase(),
        contact: Some(v1::Contact {
            display_name: contact.into(),
            phone: phone.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let created = accounts.create_contact(server.ana(create)).await.unwrap();
    created.into_inner().receipt.unwrap().position
}

async fn deactivate(server: &TestServer, account: &str) -> i64 {
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    let request = v1::DeactivateAccountRequest {
        name: format!("accounts/{account}"),
        ..Default::default()
    };
    let done = accounts.deactivate_account(server.ana(request)).await;
    done.unwrap().into_inner().receipt.unwrap().position
}

fn call(number: &str, min_position: i64) -> v1::CreateTaskFromCallRequest {
    v1::CreateTaskFromCallRequest {
        caller_number: number.into(),
        min_position,
        ..Default::default()
    }
}

/// What a telephone system is answered.
async fn calls(
    server: &TestServer,
    request: v1::CreateTaskFromCallRequest,
) -> Result<v1::CreateTaskFromCallResponse, Status> {
    let pbx = server.program(Role::ServiceAccount, false);
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let answer = tasks.create_task_from_call(server.request(&pbx, request));
    Ok(answer.await?.into_inner())
}

#[tokio::test]
async fn a_call_is_about_the_account_whose_contact_has_the_number() {
    let server = TestServer::start_with_projectors().await;
    add(&server, "bolt", "Bo", "030 123456").await;
    let position = add(&server, "acme", "Zoe", "0049 (0)30 12-34.56").await;
    let answer = calls(&server, call(NUMBER, position)).await.unwrap();
    let task = answer.task.unwrap();
    assert_eq!(task.subject, "accounts/acme");
    assert_eq!(task.number, "ACME-TASK-1");
    assert_eq!(task.title, "Call from Zoe");
    assert_eq!(task.origin(), v1::TaskOrigin::Call);
    assert_eq!(task.creator, "service-accounts/crm");
    let requester = task.requester.unwrap();
    assert_eq!(
        (requester.display_name.as_str(), requester.phone.as_str()),
        ("Zoe", NUMBER)
    );

    let given = v1::CreateTaskFromCallRequest {
        task_id: "printer".into(),
        task: Some(v1::Task {
            title: "Printer is on fire".into(),
            priority: v1::TaskPriority::Urgent.into(),
            ..Default::default()
        }),
        ..call(NUMBER, position)
    };
    let task = calls(&server, given).await.unwrap().task.unwrap();
    assert_eq!(task.name, "tasks/printer");
    assert_eq!(task.title, "Printer is on fire");
    assert_eq!(task.priority(), v1::TaskPriority::Urgent);
}

#[tokio::test]
async fn of_several_accounts_with_the_number_the_first_that_takes_new_work_is_meant() {
    let server = TestServer::start_with_projectors().await;
    for account in ["acme", "bolt", "core"] {
        add(&server, account, "Zoe", NUMBER).await;
    }
    // Another contact there has it too: the first by name.
    let create = v1::CreateContactRequest {
        parent: "accounts/bolt".into(),
        contact_id: "adam".into(),
        contact: Some(v1::Contact {
            display_name: "Adam".into(),
            phone: NUMBER.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    accounts.create_contact(server.ana(create)).await.unwrap();
    let position = deactivate(&server, "acme").await;
    let task = calls(&server, call(NUMBER, position)).await.unwrap().task;
    let task = task.unwrap();
    assert_eq!(task.subject, "accounts/bolt");
    assert_eq!(task.title, "Call from Adam");
}

#[tokio::test]
async fn an_unknown_number_goes_to_the_account_of_the_setting() {
    let server = TestServer::start_with_projectors().await;
    let position = add(&server, "front-desk", "Zoe", "+49 30 999999").await;
    let refused = calls(&server, call(NUMBER, position)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "NO_CALL_ACCOUNT")
    );
    let request = v1::UpdateSettingsRequest {
        settings: Some(v1::Settings {
            call_default_account: "accounts/front-desk".into(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["call_default_account".into()],
        }),
        ..Default::default()
    };
    let mut settings = SettingsCommandServiceClient::new(server.channel.clone());
    settings
        .update_settings(server.admin(request))
        .await
        .unwrap();
    let task = calls(&server, call(NUMBER, position)).await.unwrap().task;
    let task = task.unwrap();
    assert_eq!(task.subject, "accounts/front-desk");
    assert_eq!(task.title, format!("Call from {NUMBER}"));
}

#[tokio::test]
async fn a_call_that_is_reported_again_is_the_same_task_whoever_has_the_number_now() {
    let server = TestServer::start_with_projectors().await;
    let position = add(&server, "bolt", "Zoe", NUMBER).await;
    let request = v1::CreateTaskFromCallRequest {
        request_id: Uuid::from_u128(7).to_string(),
        ..call(NUMBER, position)
    };
    let first = calls(&server, request.clone()).await.unwrap();
    // An account that would be meant before that one.
    add(&server, "acme", "Amy", NUMBER).await;
    server.is_up_to_date().await;
    let again = calls(&server, request).await.unwrap();
    assert_eq!(again.task, first.task);
    assert!(again.receipt.unwrap().replayed);
    let next = calls(&server, call(NUMBER, 0)).await.unwrap().task.unwrap();
    assert_eq!(next.subject, "accounts/acme");
}

#[tokio::test]
async fn every_field_of_a_call_at_fault_is_named() {
    let server = TestServer::start_with_projectors().await;
    let request = v1::CreateTaskFromCallRequest {
        task_id: "No Id".into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            percent_complete: 101,
            ..Default::default()
        }),
        ..call("", -1)
    };
    let refused = calls(&server, request).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "task_id",
            "caller_number",
            "min_position",
            "task.subject",
            "task.percent_complete"
        ]
    );
    // Within the country it could be anybody's.
    let refused = calls(&server, call("030 123456", 0)).await.unwrap_err();
    assert_eq!(fields(&refused), ["caller_number"]);
}
