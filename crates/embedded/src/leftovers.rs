//! Servers that a killed process left running.
//!
//! A pid in a file proves nothing: the number may belong to another program by now. A leftover is a
//! process that runs the right program *and* works in the right directory.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::EmbeddedError;
use crate::process::send;

/// How long a killed process may take to disappear.
const GONE_WITHIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// Stops every `program` that works in `directory`. `first` is asked before the others, which it stops by
/// itself; then all are, and in the end all are killed.
///
/// # Errors
/// [`EmbeddedError::Leftover`] names a process that is still there.
pub(crate) async fn stop(
    program: &'static str,
    directory: &Path,
    first: Option<(Pid, Signal, Duration)>,
    all: (Signal, Duration),
) -> Result<(), EmbeddedError> {
    let mut running = running_in(directory, program);
    if running.is_empty() {
        return Ok(());
    }
    let pids: Vec<_> = running.iter().map(|pid| pid.as_raw_nonzero()).collect();
    tracing::warn!(program, ?pids, directory = %directory.display(), "stopping what an earlier run left behind");
    if let Some((pid, signal, patience)) = first
        && running.contains(&pid)
    {
        send(pid, signal);
        running = wait_until_gone(program, directory, patience).await;
    }
    for (signal, patience) in [all, (Signal::KILL, GONE_WITHIN)] {
        if running.is_empty() {
            return Ok(());
        }
        for pid in running {
            send(pid, signal);
        }
        running = wait_until_gone(program, directory, patience).await;
    }
    match running.first() {
        None => Ok(()),
        Some(pid) => Err(EmbeddedError::Leftover {
            program,
            pid: pid.as_raw_nonzero().get(),
            directory: directory.to_owned(),
        }),
    }
}

/// Waits until nothing is left, or for `patience`; answers what is left.
async fn wait_until_gone(program: &str, directory: &Path, patience: Duration) -> Vec<Pid> {
    let deadline = Instant::now() + patience;
    loop {
        let running = running_in(directory, program);
        if running.is_empty() || Instant::now() > deadline {
            return running;
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The processes that run `program` with `directory`, a path without links, as their working directory.
#[cfg(target_os = "linux")]
pub(crate) fn running_in(directory: &Path, program: &str) -> Vec<Pid> {
    use std::fs;

    let is_leftover = |process: &Path| {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        // A zombie has a name, but works nowhere.
        name.trim_end() == program
            && fs::read_link(process.join("cwd")).is_ok_and(|works_in| works_in == directory)
    };
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            is_leftover(&entry.path()).then(|| Pid::from_raw(pid))?
        })
        .collect()
}

/// The processes that run `program` and name `directory`, or something in it, on their command line.
#[cfg(not(target_os = "linux"))]
pub(crate) fn running_in(directory: &Path, program: &str) -> Vec<Pid> {
    let listing = std::process::Command::new("ps")
        .args(["-axww", "-o", "pid=,command="])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let directory = directory.display().to_string();
    let is_leftover = |command: &str| {
        let runs_program = command
            .split_whitespace()
            .next()
            .is_some_and(|path| Path::new(path).ends_with(program));
        let names_directory = command.find(&directory).is_some_and(|at| {
            let rest = &command[at + directory.len()..];
            rest.is_empty() || rest.starts_with([' ', '/'])
        });
        runs_program && names_directory
    };
    listing
        .lines()
        .filter_map(|line| {
            let (pid, command) = line.trim_start().split_once(' ')?;
            is_leftover(command).then(|| Pid::from_raw(pid.parse().ok()?))?
        })
        .collect()
}
