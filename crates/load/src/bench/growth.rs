//! `growth`: what a command takes on a long stream and on a long log, beside short ones.
//!
//! One client sends to the long and the short one in turn, so that both meet the same machine and disk.

use std::time::{Duration, Instant};

use super::{
    Bench, BenchError, Setting,
    corner::Corner,
    seed::{Shape, seed},
    table::{Row, Table},
};
use crate::{
    Command, LoadError, Outcome, Sender, Summary,
    prepare::{create_tasks, new_accounts},
};

/// Events on the long and the short stream.
const LONG_STREAM: usize = 100_000;
const SHORT_STREAM: usize = 10;
/// Events in the long and the short log.
const LONG_LOG: usize = 10_000_000;
const SHORT_LOG: usize = 10_000;
/// Commands sent to each.
const COMMANDS: usize = 2_000;
/// A state is not kept from one command to the next, so that each is read from the log.
const NOTHING_CACHED: [(&str, &str); 1] = [("HANDOFF_CACHED_STREAMS", "1")];
const BAR: f64 = 1.2;

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    streams(setting, table).await?;
    logs(setting, table).await
}

/// A task is created on an account that has very many, and on accounts that have a few.
async fn streams(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let corner = setting.service.corner("bench_growth").await?;
    let (long, short) = (new_accounts(1), new_accounts(COMMANDS));
    for (measure, options) in [
        ("growth_stream", &[][..]),
        ("growth_stream_uncached", &NOTHING_CACHED),
    ] {
        let mut api = corner.start(&["api"], options).await?;
        let senders = Bench::senders(api.target())?;
        if options.is_empty() {
            let count = setting.bench.scaled(LONG_STREAM);
            create_tasks(&senders, count, &long).await?;
            // Their creation is an event of theirs too.
            create_tasks(&senders, (SHORT_STREAM - 1) * short.len(), &short).await?;
        }
        let commands = short
            .iter()
            .map(|short| [long[0].clone(), short.clone()].map(Command::create));
        let seen = in_turn([&senders[0]; 2], commands).await?;
        add(measure, seen, table);
        drop(senders);
        api.stop().await?;
    }
    corner.remove().await
}

/// A task is completed in a log that has very many events, and in one that has a few.
async fn logs(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let sizes = [setting.bench.scaled(LONG_LOG), SHORT_LOG];
    let names = ["bench_growth_long", "bench_growth_short"];
    let mut corners = Vec::new();
    for (name, events) in names.into_iter().zip(sizes) {
        let corner = setting.service.corner(name).await?;
        seed(&corner.connect().await?, &Shape::of_events(events)).await?;
        corners.push(corner);
    }
    let mut apis = Vec::new();
    for corner in &corners {
        apis.push(corner.start(&["api"], &NOTHING_CACHED).await?);
    }
    let senders = apis
        .iter()
        .map(|api| Bench::senders(api.target()))
        .collect::<Result<Vec<_>, _>>()?;
    let tasks = sizes.map(|events| Shape::of_events(events).tasks);
    let count = COMMANDS.min(tasks[0]).min(tasks[1]);
    let commands = (0..count).map(|n| {
        // Spread over the whole log.
        let complete = |tasks| Command::Complete {
            task: Shape::task(n * (tasks / count)),
        };
        tasks.map(complete)
    });
    let seen = in_turn([&senders[0][0], &senders[1][0]], commands).await?;
    add("growth_log", seen, table);
    drop(senders);
    drop(apis);
    for corner in corners {
        Corner::remove(corner).await?;
    }
    Ok(())
}

/// Sends pairs of commands, one after the other, to two servers or to one twice.
async fn in_turn(
    senders: [&Sender; 2],
    commands: impl Iterator<Item = [Command; 2]>,
) -> Result<[Summary; 2], BenchError> {
    let mut seen = [Summary::begin(), Summary::begin()];
    for (n, pair) in commands.enumerate() {
        // Neither is always the one that comes second.
        let order = if n.is_multiple_of(2) { [0, 1] } else { [1, 0] };
        for side in order {
            let sent = Instant::now();
            let outcome = senders[side].send(&pair[side]).await;
            let took: Duration = sent.elapsed();
            if !matches!(&outcome, Outcome::Done(answer) if answer.events_appended > 0) {
                let outcome = outcome.to_string();
                return Err(LoadError::Prepare { outcome }.into());
            }
            seen[side].count(&outcome, took);
        }
    }
    Ok(seen.map(Summary::end))
}

/// The median of the long one, beside that of the short one.
fn add(measure: &'static str, [long, short]: [Summary; 2], table: &mut Table) {
    eprintln!("  {measure}: long {long}");
    eprintln!("  {measure}: short {short}");
    let row = Row {
        clients: Some(1),
        p50_ms: Some(long.quantile_ms(0.5)),
        p99_ms: Some(long.quantile_ms(0.99)),
        ..Row::new(measure, long.quantile_ms(0.5), "ms")
    };
    table.add(row.compared_with(short.quantile_ms(0.5)).at_most_times(BAR));
}
