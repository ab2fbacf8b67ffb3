//! Watching todo: what comes, changes and goes in each list, and how much there is after it.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use futures_util::{future::join_all, join};
use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, TaskChangeKind,
    activity_command_service_client::ActivityCommandServiceClient,
    order_command_service_client::OrderCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    todo_change::Item as Shown,
    todo_query_service_client::TodoQueryServiceClient,
    watch_todo_response::{Changes, Item},
};
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status, Streaming};

use crate::{
    order_queries::{place, sell},
    support::{TestServer, account, fields, reason, soon},
};

const ADMIN: &str = "members/admin";
const FAR: prost_types::Timestamp = prost_types::Timestamp {
    seconds: 4_102_444_800,
    nanos: 0,
};

/// Begins a watch as the bearer of a token.
async fn watch(
    server: &TestServer,
    token: &str,
    filter: &str,
    after_position: Option<i64>,
) -> Result<Streaming<v1::WatchTodoResponse>, Status> {
    let request = v1::WatchTodoRequest {
        filter: filter.into(),
        after_position,
        epoch: 0,
    };
    let mut todo = TodoQueryServiceClient::new(server.channel.clone());
    let stream = todo.watch_todo(server.request(token, request)).await?;
    Ok(stream.into_inner())
}

async fn next(stream: &mut Streaming<v1::WatchTodoResponse>) -> Item {
    let message = soon("the next message", stream.message()).await;
    message.unwrap().unwrap().item.unwrap()
}

/// What comes until everything through `end` has come, and the last counts.
async fn through(
    stream: &mut Streaming<v1::WatchTodoResponse>,
    end: i64,
) -> (Vec<Changes>, Option<v1::TodoCounts>) {
    let (mut all, mut last) = (Vec::new(), None);
    loop {
        match next(stream).await {
            Item::Changes(changes) => {
                let at_end = changes.position == end;
                last = changes.counts.or(last);
                all.push(changes);
                if at_end {
                    return (all, last);
                }
            }
            Item::Heartbeat(heartbeat) => {
                last = heartbeat.counts.or(last);
                if heartbeat.position >= end {
                    return (all, last);
                }
            }
        }
    }
}

/// What became of each item of a message: `+a`, `~a` or `-a`.
fn signs(changes: &Changes) -> Vec<String> {
    let sign = |change: &v1::TodoChange| {
        let sign = match change.kind() {
            TaskChangeKind::Entered => '+',
            TaskChangeKind::Changed => '~',
            TaskChangeKind::Left => '-',
            TaskChangeKind::Unspecified => panic!("{change:?}"),
        };
        format!("{sign}{}", change.name)
    };
    changes.items.iter().map(sign).collect()
}

