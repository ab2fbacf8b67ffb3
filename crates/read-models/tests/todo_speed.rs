//! How long todo takes over a million open items. Run alone on a quiet machine:
//! `cargo test --release -p handoff-read-models --test todo_speed -- --ignored --nocapture`. `ROUNDS` says how often each is asked.

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

/// How often each is asked where `ROUNDS` does not say.
const ROUNDS: usize = 200;

/// Pages of a list that are read one after the other, and how many of the last are measured.
const PAGES: usize = 1_000;
const LATE_PAGES: usize = 200;

/// Open work of a hundred members, `ana` among them, and nobody, instead of what was there: so many tasks, a fifth of it
/// activities, three tenths tasks of orders; a third is overdue.
fn seed(items: usize) -> String {
    let (tasks, activities) = (items / 5 * 4, items / 5);
    format!("
    delete from tasks_1.rows where task like 'tasks/t%' or task like 'orders/o%';
    delete from activities_1.rows where activity like 'activities/c%';
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
    from generate_series(1, {tasks}) n
    join tasks_1.rows f on f.kind = case when n % 8 < 3 then 'order' else 'standalone' end;
    truncate tasks_1.tallies;
    insert into tasks_1.tallies
    select partition, whose, label, count(*)
    from tasks_1.rows r
    cross join lateral (
        select 'all' union all select unnest(assignees) union all select 'nobody' where cardinality(assignees) = 0
    ) w(whose)
    cross join lateral (
        select case when kind = 'standalone' then status when is_current then 'current' else 'upcoming' end
    ) s(word)
    cross join lateral {LABELS} where kind <> 'checklist' group by 1, 2, 3;
    insert into activities_1.rows (partition, activity, state, version, position, account, status, assignee, due, created_at, updated_at)
    select n % 64, 'activities/c' || n, f.state, 1, f.position, 'accounts/a' || n % 20000, 'open',
        case when n % 10 = 0 then '' when n % 101 = 0 then 'members/ana' else 'members/m' || n % 97 end,
        f.created_at + (n % 300 - 100) * interval '1 day' + n * interval '1 millisecond', f.created_at, f.created_at
    from generate_series(1, {activities}) n, (select * from activities_1.rows) f;
    truncate activities_1.tallies;
    insert into activities_1.tallies
    select partition, whose, label, count(*) from activities_1.rows r
    cross join lateral (values ('all'), (coalesce(nullif(assignee, ''), 'nobody'))) w(whose)
    cross join lateral (select status) s(word)
    cross join lateral {LABELS} group by 1, 2, 3;")
}

/// The labels under which a row counts: `word`, and of everybody's and nobody's the block and the day of the due time.
const LABELS: &str = "(
        select word union all select word || part from (
            select case when due < 'infinity' then floor(extract(epoch from due) / 86400)::bigint + 1000000 end
        ) d(day)
        cross join lateral (
            values (' b' || lpad((day / 32)::text, 6, '0')), (' d' || lpad(day::text, 7, '0'))
        ) p(part) where whose in ('all', 'nobody') and day is not null
    ) l(label)";

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
    "NOT overdue",
    "overdue AND assignee:*",
    "assignee:*",
    "NOT assignee:me",
    "assignee:me OR NOT assignee:*",
    "due_time >= 2027-01-02T06:30:00Z AND due_time < 2027-02-01T17:45:00Z",
    "due_time < 2027-01-02T06:30:00Z AND assignee:members/m1",
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
            async |filter: &str, shown, token: &str| {
                let request = ListRequest {
                    filter,
                    page_token: token,
                    ..ListRequest::default()
                };
                let begun = Instant::now();
                let answer = scene
                    .queries
                    .$list(&request, &viewer, shown, scene.all())
                    .await;
                let (took, page) = (begun.elapsed(), answer.unwrap().value);
                (took, page.items.len() as i64, page.next_page_token)
            }
        };
    }
    let order_tasks = list!(list_todo_order_tasks);
    let activities = list!(list_todo_activities);
    let tasks = list!(list_todo_tasks);
    // Until the read models are there.
    count("", Shown::All).await;
    let client = scene.database.connect().await;
    let rounds = match std::env::var("ROUNDS") {
        Ok(rounds) => rounds.parse().unwrap(),
        Err(_) => ROUNDS,
    };
    println!("  p50 ms   p99 ms  most ms     rows  what");
    let mut own = Vec::new();
    for items in [1_000, 1_000_000] {
        client.batch_execute(&seed(items)).await.unwrap();
        for table in [
            "tasks_1.rows",
            "tasks_1.tallies",
            "activities_1.rows",
            "activities_1.tallies",
        ] {
            let vacuum = format!("vacuum analyze {table}");
            client.batch_execute(&vacuum).await.unwrap();
        }
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..5 * rounds {
            let (time, rows) = count("assignee:me", Shown::OwnAndNobodys).await;
            times.push(time);
            found = rows;
        }
        print(&format!("own count among {items}"), &mut times, found);
        own.push(times[times.len() / 2].as_secs_f64());
    }
    println!(
        "own count among 1,000,000 to that among 1,000: {:.2}",
        own[1] / own[0]
    );

    for filter in FILTERS {
        for (shown, whose) in [(Shown::All, "all"), (Shown::OwnAndNobodys, "own")] {
            macro_rules! measure {
                ($ask:ident $(, $token:literal)?) => {{
                    let (mut times, mut found) = (Vec::new(), 0);
                    for _ in 0..rounds {
                        let (time, rows, ..) = $ask(filter, shown $(, $token)?).await;
                        times.push(time);
                        found = rows;
                    }
                    let what = stringify!($ask);
                    print(&format!("{what}, {whose}: {filter}"), &mut times, found);
                }};
            }
            measure!(count);
            measure!(order_tasks, "");
            measure!(activities, "");
            measure!(tasks, "");
        }
    }
    for (shown, whose) in [(Shown::All, "all"), (Shown::OwnAndNobodys, "own")] {
        macro_rules! measure_late {
            ($ask:ident) => {{
                let (mut times, mut token, mut found) = (Vec::new(), String::new(), 0);
                for _ in 0..PAGES {
                    let (time, rows, next) = $ask("", shown, &token).await;
                    times.push(time);
                    (token, found) = (next, rows);
                    if token.is_empty() {
                        break;
                    }
                }
                let (pages, what) = (times.len(), stringify!($ask));
                let late = &mut times[pages.saturating_sub(LATE_PAGES)..];
                print(&format!("{what}, {whose}: up to page {pages}"), late, found);
            }};
        }
        measure_late!(order_tasks);
        measure_late!(activities);
        measure_late!(tasks);
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
