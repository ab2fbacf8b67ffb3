//! `command_latency`: at half the sustained rate, beside one insert and one empty call.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tonic_health::pb::HealthCheckRequest;

use super::{
    Bench, BenchError, Setting,
    table::{Row, Table},
};
use crate::{Client, LoadError, open_loop::OpenLoop};

/// The rate where the sustained one was not measured, as a part of the floor: half of its bar.
const PART_OF_FLOOR: f64 = 0.125;
const CALLS: Duration = Duration::from_secs(2);

pub(super) async fn measure(
    setting: &mut Setting<'_>,
    table: &mut Table,
) -> Result<(), BenchError> {
    setting.drained().await?;
    let insert = setting.floor.run(1, setting.bench.burst()).await?;
    table.add(Row {
        system: "pgbench".into(),
        clients: Some(1),
        ..Row::new("insert_latency", insert.mean_ms, "ms")
    });
    let call = empty_call(&Client::first(setting.service.target())?).await?;
    table.add(Row {
        clients: Some(1),
        ..Row::new("empty_call", call, "ms")
    });

    let rate = match setting.sustained {
        Some(sustained) => sustained / 2.0,
        None => setting.floor_at_128().await? * PART_OF_FLOOR,
    };
    let load = OpenLoop {
        rate,
        seconds: setting.bench.seconds,
        in_flight: 1_024,
    };
    let senders = Bench::senders(setting.service.target())?;
    let tasks = load.prepare(&senders).await?;
    setting.drained().await?;
    let seen = load.run_on(&senders, tasks).await?;
    eprintln!("  rate={rate:.0} {seen}");
    let (p50, p99) = (seen.quantile_ms(0.5), seen.quantile_ms(0.99));
    let unit = insert.mean_ms + call;
    for (measure, value, bar) in [
        ("command_latency_p50", p50, 3.0 * unit),
        ("command_latency_p99", p99, 25.0_f64.max(10.0 * unit)),
    ] {
        let row = Row {
            p50_ms: Some(p50),
            p99_ms: Some(p99),
            ..Row::new(measure, value, "ms")
        };
        table.add(row.compared_with(unit).at_most(bar));
    }
    Ok(())
}

/// The median milliseconds of a call that does nothing, one after the other.
pub(super) async fn empty_call(client: &Client) -> Result<f64, BenchError> {
    let mut health = client.health();
    let mut latency: Histogram<u64> = Histogram::new(3).expect("three digits are allowed");
    let end = Instant::now() + CALLS;
    while Instant::now() < end {
        let sent = Instant::now();
        health
            .check(HealthCheckRequest::default())
            .await
            .map_err(|status| LoadError::Call(Box::new(status)))?;
        latency
            .record(sent.elapsed().as_micros() as u64)
            .expect("it grows as needed");
    }
    Ok(latency.value_at_quantile(0.5) as f64 / 1_000.0)
}