/// Numbers that look as if they came by chance, the same for each seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// One command of somebody on something, by chance; what is refused changes nothing. Answers its position.
async fn act(server: &TestServer, chance: &mut Chance) -> i64 {
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let mut activities = ActivityCommandServiceClient::new(server.channel.clone());
    let mut orders = OrderCommandServiceClient::new(server.channel.clone());
    let task = format!("t{}", chance.below(4));
    let activity = format!("c{}", chance.below(4));
    let order = format!("o{}", chance.below(2));
    let order_task = format!(
        "orders/{order}/tasks/{}",
        ["brief", "audit", "report"][chance.below(3)]
    );
    let assignee = ["members/admin", "members/ana", ""][chance.below(3)];
    let assignees = || assignee.split_terminator(',').map(String::from).collect();
    macro_rules! tell {
        ($client:ident, $method:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
            let request = v1::$request { $($field: $value,)* ..Default::default() };
            let answer = $client.$method(server.admin(request)).await;
            answer.ok().and_then(|answer| answer.into_inner().receipt)
        }};
    }
    let (task_name, activity_name) = (format!("tasks/{task}"), format!("activities/{activity}"));
    let order_name = format!("orders/{order}");
    let receipt = match chance.below(15) {
        0 | 1 => tell!(
            tasks,
            create_task,
            CreateTaskRequest {
                task_id: task,
                task: Some(v1::Task {
                    subject: "accounts/acme".into(),
                    title: "Call".into(),
                    assignees: assignees(),
                    ..Default::default()
                }),
            }
        ),
        2 => tell!(
            tasks,
            assign_task,
            AssignTaskRequest {
                name: task_name,
                assignees: assignees()
            }
        ),
        3 => tell!(
            tasks,
            complete_task,
            CompleteTaskRequest { name: task_name }
        ),
        4 => tell!(tasks, reopen_task, ReopenTaskRequest { name: task_name }),
        5 => tell!(tasks, delete_task, DeleteTaskRequest { name: task_name }),
        6 | 7 => tell!(
            activities,
            create_activity,
            CreateActivityRequest {
                activity_id: activity,
                activity: Some(v1::Activity {
                    account: "accounts/acme".into(),
                    note: "Call".into(),
                    due_time: Some(FAR),
                    assignee: assignee.into(),
                    ..Default::default()
                }),
            }
        ),
        8 => tell!(
            activities,
            assign_activity,
            AssignActivityRequest {
                name: activity_name,
                assignee: assignee.into(),
            }
        ),
        9 => tell!(
            activities,
            complete_activity,
            CompleteActivityRequest {
                name: activity_name
            }
        ),
        10 => tell!(
            activities,
            reopen_activity,
            ReopenActivityRequest {
                name: activity_name
            }
        ),
        11 => tell!(
            orders,
            check_order_task,
            CheckOrderTaskRequest { name: order_task }
        ),
        12 => tell!(
            orders,
            uncheck_order_task,
            UncheckOrderTaskRequest { name: order_task }
        ),
        13 => tell!(
            orders,
            assign_order_task,
            AssignOrderTaskRequest {
                name: order_task,
                assignees: assignees(),
            }
        ),
        _ => match chance.below(3) {
            0 => tell!(
                orders,
                cancel_order,
                CancelOrderRequest { name: order_name }
            ),
            _ => tell!(
                orders,
                reopen_order,
                ReopenOrderRequest { name: order_name }
            ),
        },
    };
    receipt.map_or(0, |receipt| receipt.position)
}

/// A server that sells something, with two orders.
async fn shop() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    server.submit(ADMIN, account("acme")).await;
    sell(&server).await;
    for id in ["o0", "o1"] {
        server.submit(ADMIN, place(id, "accounts/acme")).await;
    }
    server
}

/// The names in each list, and the counts, as queries answer them at a position or later.
async fn asked(
    server: &TestServer,
    token: &str,
    filter: &str,
    min_position: i64,
) -> ([Vec<String>; 3], v1::TodoCounts) {
    let mut todo = TodoQueryServiceClient::new(server.channel.clone());
    macro_rules! list {
        ($method:ident, $request:ident, $items:ident) => {{
            let request = v1::$request {
                filter: filter.into(),
                min_position,
                ..Default::default()
            };
            let answer = todo.$method(server.request(token, request)).await.unwrap();
            let items = answer.into_inner().$items.into_iter();
            let mut names: Vec<_> = items.map(|item| item.name).collect();
            names.sort();
            names
        }};
    }
    let lists = [
        list!(list_order_tasks, ListOrderTasksRequest, order_tasks),
        list!(
            list_activities,
            TodoQueryServiceListActivitiesRequest,
            activities
        ),
        list!(list_tasks, TodoQueryServiceListTasksRequest, tasks),
    ];
    let request = v1::GetCountsRequest {
        filter: filter.into(),
        min_position,
    };
    let counts = todo.get_counts(server.request(token, request)).await;
    let counts = counts.unwrap().into_inner();
    let counts = v1::TodoCounts {
        order_task_count: counts.order_task_count,
        activity_count: counts.activity_count,
        task_count: counts.task_count,
    };
    (lists, counts)
}

