//! A directory for one test, and a process that holds a server until it is killed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A directory that the account of the servers can pass through when the tests are run by root.
pub(crate) fn directory() -> TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o711))
        .tempdir()
        .unwrap()
}

/// Names the directory for the ignored test that plays the process to be killed.
pub(crate) const DIRECTORY: &str = "HANDOFF_EMBEDDED_TEST_DIRECTORY";

/// Runs the ignored test `name` of this executable in `directory` until it has written the file `started`.
pub(crate) async fn another_process(name: &str, directory: &Path) -> Child {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !directory.join("started").exists() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{name} did not start"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child
}

/// Whether a process is there and is no zombie.
#[cfg(target_os = "linux")]
pub(crate) fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which is in parentheses.
    stat.rsplit_once(") ")
        .is_some_and(|(_, state)| !state.starts_with('Z'))
}

/// Whether a process is there and is no zombie.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_running(pid: u32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&state.stdout).into_owned();
    !state.trim().is_empty() && !state.starts_with('Z')
}
