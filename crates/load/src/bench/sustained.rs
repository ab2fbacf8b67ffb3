//! `command_rate_sustained`: the highest constant rate at which no read model falls behind.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};

use super::{
    Bench, BenchError, Setting,
    table::{Row, Table},
};
use crate::{Client, Summary, open_loop::OpenLoop, projections};

/// The lag that 99 of 100 looks may find, of the read model that is furthest behind.
const LAG: Duration = Duration::from_millis(500);
const BAR: f64 = 0.25;
/// Where the search begins, as a part of the floor.
const FIRST: f64 = 0.25;
/// From one step to the next until a bound is found on both sides.
const FACTOR: f64 = 1.4;
/// Halvings after that; the last bounds are 2 % apart.
const HALVINGS: usize = 4;
/// Below this nothing is sought, in commands a second.
const LEAST: f64 = 50.0;
const LOOK: Duration = Duration::from_millis(50);
const SHORT: u64 = 8;
const LONG: u64 = 60;

/// The search for the highest rate that is kept: up or down by a factor until there is a bound on both
/// sides, then between them.
struct Search {
    next: f64,
    kept: Option<f64>,
    missed: Option<f64>,
    halvings: usize,
}

impl Search {
    fn from(first: f64) -> Self {
        Self {
            next: first,
            kept: None,
            missed: None,
            halvings: 0,
        }
    }

    /// The rate to try next; none at the end.
    fn next(&self) -> Option<f64> {
        (self.halvings < HALVINGS && self.next >= LEAST).then_some(self.next)
    }

    fn tried(&mut self, rate: f64, kept: bool) {
        let bounded = self.kept.is_some() && self.missed.is_some();
        self.halvings += usize::from(bounded);
        if kept {
            self.kept = Some(rate);
        } else {
            self.missed = Some(rate);
        }
        self.next = match (self.kept, self.missed) {
            (Some(low), Some(high)) => (low * high).sqrt(),
            (Some(low), None) => low * FACTOR,
            (None, _) => rate / FACTOR,
        };
    }
}

/// What a step at a constant rate has shown.
struct Step {
    seen: Summary,
    lag: Duration,
    kept: bool,
}

pub(super) async fn measure(
    setting: &mut Setting<'_>,
    table: &mut Table,
) -> Result<(), BenchError> {
    let floor = setting.floor_at_128().await?;
    let mut search = Search::from(floor * FIRST);
    let mut kept = None;
    while let Some(rate) = search.next() {
        let step = step(setting, rate).await?;
        search.tried(rate, step.kept);
        if step.kept {
            kept = Some((rate, step));
        }
    }
    let measure = "command_rate_sustained";
    let row = match &kept {
        Some((rate, step)) => Row {
            p50_ms: Some(step.seen.quantile_ms(0.5)),
            p99_ms: Some(step.seen.quantile_ms(0.99)),
            ..Row::new(measure, *rate, "commands/s")
        },
        None => Row::new(measure, 0.0, "commands/s"),
    };
    table.add(row.compared_with(floor).at_least(BAR));
    if let Some((rate, step)) = kept {
        setting.sustained = Some(rate);
        let lag = step.lag.as_secs_f64() * 1_000.0;
        table.add(Row::new("projection_lag_p99", lag, "ms").at_most(LAG.as_secs_f64() * 1_000.0));
    }
    Ok(())
}

/// Sends at a rate and watches the lag, from an empty lag to an empty lag.
async fn step(setting: &Setting<'_>, rate: f64) -> Result<Step, BenchError> {
    let load = OpenLoop {
        rate,
        seconds: if setting.bench.long { LONG } else { SHORT },
        in_flight: 1_024,
    };
    let senders = Bench::senders(setting.service.target())?;
    let tasks = load.prepare(&senders).await?;
    setting.drained().await?;
    let watch = Watch::start(Client::first(setting.service.target())?);
    let seen = load.run_on(&senders, tasks).await?;
    let lag = watch.stop();
    setting.drained().await?;
    let sent = rate * load.seconds as f64;
    let kept = lag.is_some_and(|lag| lag <= LAG)
        && seen.overruns == 0
        && seen.failures() == 0
        // Answers that came long after the end would hide in the mean.
        && seen.done() as f64 >= 0.99 * sent
        && seen.elapsed.as_secs_f64() <= load.seconds as f64 + 1.0;
    let lag = lag.unwrap_or(Duration::MAX);
    eprintln!(
        "  rate={rate:.0} lag p99={} ms, {}: {seen}",
        lag.as_millis(),
        if kept { "kept" } else { "not kept" },
    );
    Ok(Step { seen, lag, kept })
}

/// Looks at the lag until it is stopped.
struct Watch {
    lags: Arc<Mutex<Vec<Duration>>>,
    watching: tokio::task::JoinHandle<()>,
}

impl Watch {
    fn start(client: Client) -> Self {
        let lags = Arc::new(Mutex::new(Vec::new()));
        let seen = lags.clone();
        let watching = tokio::spawn(async move {
            let mut looks = interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                // A look that fails is as bad as a read model that is far behind.
                let lag = projections::lag(&client).await.unwrap_or(Duration::MAX);
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(lag);
            }
        });
        Self { lags, watching }
    }

    /// The 99th percentile; none where nobody looked.
    fn stop(self) -> Option<Duration> {
        self.watching.abort();
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        lags.sort_unstable();
        let at = (lags.len() * 99).div_ceil(100);
        at.checked_sub(1).and_then(|at| lags.get(at).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The highest rate that the search finds kept where `limit` is the highest that can be, and its steps.
    fn found(first: f64, limit: f64) -> (Option<f64>, usize) {
        let mut search = Search::from(first);
        let mut steps = 0;
        while let Some(rate) = search.next() {
            search.tried(rate, rate <= limit);
            steps += 1;
        }
        (search.kept, steps)
    }

    #[test]
    fn the_search_comes_close_from_either_side() {
        for limit in [900.0, 1_000.0, 2_345.0, 9_876.0] {
            let (kept, steps) = found(2_000.0, limit);
            let kept = kept.unwrap();
            assert!(kept <= limit && kept >= limit * 0.975, "{kept} of {limit}");
            assert!(steps <= 12, "{steps}");
        }
    }

    #[test]
    fn the_search_ends_where_no_rate_is_kept() {
        assert_eq!(found(2_000.0, 0.0).0, None);
    }
}