/// The names in each list that changes leave, beginning with nothing.
fn put_together(whole: &[Changes]) -> [Vec<String>; 3] {
    let mut lists: [BTreeMap<String, ()>; 3] = Default::default();
    for change in whole.iter().flat_map(|changes| &changes.items) {
        let list = match change.name.split('/').next() {
            Some("orders") => 0,
            Some("activities") => 1,
            _ => 2,
        };
        match &change.item {
            None => assert_eq!(change.kind(), TaskChangeKind::Left, "{change:?}"),
            Some(item) => {
                let of_item = match item {
                    Shown::OrderTask(task) => (0, &task.name),
                    Shown::Activity(activity) => (1, &activity.name),
                    Shown::Task(task) => (2, &task.name),
                };
                assert_eq!(of_item, (list, &change.name));
            }
        }
        let there = match change.kind() {
            TaskChangeKind::Left => lists[list].remove(&change.name),
            _ => lists[list].insert(change.name.clone(), ()),
        };
        let entered = change.kind() == TaskChangeKind::Entered;
        assert_eq!(there.is_none(), entered, "{change:?}");
    }
    lists.map(|list| list.into_keys().collect())
}

#[tokio::test]
async fn a_watch_tells_what_came_changed_and_went_in_each_list_with_the_counts_after_it() {
    let server = shop().await;
    let ana = server.person("members/ana");
    let mut stream = watch(&server, &ana, "", None).await.unwrap();
    let Item::Heartbeat(first) = next(&mut stream).await else {
        panic!("the log is at its end")
    };
    // The brief is nobody's, the audit hers, the report the admin's.
    let counts = |order_task_count, activity_count, task_count| {
        Some(v1::TodoCounts {
            order_task_count,
            activity_count,
            task_count,
        })
    };
    assert_eq!(first.counts, counts(4, 0, 0));
    let mut orders = OrderCommandServiceClient::new(server.channel.clone());
    let mut activities = ActivityCommandServiceClient::new(server.channel.clone());
    let create = v1::CreateActivityRequest {
        activity_id: "c".into(),
        activity: Some(v1::Activity {
            account: "accounts/acme".into(),
            note: "Call".into(),
            due_time: Some(FAR),
            ..Default::default()
        }),
        ..Default::default()
    };
    activities
        .create_activity(server.ana(create))
        .await
        .unwrap();
    let assign = v1::AssignActivityRequest {
        name: "activities/c".into(),
        assignee: ADMIN.into(),
        ..Default::default()
    };
    activities
        .assign_activity(server.ana(assign))
        .await
        .unwrap();
    let assign = v1::AssignOrderTaskRequest {
        name: "orders/o0/tasks/report".into(),
        add: vec!["members/ana".into()],
        ..Default::default()
    };
    orders.assign_order_task(server.ana(assign)).await.unwrap();
    for task in ["brief", "audit"] {
        let check = v1::CheckOrderTaskRequest {
            name: format!("orders/o0/tasks/{task}"),
            ..Default::default()
        };
        orders.check_order_task(server.ana(check)).await.unwrap();
    }
    let cancel = v1::CancelOrderRequest {
        name: "orders/o0".into(),
        ..Default::default()
    };
    let end = orders.cancel_order(server.ana(cancel)).await.unwrap();
    let end = end.into_inner().receipt.unwrap().position;
    let (told, _) = through(&mut stream, end).await;
    let told: Vec<_> = told
        .iter()
        .map(|changes| (signs(changes), changes.counts))
        .collect();
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            (names(&["+activities/c"]), counts(4, 1, 0)),
            (names(&["-activities/c"]), counts(4, 0, 0)),
            (names(&["+orders/o0/tasks/report"]), counts(5, 0, 0)),
            (names(&["-orders/o0/tasks/brief"]), counts(4, 0, 0)),
            // The turn of the report.
            (
                names(&["-orders/o0/tasks/audit", "~orders/o0/tasks/report"]),
                counts(3, 0, 0)
            ),
            (names(&["-orders/o0/tasks/report"]), counts(2, 0, 0)),
        ]
    );
}

/// How often each watch is cut, and how many commands are done meanwhile at least.
const CUTS: u32 = 100;
const COMMANDS: u32 = 400;

/// One who watches, in two ways at once.
struct Viewer {
    token: String,
    filter: &'static str,
    cuts: Cell<u32>,
}

