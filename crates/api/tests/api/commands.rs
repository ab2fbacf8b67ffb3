//! Commands from end to end.

use handoff_api::auth::Role;
use handoff_commands::new_id;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    history_query_service_client::HistoryQueryServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use prost_types::Timestamp;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{TestServer, fields, reason};

fn task(subject: &str, title: &str) -> v1::Task {
    v1::Task {
        subject: subject.into(),
        title: title.into(),
        ..Default::default()
    }
}

fn create(task: v1::Task) -> v1::CreateTaskRequest {
    v1::CreateTaskRequest {
        task: Some(task),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_task_is_created_with_its_account_and_worked_off() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let created = tasks
        .create_task(server.ana(create(task("accounts/acme", " Call the customer "))))
        .await
        .unwrap()
        .into_inner();
    let (task, receipt) = (created.task.unwrap(), created.receipt.unwrap());
    assert_eq!(task.number, "ACME-TASK-1");
    assert_eq!(task.title, "Call the customer");
    assert_eq!(task.assignees, ["members/ana"]);
    assert_eq!(task.creator, "members/ana");
    assert_eq!(task.status(), v1::TaskStatus::NotStarted);
    assert_eq!(task.origin(), v1::TaskOrigin::Manual);
    assert_eq!((receipt.events_appended, receipt.replayed), (3, false));

    let request = v1::CompleteTaskRequest {
        name: task.name.clone(),
        etag: task.etag.clone(),
        ..Default::default()
    };
    let done = tasks
        .complete_task(server.ana(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let completed = done.task.unwrap();
    assert_eq!(completed.status(), v1::TaskStatus::Complete);
    assert_eq!(
        (completed.percent_complete, completed.completed_by.as_str()),
        (100, "members/ana")
    );
    assert_eq!(done.receipt.unwrap().position, receipt.position + 1);

    let stale = tasks.complete_task(server.ana(request)).await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "VERSION_MISMATCH")
    );

    let request = v1::ReopenTaskRequest {
        name: task.name.clone(),
        status: v1::TaskStatus::WaitingOnCustomer.into(),
        ..Default::default()
    };
    let reopened = tasks
        .reopen_task(server.ana(request))
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert_eq!(reopened.status(), v1::TaskStatus::WaitingOnCustomer);
    assert!(reopened.complete_time.is_none());

    let request = v1::AssignTaskRequest {
        name: task.name,
        assignees: vec!["members/ana".into(), "members/admin".into()],
        ..Default::default()
    };
    let assigned = tasks
        .assign_task(server.ana(request))
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert_eq!(assigned.assignees, ["members/admin", "members/ana"]);
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_another_body_or_caller_none() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = v1::CreateTaskRequest {
        request_id: new_id().to_string(),
        ..create(task("accounts/acme", "Call"))
    };
    let first = tasks
        .create_task(server.ana(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let again = tasks
        .create_task(server.ana(request.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.task, first.task);
    let (first, again) = (first.receipt.unwrap(), again.receipt.unwrap());
    assert_eq!(
        again,
        v1::CommandReceipt {
            replayed: true,
            ..first
        }
    );

    let mut other = request.clone();
    other.task.as_mut().unwrap().title = "Write".into();
    let refusal = tasks.create_task(server.ana(other)).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::InvalidArgument, "REQUEST_ID_REUSED".into())
    );
    let admin = server.person("members/admin");
    let refusal = tasks
        .create_task(server.request(&admin, request))
        .await
        .unwrap_err();
    assert_eq!(reason(&refusal), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = v1::CreateTaskRequest {
        task_id: "Not An Id".into(),
        request_id: "7".into(),
        task: Some(v1::Task {
            subject: "contacts/zoe".into(),
            title: String::new(),
            description: "\0".into(),
            status: v1::TaskStatus::Complete.into(),
            priority: 99,
            visibility: -1,
            assignees: vec!["members/ana".into(), "ana".into()],
            start_time: Some(Timestamp {
                seconds: i64::MAX,
                nanos: 0,
            }),
            due_time: Some(Timestamp {
                seconds: 0,
                nanos: -1,
            }),
            percent_complete: 101,
            ..Default::default()
        }),
    };
    let refusal = tasks.create_task(server.ana(request)).await.unwrap_err();
    assert_eq!(reason(&refusal), "INVALID_REQUEST");
    assert_eq!(
        fields(&refusal),
        [
            "request_id",
            "task_id",
            "task.subject",
            "task.title",
            "task.description",
            "task.status",
            "task.priority",
            "task.visibility",
            "task.assignees[1]",
            "task.start_time",
            "task.due_time",
            "task.percent_complete",
        ]
    );
    let refusal = tasks
        .create_task(server.ana(Default::default()))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["task"]);
    let refusal = tasks
        .assign_task(server.ana(Default::default()))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["name"]);
    let request = v1::CompleteTaskRequest {
        name: "tasks/a".into(),
        etag: "W/7".into(),
        ..Default::default()
    };
    let refusal = tasks.complete_task(server.ana(request)).await.unwrap_err();
    assert_eq!(fields(&refusal), ["etag"]);
}

#[tokio::test]
async fn rules_and_missing_resources_have_their_codes() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = v1::CompleteTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    let refusal = tasks.complete_task(server.ana(request)).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::NotFound, "NOT_FOUND".into())
    );

    let named = |id: &str| v1::CreateTaskRequest {
        task_id: id.into(),
        ..create(task("accounts/acme", "Call"))
    };
    tasks.create_task(server.ana(named("a"))).await.unwrap();
    let refusal = tasks.create_task(server.ana(named("a"))).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::AlreadyExists, "ALREADY_EXISTS".into())
    );

    let mut unknown = named("b");
    unknown.task.as_mut().unwrap().category = "Juggling".into();
    let refusal = tasks.create_task(server.ana(unknown)).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::FailedPrecondition, "UNKNOWN_CATEGORY".into())
    );
    let details = refusal.get_error_details();
    assert_eq!(
        details.precondition_failure().unwrap().violations[0].subject,
        "settings"
    );
}

