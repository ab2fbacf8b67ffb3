//! The floor that rates are compared with: `pgbench`, one row and one commit a transaction.

use std::{io::Write, time::Duration};

use tempfile::NamedTempFile;
use tokio::process::Command;

use super::{
    BenchError,
    private::Private,
    programs::{output, postgres_program},
};

const DATABASE: &str = "bench";
/// Threads of pgbench.
const THREADS: usize = 2;

/// A database of its own in a cluster.
pub(super) struct Floor {
    private: Private,
    script: NamedTempFile,
}

/// What pgbench measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inserted {
    /// Transactions a second.
    pub(super) rate: f64,
    /// Mean milliseconds of one.
    pub(super) mean_ms: f64,
}

impl Floor {
    pub(super) async fn prepare(private: &Private) -> Result<Self, BenchError> {
        private.fresh_database(DATABASE).await?;
        let mut script = NamedTempFile::new().map_err(BenchError::io("make a file"))?;
        script
            .write_all(include_bytes!("../../bench/floor.sql"))
            .map_err(BenchError::io("write a file"))?;
        Ok(Self {
            private: private.clone(),
            script,
        })
    }

    /// Follows the servers to where they are after a restart.
    pub(super) fn moved_to(&mut self, private: Private) {
        self.private = private;
    }

    /// Inserts into an empty table for so long.
    pub(super) async fn run(
        &self,
        clients: usize,
        length: Duration,
    ) -> Result<Inserted, BenchError> {
        let client = self.private.connect(DATABASE).await?;
        client
            .batch_execute(include_str!("../../bench/floor_table.sql"))
            .await?;
        let mut command = Command::new(postgres_program("pgbench")?);
        command
            .args(["--no-vacuum", "--protocol", "prepared"])
            .args(["--time", &length.as_secs().max(1).to_string()])
            .args(["--client", &clients.to_string()])
            .args(["--jobs", &THREADS.min(clients).to_string()])
            .arg("--file")
            .arg(self.script.path())
            .args(["--host", "127.0.0.1"])
            .args(["--port", &self.private.postgres_port.to_string()])
            .args(["--username", self.private.user(), DATABASE])
            .env("PGPASSWORD", &self.private.postgres_password);
        let said = output(command).await?;
        let number = |before: &str| {
            let rest = said.lines().find_map(|line| line.strip_prefix(before))?;
            rest.split_whitespace().next()?.parse().ok()
        };
        let measured = number("tps = ").zip(number("latency average = "));
        let (rate, mean_ms) = measured.ok_or_else(|| BenchError::Failed {
            program: "pgbench".to_owned(),
            said: format!("it printed no rate after {} s", length.as_secs()),
        })?;
        Ok(Inserted { rate, mean_ms })
    }
}