/// What a watch tells that goes on from the beginning, until `end` is known and everything through it has come.
async fn uncut(server: &TestServer, viewer: &Viewer, end: &Cell<Option<i64>>) -> Vec<Changes> {
    let stream = watch(server, &viewer.token, viewer.filter, Some(0)).await;
    let (mut stream, mut all, mut after) = (stream.unwrap(), Vec::new(), 0);
    while end.get().is_none_or(|end| after < end) {
        after = told(&mut stream, &mut all).await;
    }
    all
}

/// What watches tell together that are cut after a few messages or a moment each, every next one begun where the
/// last was cut.
async fn cut(
    server: &TestServer,
    viewer: &Viewer,
    mut chance: Chance,
    end: &Cell<Option<i64>>,
) -> Vec<Changes> {
    let (mut all, mut after) = (Vec::new(), 0);
    let goes_on = |after| end.get().is_none_or(|end| after < end);
    while goes_on(after) {
        let stream = watch(server, &viewer.token, viewer.filter, Some(after)).await;
        let mut stream = stream.unwrap();
        let (mut left, moment) = (1 + chance.below(4), 1 + chance.below(60));
        let cut_at = Instant::now() + Duration::from_millis(moment as u64);
        while left > 0
            && goes_on(after)
            && let Ok(position) = timeout_at(cut_at, told(&mut stream, &mut all)).await
        {
            after = position;
            left -= 1;
        }
        viewer.cuts.set(viewer.cuts.get() + 1);
    }
    all
}

/// Takes one message; answers its position.
async fn told(stream: &mut Streaming<v1::WatchTodoResponse>, all: &mut Vec<Changes>) -> i64 {
    match next(stream).await {
        Item::Heartbeat(heartbeat) => heartbeat.position,
        Item::Changes(changes) => {
            let position = changes.position;
            all.push(changes);
            position
        }
    }
}

/// Where both have the counts after a change, these are the same. A watch that is behind has none yet.
fn are_counted_alike(some: &[Changes], others: &[Changes]) {
    for (one, other) in some.iter().zip(others) {
        if one.counts.is_some() && other.counts.is_some() {
            assert_eq!(one.counts, other.counts, "{one:?}");
        }
    }
}

#[tokio::test]
async fn a_watch_cut_and_resumed_a_hundred_times_misses_and_repeats_nothing() {
    let server = shop().await;
    // Where read models are being built, a watch has no counts.
    server.is_up_to_date().await;
    let viewers = [(ADMIN, ""), ("members/ana", "assignee:me")].map(|(name, filter)| Viewer {
        token: server.person(name),
        filter,
        cuts: Cell::new(0),
    });
    // Something is written until the last cut.
    let end = Cell::new(None);
    let write = async {
        let (mut chance, mut last, mut done) = (Chance(7), 0, 0);
        while done < COMMANDS || viewers.iter().any(|viewer| viewer.cuts.get() < CUTS) {
            last = last.max(act(&server, &mut chance).await);
            done += 1;
        }
        end.set(Some(last));
        last
    };
    let [admin, ana] = &viewers;
    let (end, whole, resumed, hers, hers_resumed) = join!(
        write,
        uncut(&server, admin, &end),
        cut(&server, admin, Chance(1), &end),
        uncut(&server, ana, &end),
        cut(&server, ana, Chance(2), &end),
    );
    for (viewer, whole, resumed) in [(admin, whole, resumed), (ana, hers, hers_resumed)] {
        assert!(whole.len() > 20, "{}", whole.len());
        let plain = |changes: &Changes| Changes {
            counts: None,
            ..changes.clone()
        };
        let both = [&resumed, &whole].map(|all| all.iter().map(plain).collect::<Vec<_>>());
        assert_eq!(both[0], both[1], "{:?}", viewer.filter);
        are_counted_alike(&resumed, &whole);
        let counted = whole.iter().filter(|changes| changes.counts.is_some());
        let counted = counted.count();
        assert!(counted > 10, "{counted} of {} have counts", whole.len());

        // Put together, the changes give the lists.
        let (lists, counts) = asked(&server, &viewer.token, viewer.filter, end).await;
        assert_eq!(put_together(&resumed), lists);
        let lengths = lists.map(|list| list.len() as i64);
        assert_eq!(
            lengths,
            [
                counts.order_task_count,
                counts.activity_count,
                counts.task_count
            ]
        );
    }
}

