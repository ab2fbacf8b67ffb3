//! A running `handoffd`: when it is ready, what its log says, how it stops.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::sleep;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

use super::BenchError;
use crate::{Client, Target};

/// How long a service may take to be ready; a slow disk makes the first start slow.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(5);
/// Connections that the clients share.
pub(super) const CONNECTIONS: usize = 8;
/// Lines of a log that are shown.
const TAIL: usize = 5;

/// A running `handoffd`. Dropping it stops it in order.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
    pub(super) target: Target,
}

impl Process {
    /// Starts a role on any free ports. Its log goes to a file, a JSON object a line.
    pub(super) fn spawn(
        program: &Path,
        role: &[&str],
        log: &Path,
        environment: &[(String, String)],
    ) -> Result<Self, BenchError> {
        let file = File::create(log).map_err(BenchError::io("make a log file"))?;
        let mut command = Command::new(program);
        // What is set for another service must not lead this one there.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("HANDOFF_") {
                command.env_remove(name);
            }
        }
        let child = command
            .args(role)
            .args(["--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"])
            .args(["--log-format", "json"])
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(BenchError::io(format!("start {}", program.display())))?;
        Ok(Self {
            child,
            log: log.to_owned(),
            target: Target {
                servers: Vec::new(),
                token: String::new(),
                connections: CONNECTIONS,
            },
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it says that it is ready; answers the address of its API, if it has one.
    pub(super) async fn ready(&mut self) -> Result<Option<String>, BenchError> {
        let is_ready = |line: &Value| line["fields"]["message"] == "ready";
        let said = self.said(is_ready, LOOK, PATIENCE).await?;
        Ok(said["fields"]["api"].as_str().map(str::to_owned))
    }

    /// Waits for a line of its log.
    pub(super) async fn said(
        &mut self,
        wanted: impl Fn(&Value) -> bool,
        look: Duration,
        patience: Duration,
    ) -> Result<Value, BenchError> {
        let began = Instant::now();
        loop {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let line = log
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .find(&wanted);
            if let Some(line) = line {
                return Ok(line);
            }
            self.still_waiting(began, patience)?;
            sleep(look).await;
        }
    }

    /// Waits until health says SERVING.
    pub(super) async fn serving(&mut self) -> Result<(), BenchError> {
        let began = Instant::now();
        let mut health = Client::first(&self.target)?.health();
        loop {
            let answer = health.check(HealthCheckRequest::default()).await;
            if answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving) {
                return Ok(());
            }
            self.still_waiting(began, PATIENCE)?;
            sleep(LOOK).await;
        }
    }

    fn still_waiting(&mut self, began: Instant, patience: Duration) -> Result<(), BenchError> {
        let waiting = self.child.try_wait();
        if waiting
            .map_err(BenchError::io("wait for handoffd"))?
            .is_some()
        {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
            return Err(BenchError::Ended { tail });
        }
        if began.elapsed() > patience {
            let seconds = patience.as_secs();
            return Err(BenchError::NotReady { seconds });
        }
        Ok(())
    }

    /// Asks it to stop and waits until it has.
    pub(super) async fn stop(&mut self) -> Result<(), BenchError> {
        self.ask_to_stop();
        let ended = loop {
            let waiting = self.child.try_wait();
            if let Some(status) = waiting.map_err(BenchError::io("wait for handoffd"))? {
                break status;
            }
            sleep(LOOK).await;
        };
        match ended.success() {
            true => Ok(()),
            false => Err(BenchError::Ended {
                tail: format!("{ended}"),
            }),
        }
    }

    fn ask_to_stop(&self) {
        // It may have ended already.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.ask_to_stop();
        }
        // Its own stopping has its cap. Killing it would leave its servers behind.
        let _ = self.child.wait();
    }
}
