//! `peers`: event stores that one could take instead, on the same machine in the same minutes.
//!
//! They are no part of this repository: a directory holds a `run.sh SECONDS CLIENTS…` that runs them on the
//! Postgres named by `PGHOST`, `PGPORT`, `PGUSER` and `PGPASSWORD` and prints a line for each,
//! `message-db c=128 1234 cmd/s`.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

use super::{
    Bench, BenchError, Setting,
    command_rate::{burst, rates},
    private::Private,
    table::{Row, Table},
};

const CLIENTS: [usize; 2] = [128, 512];
/// The only one that does not keep its events in Postgres.
const OWN_STORAGE: &str = "umadb";

/// What a peer has done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) clients: usize,
    /// Commands a second.
    pub(super) rate: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let Some(directory) = &setting.bench.peers else {
        table.missing("peers", "no directory is named by --peers");
        return Ok(());
    };
    // Before and after, so that a machine that changes its pace favours nobody.
    let mut seen = CLIENTS.map(|_| Vec::new());
    bursts(setting, &mut seen).await?;
    let private = setting.service.private()?;
    let (peers, failed) = run(directory, setting.bench, &private, &CLIENTS, None).await?;
    bursts(setting, &mut seen).await?;
    for (clients, seen) in CLIENTS.into_iter().zip(seen) {
        let Some(own) = rates("peers", clients, &seen) else {
            continue;
        };
        let rate = own.value;
        table.add(own);
        for peer in peers.iter().filter(|peer| peer.clients == clients) {
            table.add(peer.row("peers").ratio_of(rate).at_least(1.0));
        }
    }
    if let Some(failed) = failed {
        table.failed("a peer", &failed);
    }
    Ok(())
}

async fn bursts(
    setting: &Setting<'_>,
    seen: &mut [Vec<crate::Summary>; 2],
) -> Result<(), BenchError> {
    let api = setting.service.api_alone("bench_peers").await?;
    for (clients, seen) in CLIENTS.into_iter().zip(seen) {
        seen.push(burst(setting.bench, api.target(), clients).await?);
    }
    Ok(())
}

/// Runs the peers; those that run before one fails count. `slow` is a library for those that do not use
/// Postgres to load first.
pub(super) async fn run(
    directory: &Path,
    bench: &Bench,
    private: &Private,
    clients: &[usize],
    slow: Option<&str>,
) -> Result<(Vec<Peer>, Option<BenchError>), BenchError> {
    let script = directory.join("run.sh");
    let program = script.display().to_string();
    let mut command = Command::new("bash");
    command
        .arg(&script)
        .arg(bench.seconds.to_string())
        .args(clients.iter().map(usize::to_string))
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", private.postgres_port.to_string())
        .env("PGUSER", private.user())
        .env("PGPASSWORD", &private.postgres_password)
        .env("SLOW", slow.unwrap_or_default())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command
        .output()
        .await
        .map_err(BenchError::io(format!("run {program}")))?;
    let peers = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(Peer::read)
        .inspect(|peer| {
            eprintln!(
                "  {} clients={} {:.0}/s",
                peer.name, peer.clients, peer.rate
            )
        })
        .collect();
    let failed = (!output.status.success()).then(|| {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        BenchError::Failed { program, said }
    });
    Ok((peers, failed))
}

impl Peer {
    /// Reads `NAME c=CLIENTS RATE cmd/s`, with `p50=…ms` and `p99=…ms` behind it if the peer tells.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (name, clients, rate, unit) =
            (words.next()?, words.next()?, words.next()?, words.next()?);
        if unit != "cmd/s" {
            return None;
        }
        let ms = |name: &str| {
            let word = line
                .split_whitespace()
                .find_map(|word| word.strip_prefix(name))?;
            word.strip_suffix("ms")?.parse().ok()
        };
        Some(Self {
            name: name.to_owned(),
            clients: clients.strip_prefix("c=")?.parse().ok()?,
            rate: rate.parse().ok()?,
            p50_ms: ms("p50="),
            p99_ms: ms("p99="),
        })
    }

    pub(super) fn on_postgres(&self) -> bool {
        self.name != OWN_STORAGE
    }

    pub(super) fn row(&self, measure: &'static str) -> Row {
        Row {
            system: self.name.clone().into(),
            clients: Some(self.clients),
            p50_ms: self.p50_ms,
            p99_ms: self.p99_ms,
            ..Row::new(measure, self.rate, "commands/s")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_read_with_and_without_latencies() {
        let peer = Peer::read("message-db c=128 1234 cmd/s").unwrap();
        assert_eq!(
            (peer.name.as_str(), peer.clients, peer.rate, peer.p50_ms),
            ("message-db", 128, 1_234.0, None)
        );
        let peer = Peer::read("umadb c=512 9876 cmd/s errors=0 p50=1.25ms p99=30.50ms").unwrap();
        assert_eq!((peer.p50_ms, peer.p99_ms), (Some(1.25), Some(30.5)));
        assert!(!peer.on_postgres());
    }

    #[test]
    fn other_lines_are_no_peers() {
        for line in [
            "",
            "# UmaDB over gRPC, own storage",
            "pgbench-insert c=128 30000 tx/s",
            "esrs c=x 1 cmd/s",
        ] {
            assert_eq!(Peer::read(line), None, "{line}");
        }
    }
}
