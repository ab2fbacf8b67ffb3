//! Each process works with a login that may do its work and no more, as the docs for operators say.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use handoff_proto::v1::{GetTaskRequest, ListProjectionsRequest};
use handoff_testkit::PrivatePostgres;
use handoff_tests::{Deployment, task};

/// The logins of the docs, and the roles that each is granted.
const LOGINS: [(&str, &str); 4] = [
    (
        "login_api",
        "handoff_appender, handoff_reader, handoff_projector",
    ),
    ("login_relay", "handoff_relay, handoff_reader"),
    ("login_project", "handoff_projector, handoff_reader"),
    (
        "login_policies",
        "handoff_appender, handoff_reader, handoff_policy",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_process_runs_with_a_login_of_its_own() {
    // Roles belong to the whole server.
    let postgres = PrivatePostgres::start().await;
    let deployment = Deployment::on_postgres(&postgres).await;
    let admin = deployment.connect().await;
    for (login, roles) in LOGINS {
        let sql = format!(
            "create role {login} login noinherit password 'of-its-own'; grant {roles} to {login}"
        );
        admin.batch_execute(&sql).await.unwrap();
    }
    let as_login = |login: &str| {
        let port = postgres.port();
        format!("postgres://{login}:of-its-own@127.0.0.1:{port}/handoff")
    };
    let (api, relay, project, policies) = (
        as_login("login_api"),
        as_login("login_relay"),
        as_login("login_project"),
        as_login("login_policies"),
    );
    let (_api, client) = deployment
        .api_with(&[("HANDOFF_DATABASE_URL", api.as_str())])
        .await;
    let _relay = deployment
        .role_with(&["relay"], &[("HANDOFF_DATABASE_URL", relay.as_str())])
        .await;
    let _project = deployment
        .role_with(
            &[
                "project",
                "accounts",
                "members",
                "tasks",
                "task_texts",
                "task_notes",
                "activities",
                "services",
                "orders",
                "order_notes",
                "portal",
                "portal_notes",
                "timelines",
                "history",
                "documents",
                "operations",
                "operation_items",
            ],
            &[("HANDOFF_DATABASE_URL", project.as_str())],
        )
        .await;
    let _policies = deployment
        .role_with(
            &["policies"],
            &[("HANDOFF_DATABASE_URL", policies.as_str())],
        )
        .await;

    let created = client
        .tasks
        .clone()
        .create_task(task("t1", "acme"))
        .await
        .unwrap()
        .into_inner();
    let request = GetTaskRequest {
        name: created.task.unwrap().name,
        min_position: created.receipt.unwrap().position,
    };
    let shown = client
        .task_queries
        .clone()
        .get_task(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(shown.task.unwrap().number, "ACME-TASK-1");
    client
        .projections
        .clone()
        .list_projections(ListProjectionsRequest::default())
        .await
        .unwrap();
    deployment.caught_up(&client).await;
}
