//! How long todo takes over a million open tasks. Run alone on a quiet machine:
//! `cargo test --release -p handoff-read-models --test todo_speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::time::{Duration, Instant};

use handoff_domain::{
    commands::CreateTask,
    names::TaskName,
    task::{Draft, Origin},
    text::Line,
};
use handoff_read_models::{ListRequest, Shown, Viewer};
use support::{Story, member, scene::Scene};

const ROUNDS: usize = 200;

/// A million open tasks of a hundred members, `ana` among them, and nobody; a third are overdue.
const SEED: &str = "
    insert into tasks_1.rows
    select n % 64, 'tasks/t' || n, f.state, 1, f.position, 'accounts/a' || n % 20000, 'A-TASK-' || n, f.title, null,
        (array['not_started', 'in_progress', 'waiting_on_customer'])[1 + n % 3], 'normal', 'internal',
        case when n % 10 = 0 then array[]::text[] when n % 101 = 0 then array['members/ana']
            when n % 7 = 0 then array['members/m' || n % 97, 'members/n' || n % 89] else array['members/m' || n % 97] end,
        f.start, f.created_at + (n % 300 - 100) * interval '1 day' + n * interval '1 millisecond', 'manual', null,
        f.created_at, f.created_at
    from generate_series(1, 1000000) n, (select * from tasks_1.rows where task = 'tasks/first') f;
    truncate tasks_1.tallies;
    insert into tasks_1.tallies
    select partition, whose, status, count(*) from tasks_1.rows r
    cross join lateral (
        select 'all' union all select unnest(assignees) union all select 'nobody' where cardinality(assignees) = 0
    ) w(whose) group by 1, 2, 3;";

const FILTERS: &[&str] = &[
    "",
    "assignee:me",
    "NOT assignee:*",
    "assignee:members/m1",
    "assignee:members/m1 AND overdue",
    "assignee:members/m1 AND status = IN_PROGRESS",
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
        (begun.elapsed(), answer.unwrap().value.tasks)
    };
    let list = async |filter: &str, shown| {
        let request = ListRequest {
            filter,
            ..ListRequest::default()
        };
        let begun = Instant::now();
        let answer = scene
            .queries
            .list_todo_tasks(&request, &viewer, shown, scene.all())
            .await;
        (begun.elapsed(), answer.unwrap().value.items.len() as i64)
    };
    // Until the read models are there.
    count("", Shown::All).await;
    let client = scene.database.connect().await;
    client.batch_execute(SEED).await.unwrap();
    for table in ["rows", "tallies"] {
        let vacuum = format!("vacuum analyze tasks_1.{table}");
        client.batch_execute(&vacuum).await.unwrap();
    }

    println!("  p50 ms   p99 ms  most ms     rows  what");
    for filter in FILTERS {
        for (shown, whose) in [(Shown::All, "all"), (Shown::OwnAndNobodys, "own")] {
            let (mut counts, mut pages) = (Vec::new(), Vec::new());
            let (mut counted, mut listed) = (0, 0);
            for _ in 0..ROUNDS {
                let (time, rows) = count(filter, shown).await;
                counts.push(time);
                counted = rows;
                let (time, rows) = list(filter, shown).await;
                pages.push(time);
                listed = rows;
            }
            print(&format!("count, {whose}: {filter}"), &mut counts, counted);
            print(&format!("page, {whose}: {filter}"), &mut pages, listed);
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
