//! How long lists and counts of tasks take over a million of them, or as many as `TASKS` says. Prints a table and
//! judges nothing: `cargo test --release -p handoff-read-models --test task_speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::time::{Duration, Instant};

use handoff_domain::{
    commands::CreateTask,
    names::TaskName,
    task::{Draft, Origin},
    text::Line,
};
use handoff_read_models::{ListRequest, Viewer};
use support::{Story, member, scene::Scene};
use tokio_postgres::Client;

const ROUNDS: usize = 200;
const PAGE: i32 = 50;

/// What is asked: filters with the number of the round in place of each `{}`, modulo what is in it; and the
/// order.
const LISTS: &[(&str, &str)] = &[
    ("", ""),
    ("assignees:members/m{8} AND status = NOT_STARTED", ""),
    (
        "assignees:members/m{8} AND status = COMPLETE",
        "due_time desc",
    ),
    ("subject = accounts/a{8} AND status = NOT_STARTED", ""),
    ("subject = accounts/a{8} AND status = COMPLETE", ""),
    ("assignees:members/m{8} AND overdue", ""),
    ("overdue", ""),
    ("", "update_time desc"),
    ("tags:tag-{1000} AND open", ""),
    ("text:word{400}", ""),
    ("text:word{400} AND open", ""),
    ("text:word{400} AND assignees:members/m{8}", ""),
    ("text:\"word{400} word{399}\"", ""),
    ("text:call AND open", ""),
    ("text:a1-task-{100000}", ""),
];

const COUNTS: &[&str] = &[
    "",
    "open",
    "overdue",
    "assignees:members/m{8} AND open",
    "subject = accounts/a{8} AND status = COMPLETE",
    "subject = accounts/a{8} AND overdue",
    "tags:tag-{1000}",
    "tags:tag-{1000} AND open",
    "text:word{400}",
    "text:word{400} AND open",
    "text:call AND open",
    "priority = HIGH AND open",
    "assignees:members/m{8} AND priority = URGENT AND open",
];

/// What is another in each copy of the task that the story has; `n` counts them.
const COLUMNS: &[(&str, &str)] = &[
    ("partition", "n % 64"),
    ("task", "'tasks/copy-' || n"),
    ("number", "'A' || pg_temp.one_of(n, 8, 1) || '-TASK-' || n"),
    ("subject", "'accounts/a' || pg_temp.one_of(n, 8, 1)"),
    (
        "status",
        "(array['complete', 'complete', 'complete', 'complete', 'complete', 'not_started', 'not_started', \
         'not_started', 'in_progress', 'waiting_on_customer'])[1 + pg_temp.one_of(n, 10, 2)]",
    ),
    (
        "priority",
        "(array['low', 'normal', 'normal', 'high', 'urgent'])[1 + pg_temp.one_of(n, 5, 3)]",
    ),
    (
        "assignees",
        "case when pg_temp.one_of(n, 3, 4) = 0 \
         then array['members/m' || pg_temp.one_of(n, 8, 5), 'members/n' || pg_temp.one_of(n, 50, 6)] \
         else array['members/m' || pg_temp.one_of(n, 8, 5)] end",
    ),
    (
        "due",
        "r.due + (pg_temp.one_of(n, 4000, 7) - 2000) * interval '1 hour'",
    ),
    ("created_at", "r.created_at + n * interval '1 second'"),
    (
        "updated_at",
        "r.updated_at + pg_temp.one_of(n, 3000000, 8) * interval '1 second'",
    ),
    (
        "tags",
        "case when pg_temp.one_of(n, 5, 9) = 0 then array['tag-' || pg_temp.one_of(n, 1000, 10)] else array[]::text[] end",
    ),
];

/// Makes `tasks` tasks with their texts. The indexes are made afterwards, as a rebuild does.
async fn seed(client: &Client, tasks: i64) {
    let rows = client
        .query(
            "select attname::text from pg_attribute where attrelid = 'tasks_1.rows'::regclass and attnum > 0 order by attnum",
            &[],
        )
        .await
        .unwrap();
    let columns: Vec<_> = rows
        .iter()
        .map(|row| {
            let name: String = row.get(0);
            let other = COLUMNS.iter().find(|(column, _)| *column == name);
            other.map_or(format!("r.{name}"), |(_, expression)| {
                (*expression).to_owned()
            })
        })
        .collect();
    let columns = columns.join(", ");
    let statements = format!(
        "set maintenance_work_mem = '256MB'; set max_parallel_maintenance_workers = 0; set synchronous_commit = off; \
         create function pg_temp.one_of(n bigint, of bigint, choice bigint) returns bigint \
             language sql immutable as 'select abs(hashint8extended(n, choice) % of)'; \
         create temp table definitions as select schemaname || '.' || indexname as name, indexdef from pg_indexes \
             where schemaname in ('tasks_1', 'task_texts_1') and tablename = 'rows' and indexname <> 'rows_pk'; \
         do $$ declare d record; begin for d in select * from definitions loop execute 'drop index ' || d.name; end loop; end $$; \
         insert into tasks_1.rows select {columns} from tasks_1.rows r cross join generate_series(1, {tasks}) n; \
         insert into task_texts_1.rows select n % 64, 'tasks/copy-' || n, 'a' || pg_temp.one_of(n, 8, 1) || '-task-' || n, \
                 case when pg_temp.one_of(n, 2, 11) = 0 then 'call ' else 'prepare ' end \
                     || 'word' || pg_temp.one_of(n, 400, 12) || ' word' || pg_temp.one_of(n, 400, 13), \
                 'as they asked on the phone', '' \
             from generate_series(1, {tasks}) n; \
         do $$ declare d record; begin for d in select * from definitions loop execute d.indexdef; end loop; end $$"
    );
    client.batch_execute(&statements).await.unwrap();
    for table in ["tasks_1.rows", "task_texts_1.rows"] {
        let vacuum = format!("vacuum analyze {table}");
        client.batch_execute(&vacuum).await.unwrap();
    }
}

