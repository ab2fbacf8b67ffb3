//! Dry runs: what they say is what then happens, and nothing else happens.

use handoff_commands::new_id;
use handoff_domain::{
    Holding,
    commands::{AssignOrder, CheckOrderTask, CreateActivity},
    settings::OwnershipPolicy,
    task::{Due, Origin},
    text::Html,
};
use handoff_proto::v1::{self, ItemOutcome::Moved, ItemReason};
use tonic::{Code, Status};

use crate::{
    operations::{
        ACME, ANA, BEN, Looked, account, accounts, carry_out, follow, give, members, pass, planned,
        results, role_of, scene, set_policy, task, tasks, tasks_of,
    },
    order_queries::{in_order, order, place, sell},
    support::{TestServer, fields, reason},
};

async fn generated(server: &TestServer, key: &str) -> String {
    let request = v1::GenerateTaskRequest {
        account: ACME.into(),
        task_type: "social-post".into(),
        work_key: key.into(),
        task: Some(v1::Task {
            title: "Post".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = tasks(server)
        .generate_task(server.ana(request))
        .await
        .unwrap();
    match answer.into_inner().outcome {
        Some(v1::generate_task_response::Outcome::Task(task)) => task.name,
        other => panic!("{other:?}"),
    }
}

async fn events(server: &TestServer) -> i64 {
    let database = server.database.connect().await;
    let row = database
        .query_one("select count(*) from event_log.events", &[])
        .await;
    row.unwrap().get(0)
}

async fn assign(
    server: &TestServer,
    expected_position: i64,
) -> Result<v1::AssignRoleResponse, Status> {
    let request = v1::AssignRoleRequest {
        expected_position,
        ..give("assignee")
    };
    let answer = accounts(server).assign_role(server.admin(request)).await?;
    Ok(answer.into_inner())
}

async fn dry(server: &TestServer) -> v1::OwnershipPlan {
    let request = v1::AssignRoleRequest {
        validate_only: true,
        ..give("assignee")
    };
    let answer = accounts(server).assign_role(server.admin(request)).await;
    answer.unwrap().into_inner().plan.unwrap()
}

#[tokio::test]
async fn the_plan_of_a_role_is_what_the_policy_then_does() {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::OpenExceptManual).await;
    task(&server, "manual", ACME, "").await;
    task(&server, "other", ACME, "sales-manager").await;
    let generated = generated(&server, "1").await;
    let generated_id = generated.strip_prefix("tasks/").unwrap();

    let before = events(&server).await;
    let request = v1::AssignRoleRequest {
        validate_only: true,
        ..give("assignee")
    };
    let answer = accounts(&server).assign_role(server.ana(request)).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(events(&server).await, before);
    assert_eq!((answer.account, answer.receipt), (None, None));
    assert_eq!(answer.operation, "");
    let plan = answer.plan.unwrap();
    let counts = plan.counts.unwrap();
    assert_eq!((counts.moved, counts.kept, counts.skipped), (2, 2, 0));

    let done = assign(&server, plan.position).await.unwrap();
    let size = done.plan.unwrap();
    assert_eq!((size.items.len(), size.counts), (0, plan.counts));
    let looked = [
        ("manual", None, Origin::Manual),
        ("other", Some("sales-manager"), Origin::Manual),
        (generated_id, None, Origin::Automation),
    ]
    .map(|(id, role, origin)| Looked { id, role, origin });
    let policy = OwnershipPolicy::OpenExceptManual;
    follow(
        &server,
        &done.operation,
        (ACME, "assignee"),
        policy,
        &looked,
    )
    .await;
    let rows = planned(Some(&plan));
    assert_eq!(rows, results(&server, &done.operation).await);
    assert!(rows.contains(&(
        generated.clone(),
        String::new(),
        Moved,
        ItemReason::Unspecified,
        ANA.into(),
        BEN.into()
    )));
}

#[tokio::test]
async fn orders_and_activities_are_in_the_plan_and_a_change_of_one_makes_it_another() {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    sell(&server).await;
    server.submit("members/admin", place("o1", ACME)).await;
    let add = AssignOrder {
        name: order("o1"),
        add: vec![ANA.parse().unwrap()],
        remove: Vec::new(),
    };
    server.submit("members/admin", add).await;
    let call = CreateActivity {
        name: "activities/call".parse().unwrap(),
        account: ACME.parse().unwrap(),
        note: Html::new("Call").unwrap(),
        due: Some(Due::At("2099-01-15T08:00:00Z".parse().unwrap())),
        assignee: Some(ANA.parse().unwrap()),
    };
    server.submit("members/admin", call).await;
    let plan = dry(&server).await;
    let rows = planned(Some(&plan));
    let moved: Vec<_> = rows
        .iter()
        .map(|(resource, ..)| resource.as_str())
        .collect();
    let audit = "orders/o1/tasks/audit";
    assert_eq!(moved, [ACME, "activities/call", "orders/o1", audit]);
    let check = CheckOrderTask {
        name: in_order("o1", "audit"),
    };
    server.submit("members/admin", check).await;
    refused(&server, plan.position, "orders/o1").await;
}

#[tokio::test]
async fn work_that_the_policy_none_leaves_is_shown_and_not_recorded() {
    let server = scene().await;
    task(&server, "a", ACME, "").await;
    let plan = dry(&server).await;
    let reasons: Vec<_> = plan.items.iter().map(|item| item.reason()).collect();
    assert_eq!(reasons, [ItemReason::Unspecified, ItemReason::PolicyNone]);
    let done = assign(&server, plan.position).await.unwrap();
    assert_eq!(results(&server, &done.operation).await.len(), 1);
}

/// Two tasks that follow the role, and an account of which the plan knows nothing.
async fn with_plan() -> TestServer {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    task(&server, "a", ACME, "").await;
    task(&server, "b", ACME, "").await;
    account(&server, "other").await;
    server
}

/// Executing the plan as of a position is refused because of a resource, and does nothing.
async fn refused(server: &TestServer, position: i64, resource: &str) {
    let before = events(server).await;
    let status = assign(server, position).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Aborted, "PLAN_CHANGED")
    );
    assert!(status.message().contains(resource), "{status:?}");
    assert_eq!(events(server).await, before);
}

