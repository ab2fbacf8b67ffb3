//! How fast relay and feed are. Run alone, optimised, and read what it prints:
//! `cargo test --release -p handoff-bus --test throughput -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::time::Duration;

use handoff_testkit::eventually;
use support::{Scene, assign_all};
use tokio::time::Instant;

const EVENTS: usize = 200_000;
const CEILING: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn events_per_second() {
    let mut scene = Scene::new().await;
    let payload = format!("{{\"note\":\"{}\"}}", "x".repeat(200));
    for _ in 0..EVENTS / 2_000 {
        scene.append_payloads(2_000, &payload).await;
    }
    let feed = scene.feed(&scene.log).await;
    let started = Instant::now();
    let relay = scene.relay().await;
    eventually("the end of the log", CEILING, async || {
        let position = scene.cursor().await.0;
        if position == EVENTS as i64 {
            Ok(())
        } else {
            Err(position)
        }
    })
    .await;
    report("published and acknowledged", started);
    drop(relay);

    let mut subscription = feed.subscribe();
    assign_all(&mut subscription);
    let started = Instant::now();
    let mut events = 0;
    while events < EVENTS {
        events += subscription
            .next(2_000, Duration::ZERO)
            .await
            .unwrap()
            .events
            .len();
    }
    report("read from the log by a subscription", started);
}

fn report(what: &str, since: Instant) {
    let rate = EVENTS as f64 / since.elapsed().as_secs_f64();
    println!("{what}: {rate:.0} events/s");
}