#[tokio::test]
async fn a_program_s_task_is_its_own_or_a_member_s() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let token = server.program(Role::ServiceAccount, true);
    let request = server.request(&token, create(task("accounts/acme", "Call")));
    let own = tasks
        .create_task(request)
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert_eq!(
        (own.origin(), own.creator.as_str()),
        (v1::TaskOrigin::Integration, "service-accounts/crm")
    );
    let mut request = server.request(&token, create(task("accounts/acme", "Call")));
    request
        .metadata_mut()
        .insert("handoff-on-behalf-of", "members/ana".parse().unwrap());
    let lent = tasks
        .create_task(request)
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert_eq!(
        (lent.origin(), lent.creator.as_str()),
        (v1::TaskOrigin::Manual, "members/ana")
    );
}

#[tokio::test]
async fn accounts_and_members_are_created_and_seen_as_they_were() {
    let server = TestServer::start().await;
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    let request = v1::CreateAccountRequest {
        account: Some(v1::Account {
            display_name: "Acme".into(),
            kind: v1::AccountKind::Lead.into(),
            sla_hours: Some(8),
            ..Default::default()
        }),
        ..Default::default()
    };
    let created = accounts
        .create_account(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    let (account, receipt) = (created.account.unwrap(), created.receipt.unwrap());
    assert_eq!(
        (account.name.as_str(), account.kind()),
        ("accounts/acme", v1::AccountKind::Lead)
    );
    assert_eq!(
        (account.assignee.as_str(), account.sla_hours),
        ("members/ana", Some(8))
    );

    let mut members = MemberCommandServiceClient::new(server.channel.clone());
    let admin = server.person("members/admin");
    let request = v1::CreateMemberRequest {
        member: Some(v1::Member {
            display_name: "Zoe".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let created = members
        .create_member(server.request(&admin, request))
        .await
        .unwrap()
        .into_inner();
    let member = created.member.unwrap();
    assert_eq!(
        (member.name.as_str(), member.kind()),
        ("members/zoe", v1::MemberKind::Staff)
    );
    let zoe = server.person("members/zoe");

    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let at = |position| v1::GetResourceAtRequest {
        name: "accounts/acme".into(),
        point: Some(v1::get_resource_at_request::Point::Position(position)),
    };
    let request = server.request(&zoe, at(receipt.position));
    let then = history.get_resource_at(request).await.unwrap().into_inner();
    assert_eq!(then.position, receipt.position);
    assert_eq!(
        then.resource,
        Some(v1::get_resource_at_response::Resource::Account(account))
    );
    let request = server.request(&zoe, at(receipt.position - 1));
    let refusal = history.get_resource_at(request).await.unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    let request = server.request(&zoe, at(0));
    let refusal = history.get_resource_at(request).await.unwrap_err();
    assert_eq!(fields(&refusal), ["position"]);
}
