//! One `handoffd`.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use handoff_testkit::{eventually, program};
use rustix::process::{Pid, Signal, kill_process};

/// A `handoffd` that runs, and what it logs. Killed when it is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `handoffd` with these arguments; `environment` adds variables. Its log goes to a file
    /// called `name` in `directory`, a JSON object a line.
    pub fn start(
        directory: &Path,
        name: &str,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let log = directory.join(format!("{name}.log"));
        let stderr = File::create(&log).expect("a log file");
        let child = Command::new(program::handoffd())
            .args(args)
            .args(["--log-format", "json"])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("handoffd starts");
        Self { child, log }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The value of a field of the first log line with this message, once it is there.
    pub async fn logged(&mut self, message: &str, field: &str) -> String {
        let ceiling = Duration::from_secs(60);
        eventually(&format!("a log line {message:?}"), ceiling, async || {
            // Looked at first: what it has logged counts, also of one that has ended since.
            let ended = self.child.try_wait();
            let log = self.log();
            let logged = log
                .lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .find(|line| line["fields"]["message"] == message)
                .and_then(|line| line["fields"][field].as_str().map(str::to_owned));
            match (logged, ended) {
                (None, Ok(Some(status))) => panic!("handoffd ended ({status}):\n{log}"),
                (logged, _) => logged.ok_or(log),
            }
        })
        .await
    }

    /// The status with which it has ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child")
    }

    /// Waits until it is frozen.
    pub async fn frozen(&mut self) {
        eventually("a frozen process", Duration::from_secs(60), async || {
            if let Some(status) = self.status() {
                panic!("handoffd ended ({status}):\n{}", self.log());
            }
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
            // After the name, which stands in parentheses.
            match stat.rsplit(") ").next() {
                Some(rest) if rest.starts_with('T') => Ok(()),
                _ => Err(stat),
            }
        })
        .await;
    }

    /// How much memory it has, in bytes.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = fs::read_to_string(path).expect("a process that runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.expect("a size") * 1024
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("a process to signal");
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        eventually(
            "the end of handoffd",
            Duration::from_secs(60),
            async || match self.child.try_wait().expect("a child") {
                Some(status) => Ok(status),
                None => Err(self.log()),
            },
        )
        .await
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Kills it with SIGKILL and waits until it has gone.
    pub async fn kill(mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