#[tokio::test]
async fn a_change_of_account_or_policy_makes_it_another_plan() {
    let server = with_plan().await;

    // The account.
    let position = dry(&server).await.position;
    let update = v1::PauseAccountRequest {
        name: ACME.into(),
        ..Default::default()
    };
    accounts(&server)
        .pause_account(server.ana(update))
        .await
        .unwrap();
    refused(&server, position, ACME).await;

    // The policy.
    let position = dry(&server).await.position;
    set_policy(&server, v1::OwnershipPolicy::OpenExceptManual).await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    refused(&server, position, "settings").await;
}

#[tokio::test]
async fn a_change_of_an_item_makes_it_another_plan() {
    let server = with_plan().await;

    // An item that is still listed.
    let position = dry(&server).await.position;
    let update = v1::SetTaskStatusRequest {
        name: "tasks/a".into(),
        status: v1::TaskStatus::InProgress.into(),
        ..Default::default()
    };
    tasks(&server)
        .set_task_status(server.ana(update))
        .await
        .unwrap();
    refused(&server, position, "tasks/a").await;

    // One that is not listed any more.
    let position = dry(&server).await.position;
    let complete = v1::CompleteTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    tasks(&server)
        .complete_task(server.ana(complete))
        .await
        .unwrap();
    refused(&server, position, "tasks/a").await;

    // One that is listed only now.
    let position = dry(&server).await.position;
    let reopen = v1::ReopenTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    tasks(&server)
        .reopen_task(server.ana(reopen))
        .await
        .unwrap();
    refused(&server, position, "tasks/a").await;
}

