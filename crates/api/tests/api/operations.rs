//! Operations as a client sees them: begun, carried out, read, waited for, undone.

use std::time::Duration;

use handoff_commands::new_id;
use handoff_domain::{
    Holding, HoldingKind,
    commands::{FinishPlanning, FollowRole, MoveItems, PlanItems, UndoItems},
    names::{AccountName, MemberName, OperationName, TaskName},
    operation::Reassigned,
    policy::{self, Candidate, RoleChange, Work},
    settings::OwnershipPolicy,
    task::Origin,
};
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    history_query_service_client::HistoryQueryServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    member_query_service_client::MemberQueryServiceClient,
    operation_command_service_client::OperationCommandServiceClient,
    operation_query_service_client::OperationQueryServiceClient,
    settings_command_service_client::SettingsCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use prost_types::FieldMask;
use tonic::{Code, Status, transport::Channel};

use crate::support::{TestServer, fields, reason};

pub(crate) const ANA: &str = "members/ana";
pub(crate) const BEN: &str = "members/ben";
pub(crate) const ACME: &str = "accounts/acme";

pub(crate) fn accounts(server: &TestServer) -> AccountCommandServiceClient<Channel> {
    AccountCommandServiceClient::new(server.channel.clone())
}

pub(crate) fn members(server: &TestServer) -> MemberCommandServiceClient<Channel> {
    MemberCommandServiceClient::new(server.channel.clone())
}

pub(crate) fn tasks(server: &TestServer) -> TaskCommandServiceClient<Channel> {
    TaskCommandServiceClient::new(server.channel.clone())
}

fn operations(server: &TestServer) -> OperationQueryServiceClient<Channel> {
    OperationQueryServiceClient::new(server.channel.clone())
}

