//! The table of benchmarks: a service of its own, and one module for each row or group of rows.
//!
//! `pgbench` runs in the same cluster between the bursts, so that what is compared was measured on the
//! same machine in the same minutes. A bar that is missed is shown and fails nothing.

mod command_latency;
mod command_rate;
mod corner;
mod growth;
mod machine;
mod memory;
mod open_snapshot;
mod peers;
mod pgbench;
mod private;
mod process;
mod programs;
mod query;
mod rebuild;
mod seed;
mod service;
mod slow_disk;
mod start;
mod sustained;
mod table;
mod transfer;
mod two_replicas;

use std::{io, path::PathBuf, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use crate::{Client, LoadError, Sender, Target, Tries, projections};

use pgbench::Floor;
use service::Service;
use table::Table;

/// How long the read models may take after a burst.
const DRAIN: Duration = Duration::from_secs(1_800);

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Bench {
    /// Rows to measure [default: all; those that need logs of millions of events only with --long]
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Measure>,
    /// Seconds of each burst
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Numbers of clients in bursts
    #[arg(long, value_delimiter = ',', default_value = "1,32,128,512")]
    clients: Vec<usize>,
    /// Longer: steps of 60 s in the search for the sustained rate, 1,000,000 commands for memory, and all rows
    #[arg(long)]
    long: bool,
    /// Part of the events and tasks that logs are seeded with: 0.01 for a quick look, whose figures say little
    #[arg(long, default_value_t = 1.0, value_name = "PART", value_parser = part)]
    scale: f64,
    /// Directory with a run.sh that runs other event stores on the Postgres of the run, for `peers` and `slow-disk`
    #[arg(long, value_name = "DIR", env = "HANDOFF_BENCH_PEERS")]
    peers: Option<PathBuf>,
    /// The service's program [default: beside this one]
    #[arg(long, value_name = "FILE")]
    handoffd: Option<PathBuf>,
    /// Directory for the data of the run; its parent must be open to the account that Postgres runs under [default: the system's for temporary files]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// File that gets the rows as JSON
    #[arg(long, value_name = "FILE", default_value = "target/bench/latest.json")]
    output: PathBuf,
}

/// Reads a number that is more than 0 and at most 10.
fn part(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(part) if part > 0.0 && part <= 10.0 => Ok(part),
        _ => Err("it must be a number more than 0 and at most 10".to_owned()),
    }
}

/// The rows, or groups of rows, that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Measure {
    CommandRate,
    CommandRateApi,
    CommandRateSustained,
    CommandLatency,
    Start,
    Memory,
    OpenSnapshot,
    TwoReplicas,
    Transfer,
    Rebuild,
    Query,
    Growth,
    Peers,
    SlowDisk,
}

impl Measure {
    /// Those that are measured where none are named.
    fn unnamed(long: bool) -> Vec<Self> {
        let all = <Self as clap::ValueEnum>::value_variants().iter().copied();
        all.filter(|measure| long || !measure.is_long()).collect()
    }

    /// Whether it takes minutes to seed a log for it.
    fn is_long(self) -> bool {
        matches!(self, Self::Query | Self::Growth)
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = clap::ValueEnum::to_possible_value(self);
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("cannot {action}")]
    Io { action: String, source: io::Error },
    #[error("{program} was not found")]
    Missing { program: &'static str },
    #[error("{program} failed: {said}")]
    Failed { program: String, said: String },
    #[error("handoffd ended; its log says: {tail}")]
    Ended { tail: String },
    #[error("handoffd was not ready after {seconds} s")]
    NotReady { seconds: u64 },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("Postgres refused")]
    Database(#[from] tokio_postgres::Error),
    #[error("interrupted")]
    Interrupted,
}

impl BenchError {
    fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}

/// What all rows share.
struct Setting<'a> {
    bench: &'a Bench,
    service: Service,
    floor: Floor,
    /// Rates that later rows build on.
    floor_at_128: Option<f64>,
    sustained: Option<f64>,
}

impl Bench {
    /// Measures, prints the table and writes the file. Whatever happens, what was started is stopped.
    pub async fn run(&self) -> Result<(), BenchError> {
        let mut terminated =
            signal(SignalKind::terminate()).map_err(BenchError::io("wait for signals"))?;
        tokio::select! {
            ran = self.measure() => ran,
            _ = tokio::signal::ctrl_c() => Err(BenchError::Interrupted),
            _ = terminated.recv() => Err(BenchError::Interrupted),
        }
    }

    async fn measure(&self) -> Result<(), BenchError> {
        let service = Service::up(self, &[]).await?;
        let floor = Floor::prepare(&service.private()?).await?;
        machine::print(&service).await?;
        let mut setting = Setting {
            bench: self,
            service,
            floor,
            floor_at_128: None,
            sustained: None,
        };
        let mut table = Table::default();
        let measures = match self.only.is_empty() {
            true => Measure::unnamed(self.long),
            false => self.only.clone(),
        };
        for measure in measures {
            eprintln!("measuring {measure}");
            let measured = match measure {
                Measure::CommandRate => command_rate::measure(&mut setting, &mut table).await,
                Measure::CommandRateApi => {
                    command_rate::measure_api(&mut setting, &mut table).await
                }
                Measure::CommandRateSustained => sustained::measure(&mut setting, &mut table).await,
                Measure::CommandLatency => command_latency::measure(&mut setting, &mut table).await,
                Measure::Start => start::measure(&mut setting, &mut table).await,
                Measure::Memory => memory::measure(&mut setting, &mut table).await,
                Measure::OpenSnapshot => open_snapshot::measure(&setting, &mut table).await,
                Measure::TwoReplicas => two_replicas::measure(&setting, &mut table).await,
                Measure::Transfer => transfer::measure(&setting, &mut table).await,
                Measure::Query => query::measure(&setting, &mut table).await,
                Measure::Growth => growth::measure(&setting, &mut table).await,
                Measure::Peers => peers::measure(&setting, &mut table).await,
                Measure::Rebuild => rebuild::measure(&setting, &mut table).await,
                Measure::SlowDisk => slow_disk::measure(&setting, &mut table).await,
            };
            if let Err(error) = measured {
                table.failed(&measure.to_string(), &error);
            }
        }
        print!("{table}");
        table.write(&self.output)
    }

    /// Senders over all connections to a server.
    fn senders(target: &Target) -> Result<Vec<Sender>, BenchError> {
        let clients = Client::connect(target)?.into_iter();
        let sender = |client| Sender::new(client, Tries::default(), None);
        Ok(clients.map(sender).collect())
    }

    /// So many events or tasks to seed, by the scale.
    fn scaled(&self, count: usize) -> usize {
        ((count as f64 * self.scale) as usize).max(1)
    }

    fn burst(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl Setting<'_> {
    /// The rate of the floor at 128 clients, measured now if that was not done before.
    async fn floor_at_128(&mut self) -> Result<f64, BenchError> {
        if let Some(rate) = self.floor_at_128 {
            return Ok(rate);
        }
        let rate = self.floor.run(128, self.bench.burst()).await?.rate;
        self.floor_at_128 = Some(rate);
        Ok(rate)
    }

    /// Waits until the read models include everything; answers how long that took.
    async fn drained(&self) -> Result<Duration, BenchError> {
        let client = Client::first(self.service.target())?;
        Ok(projections::caught_up(&client, 0, DRAIN).await?)
    }
}
