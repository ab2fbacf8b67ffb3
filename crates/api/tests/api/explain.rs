//! Why a task is somebody's: of whoever asks, back to the request of a person, on every path.

use handoff_commands::new_id;
use handoff_domain::{
    HoldingKind,
    checklist::{Draft, Visibility},
    commands::{
        AddTemplateTask, AssignOrderTask, CompleteTask, CreateMember, CreateService,
        FinishPlanning, NewId, PlaceOrder, PlanItems, ReopenTask, UndoItems,
    },
    member,
    names::{OperationName, OrderName, OrderTaskName, ServiceName, TaskName},
    operation::Reassigned,
    settings::OwnershipPolicy,
    task::{Assignment, OpenStatus, Origin},
    text::Line,
};
use handoff_proto::v1::{self, task_query_service_client::TaskQueryServiceClient};
use tonic::Code;

use crate::{
    operations::{
        ACME, ANA, BEN, Looked, accounts, carry_out, follow, head, members, pass, recorded,
        role_of, scene, set_policy, task, tasks, tasks_of, undo,
    },
    support::{TestServer, fields},
};

const DAN: &str = "members/dan";

/// The scene with `dan`, and `tasks/a` of `ana`.
async fn with_task() -> TestServer {
    let server = scene().await;
    let dan = CreateMember {
        id: NewId::Given(DAN.parse().unwrap()),
        display_name: Line::new("Dan").unwrap(),
        email: None,
        kind: member::Kind::Staff,
    };
    server.submit("system", dan).await;
    task(&server, "a", ACME, "").await;
    server
}

/// Asks as `actor` why a task is whose it is; of `member` where one is named.
async fn why(
    server: &TestServer,
    actor: &str,
    task: &str,
    member: &str,
) -> v1::ExplainAssignmentResponse {
    let request = v1::ExplainAssignmentRequest {
        task: task.into(),
        member: member.into(),
        min_position: head(server).await,
    };
    let request = server.request(&server.person(actor), request);
    TaskQueryServiceClient::new(server.channel.clone())
        .explain_assignment(request)
        .await
        .unwrap()
        .into_inner()
}

fn types(answer: &v1::ExplainAssignmentResponse) -> Vec<&str> {
    let links = answer.links.iter();
    links.map(|link| link.event_type.as_str()).collect()
}

/// Who lost it to whom by a link.
fn parties(link: &v1::AssignmentLink) -> (Vec<&str>, Vec<&str>) {
    (
        link.left.iter().map(String::as_str).collect(),
        link.joined.iter().map(String::as_str).collect(),
    )
}

async fn add(server: &TestServer, member: &str) -> String {
    let request_id = new_id().to_string();
    let request = v1::AssignTaskRequest {
        name: "tasks/a".into(),
        add: vec![member.into()],
        request_id: request_id.clone(),
        ..Default::default()
    };
    tasks(server)
        .assign_task(server.ana(request))
        .await
        .unwrap();
    request_id
}

#[tokio::test]
async fn each_is_told_of_the_event_by_which_they_joined() {
    let server = with_task().await;
    let ben_joined = add(&server, BEN).await;
    let dan_joined = add(&server, DAN).await;
    let bens = why(&server, BEN, "tasks/a", "").await;
    assert_eq!(bens.member, BEN);
    assert_eq!(bens.links[0].request_id, ben_joined);
    assert_eq!(bens.assignees, [ANA, BEN, DAN]);
    let anas = why(&server, ANA, "tasks/a", "").await;
    assert_eq!(
        (anas.member.as_str(), types(&anas)),
        (ANA, vec!["task.created"])
    );
    // Whoever does not have it is told of the last who got it, or of whom they ask for.
    let last = why(&server, "members/admin", "tasks/a", "").await;
    assert_eq!(last.member, "");
    assert_eq!(last.links[0].request_id, dan_joined);
    let asked = why(&server, "members/admin", "tasks/a", BEN).await;
    assert_eq!((asked.member, asked.links), (BEN.to_owned(), bens.links));
    let never = why(&server, "members/admin", "tasks/a", "members/admin").await;
    assert_eq!(never.links, []);
}

