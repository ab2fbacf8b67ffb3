//! Rules of the task form (S2, S3) as a client meets them: each breach is one clear error.

use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    settings_command_service_client::SettingsCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use prost_types::{FieldMask, Timestamp};
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

use crate::support::{TestServer, fields, reason};

const ACME: &str = "accounts/acme";
const HOUR: i64 = 3_600;
const START: i64 = 1_800_000_000;

fn client(server: &TestServer) -> TaskCommandServiceClient<Channel> {
    TaskCommandServiceClient::new(server.channel.clone())
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: paths.iter().map(ToString::to_string).collect(),
    })
}

fn task(task: v1::Task) -> v1::Task {
    v1::Task {
        subject: ACME.into(),
        title: "Call".into(),
        ..task
    }
}

async fn create(server: &TestServer, id: &str, task: v1::Task) -> Result<v1::Task, Status> {
    let request = v1::CreateTaskRequest {
        task_id: id.into(),
        task: Some(task),
        ..Default::default()
    };
    let created = client(server).create_task(server.ana(request)).await?;
    Ok(created.into_inner().task.unwrap())
}

async fn update(server: &TestServer, task: v1::Task, paths: &[&str]) -> Result<v1::Task, Status> {
    let request = v1::UpdateTaskRequest {
        task: Some(task),
        update_mask: mask(paths),
        ..Default::default()
    };
    let updated = client(server).update_task(server.ana(request)).await?;
    Ok(updated.into_inner().task.unwrap())
}

fn named(id: &str) -> v1::Task {
    v1::Task {
        name: format!("tasks/{id}"),
        ..Default::default()
    }
}

/// The fields at fault with what is said of each.
fn violations(status: &Status) -> Vec<(String, String)> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let violations = details.bad_request().unwrap().field_violations.clone();
    let said = violations.into_iter().map(|v| (v.field, v.description));
    said.collect()
}

#[tokio::test]
async fn a_reopened_task_is_as_far_as_it_was_before_it_was_completed() {
    let server = TestServer::start().await;
    let forty = v1::Task {
        percent_complete: 40,
        ..Default::default()
    };
    create(&server, "a", task(forty)).await.unwrap();
    let complete = v1::CompleteTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    let complete = client(&server).complete_task(server.ana(complete)).await;
    let completed = complete.unwrap().into_inner().task.unwrap();
    assert_eq!(completed.percent_complete, 100);
    assert!(completed.complete_time.is_some());
    let reopen = v1::ReopenTaskRequest {
        name: "tasks/a".into(),
        status: v1::TaskStatus::InProgress.into(),
        ..Default::default()
    };
    let reopened = client(&server).reopen_task(server.ana(reopen)).await;
    let reopened = reopened.unwrap().into_inner().task.unwrap();
    assert_eq!(reopened.percent_complete, 40);
    assert_eq!(reopened.status(), v1::TaskStatus::InProgress);
    assert_eq!(
        (reopened.complete_time, reopened.completed_by),
        (None, String::new())
    );
}

#[tokio::test]
async fn moving_the_start_moves_a_due_time_of_the_sla_and_no_other_and_a_new_sla_moves_neither() {
    let server = TestServer::start().await;
    let begins = v1::Task {
        start_time: at(START),
        ..Default::default()
    };
    let by_sla = create(&server, "sla", task(begins.clone())).await.unwrap();
    assert_eq!(by_sla.due_source(), v1::TaskDueSource::Sla);
    assert_eq!(by_sla.due_time, at(START + 72 * HOUR));
    let by_hand = v1::Task {
        due_time: at(START + 100 * HOUR),
        ..begins
    };
    create(&server, "manual", task(by_hand)).await.unwrap();

    let account = v1::UpdateAccountRequest {
        account: Some(v1::Account {
            name: ACME.into(),
            sla_hours: Some(5),
            ..Default::default()
        }),
        update_mask: mask(&["sla_hours"]),
        ..Default::default()
    };
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    accounts.update_account(server.ana(account)).await.unwrap();
    let later = |id: &str| v1::Task {
        start_time: at(START + HOUR),
        ..named(id)
    };
    let by_sla = update(&server, later("sla"), &["start_time"])
        .await
        .unwrap();
    assert_eq!(
        by_sla.due_time,
        at(START + 73 * HOUR),
        "by the SLA of its creation"
    );
    assert_eq!(by_sla.sla_hours, 72);
    let by_hand = update(&server, later("manual"), &["start_time"])
        .await
        .unwrap();
    assert_eq!(by_hand.due_time, at(START + 100 * HOUR));
    assert_eq!(by_hand.due_source(), v1::TaskDueSource::Manual);
    let new = v1::Task {
        start_time: at(START),
        ..Default::default()
    };
    let new = create(&server, "new", task(new)).await.unwrap();
    assert_eq!(new.due_time, at(START + 5 * HOUR));
}

