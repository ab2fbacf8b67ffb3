//! How long todo takes over a million open items. Run alone on a quiet machine:
//! `cargo test --release -p handoff-read-models --test todo_speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::time::{Duration, Instant};

use handoff_domain::{
    checklist::Visibility,
    commands::{AddTemplateTask, CreateActivity, CreateService, CreateTask, NewId, PlaceOrder},
    names::{ActivityName, OrderName, ServiceName, TaskName, TemplateTaskName},
    task::{Draft, Origin},
    text::{Html, Line},
};
use handoff_read_models::{ListRequest, Shown, Viewer};
use support::{Story, member, scene::Scene};

const ROUNDS: usize = 200;

/// Open work of a hundred members, `ana` among them, and nobody, in all 1,000,000: tasks, 300,000 tasks of orders and
/// 200,000 activities; a third are overdue.
const SEED: &str = "
    insert into tasks_1.rows
        (partition, task, kind, state, version, position, subject, number, title, status, priority, visibility, assignees,
         start, due, due_source, percent, origin, creator, created_at, updated_at, billable, billed, tags, order_name, is_current)
    select n % 64, case f.kind when 'order' then 'orders/o' || n / 10 || '/tasks/t' || n else 'tasks/t' || n end, f.kind,
        f.state, 1, f.position, 'accounts/a' || n % 20000, f.number, f.title,
        case f.kind when 'order' then f.status else (array['not_started', 'in_progress', 'waiting_on_customer'])[1 + n % 3] end,
        f.priority, f.visibility,
        case when n % 10 = 0 then array[]::text[] when n % 101 = 0 then array['members/ana']
            when n % 7 = 0 then array['members/m' || n % 97, 'members/n' || n % 89] else array['members/m' || n % 97] end,
        f.start, f.created_at + (n % 300 - 100) * interval '1 day' + n * interval '1 millisecond', f.due_source, 0, f.origin,
        f.creator, f.created_at, f.created_at, false, false, array[]::text[],
        case f.kind when 'order' then 'orders/o' || n / 10 else '' end, f.kind = 'order' and n % 2 = 0
    from generate_series(1, 800000) n
    join tasks_1.rows f on f.kind = case when n % 8 < 3 then 'order' else 'standalone' end;
    truncate tasks_1.tallies;
    insert into tasks_1.tallies
    select partition, whose, case when kind = 'standalone' then status when is_current then 'current' else 'upcoming' end, count(*)
    from tasks_1.rows r
    cross join lateral (
        select 'all' union all select unnest(assignees) union all select 'nobody' where cardinality(assignees) = 0
    ) w(whose) where kind <> 'checklist' group by 1, 2, 3;
    insert into activities_1.rows (partition, activity, state, version, position, account, status, assignee, due, created_at, updated_at)
    select n % 64, 'activities/c' || n, f.state, 1, f.position, 'accounts/a' || n % 20000, 'open',
        case when n % 10 = 0 then '' when n % 101 = 0 then 'members/ana' else 'members/m' || n % 97 end,
        f.created_at + (n % 300 - 100) * interval '1 day' + n * interval '1 millisecond', f.created_at, f.created_at
    from generate_series(1, 200000) n, (select * from activities_1.rows) f;
    truncate activities_1.tallies;
    insert into activities_1.tallies
    select partition, whose, status, count(*) from activities_1.rows r
    cross join lateral (values ('all'), (coalesce(nullif(assignee, ''), 'nobody'))) w(whose) group by 1, 2, 3;";

