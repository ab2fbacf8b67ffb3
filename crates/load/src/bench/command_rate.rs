//! `command_rate`: tasks completed and reopened in bursts, beside the floor.
//!
//! `command_rate` has all roles running: read models may fall behind, and the time that they take to
//! catch up is a row of its own. `command_rate_api` has the api alone. The floor is measured before each
//! burst, at 128 clients, and rates are compared with its median.

use super::{
    Bench, BenchError, Setting,
    table::{Row, Table},
};
use crate::{Summary, Target, closed_loop::ClosedLoop};

/// Clients of the floor.
const FLOOR_CLIENTS: usize = 128;
/// Tasks of each client.
const TASKS: usize = 64;

/// The rows with all roles running.
pub(super) async fn measure(
    setting: &mut Setting<'_>,
    table: &mut Table,
) -> Result<(), BenchError> {
    let mut bursts = Vec::new();
    let mut floors = Vec::new();
    for &clients in &setting.bench.clients {
        floors.push(
            setting
                .floor
                .run(FLOOR_CLIENTS, setting.bench.burst())
                .await?
                .rate,
        );
        let seen = burst(setting.bench, setting.service.target(), clients).await?;
        let drain = setting.drained().await?;
        bursts.push((clients, seen, Some(drain)));
    }
    rows("command_rate", [0.6, 0.8], bursts, floors, setting, table);
    Ok(())
}

/// The rows with the api alone.
pub(super) async fn measure_api(
    setting: &mut Setting<'_>,
    table: &mut Table,
) -> Result<(), BenchError> {
    let api = setting.service.api_alone("bench_api").await?;
    let mut bursts = Vec::new();
    let mut floors = Vec::new();
    for &clients in &setting.bench.clients {
        floors.push(
            setting
                .floor
                .run(FLOOR_CLIENTS, setting.bench.burst())
                .await?
                .rate,
        );
        let seen = burst(setting.bench, api.target(), clients).await?;
        bursts.push((clients, seen, None));
    }
    rows(
        "command_rate_api",
        [0.9, 1.1],
        bursts,
        floors,
        setting,
        table,
    );
    Ok(())
}

/// So many clients for as long as a burst is.
pub(super) async fn burst(
    bench: &Bench,
    target: &Target,
    clients: usize,
) -> Result<Summary, BenchError> {
    let load = ClosedLoop {
        seconds: bench.seconds,
        tasks: TASKS,
        shared: false,
    };
    let seen = load.run(&Bench::senders(target)?, clients).await?;
    eprintln!("  clients={clients} {seen}");
    Ok(seen)
}

/// Adds the rows of some bursts. The bars are those at 128 and 512 clients.
fn rows(
    measure: &'static str,
    bars: [f64; 2],
    bursts: Vec<(usize, Summary, Option<std::time::Duration>)>,
    floors: Vec<f64>,
    setting: &mut Setting<'_>,
    table: &mut Table,
) {
    let Some(floor) = median(floors) else {
        return;
    };
    setting.floor_at_128 = Some(floor);
    table.add(Row {
        system: "pgbench".into(),
        clients: Some(FLOOR_CLIENTS),
        ..Row::new(measure, floor, "inserts/s")
    });
    for (clients, seen, drain) in bursts {
        let row = rate(measure, clients, &seen).compared_with(floor);
        table.add(match clients {
            128 => row.at_least(bars[0]),
            512 => row.at_least(bars[1]),
            _ => row,
        });
        if let Some(drain) = drain {
            table.add(Row {
                clients: Some(clients),
                ..Row::new("command_rate_drain", drain.as_secs_f64(), "s")
            });
        }
    }
}

/// A row of a rate with its latencies.
pub(super) fn rate(measure: &'static str, clients: usize, seen: &Summary) -> Row {
    Row {
        clients: Some(clients),
        p50_ms: Some(seen.quantile_ms(0.5)),
        p99_ms: Some(seen.quantile_ms(0.99)),
        ..Row::new(measure, seen.rate(), "commands/s")
    }
}

/// A row of several bursts: the median of their rates, the latencies of all.
pub(super) fn rates(measure: &'static str, clients: usize, seen: &[Summary]) -> Option<Row> {
    let mut all = Summary::begin();
    for one in seen {
        all.add(one);
    }
    let value = median(seen.iter().map(Summary::rate).collect())?;
    Some(Row {
        value,
        ..rate(measure, clients, &all)
    })
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        count if count.is_multiple_of(2) => Some(values[middle - 1].midpoint(values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_outliers() {
        assert_eq!(median(vec![3.0, 100.0, 1.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0, 100.0, 2.0]), Some(3.0));
        assert_eq!(median(Vec::new()), None);
    }
}