/// S3 marks six fields as mandatory.
#[tokio::test]
async fn every_required_field_that_is_missing_or_wrong_is_told_in_one_error() {
    let server = TestServer::start().await;
    let refused = create(&server, "a", v1::Task::default()).await.unwrap_err();
    assert_eq!(fields(&refused), ["task.subject", "task.title"]);
    let wrong = v1::Task {
        assignees: vec![String::new()],
        priority: 9,
        status: 9,
        due_date: "soon".into(),
        ..Default::default()
    };
    let refused = create(&server, "a", wrong).await.unwrap_err();
    let mut at_fault = fields(&refused);
    at_fault.sort_unstable();
    assert_eq!(
        at_fault,
        [
            "task.assignees[0]",
            "task.due_date",
            "task.priority",
            "task.status",
            "task.subject",
            "task.title",
        ]
    );
    // The message has all of it too, for those who see nothing else.
    for field in at_fault {
        assert!(refused.message().contains(&field), "{field}: {refused:?}");
    }
}

#[tokio::test]
async fn each_breach_of_a_rule_names_its_field_the_value_and_the_limit() {
    let server = TestServer::start().await;
    create(&server, "a", task(v1::Task::default()))
        .await
        .unwrap();
    let many = (0..201)
        .map(|n| format!("members/m{n}"))
        .collect::<Vec<_>>();
    let given = v1::Task::default;
    for (wrong, field, said) in [
        (
            v1::Task {
                percent_complete: 101,
                ..given()
            },
            "task.percent_complete",
            ["101", "100"],
        ),
        (
            v1::Task {
                estimated_hours: "-0.5".into(),
                ..given()
            },
            "task.estimated_hours",
            ["-0.5", "0"],
        ),
        (
            v1::Task {
                actual_hours: "-3".into(),
                ..given()
            },
            "task.actual_hours",
            ["-3", "0"],
        ),
        (
            v1::Task {
                assignees: many.clone(),
                ..given()
            },
            "task.assignees",
            ["201", "200"],
        ),
        (
            v1::Task {
                related_tasks: vec!["tasks/b".into()],
                ..given()
            },
            "task.related_tasks",
            ["tasks/b", "itself"],
        ),
        (
            v1::Task {
                start_time: at(START),
                due_time: at(START - 1),
                ..given()
            },
            "task.due_time",
            ["2027-01-15T07:59:59", "start"],
        ),
    ] {
        let refused = create(&server, "b", task(wrong)).await.unwrap_err();
        let violations = violations(&refused);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].0, field);
        for part in said {
            assert!(
                violations[0].1.contains(part),
                "{part} is not in {violations:?}"
            );
        }
    }
    let assign = v1::AssignTaskRequest {
        name: "tasks/a".into(),
        assignees: many,
        ..Default::default()
    };
    let refused = client(&server).assign_task(server.ana(assign)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["assignees"]);
    let relate = v1::RelateTasksRequest {
        name: "tasks/a".into(),
        related_task: "tasks/a".into(),
        ..Default::default()
    };
    let refused = client(&server).relate_tasks(server.ana(relate)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["related_task"]);
    let early = v1::Task {
        due_time: at(0),
        ..named("a")
    };
    let refused = update(&server, early, &["due_time"]).await.unwrap_err();
    assert_eq!(fields(&refused), ["task.due_time"]);
    let percent = v1::Task {
        percent_complete: 101,
        ..named("a")
    };
    let refused = update(&server, percent, &["percent_complete"])
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["task.percent_complete"]);
    // None of it left anything behind.
    let next = create(&server, "b", task(given())).await.unwrap();
    assert_eq!(next.number, "ACME-TASK-2");
}

#[tokio::test]
async fn only_what_is_billable_is_billed() {
    let server = TestServer::start().await;
    create(&server, "a", task(v1::Task::default()))
        .await
        .unwrap();
    let bill = v1::MarkBilledRequest {
        name: "tasks/a".into(),
        billed: true,
        ..Default::default()
    };
    let refused = client(&server).mark_billed(server.admin(bill)).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "NOT_BILLABLE")
    );
}

