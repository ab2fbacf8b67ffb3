//! Todo from end to end: its lists, and badges that agree with them whatever is asked.

use handoff_api::auth::Role;
use handoff_domain::commands::{CancelOrder, CheckOrderTask};
use handoff_proto::v1::{
    self, activity_command_service_client::ActivityCommandServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    todo_query_service_client::TodoQueryServiceClient,
};
use prost_types::Timestamp;
use tonic::transport::Channel;

use crate::{
    order_queries::{end, in_order, order, place, sell},
    support::{TestServer, fields},
};

const ACME: &str = "accounts/acme";
const FAR: Timestamp = Timestamp {
    seconds: 4_102_444_800,
    nanos: 0,
};
const PAST: Timestamp = Timestamp {
    seconds: 1_700_000_000,
    nanos: 0,
};

const FILTERS: &[&str] = &[
    "",
    "assignee:me",
    "assignee:members/admin",
    "assignee:members/ben",
    "NOT assignee:*",
    "assignee:me OR NOT assignee:*",
    "assignee:members/admin OR assignee:members/ben",
    "status = OPEN",
    "status = NOT_STARTED",
    "status = IN_PROGRESS AND assignee:me",
    "status = CURRENT",
    "status = UPCOMING AND NOT assignee:*",
    "status = CURRENT OR status = IN_PROGRESS",
    "NOT status = NOT_STARTED",
    "overdue",
    "NOT overdue",
    "assignee:members/ben AND overdue",
    "account = accounts/acme",
    "account = accounts/blue AND NOT assignee:*",
    "due_time > 2050-01-01T00:00:00Z",
    "due_time > 2050-01-01T00:00:00Z AND assignee:members/ben",
    "create_time > 2050-01-01T00:00:00Z",
];

fn todo(server: &TestServer) -> TodoQueryServiceClient<Channel> {
    TodoQueryServiceClient::new(server.channel.clone())
}

