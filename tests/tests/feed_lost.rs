//! NATS is a feed: losing it costs time, nothing else.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use handoff_proto::v1::{CompleteTaskRequest, GetProjectionRequest, RebuildProjectionRequest};
use handoff_testkit::eventually;
use handoff_tests::{Client, Deployment, new_id, task};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn after_nats_was_wiped_under_load_the_lag_is_gone_and_each_read_model_equals_its_rebuild() {
    let mut deployment = Deployment::start().await;
    let (_api, client) = deployment.api().await;
    let _followers = deployment.followers().await;

    let running = Arc::new(AtomicBool::new(true));
    let done = Arc::new(AtomicUsize::new(0));
    let mut load = JoinSet::new();
    for worker in 0..8 {
        load.spawn(work(worker, client.clone(), running.clone(), done.clone()));
    }
    some_more(&done).await;
    deployment.nats.kill().await;
    std::fs::remove_dir_all(deployment.nats.store()).unwrap();
    // Commands go on without NATS.
    some_more(&done).await;
    deployment.nats.start_again().await;
    some_more(&done).await;
    running.store(false, Ordering::Relaxed);
    load.join_all().await;

    deployment.caught_up(&client).await;
    for (projection, table) in TABLES {
        let before = rows(&deployment, projection, table).await;
        assert!(!before.is_empty());
        rebuild(&client, projection).await;
        let after = rows(&deployment, projection, table).await;
        assert!(before == after, "{projection} differs from its rebuild");
    }
}

/// The read models, and the table of each that holds its rows.
const TABLES: [(&str, &str); 5] = [
    ("accounts", "rows"),
    ("members", "rows"),
    ("tasks", "rows"),
    ("timelines", "rows"),
    ("history", "rows"),
];

async fn work(worker: usize, client: Client, running: Arc<AtomicBool>, done: Arc<AtomicUsize>) {
    let mut n = 0;
    while running.load(Ordering::Relaxed) {
        let request = task(&format!("t{worker}-{n}"), &format!("a{}", n % 20));
        let created = client
            .tasks
            .clone()
            .create_task(request)
            .await
            .unwrap()
            .into_inner();
        let name = created.task.unwrap().name;
        let request = CompleteTaskRequest {
            name,
            request_id: new_id(),
            etag: String::new(),
        };
        client.tasks.clone().complete_task(request).await.unwrap();
        done.fetch_add(2, Ordering::Relaxed);
        n += 1;
    }
}

/// Waits until 500 more commands are done.
async fn some_more(done: &AtomicUsize) {
    let wanted = done.load(Ordering::Relaxed) + 500;
    eventually("more commands", Duration::from_secs(60), async || {
        let done = done.load(Ordering::Relaxed);
        if done >= wanted { Ok(()) } else { Err(done) }
    })
    .await;
}

async fn rebuild(client: &Client, projection: &str) {
    let name = format!("projections/{projection}");
    let generation = async || {
        let request = GetProjectionRequest { name: name.clone() };
        let answer = client
            .projections
            .clone()
            .get_projection(request)
            .await
            .unwrap()
            .into_inner();
        answer.projection.unwrap().generation
    };
    let before = generation().await;
    let request = RebuildProjectionRequest { name: name.clone() };
    client
        .projections
        .clone()
        .rebuild_projection(request)
        .await
        .unwrap();
    eventually("another generation", Duration::from_secs(60), async || {
        let now = generation().await;
        if now > before { Ok(()) } else { Err(now) }
    })
    .await;
}

/// The rows of the live generation, as text in a fixed order.
async fn rows(deployment: &Deployment, projection: &str, table: &str) -> Vec<String> {
    let client = deployment.connect().await;
    let live = "select max(generation) from projections.generations where projection = $1 and state = 'live'";
    let generation: i32 = client.query_one(live, &[&projection]).await.unwrap().get(0);
    let sql = format!("select t::text from {projection}_{generation}.{table} t order by 1");
    client
        .query(&sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}
