//! `query`: pages of tasks by two indexed filters over a million tasks, the first and a late one; and counts.
//!
//! What is measured is the call as its client sees it, one call at a time, which is more than the
//! server's part: the time of a call that does nothing is a row beside it.

use std::time::Instant;

use handoff_proto::v1::{CountTasksRequest, ListTasksRequest, ListTasksResponse};
use hdrhistogram::Histogram;

use super::{
    BenchError, Setting,
    command_latency::empty_call,
    rebuild::built,
    seed::{Shape, Work, seed},
    table::{Row, Table},
};
use crate::{Client, LoadError};

const TASKS: usize = 1_000_000;
/// So few that each account and member has more tasks of one status than fit on the pages.
const ACCOUNTS: usize = 8;
const MEMBERS: usize = 8;
const PAGE: i32 = 50;
const LATE: usize = 1_000;
/// The largest page there is, to come to the late one sooner.
const STRIDE: i32 = 500;
/// Filters of each kind, and calls for each.
const FILTERS: usize = 4;
const CALLS: usize = 500;
/// Milliseconds, for 99 of 100 calls.
const BAR: f64 = 10.0;
/// The same of a count.
const COUNT_BAR: f64 = 20.0;

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let corner = setting.service.corner("bench_query").await?;
    let shape = Shape {
        tasks: setting.bench.scaled(TASKS),
        accounts: ACCOUNTS,
        members: MEMBERS,
        work: Work::HalfCompleted,
    };
    seed(&corner.connect().await?, &shape).await?;
    let mut projector = corner.start(&["project", "tasks", "accounts"], &[]).await?;
    for model in ["tasks", "accounts"] {
        built(&mut projector, model).await?;
    }
    // As soon as in a database that is used.
    let vacuum = "select format('vacuum %I.rows', nspname) from pg_namespace where nspname ~ '^(tasks|accounts)_[0-9]+$'";
    let session = corner.connect().await?;
    for row in session.query(vacuum, &[]).await? {
        session.batch_execute(row.try_get(0)?).await?;
    }
    let mut api = corner.start(&["api"], &[]).await?;
    let client = Client::first(api.target())?;
    table.add(Row {
        clients: Some(1),
        ..Row::new("query_empty_call", empty_call(&client).await?, "ms")
    });
    for (kind, first, late) in [
        ("assignee", "query_assignee_first", "query_assignee_late"),
        ("account", "query_account_first", "query_account_late"),
    ] {
        let mut latencies = [new_histogram(), new_histogram()];
        for n in 0..FILTERS {
            let status = ["NOT_STARTED", "COMPLETE"][n % 2];
            let filter = match kind {
                "assignee" => format!("assignees:{} AND status = {status}", Shape::member(n)),
                _ => format!("subject = {} AND status = {status}", Shape::account(n)),
            };
            let (page, token) = token_of(&client, &filter, LATE).await?;
            eprintln!("  {filter}: page {page}");
            for (latency, token) in latencies.iter_mut().zip(["", &token]) {
                repeat(&client, &filter, token, latency).await?;
            }
        }
        for (measure, latency) in [first, late].into_iter().zip(latencies) {
            table.add(row(measure, &latency).at_most(BAR));
        }
    }
    for (measure, filter) in [
        ("query_count_open", "open".to_owned()),
        (
            "query_count_assignee",
            format!("assignees:{} AND open", Shape::member(0)),
        ),
    ] {
        let mut latency = new_histogram();
        for _ in 0..CALLS {
            count(&client, &filter, &mut latency).await?;
        }
        table.add(row(measure, &latency).at_most(COUNT_BAR));
    }
    api.stop().await?;
    projector.stop().await?;
    corner.remove().await
}

fn row(measure: &'static str, latency: &Histogram<u64>) -> Row {
    let quantile = |part| latency.value_at_quantile(part) as f64 / 1_000.0;
    Row {
        clients: Some(1),
        p50_ms: Some(quantile(0.5)),
        p99_ms: Some(quantile(0.99)),
        ..Row::new(measure, quantile(0.99), "ms")
    }
}

/// Counts the tasks of a filter.
async fn count(
    client: &Client,
    filter: &str,
    latency: &mut Histogram<u64>,
) -> Result<(), BenchError> {
    let request = CountTasksRequest {
        filter: filter.to_owned(),
        ..CountTasksRequest::default()
    };
    let sent = Instant::now();
    let answer = client.task_queries().count_tasks(request).await;
    answer.map_err(|status| LoadError::Call(Box::new(status)))?;
    latency
        .record(sent.elapsed().as_micros() as u64)
        .expect("it grows as needed");
    Ok(())
}

fn new_histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are allowed")
}

/// Asks for the same page again and again.
async fn repeat(
    client: &Client,
    filter: &str,
    token: &str,
    latency: &mut Histogram<u64>,
) -> Result<(), BenchError> {
    for _ in 0..CALLS {
        let sent = Instant::now();
        let answer = list(client, filter, token, PAGE).await?;
        latency
            .record(sent.elapsed().as_micros() as u64)
            .expect("it grows as needed");
        if answer.tasks.is_empty() {
            let outcome = format!("no tasks of {filter}");
            return Err(LoadError::Prepare { outcome }.into());
        }
    }
    Ok(())
}

/// The token of a page, or of the last full one before it; and which page that is, from 1.
async fn token_of(
    client: &Client,
    filter: &str,
    page: usize,
) -> Result<(usize, String), BenchError> {
    let before = (page - 1) * PAGE as usize;
    let (mut passed, mut token) = (0, String::new());
    while passed < before {
        let left = i32::try_from(before - passed).unwrap_or(STRIDE);
        let answer = list(client, filter, &token, left.min(STRIDE)).await?;
        if answer.next_page_token.is_empty() {
            break;
        }
        passed += answer.tasks.len();
        token = answer.next_page_token;
    }
    Ok((passed / PAGE as usize + 1, token))
}

async fn list(
    client: &Client,
    filter: &str,
    token: &str,
    page_size: i32,
) -> Result<ListTasksResponse, BenchError> {
    let request = ListTasksRequest {
        page_size,
        page_token: token.to_owned(),
        filter: filter.to_owned(),
        ..ListTasksRequest::default()
    };
    let answer = client.task_queries().list_tasks(request).await;
    let answer = answer.map_err(|status| LoadError::Call(Box::new(status)))?;
    Ok(answer.into_inner())
}
