//! A query with a receipt's position always shows the change.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use handoff_load::Target;
use handoff_proto::v1::{
    self, AssignTaskRequest, CreateMemberRequest, GetTaskRequest, Member, MemberKind,
};
use handoff_tests::{Client, Deployment, Load, Mix, new_id, task};

/// Creates members of staff.
async fn staff(client: &Client, ids: &[&str]) {
    for id in ids {
        let member = Member {
            display_name: (*id).to_owned(),
            kind: MemberKind::Staff.into(),
            ..Member::default()
        };
        let request = CreateMemberRequest {
            member_id: (*id).to_owned(),
            member: Some(member),
            request_id: new_id(),
        };
        client.members.clone().create_member(request).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_min_position_the_very_next_query_shows_the_change() {
    let deployment = Deployment::shared().await;
    let (_api, client) = deployment.api().await;
    let _followers = deployment.followers().await;
    staff(&client, &["ana", "ben"]).await;
    let created = client
        .tasks
        .clone()
        .create_task(task("t1", "acme"))
        .await
        .unwrap()
        .into_inner();
    let name = created.task.unwrap().name;
    for n in 0..1_000 {
        let assignees = vec![format!("members/{}", ["ana", "ben"][n % 2])];
        let request = AssignTaskRequest {
            name: name.clone(),
            assignees: assignees.clone(),
            request_id: new_id(),
            etag: String::new(),
            ..Default::default()
        };
        let assigned = client
            .tasks
            .clone()
            .assign_task(request)
            .await
            .unwrap()
            .into_inner();
        let min_position = assigned.receipt.unwrap().position;
        let request = GetTaskRequest {
            name: name.clone(),
            min_position,
        };
        let shown = client
            .task_queries
            .clone()
            .get_task(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(shown.task.unwrap().assignees, assignees, "round {n}");
        assert!(shown.position >= min_position);
    }
}

/// What there is to do about one account: one thing in each list, as the commands left it.
struct Work {
    activity_open: bool,
    order_task_open: bool,
    task_open: bool,
    task_of_ana: bool,
}

/// The lists of todo, in the order of their counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum List {
    OrderTasks,
    Activities,
    Tasks,
}

impl Work {
    /// Changes one thing; answers the position of the change and in which list it shows.
    async fn change(&mut self, n: usize, client: &Client) -> (i64, List) {
        macro_rules! tell {
            ($client:ident, $method:ident, $request:ident { $($field:ident: $value:expr),* }) => {{
                let request = v1::$request {
                    $($field: $value,)*
                    request_id: new_id(),
                    ..Default::default()
                };
                let answer = client.$client.clone().$method(request).await.unwrap();
                answer.into_inner().receipt.unwrap().position
            }};
        }
        let turn = |flag: &mut bool| {
            *flag = !*flag;
            !*flag
        };
        let activity = "activities/call".to_owned();
        let order_task = "orders/o/tasks/report".to_owned();
        let task = "tasks/t1".to_owned();
        match n % 5 {
            0 => {
                let position = if turn(&mut self.activity_open) {
                    tell!(
                        activities,
                        complete_activity,
                        CompleteActivityRequest { name: activity }
                    )
                } else {
                    tell!(
                        activities,
                        reopen_activity,
                        ReopenActivityRequest { name: activity }
                    )
                };
                (position, List::Activities)
            }
            1 => {
                let position = if turn(&mut self.order_task_open) {
                    tell!(
                        orders,
                        check_order_task,
                        CheckOrderTaskRequest { name: order_task }
                    )
                } else {
                    tell!(
                        orders,
                        uncheck_order_task,
                        UncheckOrderTaskRequest { name: order_task }
                    )
                };
                (position, List::OrderTasks)
            }
            2 | 3 => {
                let position = if turn(&mut self.task_open) {
                    tell!(tasks, complete_task, CompleteTaskRequest { name: task })
                } else {
                    tell!(tasks, reopen_task, ReopenTaskRequest { name: task })
                };
                (position, List::Tasks)
            }
            _ => {
                let to = if turn(&mut self.task_of_ana) {
                    "members/ben"
                } else {
                    "members/ana"
                };
                let to = vec![to.to_owned()];
                let position = tell!(
                    tasks,
                    assign_task,
                    AssignTaskRequest {
                        name: task,
                        assignees: to
                    }
                );
                (position, List::Tasks)
            }
        }
    }

    /// What an admin sees in each list, or ana.
    fn seen(&self, by_ana: bool) -> [Vec<&'static str>; 3] {
        let task = self.task_open && (self.task_of_ana || !by_ana);
        let order_tasks = match self.order_task_open {
            true => vec!["orders/o/tasks/audit", "orders/o/tasks/report"],
            false => vec!["orders/o/tasks/audit"],
        };
        [
            order_tasks,
            Vec::from_iter(self.activity_open.then_some("activities/call")),
            Vec::from_iter(task.then_some("tasks/t1")),
        ]
    }

    /// Asks as somebody does who has just been told of a change.
    async fn is_shown(
        &self,
        client: &Client,
        by_ana: bool,
        position: i64,
        list: List,
        round: usize,
    ) {
        let filter = "account = \"accounts/acme\"";
        let who = ["an admin", "ana"][usize::from(by_ana)];
        macro_rules! names {
            ($method:ident, $request:ident, $items:ident) => {{
                let request = v1::$request {
                    filter: filter.to_owned(),
                    min_position: position,
                    ..Default::default()
                };
                let answer = client.todo.clone().$method(request).await.unwrap();
                let items = answer.into_inner().$items.into_iter();
                let mut names: Vec<_> = items.map(|item| item.name).collect();
                names.sort();
                names
            }};
        }
        let names = match list {
            List::OrderTasks => names!(list_order_tasks, ListOrderTasksRequest, order_tasks),
            List::Activities => names!(
                list_activities,
                TodoQueryServiceListActivitiesRequest,
                activities
            ),
            List::Tasks => names!(list_tasks, TodoQueryServiceListTasksRequest, tasks),
        };
        let seen = self.seen(by_ana);
        assert_eq!(
            names, seen[list as usize],
            "{list:?} of {who}, round {round}"
        );
        let request = v1::GetCountsRequest {
            filter: filter.to_owned(),
            min_position: position,
        };
        let counts = client.todo.clone().get_counts(request).await.unwrap();
        let counts = counts.into_inner();
        assert_eq!(
            [
                counts.order_task_count,
                counts.activity_count,
                counts.task_count
            ],
            seen.map(|list| list.len() as i64),
            "counts of {who}, round {round}"
        );
    }
}

/// An account with an activity, an order with two tasks of ana, and a task of hers.
async fn some_work(client: &Client) -> Work {
    let account = v1::CreateAccountRequest {
        account_id: "acme".to_owned(),
        account: Some(v1::Account {
            display_name: "Acme".to_owned(),
            kind: v1::AccountKind::Customer.into(),
            ..Default::default()
        }),
        request_id: new_id(),
    };
    client
        .accounts
        .clone()
        .create_account(account)
        .await
        .unwrap();
    let service = v1::CreateServiceRequest {
        service_id: "seo".to_owned(),
        service: Some(v1::Service {
            display_name: "Search engines".to_owned(),
            ..Default::default()
        }),
        request_id: new_id(),
    };
    client
        .catalog
        .clone()
        .create_service(service)
        .await
        .unwrap();
    for id in ["audit", "report"] {
        let add = v1::AddTemplateTaskRequest {
            parent: "services/seo".to_owned(),
            task_id: id.to_owned(),
            task: Some(v1::TemplateTask {
                title: id.to_owned(),
                assignees: vec!["members/ana".to_owned()],
                tier: 1,
                visibility: v1::ChecklistVisibility::Internal.into(),
                ..Default::default()
            }),
            request_id: new_id(),
            ..Default::default()
        };
        client.catalog.clone().add_template_task(add).await.unwrap();
    }
    let place = v1::PlaceOrderRequest {
        order_id: "o".to_owned(),
        order: Some(v1::Order {
            account: "accounts/acme".to_owned(),
            service: "services/seo".to_owned(),
            ..Default::default()
        }),
        request_id: new_id(),
    };
    client.orders.clone().place_order(place).await.unwrap();
    let activity = v1::CreateActivityRequest {
        activity_id: "call".to_owned(),
        activity: Some(v1::Activity {
            account: "accounts/acme".to_owned(),
            note: "Call".to_owned(),
            due_time: Some("2100-01-01T00:00:00Z".parse().unwrap()),
            ..Default::default()
        }),
        request_id: new_id(),
    };
    let mut activities = client.activities.clone();
    activities.create_activity(activity).await.unwrap();
    let mut create = task("t1", "acme");
    let fields = create.task.as_mut().unwrap();
    fields.assignees = vec!["members/ana".to_owned()];
    client.tasks.clone().create_task(create).await.unwrap();
    Work {
        activity_open: true,
        order_task_open: true,
        task_open: true,
        task_of_ana: true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_the_very_next_query_of_todo_shows_the_change() {
    let deployment = Deployment::shared().await;
    let (mut api, admin) = deployment.api().await;
    let _followers = deployment.followers().await;
    let server = format!("http://{}", api.logged("ready", "api").await);
    staff(&admin, &["ana", "ben"]).await;
    let ana = Client::new(&server, &deployment.token(&["members/ana"]));
    let mut work = some_work(&admin).await;
    let target = Target {
        servers: vec![server],
        token: deployment.token(&["members/admin"]),
        connections: 2,
    };
    let mix = Mix {
        clients: 4,
        ..Mix::default()
    };
    let load = Load::start(&target, mix, &deployment.directory().join("load.jsonl"));
    load.some_more(10).await;
    let before = load.done();
    for round in 0..1_000 {
        let (position, list) = work.change(round, &admin).await;
        tokio::join!(
            work.is_shown(&admin, false, position, list, round),
            work.is_shown(&ana, true, position, list, round),
        );
    }
    let beside = load.done() - before;
    println!("{beside} commands of others beside 1,000 rounds");
    assert!(beside > 1_000, "{beside} are no load");
    load.stop().await;
}
