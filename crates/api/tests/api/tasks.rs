//! Commands about tasks with all their fields, from end to end.

use handoff_domain::{
    commands::CreateTask,
    names::TaskName,
    task::{Draft, Origin},
    text::Line,
};
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use prost_types::{FieldMask, Timestamp};
use tonic::{Code, transport::Channel};

use crate::support::{TestServer, fields, reason};

const ACME: &str = "accounts/acme";
const ZOE: &str = "accounts/acme/contacts/zoe";

fn client(server: &TestServer) -> TaskCommandServiceClient<Channel> {
    TaskCommandServiceClient::new(server.channel.clone())
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: paths.iter().map(ToString::to_string).collect(),
    })
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

/// Creates a task about `accounts/acme`.
async fn create(server: &TestServer, id: &str, task: v1::Task) -> v1::CreateTaskResponse {
    let request = v1::CreateTaskRequest {
        task_id: id.into(),
        task: Some(v1::Task {
            subject: ACME.into(),
            title: "Call".into(),
            ..task
        }),
        ..Default::default()
    };
    let created = client(server).create_task(server.ana(request)).await;
    created.unwrap().into_inner()
}

/// The contact `zoe`, who may sign in.
async fn zoe(server: &TestServer) {
    let request = v1::CreateContactRequest {
        parent: ACME.into(),
        contact_id: "zoe".into(),
        contact: Some(v1::Contact {
            display_name: "Zoe".into(),
            portal_access: true,
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    accounts.create_contact(server.ana(request)).await.unwrap();
}

fn euros(units: i64, nanos: i32) -> Option<v1::Money> {
    Some(v1::Money {
        currency_code: "EUR".into(),
        units,
        nanos,
    })
}

/// A task with every field that a caller can give besides subject and title.
fn full() -> v1::Task {
    v1::Task {
        description: "<p>soon</p>".into(),
        category: "Phone Call".into(),
        status: v1::TaskStatus::InProgress.into(),
        priority: v1::TaskPriority::High.into(),
        visibility: v1::TaskVisibility::Portal.into(),
        assignees: texts(&["members/admin"]),
        start_time: Some(Timestamp {
            seconds: 1_800_000_000,
            nanos: 0,
        }),
        due_time: Some(Timestamp {
            seconds: 1_800_003_600,
            nanos: 0,
        }),
        percent_complete: 20,
        notify: Some(v1::TaskNotify {
            recipients: texts(&["members/ana", ZOE, "boss@example.com"]),
            on_change: true,
            on_complete: true,
        }),
        estimated_hours: "12.5".into(),
        actual_hours: "0.25".into(),
        billable: true,
        requester: Some(v1::TaskRequester {
            display_name: "Zoe".into(),
            email: "zoe@example.com".into(),
            phone: "+49 30 1234567".into(),
        }),
        quantity: "3".into(),
        price: euros(1_200, 500_000_000),
        mileage: "17.4".into(),
        expenses: euros(0, 990_000_000),
        related_tasks: texts(&["tasks/other"]),
        tags: texts(&["urgent client", "q4"]),
        responsible_role: "assignee".into(),
        save_to_tracker: true,
        ..Default::default()
    }
}

#[tokio::test]
async fn every_field_of_a_task_goes_there_and_back() {
    let server = TestServer::start_with_projectors().await;
    create(&server, "other", Default::default()).await;
    zoe(&server).await;
    let created = create(&server, "a", full()).await;
    let task = created.task.unwrap();
    let given = v1::Task {
        name: "tasks/a".into(),
        number: "ACME-TASK-2".into(),
        subject: ACME.into(),
        title: "Call".into(),
        due_source: v1::TaskDueSource::Manual.into(),
        sla_hours: task.sla_hours,
        origin: v1::TaskOrigin::Manual.into(),
        creator: "members/ana".into(),
        create_time: task.create_time,
        update_time: task.update_time,
        etag: task.etag.clone(),
        overdue: task.overdue,
        kind: v1::TaskKind::Standalone.into(),
        ..full()
    };
    assert_eq!(task, given);

    let min_position = created.receipt.unwrap().position;
    let mut queries = TaskQueryServiceClient::new(server.channel.clone());
    let get = |name: &str| v1::GetTaskRequest {
        name: name.into(),
        min_position,
    };
    let found = queries.get_task(server.ana(get("tasks/a"))).await.unwrap();
    let found = found.into_inner().task.unwrap();
    assert_eq!(
        v1::Task {
            subject_display_name: String::new(),
            overdue: given.overdue,
            ..found
        },
        given
    );
    let other = queries
        .get_task(server.ana(get("tasks/other")))
        .await
        .unwrap();
    assert_eq!(other.into_inner().task.unwrap().related_tasks, ["tasks/a"]);
}

#[tokio::test]
async fn every_field_of_a_new_task_at_fault_is_named() {
    let server = TestServer::start().await;
    let request = v1::CreateTaskRequest {
        task: Some(v1::Task {
            subject: ACME.into(),
            title: "Call".into(),
            due_time: Some(Timestamp::default()),
            due_date: "2026-12-01".into(),
            notify: Some(v1::TaskNotify {
                recipients: texts(&["members/ana", "zoe"]),
                ..Default::default()
            }),
            estimated_hours: "-1".into(),
            actual_hours: "1e3".into(),
            requester: Some(v1::TaskRequester {
                display_name: "a\nb".into(),
                email: "zoe".into(),
                phone: "x".into(),
            }),
            quantity: "0.00001".into(),
            price: Some(v1::Money::default()),
            mileage: "far".into(),
            expenses: euros(1, -1),
            related_tasks: texts(&["other"]),
            tags: texts(&["ok", ""]),
            responsible_role: "The Boss".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refusal = client(&server).create_task(server.ana(request)).await;
    assert_eq!(
        fields(&refusal.unwrap_err()),
        [
            "task.due_date",
            "task.notify.recipients[1]",
            "task.estimated_hours",
            "task.actual_hours",
            "task.requester.display_name",
            "task.requester.email",
            "task.requester.phone",
            "task.quantity",
            "task.price",
            "task.mileage",
            "task.expenses",
            "task.related_tasks[0]",
            "task.tags[1]",
            "task.responsible_role",
        ]
    );
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names_and_nothing_else() {
    let server = TestServer::start().await;
    let mut tasks = client(&server);
    create(&server, "other", Default::default()).await;
    zoe(&server).await;
    let before = create(&server, "a", full()).await.task.unwrap();
    let update = |task: v1::Task, paths: &[&str]| v1::UpdateTaskRequest {
        task: Some(v1::Task {
            name: "tasks/a".into(),
            ..task
        }),
        update_mask: mask(paths),
        ..Default::default()
    };
    let new = v1::Task {
        title: "Write".into(),
        requester: Some(v1::TaskRequester {
            phone: "030 7654321".into(),
            ..Default::default()
        }),
        tags: texts(&["q1"]),
        // Not named, so not looked at.
        priority: 99,
        ..Default::default()
    };
    let paths = ["title", "requester.phone", "tags", "price", "due_time"];
    let answer = tasks.update_task(server.ana(update(new.clone(), &paths)));
    let answer = answer.await.unwrap().into_inner();
    let after = answer.task.unwrap();
    assert_eq!(answer.receipt.unwrap().events_appended, 1);
    assert_eq!(after.due_source(), v1::TaskDueSource::Sla);
    let mut requester = before.requester.clone().unwrap();
    requester.phone = "030 7654321".into();
    assert_eq!(
        after,
        v1::Task {
            title: "Write".into(),
            requester: Some(requester),
            tags: texts(&["q1"]),
            price: None,
            due_time: after.due_time,
            due_source: after.due_source,
            overdue: after.overdue,
            etag: after.etag.clone(),
            update_time: after.update_time,
            ..before.clone()
        }
    );

    // The same again changes nothing; a stale etag would be refused.
    let again = tasks.update_task(server.ana(update(new.clone(), &paths)));
    let receipt = again.await.unwrap().into_inner().receipt.unwrap();
    assert_eq!(receipt.events_appended, 0);
    let stale = v1::UpdateTaskRequest {
        etag: before.etag,
        ..update(new, &["title"])
    };
    let refusal = tasks.update_task(server.ana(stale)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Aborted);

    let day = v1::Task {
        due_date: "2030-06-01".into(),
        ..Default::default()
    };
    let answer = tasks.update_task(server.ana(update(day, &["due_date"])));
    let due = answer.await.unwrap().into_inner().task.unwrap().due_time;
    // The last second of that day, in UTC.
    assert_eq!(due.unwrap().seconds, 1_906_588_799);

    // Everything that can be taken away is, in one save.
    let emptied = [
        "description",
        "category",
        "percent_complete",
        "priority",
        "visibility",
        "due_date",
        "estimated_hours",
        "actual_hours",
        "billable",
        "requester",
        "quantity",
        "mileage",
        "expenses",
        "tags",
        "responsible_role",
    ];
    let answer = tasks.update_task(server.ana(update(Default::default(), &emptied)));
    let task = answer.await.unwrap().into_inner().task.unwrap();
    assert_eq!(
        task,
        v1::Task {
            name: task.name.clone(),
            number: task.number.clone(),
            subject: task.subject.clone(),
            title: task.title.clone(),
            status: task.status,
            priority: v1::TaskPriority::Normal.into(),
            visibility: v1::TaskVisibility::Internal.into(),
            assignees: task.assignees.clone(),
            notify: task.notify.clone(),
            start_time: task.start_time,
            due_time: task.due_time,
            due_source: v1::TaskDueSource::Sla.into(),
            sla_hours: task.sla_hours,
            related_tasks: task.related_tasks.clone(),
            save_to_tracker: true,
            kind: v1::TaskKind::Standalone.into(),
            origin: task.origin,
            creator: task.creator.clone(),
            create_time: task.create_time,
            update_time: task.update_time,
            etag: task.etag.clone(),
            overdue: task.overdue,
            ..Default::default()
        }
    );
}

#[tokio::test]
async fn every_field_of_an_update_at_fault_is_named() {
    let server = TestServer::start().await;
    let mut tasks = client(&server);
    let request = v1::UpdateTaskRequest {
        task: Some(v1::Task {
            name: "a".into(),
            percent_complete: -1,
            visibility: 9,
            quantity: "many".into(),
            ..Default::default()
        }),
        update_mask: mask(&[
            "title",
            "percent_complete",
            "visibility",
            "start_time",
            "quantity",
        ]),
        request_id: "7".into(),
        etag: "x".into(),
    };
    let refusal = tasks.update_task(server.ana(request)).await.unwrap_err();
    assert_eq!(
        fields(&refusal),
        [
            "request_id",
            "etag",
            "task.name",
            "task.title",
            "task.percent_complete",
            "task.visibility",
            "task.start_time",
            "task.quantity",
        ]
    );
    for other in [
        "status",
        "billed",
        "notify",
        "requester.age",
        "internal_note",
        "*",
    ] {
        let request = v1::UpdateTaskRequest {
            task: Some(v1::Task {
                name: "tasks/a".into(),
                ..Default::default()
            }),
            update_mask: mask(&["tags", other]),
            ..Default::default()
        };
        let refusal = tasks.update_task(server.ana(request)).await.unwrap_err();
        assert_eq!(fields(&refusal), ["update_mask"], "{other}");
    }
}

#[tokio::test]
async fn what_a_contact_submitted_only_admins_rewrite() {
    let server = TestServer::start().await;
    create(&server, "other", Default::default()).await;
    zoe(&server).await;
    let submitted = CreateTask {
        name: TaskName::from_id("p").unwrap(),
        draft: Draft {
            subject: Some(ACME.parse().unwrap()),
            title: Some(Line::new("Please call").unwrap()),
            ..Draft::default()
        },
        origin: Origin::Portal,
    };
    server.submit(ZOE, submitted).await;
    let request = |paths: &[&str]| v1::UpdateTaskRequest {
        task: Some(v1::Task {
            name: "tasks/p".into(),
            title: "Call Zoe".into(),
            billable: true,
            ..Default::default()
        }),
        update_mask: mask(paths),
        ..Default::default()
    };
    let mut tasks = client(&server);
    let both = request(&["title", "billable"]);
    let refusal = tasks.update_task(server.ana(both.clone())).await;
    let refusal = refusal.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal).as_str()),
        (Code::PermissionDenied, "NOT_ALLOWED")
    );
    assert!(refusal.message().contains("title"), "{refusal:?}");
    let allowed = tasks.update_task(server.ana(request(&["billable"]))).await;
    let task = allowed.unwrap().into_inner().task.unwrap();
    assert_eq!(
        (task.origin(), task.title.as_str(), task.billable),
        (v1::TaskOrigin::Portal, "Please call", true)
    );
    let done = tasks.update_task(server.admin(both)).await.unwrap();
    assert_eq!(done.into_inner().task.unwrap().title, "Call Zoe");
}

#[tokio::test]
async fn a_task_goes_through_every_status_and_is_hidden_and_brought_back() {
    let server = TestServer::start().await;
    let mut tasks = client(&server);
    create(&server, "a", Default::default()).await;
    let set = |status: v1::TaskStatus| v1::SetTaskStatusRequest {
        name: "tasks/a".into(),
        status: status.into(),
        ..Default::default()
    };
    let waiting = tasks.set_task_status(server.ana(set(v1::TaskStatus::WaitingOnCustomer)));
    let task = waiting.await.unwrap().into_inner().task.unwrap();
    assert_eq!(task.status(), v1::TaskStatus::WaitingOnCustomer);
    let complete = tasks.set_task_status(server.ana(set(v1::TaskStatus::Complete)));
    let task = complete.await.unwrap().into_inner().task.unwrap();
    assert_eq!(task.completed_by, "members/ana");
    let refusal = tasks.set_task_status(server.ana(set(v1::TaskStatus::NotStarted)));
    assert_eq!(reason(&refusal.await.unwrap_err()), "TASK_CLOSED");
    let unspecified = tasks.set_task_status(server.ana(Default::default())).await;
    assert_eq!(fields(&unspecified.unwrap_err()), ["name", "status"]);

    let cancel = v1::CancelTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    let refusal = tasks.cancel_task(server.ana(cancel.clone())).await;
    assert_eq!(reason(&refusal.unwrap_err()), "TASK_CLOSED");
    let reopen = v1::ReopenTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    tasks.reopen_task(server.ana(reopen)).await.unwrap();
    let cancelled = tasks.cancel_task(server.ana(cancel)).await.unwrap();
    let cancelled = cancelled.into_inner().task.unwrap();
    assert_eq!(cancelled.status(), v1::TaskStatus::Cancelled);

    let delete = v1::DeleteTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    let deleted = tasks.delete_task(server.ana(delete.clone())).await.unwrap();
    assert_eq!(deleted.into_inner().receipt.unwrap().events_appended, 1);
    let again = tasks.delete_task(server.ana(delete)).await.unwrap();
    assert_eq!(again.into_inner().receipt.unwrap().events_appended, 0);
    let refusal = tasks.set_task_status(server.ana(set(v1::TaskStatus::InProgress)));
    assert_eq!(refusal.await.unwrap_err().code(), Code::NotFound);
    let undelete = v1::UndeleteTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    let back = tasks.undelete_task(server.ana(undelete)).await.unwrap();
    let back = back.into_inner().task.unwrap();
    assert_eq!(
        v1::Task {
            etag: cancelled.etag.clone(),
            update_time: cancelled.update_time,
            ..back
        },
        cancelled
    );
}

#[tokio::test]
async fn assignees_are_set_or_added_and_removed() {
    let server = TestServer::start().await;
    let mut tasks = client(&server);
    create(&server, "a", Default::default()).await;
    let change = |add: &[&str], remove: &[&str]| v1::AssignTaskRequest {
        name: "tasks/a".into(),
        add: texts(add),
        remove: texts(remove),
        ..Default::default()
    };
    let added = tasks.assign_task(server.ana(change(&["members/admin"], &[])));
    let task = added.await.unwrap().into_inner().task.unwrap();
    assert_eq!(task.assignees, ["members/admin", "members/ana"]);
    let removed = tasks.assign_task(server.ana(change(&[], &["members/ana"])));
    let task = removed.await.unwrap().into_inner().task.unwrap();
    assert_eq!(task.assignees, ["members/admin"]);
    let set = v1::AssignTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    let nobody = tasks.assign_task(server.ana(set)).await.unwrap();
    assert!(nobody.into_inner().task.unwrap().assignees.is_empty());

    let both = v1::AssignTaskRequest {
        assignees: texts(&["members/ana"]),
        ..change(&["members/admin"], &[])
    };
    let refusal = tasks.assign_task(server.ana(both)).await.unwrap_err();
    assert_eq!(fields(&refusal), ["assignees"]);
    let wrong = tasks.assign_task(server.ana(change(&["ana"], &["members/ana", "admin"])));
    assert_eq!(fields(&wrong.await.unwrap_err()), ["add[0]", "remove[1]"]);
}

#[tokio::test]
async fn notices_and_related_tasks_have_commands_of_their_own() {
    let server = TestServer::start().await;
    let mut tasks = client(&server);
    create(&server, "a", Default::default()).await;
    create(&server, "b", Default::default()).await;
    let notify = v1::TaskNotify {
        recipients: texts(&["boss@example.com", "members/admin"]),
        on_complete: true,
        ..Default::default()
    };
    let request = |notify| v1::SetNotifyRequest {
        name: "tasks/a".into(),
        notify,
        ..Default::default()
    };
    let set = tasks.set_notify(server.ana(request(Some(notify.clone()))));
    let task = set.await.unwrap().into_inner().task.unwrap();
    assert_eq!(task.notify, Some(notify));
    let wrong = v1::TaskNotify {
        recipients: texts(&["boss"]),
        ..Default::default()
    };
    let refusal = tasks.set_notify(server.ana(request(Some(wrong)))).await;
    assert_eq!(fields(&refusal.unwrap_err()), ["notify.recipients[0]"]);
    let nobody = tasks.set_notify(server.ana(request(None))).await.unwrap();
    assert_eq!(nobody.into_inner().task.unwrap().notify, None);

    let relate = |related_task: &str| v1::RelateTasksRequest {
        name: "tasks/a".into(),
        related_task: related_task.into(),
        ..Default::default()
    };
    let answer = tasks.relate_tasks(server.ana(relate("tasks/b"))).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.receipt.unwrap().events_appended, 2);
    assert_eq!(answer.task.unwrap().related_tasks, ["tasks/b"]);
    for wrong in ["", "b", "tasks/a"] {
        let refusal = tasks.relate_tasks(server.ana(relate(wrong))).await;
        assert_eq!(fields(&refusal.unwrap_err()), ["related_task"], "{wrong}");
    }
    let unrelate = v1::UnrelateTasksRequest {
        name: "tasks/b".into(),
        related_task: "tasks/a".into(),
        ..Default::default()
    };
    let answer = tasks.unrelate_tasks(server.ana(unrelate)).await.unwrap();
    assert!(answer.into_inner().task.unwrap().related_tasks.is_empty());
}