#[tokio::test]
async fn a_list_is_not_asked_for_what_it_does_not_know_or_by_the_token_of_another() {
    let server = TestServer::start_with_projectors().await;
    for id in ["a", "b"] {
        create(&server, id, task(v1::Task::default()))
            .await
            .unwrap();
    }
    server.is_up_to_date().await;
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let list = v1::ListTasksRequest {
        filter: "colour = \"red\"".into(),
        ..Default::default()
    };
    let refused = tasks.list_tasks(server.ana(list)).await.unwrap_err();
    let said = violations(&refused);
    assert_eq!(said[0].0, "filter");
    assert!(said[0].1.contains("colour"), "{said:?}");
    let first = v1::ListTasksRequest {
        page_size: 1,
        filter: "open".into(),
        ..Default::default()
    };
    let page = tasks.list_tasks(server.ana(first)).await.unwrap();
    let other = v1::ListTasksRequest {
        page_size: 1,
        filter: "status = \"complete\"".into(),
        page_token: page.into_inner().next_page_token,
        ..Default::default()
    };
    assert!(!other.page_token.is_empty());
    let refused = tasks.list_tasks(server.ana(other)).await.unwrap_err();
    assert_eq!(fields(&refused), ["page_token"]);
}

#[tokio::test]
async fn a_format_of_numbers_has_the_subject_and_the_number_once() {
    let server = TestServer::start().await;
    let mut settings = SettingsCommandServiceClient::new(server.channel.clone());
    for format in [
        "{SUBJECT}-TASK",
        "TASK-{n}",
        "{SUBJECT}-{n}-{n}",
        "{SUBJECT}-{m}-{n}",
    ] {
        let request = v1::UpdateSettingsRequest {
            settings: Some(v1::Settings {
                task_number_format: format.into(),
                ..Default::default()
            }),
            update_mask: mask(&["task_number_format"]),
            ..Default::default()
        };
        let refused = settings.update_settings(server.admin(request)).await;
        let said = violations(&refused.unwrap_err());
        assert_eq!(said[0].0, "settings.task_number_format", "{format}");
        assert!(said[0].1.contains("{n}"), "{said:?}");
    }
    let kept = create(&server, "a", task(v1::Task::default()))
        .await
        .unwrap();
    assert_eq!(kept.number, "ACME-TASK-1");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_new_task_is_told_at_once() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let create = v1::CreateTaskRequest {
        task_id: "Not an id".into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            assignees: vec!["ana".into()],
            percent_complete: 101,
            start_time: at(2_000_000_000),
            due_time: at(1_900_000_000),
            related_tasks: vec!["tasks/a".into(); 101],
            ..Default::default()
        }),
        request_id: "no uuid".into(),
    };
    let refused = tasks.create_task(server.ana(create)).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "request_id",
            "task_id",
            "task.title",
            "task.assignees[0]",
            "task.percent_complete",
            "task.related_tasks",
            // What the domain finds in the parts that could be read.
            "task.due_time"
        ]
    );
}

#[tokio::test]
async fn all_that_is_wrong_with_an_update_is_told_at_once() {
    let server = TestServer::start().await;
    create(&server, "a", task(v1::Task::default()))
        .await
        .unwrap();
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let update = v1::UpdateTaskRequest {
        task: Some(v1::Task {
            name: "tasks/a".into(),
            percent_complete: 101,
            start_time: at(2_000_000_000),
            due_time: at(1_900_000_000),
            ..Default::default()
        }),
        update_mask: mask(&["percent_complete", "start_time", "due_time"]),
        etag: "no etag".into(),
        ..Default::default()
    };
    let refused = tasks.update_task(server.ana(update)).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        ["etag", "task.percent_complete", "task.due_time"]
    );
}

#[tokio::test]
async fn a_generated_task_takes_no_field_that_it_would_drop() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let generate = v1::GenerateTaskRequest {
        account: "accounts/acme".into(),
        task_type: "review-response".into(),
        work_key: "r1".into(),
        task: Some(v1::Task {
            title: "Answer it".into(),
            tags: vec!["red".into()],
            due_date: "2026-12-01".into(),
            save_to_tracker: true,
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = tasks.generate_task(server.ana(generate)).await;
    assert_eq!(
        fields(&refused.unwrap_err()),
        ["task.due_date", "task.tags", "task.save_to_tracker"]
    );
}
