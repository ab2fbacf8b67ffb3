//! A server as a child process: spawned, watched, and stopped by signals that grow more insistent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::EmbeddedError;
use crate::directory::PrivateDirectory;

/// How long a server may take to be ready. Postgres replays up to 4 GB of its log after a crash.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// How often a child is asked whether it is ready, or has gone as it was told.
const POLL: Duration = Duration::from_millis(10);
/// How often a child that should stay is asked whether it has gone.
const WATCH: Duration = Duration::from_millis(200);
/// How much of a log an error shows.
const TAIL_LINES: usize = 20;

/// A signal that asks a server to stop, and how long to wait before the next one. After the last comes SIGKILL.
pub(crate) type Step = (Signal, Duration);

/// A running child. Dropping it stops it at once, without waiting for anything that can be recovered.
#[derive(Debug)]
pub(crate) struct Server {
    program: &'static str,
    child: Child,
    log: PathBuf,
    /// What a drop does; none once the server was told to outlive this value.
    on_drop: Option<Step>,
}

impl Server {
    /// Runs `command` with its output going to a new file `log` in `home`.
    pub(crate) fn spawn(
        program: &'static str,
        mut command: Command,
        home: &PrivateDirectory,
        on_drop: Step,
    ) -> Result<Self, EmbeddedError> {
        let (log, file) = home.new_log("log")?;
        let errors = file
            .try_clone()
            .map_err(EmbeddedError::io("share the file", &log))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(EmbeddedError::io("run", Path::new(command.get_program())))?;
        Ok(Self {
            program,
            child,
            log,
            on_drop: Some(on_drop),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `is_ready` says so.
    ///
    /// # Errors
    /// [`EmbeddedError::Stopped`] when the child ends first, [`EmbeddedError::NotReady`] when it takes too
    /// long; both carry the end of its log.
    pub(crate) async fn ready(
        mut self,
        is_ready: impl AsyncFn() -> bool,
    ) -> Result<Self, EmbeddedError> {
        let deadline = Instant::now() + READY_WITHIN;
        while !is_ready().await {
            if let Some(status) = self.has_exited() {
                return Err(EmbeddedError::Stopped {
                    program: self.program,
                    status: status.to_string(),
                    tail: tail(&self.log),
                    log: self.log.clone(),
                });
            }
            if Instant::now() > deadline {
                return Err(EmbeddedError::NotReady {
                    program: self.program,
                    seconds: READY_WITHIN.as_secs(),
                    tail: tail(&self.log),
                    log: self.log.clone(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(self)
    }

    /// Waits until the child has ended by itself. May be dropped and called again.
    pub(crate) async fn exited(&mut self) -> ExitStatus {
        self.wait(WATCH).await
    }

    async fn wait(&mut self, poll: Duration) -> ExitStatus {
        loop {
            if let Some(status) = self.has_exited() {
                return status;
            }
            tokio::time::sleep(poll).await;
        }
    }

    /// Stops the child and waits until it has gone.
    pub(crate) async fn stop(mut self, steps: &[Step]) {
        for (signal, patience) in steps {
            self.signal(*signal);
            if tokio::time::timeout(*patience, self.wait(POLL))
                .await
                .is_ok()
            {
                return;
            }
            tracing::warn!(
                program = self.program,
                pid = self.pid(),
                ?signal,
                ?patience,
                "a server did not stop in time"
            );
        }
        self.signal(Signal::KILL);
        self.wait(POLL).await;
    }

    /// Lets the child outlive this value and this process.
    pub(crate) fn detach(mut self) {
        self.on_drop = None;
    }

    fn has_exited(&mut self) -> Option<ExitStatus> {
        // An error means that there is no such child any more.
        self.child
            .try_wait()
            .unwrap_or_else(|_| Some(ExitStatus::default()))
    }

    /// A child that was not waited for keeps its pid, so the signal can reach no other process.
    fn signal(&mut self, signal: Signal) {
        if self.has_exited().is_none() {
            send(Pid::from_child(&self.child), signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some((signal, patience)) = self.on_drop else {
            return;
        };
        self.signal(signal);
        let deadline = Instant::now() + patience;
        while self.has_exited().is_none() {
            if Instant::now() > deadline {
                self.signal(Signal::KILL);
            }
            #[expect(clippy::disallowed_methods, reason = "a drop cannot await")]
            std::thread::sleep(POLL);
        }
    }
}

/// Sends a signal; a process that has gone in the meantime is what was wanted.
pub(crate) fn send(pid: Pid, signal: Signal) {
    if let Err(error) = kill_process(pid, signal)
        && error != rustix::io::Errno::SRCH
    {
        tracing::warn!(pid = pid.as_raw_nonzero(), ?signal, %error, "cannot signal a server");
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