#[tokio::test]
async fn what_is_not_in_a_plan_may_change_and_a_retry_gets_the_first_answer() {
    let server = with_plan().await;
    let position = dry(&server).await.position;
    let pause = v1::PauseAccountRequest {
        name: "accounts/other".into(),
        ..Default::default()
    };
    accounts(&server)
        .pause_account(server.ana(pause))
        .await
        .unwrap();
    let request = v1::AssignRoleRequest {
        expected_position: position,
        ..give("assignee")
    };
    let first = accounts(&server)
        .assign_role(server.admin(request.clone()))
        .await;
    let first = first.unwrap().into_inner();
    // A retry gets the first answer, though the account has changed since: by itself.
    let again = accounts(&server)
        .assign_role(server.admin(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.operation, first.operation);
    assert!(again.receipt.unwrap().replayed);
}

#[tokio::test]
async fn the_plan_of_a_disabling_is_what_then_happens() {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    account(&server, "beta").await;
    task(&server, "a", ACME, "sales-manager").await;
    task(&server, "b", "accounts/beta", "").await;
    let team = v1::SetSupportTeamRequest {
        name: ACME.into(),
        members: vec![ANA.into(), BEN.into()],
        ..Default::default()
    };
    accounts(&server)
        .set_support_team(server.ana(team))
        .await
        .unwrap();
    let request = v1::DisableMemberRequest {
        name: ANA.into(),
        successor: BEN.into(),
        validate_only: true,
        request_id: new_id().to_string(),
        ..Default::default()
    };
    let before = events(&server).await;
    let answer = members(&server)
        .disable_member(server.admin(request.clone()))
        .await;
    let plan = answer.unwrap().into_inner().plan.unwrap();
    assert_eq!(events(&server).await, before);
    assert_eq!(plan.counts.unwrap().moved, 5);
    assert!(!plan.more);

    let execute = v1::DisableMemberRequest {
        validate_only: false,
        expected_position: plan.position,
        ..request.clone()
    };
    let answer = members(&server)
        .disable_member(server.admin(execute.clone()))
        .await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.plan.unwrap().counts, plan.counts);
    assert!(answer.member.unwrap().enabled, "until the operation ends");
    let again = members(&server).disable_member(server.admin(execute)).await;
    assert_eq!(again.unwrap().into_inner().operation, answer.operation);
    let mut items = vec![
        role_of(ACME, "assignee"),
        role_of("accounts/beta", "assignee"),
    ];
    items.push(Holding::SupportTeam {
        account: ACME.parse().unwrap(),
    });
    items.extend(tasks_of(&["a", "b"]));
    carry_out(&server, &answer.operation, items).await;
    assert_eq!(
        planned(Some(&plan)),
        results(&server, &answer.operation).await
    );

    let late = v1::DisableMemberRequest {
        name: BEN.into(),
        successor: "members/admin".into(),
        request_id: String::new(),
        ..request
    };
    let answer = members(&server)
        .disable_member(server.admin(late.clone()))
        .await;
    let position = answer.unwrap().into_inner().plan.unwrap().position;
    let complete = v1::CompleteTaskRequest {
        name: "tasks/b".into(),
        ..Default::default()
    };
    tasks(&server)
        .complete_task(server.admin(complete))
        .await
        .unwrap();
    let stale = v1::DisableMemberRequest {
        validate_only: false,
        expected_position: position,
        ..late
    };
    let stale = members(&server)
        .disable_member(server.admin(stale))
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "PLAN_CHANGED");
}