/// A server with read models, the staff members `ana` and `ben`, and ana's account `acme`.
pub(crate) async fn scene() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    let create = v1::CreateMemberRequest {
        member: Some(v1::Member {
            display_name: "Ben".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    members(&server)
        .create_member(server.admin(create))
        .await
        .unwrap();
    account(&server, "acme").await;
    server
}

pub(crate) async fn account(server: &TestServer, id: &str) {
    let create = v1::CreateAccountRequest {
        account_id: id.into(),
        account: Some(v1::Account {
            display_name: id.into(),
            assignee: ANA.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    accounts(server)
        .create_account(server.admin(create))
        .await
        .unwrap();
}

pub(crate) async fn task(server: &TestServer, id: &str, account: &str, role: &str) {
    let create = v1::CreateTaskRequest {
        task_id: id.into(),
        task: Some(v1::Task {
            subject: account.into(),
            title: "Call back".into(),
            assignees: vec![ANA.into()],
            responsible_role: role.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    tasks(server).create_task(server.ana(create)).await.unwrap();
}

pub(crate) async fn set_policy(server: &TestServer, policy: v1::OwnershipPolicy) {
    let update = v1::UpdateSettingsRequest {
        settings: Some(v1::Settings {
            ownership_policy: policy.into(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["ownership_policy".into()],
        }),
        ..Default::default()
    };
    SettingsCommandServiceClient::new(server.channel.clone())
        .update_settings(server.admin(update))
        .await
        .unwrap();
}

pub(crate) fn give(role: &str) -> v1::AssignRoleRequest {
    v1::AssignRoleRequest {
        name: ACME.into(),
        role: role.into(),
        holder: BEN.into(),
        request_id: new_id().to_string(),
        ..Default::default()
    }
}

pub(crate) fn pass(kinds: &[v1::HoldingKind]) -> v1::TransferResourcesRequest {
    v1::TransferResourcesRequest {
        from: ANA.into(),
        to: BEN.into(),
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        request_id: new_id().to_string(),
        ..Default::default()
    }
}

/// What became of an item, to be compared.
pub(crate) type Row = (
    String,
    String,
    v1::ItemOutcome,
    v1::ItemReason,
    String,
    String,
);

pub(crate) fn row(result: &v1::ItemResult) -> Row {
    let holding = result.holding.clone().unwrap_or_default();
    (
        holding.resource,
        holding.role,
        result.outcome(),
        result.reason(),
        result.from.clone(),
        result.to.clone(),
    )
}

/// What was planned, sorted.
pub(crate) fn planned(plan: Option<&v1::OwnershipPlan>) -> Vec<Row> {
    let mut rows: Vec<_> = plan.unwrap().items.iter().map(row).collect();
    rows.sort();
    rows
}

pub(crate) async fn head(server: &TestServer) -> i64 {
    let database = server.database.connect().await;
    let row = database
        .query_one("select max(position) from event_log.events", &[])
        .await;
    row.unwrap().get(0)
}

async fn items(server: &TestServer, operation: &str, filter: &str) -> Vec<v1::OperationItem> {
    let request = v1::ListOperationItemsRequest {
        operation: operation.into(),
        filter: filter.into(),
        min_position: head(server).await,
        ..Default::default()
    };
    let answer = operations(server)
        .list_operation_items(server.admin(request))
        .await;
    answer.unwrap().into_inner().items
}

/// What became of an operation's items, sorted.
pub(crate) async fn results(server: &TestServer, operation: &str) -> Vec<Row> {
    let items = items(server, operation, "").await;
    let mut rows: Vec<_> = items
        .iter()
        .map(|item| row(item.result.as_ref().unwrap()))
        .collect();
    rows.sort();
    rows
}

pub(crate) fn tasks_of(ids: &[&str]) -> Vec<Holding> {
    let task = |id: &&str| Holding::OpenTask {
        task: TaskName::from_id(id).unwrap(),
    };
    ids.iter().map(task).collect()
}

pub(crate) fn role_of(account: &str, role: &str) -> Holding {
    Holding::Role {
        account: account.parse().unwrap(),
        role: role.parse().unwrap(),
    }
}

/// Does what Handoff does for an operation that passes these items.
pub(crate) async fn carry_out(server: &TestServer, operation: &str, items: Vec<Holding>) {
    let operation: OperationName = operation.parse().unwrap();
    let plan = PlanItems {
        operation: operation.clone(),
        page: 0,
        items: items.clone(),
    };
    server.submit("system", plan).await;
    let finish = FinishPlanning {
        operation: operation.clone(),
    };
    server.submit("system", finish).await;
    let moved = MoveItems {
        operation,
        first: 0,
        items,
        cause: None,
    };
    server.submit("system", moved).await;
}

/// A task whose work the policy looks at.
pub(crate) struct Looked<'a> {
    pub(crate) id: &'a str,
    pub(crate) role: Option<&'a str>,
    pub(crate) origin: Origin,
}

/// Follows the last role event of an account, as the ownership policy does.
pub(crate) async fn follow(
    server: &TestServer,
    operation: &str,
    (account, role): (&str, &str),
    policy: OwnershipPolicy,
    looked: &[Looked<'_>],
) {
    let request = v1::ListHistoryRequest {
        resource: account.into(),
        filter: "type = \"account.role_assigned\"".into(),
        min_position: head(server).await,
        ..Default::default()
    };
    let history = HistoryQueryServiceClient::new(server.channel.clone())
        .list_history(server.ana(request))
        .await;
    let entries = history.unwrap().into_inner().entries;
    let event = entries[0].event_id.parse().unwrap();
    let (ana, ben): (MemberName, MemberName) = (ANA.parse().unwrap(), BEN.parse().unwrap());
    let change = RoleChange {
        role: role.parse().unwrap(),
        previous: ana.clone(),
        holder: ben,
        policy,
        operation: Some(operation.parse().unwrap()),
    };
    let candidates = looked.iter().map(|looked| Candidate {
        item: tasks_of(&[looked.id]).remove(0),
        work: Work {
            assignees: vec![ana.clone()],
            responsible_role: looked.role.map(|role| role.parse().unwrap()),
            origin: looked.origin,
            about_member: false,
        },
        pending: Vec::new(),
    });
    let plan = policy::plan(&change, false, candidates);
    let account: AccountName = account.parse().unwrap();
    for chunk in policy::chunks(event, &plan) {
        server
            .submit("system", FollowRole::new(&account, event, &change, &chunk))
            .await;
    }
}

async fn wait(server: &TestServer, name: &str, seconds: i64) -> Result<v1::Operation, Status> {
    let request = v1::WaitOperationRequest {
        name: name.into(),
        timeout: Some(prost_types::Duration { seconds, nanos: 0 }),
    };
    let answer = operations(server)
        .wait_operation(server.ana(request))
        .await?;
    Ok(answer.into_inner().operation.unwrap())
}

pub(crate) async fn undo(
    server: &TestServer,
    name: &str,
    validate_only: bool,
) -> Result<v1::UndoOperationResponse, Status> {
    let request = v1::UndoOperationRequest {
        name: name.into(),
        validate_only,
        request_id: new_id().to_string(),
        ..Default::default()
    };
    let client = &mut OperationCommandServiceClient::new(server.channel.clone());
    Ok(client
        .undo_operation(server.admin(request))
        .await?
        .into_inner())
}

#[tokio::test]
async fn a_role_is_an_operation_that_is_named_and_over_where_no_policy_acts() {
    let server = scene().await;
    let request = give("assignee");
    let answer = accounts(&server)
        .assign_role(server.ana(request.clone()))
        .await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.account.unwrap().assignee, BEN);
    let again = accounts(&server).assign_role(server.ana(request)).await;
    assert_eq!(again.unwrap().into_inner().operation, answer.operation);
    let operation = wait(&server, &answer.operation, 10).await.unwrap();
    assert_eq!(operation.kind(), v1::OperationKind::AssignRole);
    assert_eq!(operation.status(), v1::OperationStatus::Finished);
    assert_eq!((operation.from.as_str(), operation.to.as_str()), (ANA, BEN));
    assert_eq!(
        (operation.account.as_str(), operation.role.as_str()),
        (ACME, "assignee")
    );
    assert_eq!(operation.actor, ANA);
    let request = v1::GetOperationRequest {
        name: answer.operation.clone(),
        min_position: head(&server).await,
    };
    let read = operations(&server).get_operation(server.ana(request)).await;
    assert_eq!(read.unwrap().into_inner().operation.unwrap(), operation);
    // What changes nothing is no operation.
    let nothing = accounts(&server)
        .assign_role(server.ana(give("assignee")))
        .await;
    assert_eq!(nothing.unwrap().into_inner().operation, "");
}

#[tokio::test]
async fn a_wait_ends_with_the_operation_or_its_time() {
    let server = scene().await;
    task(&server, "a", ACME, "").await;
    let transfer = members(&server)
        .transfer_resources(server.admin(pass(&[v1::HoldingKind::OpenTask])))
        .await;
    let name = transfer.unwrap().into_inner().operation.unwrap().name;
    let begun = wait(&server, &name, 0).await.unwrap();
    assert_eq!(begun.status(), v1::OperationStatus::Planning);
    let (ended, ()) = tokio::join!(
        wait(&server, &name, 20),
        carry_out(&server, &name, tasks_of(&["a"]))
    );
    let ended = ended.unwrap();
    assert_eq!(ended.status(), v1::OperationStatus::Finished);
    assert_eq!(ended.counts.unwrap().moved, 1);
    // The caller's own deadline ends the wait, with an answer.
    let other = members(&server)
        .transfer_resources(server.admin(pass(&[v1::HoldingKind::Role])))
        .await;
    let other = other.unwrap().into_inner().operation.unwrap().name;
    let mut request = server.ana(v1::WaitOperationRequest {
        name: other,
        timeout: None,
    });
    request.set_timeout(Duration::from_secs(1));
    let answer = operations(&server).wait_operation(request).await.unwrap();
    let running = answer.into_inner().operation.unwrap();
    assert_ne!(running.status(), v1::OperationStatus::Finished);
    let unknown = wait(&server, "operations/none", 5).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let negative = wait(&server, &name, -1).await.unwrap_err();
    assert_eq!(fields(&negative), ["timeout"]);
}

#[tokio::test]
async fn an_undo_gives_back_what_is_still_so_once() {
    let server = scene().await;
    for id in ["a", "b"] {
        task(&server, id, ACME, "").await;
    }
    let transfer = members(&server)
        .transfer_resources(server.admin(pass(&[v1::HoldingKind::OpenTask])))
        .await;
    let name = transfer.unwrap().into_inner().operation.unwrap().name;
    let running = undo(&server, &name, false).await.unwrap_err();
    assert_eq!(reason(&running), "OPERATION_RUNNING");
    carry_out(&server, &name, tasks_of(&["a", "b"])).await;
    let complete = v1::CompleteTaskRequest {
        name: "tasks/b".into(),
        ..Default::default()
    };
    tasks(&server)
        .complete_task(server.ana(complete))
        .await
        .unwrap();

    let before = head(&server).await;
    let dry = undo(&server, &name, true).await.unwrap();
    assert_eq!(head(&server).await, before);
    let moved = items(&server, &name, "outcome = MOVED").await;
    assert_eq!(moved.len(), 2);
    let begun = undo(&server, &name, false)
        .await
        .unwrap()
        .operation
        .unwrap();
    assert_eq!(begun.undoes, name);
    // What Handoff does, with what the operation recorded.
    let recorded = recorded(&server, &name).await;
    let undo_name: OperationName = begun.name.parse().unwrap();
    let plan = PlanItems {
        operation: undo_name.clone(),
        page: 0,
        items: recorded.iter().map(|(item, _)| item.clone()).collect(),
    };
    server.submit("system", plan).await;
    let finish = FinishPlanning {
        operation: undo_name.clone(),
    };
    server.submit("system", finish).await;
    let back = UndoItems {
        operation: undo_name,
        first: 0,
        items: recorded,
        cause: None,
    };
    server.submit("system", back).await;
    assert_eq!(
        planned(dry.plan.as_ref()),
        results(&server, &begun.name).await
    );
    let skipped = items(&server, &begun.name, "reason = CHANGED").await;
    assert_eq!(skipped.len(), 1);
    let done = wait(&server, &name, 5).await.unwrap();
    assert_eq!(done.undone_by, begun.name);
    let twice = undo(&server, &name, true).await.unwrap_err();
    assert_eq!(reason(&twice), "OPERATION_UNDONE");
    let of_undo = undo(&server, &begun.name, false).await.unwrap_err();
    assert_eq!(reason(&of_undo), "UNDO_IS_FINAL");
    let unknown = undo(&server, "operations/none", false).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

/// What an operation recorded of what it moved.
pub(crate) async fn recorded(server: &TestServer, name: &str) -> Vec<(Holding, Reassigned)> {
    use handoff_domain::{
        Event,
        operation::{self, Outcome},
    };
    let database = server.database.connect().await;
    let rows = database
        .query(
            "select type, payload::text from event_log.events where stream = $1 and type = 'operation.items_recorded'",
            &[&name],
        )
        .await
        .unwrap();
    let stream: handoff_domain::names::StreamName = name.parse().unwrap();
    let events = rows
        .iter()
        .map(|row| Event::decode(stream.kind(), row.get(0), 1, row.get(1)).unwrap());
    let results = events.flat_map(|event| match event {
        Event::Operation(operation::Event::ItemsRecorded { results, .. }) => results,
        other => panic!("{other:?}"),
    });
    let moved = results.filter_map(|result| match result.outcome {
        Outcome::Moved { change } => Some((result.item, change)),
        _ => None,
    });
    moved.collect()
}

#[tokio::test]
async fn what_a_member_holds_is_listed_by_kind_and_page() {
    let server = scene().await;
    for id in ["beta", "gamma"] {
        account(&server, id).await;
    }
    for id in ["a", "b", "c"] {
        task(&server, id, ACME, "").await;
    }
    let team = v1::SetSupportTeamRequest {
        name: ACME.into(),
        members: vec![ANA.into()],
        ..Default::default()
    };
    accounts(&server)
        .set_support_team(server.ana(team))
        .await
        .unwrap();
    let update = v1::UpdateSettingsRequest {
        settings: Some(v1::Settings {
            default_assignee: ANA.into(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["default_assignee".into()],
        }),
        ..Default::default()
    };
    SettingsCommandServiceClient::new(server.channel.clone())
        .update_settings(server.admin(update))
        .await
        .unwrap();
    let mut queries = MemberQueryServiceClient::new(server.channel.clone());
    let all = v1::ListHoldingsRequest {
        member: ANA.into(),
        page_size: 3,
        min_position: head(&server).await,
        ..Default::default()
    };
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListHoldingsRequest {
            page_token: token,
            ..all.clone()
        };
        let page = queries
            .list_holdings(server.ana(request))
            .await
            .unwrap()
            .into_inner();
        let counts: Vec<_> = page
            .counts
            .iter()
            .map(|count| (count.kind(), count.count))
            .collect();
        use v1::HoldingKind::{DefaultAssignee, OpenTask, Role, SupportTeam};
        assert_eq!(
            counts,
            [
                (Role, 3),
                (SupportTeam, 1),
                (OpenTask, 3),
                (DefaultAssignee, 1)
            ]
        );
        found.extend(page.holdings.into_iter().map(|holding| holding.resource));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(
        found,
        [
            "accounts/acme",
            "accounts/beta",
            "accounts/gamma",
            "accounts/acme",
            "tasks/a",
            "tasks/b",
            "tasks/c",
            "settings"
        ]
    );
    let some = v1::ListHoldingsRequest {
        kinds: vec![
            v1::HoldingKind::SupportTeam.into(),
            v1::HoldingKind::DefaultAssignee.into(),
        ],
        page_size: 0,
        ..all.clone()
    };
    let page = queries
        .list_holdings(server.ana(some))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.holdings.len(), 2);
    let wrong = v1::ListHoldingsRequest {
        kinds: vec![0, 99],
        ..all.clone()
    };
    let wrong = queries.list_holdings(server.ana(wrong)).await.unwrap_err();
    assert_eq!(fields(&wrong), ["kinds[0]", "kinds[1]"]);
    let unknown = v1::ListHoldingsRequest {
        member: "members/none".into(),
        ..all
    };
    let unknown = queries
        .list_holdings(server.ana(unknown))
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(HoldingKind::ALL.len(), 8, "a new kind is listed too");
}

#[tokio::test]
async fn a_task_says_by_whose_request_it_is_whose_it_is() {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    task(&server, "a", ACME, "").await;
    let why = async |min_position| {
        let request = v1::ExplainAssignmentRequest {
            task: "tasks/a".into(),
            min_position,
            ..Default::default()
        };
        TaskQueryServiceClient::new(server.channel.clone())
            .explain_assignment(server.ana(request))
            .await
            .unwrap()
            .into_inner()
    };
    let first = why(head(&server).await).await;
    assert_eq!(first.assignees, [ANA]);
    assert_eq!(first.links.len(), 1);
    assert_eq!(first.links[0].event_type, "task.created");
    assert_eq!(first.links[0].actor, ANA);

    let request = give("assignee");
    let answer = accounts(&server)
        .assign_role(server.admin(request.clone()))
        .await;
    let operation = answer.unwrap().into_inner().operation;
    let looked = Looked {
        id: "a",
        role: None,
        origin: Origin::Manual,
    };
    let policy = OwnershipPolicy::AllOpen;
    follow(&server, &operation, (ACME, "assignee"), policy, &[looked]).await;
    let then = why(head(&server).await).await;
    assert_eq!(then.assignees, [BEN]);
    let types: Vec<_> = then
        .links
        .iter()
        .map(|link| link.event_type.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "task.assigned",
            "account.role_assigned",
            "operation.started"
        ]
    );
    assert!(then.links.iter().all(|link| link.operation == operation));
    assert_eq!(then.links[0].actor, "system");
    for link in &then.links[1..] {
        assert_eq!(link.actor, "members/admin");
        assert_eq!(link.request, "AssignRole");
        assert_eq!(link.request_id, request.request_id);
        assert_eq!(
            (&link.left[..], &link.joined[..]),
            (&[ANA.into()][..], &[BEN.into()][..])
        );
        assert_eq!(link.role, "assignee");
    }
    let unknown = v1::ExplainAssignmentRequest {
        task: "tasks/none".into(),
        ..Default::default()
    };
    let unknown = TaskQueryServiceClient::new(server.channel.clone())
        .explain_assignment(server.ana(unknown))
        .await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
}