/// The filter of a round.
fn filter(template: &str, round: usize) -> String {
    let mut parts = template.split(['{', '}']);
    let mut filter = parts.next().unwrap().to_owned();
    while let (Some(modulus), Some(rest)) = (parts.next(), parts.next()) {
        let modulus: usize = modulus.parse().unwrap();
        filter += &format!("{}{rest}", round * 7919 % modulus);
    }
    filter
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, which takes a quiet machine"]
async fn lists_and_counts_of_tasks_over_a_million() {
    let mut story = Story::with_team();
    let create = CreateTask {
        name: TaskName::from_id("first").unwrap(),
        draft: Draft {
            subject: Some("accounts/acme".parse().unwrap()),
            title: Some(Line::new("First").unwrap()),
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
    let list = async |filter: &str, order_by: &str, page_size: i32, page_token: &str| {
        let request = ListRequest {
            page_size,
            page_token,
            filter,
            order_by,
        };
        let begun = Instant::now();
        let answer = scene.queries.list_tasks(&request, &viewer, scene.all());
        let page = answer.await.unwrap().value;
        (begun.elapsed(), page.items.len(), page.next_page_token)
    };
    let count = async |filter: &str| {
        let begun = Instant::now();
        let answer = scene.queries.count_tasks(filter, &viewer, scene.all());
        let count = answer.await.unwrap().value;
        (begun.elapsed(), count.counted)
    };
    // Until the read models are there.
    list("text:first", "", 1, "").await;
    let client = scene.database.connect().await;
    let tasks = std::env::var("TASKS").map_or(1_000_000, |tasks| tasks.parse().unwrap());
    let begun = Instant::now();
    seed(&client, tasks).await;
    println!("seeded in {:?}", begun.elapsed());

    println!("  p50 ms   p99 ms  most ms    rows  what");
    for (template, order_by) in LISTS {
        let (mut times, mut rows) = (Vec::new(), 0);
        for round in 0..ROUNDS {
            let (time, found, _) = list(&filter(template, round), order_by, PAGE, "").await;
            times.push(time);
            rows += found;
        }
        print(
            &format!("list {template} {order_by}"),
            &mut times,
            rows as f64 / ROUNDS as f64,
        );
    }
    for template in [LISTS[1].0, LISTS[3].0] {
        let filter = filter(template, 1);
        let mut token = String::new();
        // Page 1,000 of 50 begins after 49,950 rows: nearly a hundred of the largest pages.
        for _ in 0..99 {
            let (_, _, next) = list(&filter, "", 500, &token).await;
            if next.is_empty() {
                println!("{filter}: too few rows");
                break;
            }
            token = next;
        }
        let (mut times, mut rows) = (Vec::new(), 0);
        for _ in 0..ROUNDS {
            let (time, found, _) = list(&filter, "", PAGE, &token).await;
            times.push(time);
            rows += found;
        }
        print(
            &format!("late page of {filter}"),
            &mut times,
            rows as f64 / ROUNDS as f64,
        );
    }
    for template in COUNTS {
        let (mut times, mut counted) = (Vec::new(), 0);
        for round in 0..ROUNDS / 4 {
            let (time, found) = count(&filter(template, round)).await;
            times.push(time);
            counted += found;
        }
        print(
            &format!("count {template}"),
            &mut times,
            counted as f64 / (ROUNDS / 4) as f64,
        );
    }
}

/// A line of the table.
fn print(what: &str, times: &mut [Duration], rows: f64) {
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{:>8.2} {:>8.2} {:>8.2} {rows:>7.0}  {what}",
        ms(times[times.len() / 2]),
        ms(times[times.len() * 99 / 100]),
        ms(times[times.len() - 1]),
    );
}
