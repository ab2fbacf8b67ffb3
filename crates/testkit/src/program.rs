//! The workspace's own programs, for tests that run them.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The path of an up-to-date `handoffd`.
///
/// # Panics
/// When it does not build.
pub fn handoffd() -> PathBuf {
    built().join("handoffd")
}

/// The path of an up-to-date `handoff`.
///
/// # Panics
/// When it does not build.
pub fn handoff() -> PathBuf {
    built().join("handoff")
}

/// The directory of the programs, which are built once in each test run: a test's own build does not
/// bring the programs of other packages up to date.
fn built() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let directory = directory();
        let lock = File::create(directory.join("programs.lock")).expect("a lock file");
        lock.lock().expect("a lock on the build");
        // Where every test is a process of its own, this tells the processes of one run.
        let run = env::var("NEXTEST_RUN_ID").ok();
        let stamp = directory.join("programs.run");
        let built_by = fs::read_to_string(&stamp).ok();
        if run.is_none() || run != built_by {
            build(&directory);
            fs::write(&stamp, run.unwrap_or_default()).expect("a note of the build");
        }
        lock.unlock().expect("an unlocked build");
        directory
    })
}

/// Where cargo puts the programs: `target/debug`, beside `deps` with this test's executable.
fn directory() -> PathBuf {
    let executable = env::current_exe().expect("a test's path");
    let directory = executable
        .ancestors()
        .find(|directory| directory.file_name().is_some_and(|name| name == "deps"))
        .and_then(Path::parent)
        .expect("a test runs in target/<profile>/deps");
    directory.to_owned()
}

fn build(directory: &Path) {
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let target = directory
        .parent()
        .expect("a profile's directory is in target");
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--profile", profile])
        // The whole workspace, as for the tests themselves: with fewer packages the dependencies would
        // have other features and be built once more.
        .args(["--workspace", "--bins"])
        // As the tests have it themselves, by a dependency of `handoff-tests` for development.
        .args(["--features", "handoff-failpoints/enabled"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(WORKSPACE)
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "the programs do not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