#[tokio::test]
async fn who_left_and_came_back_is_told_of_the_last_time() {
    let server = with_task().await;
    add(&server, BEN).await;
    let request = v1::AssignTaskRequest {
        name: "tasks/a".into(),
        remove: vec![BEN.into()],
        ..Default::default()
    };
    tasks(&server)
        .assign_task(server.ana(request))
        .await
        .unwrap();
    let again = add(&server, BEN).await;
    let answer = why(&server, BEN, "tasks/a", "").await;
    assert_eq!(answer.links[0].request_id, again);
}

#[tokio::test]
async fn a_program_that_acts_for_a_member_asks_and_does_as_the_member() {
    let server = with_task().await;
    let token = server.program(handoff_api::auth::Role::ServiceAccount, true);
    let request = v1::AssignTaskRequest {
        name: "tasks/a".into(),
        add: vec![BEN.into()],
        ..Default::default()
    };
    let mut request = server.request(&token, request);
    let metadata = request.metadata_mut();
    metadata.insert("handoff-on-behalf-of", ANA.parse().unwrap());
    tasks(&server).assign_task(request).await.unwrap();
    add(&server, DAN).await;
    let answer = why(&server, BEN, "tasks/a", "").await;
    let link = &answer.links[0];
    assert_eq!(
        (link.actor.as_str(), link.on_behalf_of.as_str()),
        ("service-accounts/crm", ANA)
    );
    let request = v1::ExplainAssignmentRequest {
        task: "tasks/a".into(),
        min_position: head(&server).await,
        ..Default::default()
    };
    let mut request = server.request(&token, request);
    let metadata = request.metadata_mut();
    metadata.insert("handoff-on-behalf-of", BEN.parse().unwrap());
    let asked = TaskQueryServiceClient::new(server.channel.clone())
        .explain_assignment(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((asked.member.as_str(), &asked.links[0]), (BEN, link));
}

#[tokio::test]
async fn a_transfer_a_disabling_and_an_undo_lead_back_to_who_asked_for_them() {
    let server = with_task().await;
    let transfer = pass(&[v1::HoldingKind::OpenTask]);
    let request_id = transfer.request_id.clone();
    let begun = members(&server)
        .transfer_resources(server.admin(transfer))
        .await;
    let transfer = begun.unwrap().into_inner().operation.unwrap().name;
    carry_out(&server, &transfer, tasks_of(&["a"])).await;
    let answer = why(&server, BEN, "tasks/a", "").await;
    assert_eq!(types(&answer), ["task.assigned", "operation.started"]);
    let started = &answer.links[1];
    assert_eq!(
        (started.request.as_str(), &started.request_id),
        ("TransferResources", &request_id)
    );
    assert_eq!(started.actor, "members/admin");
    assert_eq!(parties(started), (vec![ANA], vec![BEN]));

    let begun = undo(&server, &transfer, false).await.unwrap();
    let name: OperationName = begun.operation.unwrap().name.parse().unwrap();
    take_back(&server, &name, recorded(&server, &transfer).await).await;
    let answer = why(&server, ANA, "tasks/a", "").await;
    assert_eq!(
        types(&answer),
        ["task.assigned", "operation.started", "operation.started"]
    );
    assert_eq!(answer.links[1].request, "UndoOperation");
    assert_eq!(answer.links[2].request, "TransferResources");

    let disabled = disable(&server, ANA, DAN).await;
    carry_out(
        &server,
        &disabled,
        [vec![role_of(ACME, "assignee")], tasks_of(&["a"])].concat(),
    )
    .await;
    let answer = why(&server, DAN, "tasks/a", "").await;
    assert_eq!(types(&answer), ["task.assigned", "operation.started"]);
    assert_eq!(answer.links[1].request, "DisableMember");
    assert_eq!(parties(&answer.links[1]), (vec![ANA], vec![DAN]));
    assert!(answer.links.iter().all(|link| link.operation == disabled));
}

/// Does what Handoff does for an undo.
async fn take_back(
    server: &TestServer,
    name: &OperationName,
    items: Vec<(handoff_domain::Holding, Reassigned)>,
) {
    let plan = PlanItems {
        operation: name.clone(),
        page: 0,
        items: items.iter().map(|(item, _)| item.clone()).collect(),
    };
    server.submit("system", plan).await;
    let operation = name.clone();
    server.submit("system", FinishPlanning { operation }).await;
    let back = UndoItems {
        operation: name.clone(),
        first: 0,
        items,
        cause: None,
    };
    server.submit("system", back).await;
}

/// Begins to disable a member.
async fn disable(server: &TestServer, member: &str, successor: &str) -> String {
    let request = v1::DisableMemberRequest {
        name: member.into(),
        successor: successor.into(),
        request_id: new_id().to_string(),
        ..Default::default()
    };
    let answer = members(server).disable_member(server.admin(request)).await;
    answer.unwrap().into_inner().operation
}

#[tokio::test]
async fn a_batch_leads_back_by_the_role_of_the_account() {
    let server = with_task().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    let request = v1::BatchAssignRoleRequest {
        role: "assignee".into(),
        holder: BEN.into(),
        accounts: vec![ACME.into()],
        request_id: new_id().to_string(),
        ..Default::default()
    };
    let begun = accounts(&server)
        .batch_assign_role(server.admin(request.clone()))
        .await;
    let operation = begun.unwrap().into_inner().operation.unwrap().name;
    carry_out(&server, &operation, vec![role_of(ACME, "assignee")]).await;
    let looked = Looked {
        id: "a",
        role: None,
        origin: Origin::Manual,
    };
    let policy = OwnershipPolicy::AllOpen;
    follow(&server, &operation, (ACME, "assignee"), policy, &[looked]).await;
    // Somebody who joins later changes nothing about it.
    add(&server, DAN).await;
    let answer = why(&server, BEN, "tasks/a", "").await;
    assert_eq!(
        types(&answer),
        [
            "task.assigned",
            "account.role_assigned",
            "operation.started"
        ]
    );
    let started = &answer.links[2];
    assert_eq!(
        (started.request.as_str(), &started.request_id),
        ("BatchAssignRole", &request.request_id)
    );
}

#[tokio::test]
async fn a_task_that_came_back_leads_to_the_disablings_between_its_members() {
    let server = with_task().await;
    let complete = CompleteTask {
        name: TaskName::from_id("a").unwrap(),
    };
    server.submit(ANA, complete).await;
    let first = disable(&server, ANA, BEN).await;
    carry_out(&server, &first, vec![role_of(ACME, "assignee")]).await;
    let second = disable(&server, BEN, DAN).await;
    carry_out(&server, &second, vec![role_of(ACME, "assignee")]).await;
    let reopen = ReopenTask {
        name: TaskName::from_id("a").unwrap(),
        status: OpenStatus::NotStarted,
    };
    server.submit("members/admin", reopen).await;
    for (actor, member) in [(DAN, ""), ("members/admin", DAN), ("members/admin", "")] {
        let answer = why(&server, actor, "tasks/a", member).await;
        assert_eq!(answer.assignees, [DAN]);
        assert_eq!(
            types(&answer),
            [
                "task.assigned",
                "member.disabling_started",
                "member.disabling_started"
            ]
        );
        assert_eq!(parties(&answer.links[0]), (vec![ANA], vec![DAN]));
        assert_eq!(parties(&answer.links[1]), (vec![ANA], vec![BEN]));
        assert_eq!(parties(&answer.links[2]), (vec![BEN], vec![DAN]));
        for (link, operation) in answer.links[1..].iter().zip([&first, &second]) {
            assert_eq!(&link.operation, operation);
            assert_eq!(link.actor, "members/admin");
            assert_eq!(link.request, "DisableMember");
        }
    }
}

#[tokio::test]
async fn a_task_of_an_order_says_why_too() {
    let server = with_task().await;
    let service = ServiceName::from_id("seo").unwrap();
    let create = CreateService {
        id: NewId::Given(service.clone()),
        display_name: Line::new("Search engines").unwrap(),
        description: None,
    };
    server.submit("members/admin", create).await;
    for id in ["audit", "report"] {
        let add = AddTemplateTask {
            name: handoff_domain::names::TemplateTaskName::from_id(&service, id).unwrap(),
            draft: Draft {
                title: Line::new(id).unwrap(),
                description: None,
                deadline_hours: None,
                assignees: vec![ANA.parse().unwrap()],
                responsible_role: None,
                tier: None,
                visibility: Visibility::Internal,
            },
        };
        server.submit("members/admin", add).await;
    }
    let order = OrderName::from_id("o1").unwrap();
    let place = PlaceOrder {
        name: order.clone(),
        account: ACME.parse().unwrap(),
        service,
        title: None,
        start: None,
    };
    server.submit(ANA, place).await;
    let audit = OrderTaskName::from_id(&order, "audit").unwrap();
    let placed = why(&server, ANA, audit.as_str(), "").await;
    assert_eq!(placed.assignees, [ANA]);
    assert_eq!(types(&placed), ["order.placed"]);
    assert_eq!(placed.links[0].resource, "orders/o1");
    // What happens to another task of the order is not about this one.
    for (id, to) in [("audit", BEN), ("report", DAN)] {
        let assign = AssignOrderTask {
            name: OrderTaskName::from_id(&order, id).unwrap(),
            assignment: Assignment::Change {
                add: vec![to.parse().unwrap()],
                remove: Vec::new(),
            },
        };
        server.submit("members/admin", assign).await;
    }
    let bens = why(&server, BEN, audit.as_str(), "").await;
    assert_eq!(types(&bens), ["order.task_assigned"]);
    assert_eq!(bens.links[0].actor, "members/admin");
    assert_eq!(parties(&bens.links[0]), (vec![], vec![BEN]));
    let anas = why(&server, ANA, audit.as_str(), "").await;
    assert_eq!(types(&anas), ["order.placed"]);

    let begun = members(&server)
        .transfer_resources(server.admin(v1::TransferResourcesRequest {
            from: BEN.into(),
            to: DAN.into(),
            ..pass(&[v1::HoldingKind::OpenOrderTask])
        }))
        .await;
    let transfer = begun.unwrap().into_inner().operation.unwrap().name;
    let item = handoff_domain::Holding::OpenOrderTask {
        task: audit.clone(),
    };
    assert_eq!(item.kind(), HoldingKind::OpenOrderTask);
    carry_out(&server, &transfer, vec![item]).await;
    let dans = why(&server, DAN, audit.as_str(), "").await;
    assert_eq!(types(&dans), ["order.task_assigned", "operation.started"]);
    assert_eq!(dans.links[1].request, "TransferResources");
}

#[tokio::test]
async fn what_is_no_task_and_who_is_no_member_is_refused() {
    let server = with_task().await;
    server.is_up_to_date().await;
    let ask = async |task: &str, member: &str| {
        let request = v1::ExplainAssignmentRequest {
            task: task.into(),
            member: member.into(),
            ..Default::default()
        };
        TaskQueryServiceClient::new(server.channel.clone())
            .explain_assignment(server.ana(request))
            .await
            .unwrap_err()
    };
    assert_eq!(fields(&ask("orders/o1", "").await), ["task"]);
    assert_eq!(fields(&ask("tasks/a", "accounts/acme").await), ["member"]);
    assert_eq!(ask("tasks/none", "").await.code(), Code::NotFound);
    assert_eq!(ask("orders/o1/tasks/none", "").await.code(), Code::NotFound);
}
