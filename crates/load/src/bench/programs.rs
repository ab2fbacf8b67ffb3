//! Programs that the benchmarks call.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use super::BenchError;

/// A program of Postgres: on PATH, else in the newest installation in the usual place.
pub(super) fn postgres_program(program: &'static str) -> Result<PathBuf, BenchError> {
    let mut installed: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    // Versions are numbers of two digits.
    installed.sort_unstable_by(|a, b| b.cmp(a));
    find(program, installed)
}

/// A program on PATH or in one of these directories.
pub(super) fn find(program: &'static str, more: Vec<PathBuf>) -> Result<PathBuf, BenchError> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(more)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or(BenchError::Missing { program })
}

/// What a command prints. It is killed if nobody waits any more.
pub(super) async fn output(mut command: Command) -> Result<String, BenchError> {
    let program = command.as_std().get_program();
    let program = Path::new(program).display().to_string();
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(BenchError::io(format!("run {program}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(BenchError::Failed { program, said })
}