/// Work of everybody and nobody, some of it done; answers the position of the last command.
async fn work(server: &TestServer) -> i64 {
    let mut members = MemberCommandServiceClient::new(server.channel.clone());
    let ben = v1::CreateMemberRequest {
        member: Some(v1::Member {
            display_name: "Ben".into(),
            kind: v1::MemberKind::Staff.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    members.create_member(server.admin(ben)).await.unwrap();
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    for (id, subject, assignees, due, status) in [
        ("admins", ACME, &["admin"][..], FAR, 1),
        ("anas", ACME, &["ana"], PAST, 1),
        ("shared", ACME, &["ana", "ben"], FAR, 2),
        ("many", "accounts/blue", &["admin", "ben"], PAST, 1),
        ("ben", "members/ben", &["ben"], FAR, 3),
        ("done", ACME, &["ana"], FAR, 1),
        ("nobodys", "accounts/blue", &["ana"], FAR, 1),
        ("deleted", ACME, &["ana"], FAR, 1),
    ] {
        let request = v1::CreateTaskRequest {
            task_id: id.into(),
            task: Some(v1::Task {
                subject: subject.into(),
                title: id.into(),
                assignees: assignees.iter().map(|id| format!("members/{id}")).collect(),
                status,
                start_time: Some(PAST),
                due_time: Some(due),
                ..Default::default()
            }),
            ..Default::default()
        };
        tasks.create_task(server.ana(request)).await.unwrap();
    }
    let complete = v1::CompleteTaskRequest {
        name: "tasks/done".into(),
        ..Default::default()
    };
    tasks.complete_task(server.ana(complete)).await.unwrap();
    let unassign = v1::AssignTaskRequest {
        name: "tasks/nobodys".into(),
        ..Default::default()
    };
    tasks.assign_task(server.ana(unassign)).await.unwrap();
    let delete = v1::DeleteTaskRequest {
        name: "tasks/deleted".into(),
        ..Default::default()
    };
    tasks.delete_task(server.ana(delete)).await.unwrap();
    let mut activities = ActivityCommandServiceClient::new(server.channel.clone());
    for (id, account, due, assignee) in [
        ("admins", ACME, Some(FAR), "members/admin"),
        ("anas", "accounts/blue", Some(PAST), "members/ana"),
        ("nobodys", ACME, Some(FAR), ""),
        ("noted", ACME, None, "members/ana"),
        ("done", ACME, Some(PAST), "members/ana"),
    ] {
        let request = v1::CreateActivityRequest {
            activity_id: id.into(),
            activity: Some(v1::Activity {
                account: account.into(),
                note: id.into(),
                due_time: due,
                assignee: assignee.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        activities
            .create_activity(server.ana(request))
            .await
            .unwrap();
    }
    let complete = v1::CompleteActivityRequest {
        name: "activities/done".into(),
        ..Default::default()
    };
    let answer = activities.complete_activity(server.ana(complete)).await;
    answer.unwrap().into_inner().receipt.unwrap().position
}

/// A caller, and the member for whom it acts.
type Viewer<'a> = (&'a str, Option<&'a str>);

fn asked<T>(server: &TestServer, (token, member): Viewer<'_>, message: T) -> tonic::Request<T> {
    let mut request = server.request(token, message);
    if let Some(member) = member {
        let member = member.parse().unwrap();
        request
            .metadata_mut()
            .insert("handoff-on-behalf-of", member);
    }
    request
}

/// The titles of all tasks and the notes of all activities, in pages of two.
async fn listed(
    server: &TestServer,
    viewer: Viewer<'_>,
    filter: &str,
    min_position: i64,
) -> (Vec<String>, Vec<String>) {
    let (mut tasks, mut activities) = (Vec::new(), Vec::new());
    let mut page_token = String::new();
    loop {
        let request = v1::TodoQueryServiceListTasksRequest {
            page_size: 2,
            page_token,
            filter: filter.into(),
            min_position,
            ..Default::default()
        };
        let answer = todo(server)
            .list_tasks(asked(server, viewer, request))
            .await;
        let answer = answer.unwrap().into_inner();
        tasks.extend(answer.tasks.into_iter().map(|task| task.title));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    loop {
        let request = v1::TodoQueryServiceListActivitiesRequest {
            page_size: 2,
            page_token,
            filter: filter.into(),
            min_position,
            ..Default::default()
        };
        let answer = todo(server)
            .list_activities(asked(server, viewer, request))
            .await;
        let answer = answer.unwrap().into_inner();
        activities.extend(answer.activities.into_iter().map(|activity| activity.note));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return (tasks, activities);
        }
    }
}

/// An order in its second tier, one in its first, and one that is cancelled; answers the position of the last command.
async fn orders(server: &TestServer) -> i64 {
    sell(server).await;
    for (id, account) in [("o1", ACME), ("o2", "accounts/blue"), ("o3", ACME)] {
        server.submit("members/admin", place(id, account)).await;
    }
    for task in ["brief", "audit"] {
        let name = in_order("o1", task);
        server.submit("members/ana", CheckOrderTask { name }).await;
    }
    let name = order("o3");
    server.submit("members/ana", CancelOrder { name }).await;
    end(server).await
}

/// The names of all tasks of orders, in pages of two.
async fn listed_of_orders(
    server: &TestServer,
    viewer: Viewer<'_>,
    filter: &str,
    min_position: i64,
) -> Vec<v1::Task> {
    let (mut tasks, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListOrderTasksRequest {
            page_size: 2,
            page_token,
            filter: filter.into(),
            min_position,
            ..Default::default()
        };
        let answer = todo(server)
            .list_order_tasks(asked(server, viewer, request))
            .await;
        let answer = answer.unwrap().into_inner();
        tasks.extend(answer.order_tasks);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return tasks;
        }
    }
}

async fn counted(
    server: &TestServer,
    viewer: Viewer<'_>,
    filter: &str,
    min_position: i64,
) -> v1::GetCountsResponse {
    let request = v1::GetCountsRequest {
        filter: filter.into(),
        min_position,
    };
    let answer = todo(server)
        .get_counts(asked(server, viewer, request))
        .await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_list_has_what_is_open_and_shown_by_due_time() {
    let server = TestServer::start_with_projectors().await;
    let position = work(&server).await;
    let (admin, ana) = (server.person("members/admin"), server.person("members/ana"));
    let program = server.program(Role::ServiceAccount, true);
    let (tasks, activities) = listed(&server, (&admin, None), "", position).await;
    assert_eq!(
        tasks,
        ["anas", "many", "admins", "shared", "ben", "nobodys"]
    );
    assert_eq!(activities, ["anas", "admins", "nobodys"]);
    for viewer in [(&*ana, None), (&*program, Some("members/ana"))] {
        let (tasks, activities) = listed(&server, viewer, "", position).await;
        assert_eq!(tasks, ["anas", "shared", "nobodys"]);
        assert_eq!(activities, ["anas", "nobodys"]);
    }
    let (tasks, activities) = listed(&server, (&program, None), "", position).await;
    assert_eq!(
        (tasks, activities),
        (vec!["nobodys".into()], vec!["nobodys".into()])
    );
    // What a staff member shares with another is found by either.
    let (tasks, _) = listed(&server, (&ana, None), "assignee:members/ben", position).await;
    assert_eq!(tasks, ["shared"]);
}

#[tokio::test]
async fn tasks_of_open_orders_are_listed_with_whose_turn_it_is() {
    let server = TestServer::start_with_projectors().await;
    work(&server).await;
    let position = orders(&server).await;
    let shown = |tasks: Vec<v1::Task>| -> Vec<_> {
        let tasks = tasks.into_iter();
        tasks.map(|task| (task.name, task.current)).collect()
    };
    let (admin, ana) = (server.person("members/admin"), server.person("members/ana"));
    let of = |name: &str, current| (format!("orders/{name}"), current);
    let tasks = listed_of_orders(&server, (&admin, None), "", position).await;
    assert_eq!(tasks[0].order_title, "Acme on top");
    assert_eq!(tasks[0].subject, "accounts/blue");
    assert!(!tasks[0].subject_display_name.is_empty());
    assert!(tasks.iter().all(|task| !task.overdue));
    let mut everybodys = shown(tasks);
    everybodys.sort();
    assert_eq!(
        everybodys,
        [
            of("o1/tasks/report", true),
            of("o2/tasks/audit", true),
            of("o2/tasks/brief", true),
            of("o2/tasks/report", false),
        ]
    );
    let mut her = shown(listed_of_orders(&server, (&ana, None), "", position).await);
    her.sort();
    assert_eq!(
        her,
        [of("o2/tasks/audit", true), of("o2/tasks/brief", true)]
    );
    // What stands alone is another list.
    let (tasks, _) = listed(&server, (&admin, None), "", position).await;
    assert_eq!(tasks.len(), 6, "{tasks:?}");
}

#[tokio::test]
async fn badges_agree_with_their_lists_for_every_viewer_and_filter() {
    let server = TestServer::start_with_projectors().await;
    work(&server).await;
    let position = orders(&server).await;
    let people = ["members/admin", "members/ana", "members/ben"].map(|name| server.person(name));
    let analyst = server.program(Role::Analyst, false);
    let program = server.program(Role::ServiceAccount, true);
    let mut viewers: Vec<Viewer<'_>> = people.iter().map(|token| (&**token, None)).collect();
    viewers.push((&program, Some("members/ben")));
    let nobody: [Viewer<'_>; 2] = [(&analyst, None), (&program, None)];
    let mut not_empty = 0;
    for viewer in viewers.iter().chain(&nobody) {
        for filter in FILTERS {
            // There is no `me` among those who are no members.
            let asks_for_me = filter.replace("members", "").contains(":me");
            if asks_for_me && nobody.contains(viewer) {
                continue;
            }
            let (tasks, activities) = listed(&server, *viewer, filter, position).await;
            let of_orders = listed_of_orders(&server, *viewer, filter, position).await;
            let counts = counted(&server, *viewer, filter, position).await;
            let expected = [of_orders.len(), activities.len(), tasks.len()].map(|len| len as i64);
            assert_eq!(
                [
                    counts.order_task_count,
                    counts.activity_count,
                    counts.task_count
                ],
                expected,
                "{filter:?} of {viewer:?}: {of_orders:?} {activities:?} {tasks:?}"
            );
            not_empty += usize::from(!tasks.is_empty()) + usize::from(!of_orders.is_empty());
        }
    }
    assert!(not_empty > 80, "{not_empty} lists of tasks had any");
}

#[tokio::test]
async fn a_filter_that_no_list_has_is_an_error() {
    let server = TestServer::start_with_projectors().await;
    for filter in [
        "title:x",
        "status = DONE",
        "assignee = me AND",
        "subject = accounts/acme",
    ] {
        let request = v1::GetCountsRequest {
            filter: filter.into(),
            min_position: 0,
        };
        let refused = todo(&server).get_counts(server.ana(request)).await;
        assert_eq!(fields(&refused.unwrap_err()), ["filter"], "{filter}");
    }
}