const FILTERS: &[&str] = &[
    "",
    "assignee:me",
    "NOT assignee:*",
    "assignee:members/m1",
    "assignee:members/m1 AND overdue",
    "assignee:members/m1 AND status = IN_PROGRESS",
    "status = CURRENT",
    "status = UPCOMING AND assignee:me",
    "account = accounts/a7",
    "account = accounts/a7 AND overdue",
    "overdue",
    "due_time < 2026-10-01T00:00:00Z AND assignee:members/m1",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, which takes a quiet machine"]
async fn todo_over_a_million_open_tasks() {
    let mut story = Story::with_team();
    let create = CreateTask {
        name: TaskName::from_id("first").unwrap(),
        draft: Draft {
            subject: Some("accounts/first".parse().unwrap()),
            title: Some(Line::new("Call back").unwrap()),
            ..Draft::default()
        },
        origin: Origin::Manual,
    };
    story.tell("members/ana", &create).unwrap();
    let activity = CreateActivity {
        name: ActivityName::from_id("first").unwrap(),
        account: "accounts/first".parse().unwrap(),
        note: Html::new("Call back").unwrap(),
        due: Some(story.now.into()),
        assignee: None,
    };
    story.tell("members/ana", &activity).unwrap();
    let service: ServiceName = "services/seo".parse().unwrap();
    let sell = CreateService {
        id: NewId::Given(service.clone()),
        display_name: Line::new("SEO").unwrap(),
        description: None,
    };
    story.tell("members/admin", &sell).unwrap();
    let write = AddTemplateTask {
        name: TemplateTaskName::from_id(&service, "write").unwrap(),
        draft: handoff_domain::checklist::Draft {
            title: Line::new("Write").unwrap(),
            description: None,
            deadline_hours: None,
            assignees: Default::default(),
            responsible_role: None,
            tier: None,
            visibility: Visibility::Internal,
        },
    };
    story.tell("members/admin", &write).unwrap();
    let place = PlaceOrder {
        name: OrderName::from_id("first").unwrap(),
        account: "accounts/first".parse().unwrap(),
        service,
        title: None,
        start: None,
    };
    story.tell("members/ana", &place).unwrap();
    let scene = Scene::of(&story).await;
    let viewer = Viewer {
        now: story.now,
        me: Some(member("ana")),
    };
    let count = async |filter: &str, shown| {
        let begun = Instant::now();
        let answer = scene
            .queries
            .count_todo(filter, &viewer, shown, scene.all())
            .await;
        let counts = answer.unwrap().value;
        let all = counts.order_tasks + counts.activities + counts.tasks;
        (begun.elapsed(), all)
    };
    macro_rules! list {
        ($list:ident) => {
            async |filter: &str, shown| {
                let request = ListRequest {
                    filter,
                    ..ListRequest::default()
                };
                let begun = Instant::now();
                let answer = scene
                    .queries
                    .$list(&request, &viewer, shown, scene.all())
                    .await;
                (begun.elapsed(), answer.unwrap().value.items.len() as i64)
            }
        };
    }
    let order_tasks = list!(list_todo_order_tasks);
    let activities = list!(list_todo_activities);
    let tasks = list!(list_todo_tasks);
    // Until the read models are there.
    count("", Shown::All).await;
    let client = scene.database.connect().await;
    client.batch_execute(SEED).await.unwrap();
    for table in [
        "tasks_1.rows",
        "tasks_1.tallies",
        "activities_1.rows",
        "activities_1.tallies",
    ] {
        let vacuum = format!("vacuum analyze {table}");
        client.batch_execute(&vacuum).await.unwrap();
    }

    println!("  p50 ms   p99 ms  most ms     rows  what");
    for filter in FILTERS {
        for (shown, whose) in [(Shown::All, "all"), (Shown::OwnAndNobodys, "own")] {
            macro_rules! measure {
                ($ask:ident) => {{
                    let (mut times, mut found) = (Vec::new(), 0);
                    for _ in 0..ROUNDS {
                        let (time, rows) = $ask(filter, shown).await;
                        times.push(time);
                        found = rows;
                    }
                    let what = stringify!($ask);
                    print(&format!("{what}, {whose}: {filter}"), &mut times, found);
                }};
            }
            measure!(count);
            measure!(order_tasks);
            measure!(activities);
            measure!(tasks);
        }
    }
}

/// A line of the table.
fn print(what: &str, times: &mut [Duration], rows: i64) {
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{:>8.2} {:>8.2} {:>8.2} {rows:>8}  {what}",
        ms(times[times.len() / 2]),
        ms(times[times.len() * 99 / 100]),
        ms(times[times.len() - 1]),
    );
}