#[tokio::test]
async fn a_dry_run_refuses_what_would_be_refused() {
    let server = scene().await;
    let request = v1::DisableMemberRequest {
        name: ANA.into(),
        validate_only: true,
        ..Default::default()
    };
    let holds = members(&server)
        .disable_member(server.admin(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&holds), "MEMBER_HOLDS_WORK");
    let request = v1::DisableMemberRequest {
        name: "members/admin".into(),
        successor: BEN.into(),
        validate_only: true,
        ..Default::default()
    };
    let last = members(&server)
        .disable_member(server.admin(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&last), "LAST_ADMIN");
    let request = v1::AssignRoleRequest {
        role: "juggler".into(),
        validate_only: true,
        ..give("assignee")
    };
    let unknown = accounts(&server)
        .assign_role(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "UNKNOWN_ROLE");
    let request = v1::AssignRoleRequest {
        etag: "99".into(),
        validate_only: true,
        ..give("assignee")
    };
    let stale = accounts(&server)
        .assign_role(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "VERSION_MISMATCH");
    let request = v1::AssignRoleRequest {
        expected_position: -1,
        ..give("assignee")
    };
    let negative = accounts(&server)
        .assign_role(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(fields(&negative), ["expected_position"]);
    let vacate = v1::VacateRoleRequest {
        name: ACME.into(),
        role: "assignee".into(),
        validate_only: true,
        ..Default::default()
    };
    let vacate = accounts(&server)
        .vacate_role(server.ana(vacate))
        .await
        .unwrap_err();
    assert_eq!(reason(&vacate), "ASSIGNEE_REQUIRED");
}

#[tokio::test]
async fn a_transfer_of_roles_leaves_the_work_to_the_policy() {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    task(&server, "a", ACME, "").await;
    let request = v1::TransferResourcesRequest {
        validate_only: true,
        ..pass(&[v1::HoldingKind::Role])
    };
    let answer = members(&server)
        .transfer_resources(server.admin(request.clone()))
        .await;
    let plan = answer.unwrap().into_inner().plan.unwrap();
    assert_eq!(plan.counts.unwrap().moved, 2);
    let execute = v1::TransferResourcesRequest {
        validate_only: false,
        expected_position: plan.position,
        ..request
    };
    let answer = members(&server)
        .transfer_resources(server.admin(execute))
        .await;
    let operation = answer.unwrap().into_inner().operation.unwrap().name;
    carry_out(&server, &operation, vec![role_of(ACME, "assignee")]).await;
    let looked = Looked {
        id: "a",
        role: None,
        origin: Origin::Manual,
    };
    let policy = OwnershipPolicy::AllOpen;
    follow(&server, &operation, (ACME, "assignee"), policy, &[looked]).await;
    assert_eq!(planned(Some(&plan)), results(&server, &operation).await);
    let itself = v1::TransferResourcesRequest {
        to: ANA.into(),
        ..pass(&[])
    };
    let itself = members(&server)
        .transfer_resources(server.admin(itself))
        .await
        .unwrap_err();
    assert_eq!(fields(&itself), ["to"]);
}

#[tokio::test]
async fn a_batch_takes_a_list_or_a_filter_of_accounts() {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    account(&server, "beta").await;
    task(&server, "a", ACME, "").await;
    task(&server, "b", "accounts/beta", "").await;
    let batch = v1::BatchAssignRoleRequest {
        role: "assignee".into(),
        holder: BEN.into(),
        validate_only: true,
        ..Default::default()
    };
    let ask = async |request: v1::BatchAssignRoleRequest| {
        let answer = accounts(&server)
            .batch_assign_role(server.admin(request))
            .await;
        answer.map(tonic::Response::into_inner)
    };
    let listed = v1::BatchAssignRoleRequest {
        accounts: [ACME, "accounts/none", ACME, "accounts/beta"]
            .map(Into::into)
            .into(),
        ..batch.clone()
    };
    let plan = ask(listed.clone()).await.unwrap().plan.unwrap();
    let counts = plan.counts.unwrap();
    assert_eq!((counts.moved, counts.kept, counts.skipped), (4, 0, 1));
    let filtered = v1::BatchAssignRoleRequest {
        filter: "assignee = members/ana".into(),
        ..batch.clone()
    };
    let by_filter = ask(filtered.clone()).await.unwrap().plan.unwrap();
    assert_eq!(by_filter.counts.unwrap().moved, 4);

    let work = v1::CompleteTaskRequest {
        name: "tasks/b".into(),
        ..Default::default()
    };
    tasks(&server)
        .complete_task(server.ana(work))
        .await
        .unwrap();
    for request in [&listed, &filtered] {
        let stale = v1::BatchAssignRoleRequest {
            validate_only: false,
            expected_position: plan.position,
            ..request.clone()
        };
        assert_eq!(reason(&ask(stale).await.unwrap_err()), "PLAN_CHANGED");
    }
    let now = ask(filtered.clone()).await.unwrap().plan.unwrap();
    let execute = v1::BatchAssignRoleRequest {
        validate_only: false,
        expected_position: now.position,
        ..filtered.clone()
    };
    let begun = ask(execute).await.unwrap().operation.unwrap();
    assert_eq!(begun.filter, filtered.filter);
    assert_eq!(begun.status(), v1::OperationStatus::Planning);

    for (request, wrong) in [
        (batch.clone(), "accounts"),
        (
            v1::BatchAssignRoleRequest {
                filter: "status = ACTIVE".into(),
                ..listed.clone()
            },
            "filter",
        ),
        (
            v1::BatchAssignRoleRequest {
                filter: "shoe_size > 3".into(),
                ..batch.clone()
            },
            "filter",
        ),
        (
            v1::BatchAssignRoleRequest {
                filter: "assignee = me".into(),
                ..batch.clone()
            },
            "filter",
        ),
        (
            v1::BatchAssignRoleRequest {
                accounts: vec![ACME.into(); 1_001],
                ..batch
            },
            "accounts",
        ),
    ] {
        assert_eq!(fields(&ask(request).await.unwrap_err()), [wrong]);
    }
}
