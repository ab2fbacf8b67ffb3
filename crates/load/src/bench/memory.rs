//! `memory`: the resident size of an api alone after many commands over many streams.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    Bench, BenchError, Setting,
    table::{Row, Table},
};
use crate::{closed_loop, prepare_tasks};

const CLIENTS: usize = 128;
/// Commands and streams; the streams' creations count as commands.
const SHORT: (usize, usize) = (100_000, 20_000);
const LONG: (usize, usize) = (1_000_000, 200_000);
/// Tasks to an account.
const TASKS_PER_ACCOUNT: usize = 20;
/// Mebibytes.
const BAR: f64 = 300.0;

pub(super) async fn measure(
    setting: &mut Setting<'_>,
    table: &mut Table,
) -> Result<(), BenchError> {
    let (commands, streams) = if setting.bench.long { LONG } else { SHORT };
    let api = setting.service.api_alone("bench_memory").await?;
    let senders = Bench::senders(api.target())?;
    let tasks = prepare_tasks(&senders, streams, streams / TASKS_PER_ACCOUNT).await?;
    let left = Arc::new(AtomicUsize::new(commands - streams));
    let go_on = move || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_ok()
    };
    let seen = closed_loop::run(&senders, CLIENTS, tasks, false, go_on).await;
    eprintln!("  {commands} commands on {streams} tasks: {seen}");
    let row = Row {
        clients: Some(CLIENTS),
        ..Row::new("memory", resident_mib(api.pid())?, "MiB")
    };
    table.add(row.at_most(BAR));
    Ok(())
}

/// The resident size of a process.
fn resident_mib(pid: u32) -> Result<f64, BenchError> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(BenchError::io(format!("read {path}")))?;
    let kib: Option<f64> = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    kib.map(|kib| kib / 1_024.0)
        .ok_or_else(|| BenchError::Failed {
            program: path,
            said: "it has no VmRSS".to_owned(),
        })
}