#[tokio::test]
async fn counts_of_a_watch_are_those_of_the_lists_for_every_viewer_wherever_it_began() {
    let server = shop().await;
    let program = server.program(Role::ServiceAccount, false);
    let viewers = [server.person(ADMIN), server.person("members/ana"), program];
    for seed in 1..=4 {
        let (mut chance, mut streams) = (Chance(seed), Vec::new());
        let mut end = 0;
        for n in 0..40 {
            end = end.max(act(&server, &mut chance).await);
            // Begun anywhere, while the read models are wherever they are.
            if n % 8 == 3 {
                for token in &viewers {
                    for filter in [
                        "",
                        "assignee:members/ana",
                        "status = UPCOMING OR status = OPEN",
                    ] {
                        let after = (n % 16 == 3).then_some(end / 2);
                        let stream = watch(&server, token, filter, after).await.unwrap();
                        streams.push((token, filter, stream));
                    }
                }
            }
        }
        let whole = streams
            .iter_mut()
            .map(|(_, _, stream)| through(stream, end));
        let whole = join_all(whole).await;
        for ((token, filter, _), (told, counts)) in streams.iter().zip(whole) {
            let (_, expected) = asked(&server, token, filter, end).await;
            assert_eq!(counts, Some(expected), "{filter:?}, seed {seed}: {told:?}");
        }
    }
}

#[tokio::test]
async fn the_next_query_shows_what_a_command_did_if_it_asks_for_its_position() {
    let server = shop().await;
    let (admin, mut chance) = (server.person(ADMIN), Chance(3));
    let (mut whole, mut after) = (Vec::new(), 0);
    for _ in 0..60 {
        let position = act(&server, &mut chance).await;
        if position == 0 {
            continue;
        }
        // Asked first: the watch only tells what must be there.
        let (lists, counts) = asked(&server, &admin, "", position).await;
        let mut stream = watch(&server, &admin, "", Some(after)).await.unwrap();
        whole.extend(through(&mut stream, position).await.0);
        after = position;
        assert_eq!(lists, put_together(&whole), "at {position}");
        let lengths = lists.map(|list| list.len() as i64);
        assert_eq!(
            lengths,
            [
                counts.order_task_count,
                counts.activity_count,
                counts.task_count
            ],
            "at {position}"
        );
    }
}

#[tokio::test]
async fn what_is_overdue_is_told_by_events_and_not_counted() {
    let server = shop().await;
    let admin = server.person(ADMIN);
    let mut stream = watch(&server, &admin, "overdue", Some(0)).await.unwrap();
    let mut activities = ActivityCommandServiceClient::new(server.channel.clone());
    let mut end = 0;
    for (id, seconds) in [("late", 1_000), ("early", FAR.seconds)] {
        let create = v1::CreateActivityRequest {
            activity_id: id.into(),
            activity: Some(v1::Activity {
                account: "accounts/acme".into(),
                note: "Call".into(),
                due_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let answer = activities
            .create_activity(server.ana(create))
            .await
            .unwrap();
        end = answer.into_inner().receipt.unwrap().position;
    }
    let (told, counts) = through(&mut stream, end).await;
    let signs: Vec<_> = told.iter().flat_map(signs).collect();
    assert_eq!(signs, ["+activities/late"]);
    assert_eq!(counts, None);
}

#[tokio::test]
async fn a_watch_that_cannot_be_begun_says_why() {
    let server = TestServer::start().await;
    let ana = server.person("members/ana");
    for (filter, after, field) in [
        ("title:x", None, "filter"),
        ("", Some(-1), "after_position"),
        ("", Some(1_000_000), "after_position"),
    ] {
        let refused = watch(&server, &ana, filter, after).await.unwrap_err();
        assert_eq!(fields(&refused), [field], "{refused:?}");
    }
    let request = v1::WatchTodoRequest {
        epoch: 99,
        ..Default::default()
    };
    let mut todo = TodoQueryServiceClient::new(server.channel.clone());
    let refused = todo.watch_todo(server.ana(request)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "EPOCH_CHANGED")
    );
}
