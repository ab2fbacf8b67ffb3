//! Why a private server could not be started, in words that say what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A private server, its program or its directory could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    #[error(
        "{program} was found neither on PATH nor in the usual places; install it with \
         `apt-get install {package}` (Debian, Ubuntu) or `brew install {formula}` (macOS), \
         or let `make run` do it"
    )]
    ProgramMissing {
        program: &'static str,
        package: &'static str,
        formula: &'static str,
    },

    #[error("{} is version {found}; {minimum} or newer is needed", path.display())]
    ProgramTooOld {
        path: PathBuf,
        found: String,
        minimum: String,
    },

    #[error(
        "the cluster in {} was made by Postgres {major}, which is not installed; \
         install it with `apt-get install postgresql-{major}`, or move the cluster away",
        directory.display()
    )]
    ClusterVersion { directory: PathBuf, major: u32 },

    #[error("{} is in use by another handoffd{}", directory.display(), holder(*pid))]
    DirectoryInUse {
        directory: PathBuf,
        pid: Option<u32>,
    },

    #[error(
        "{} cannot be entered by the account {account}, under which root runs the servers; \
         `chmod o+x` it or choose another data directory",
        directory.display()
    )]
    DirectoryClosed { directory: PathBuf, account: String },

    #[error(
        "there is neither an account `postgres` nor `nobody` that root could run Postgres under"
    )]
    AccountMissing,

    #[error("port {port} on 127.0.0.1, wanted for {program}, is in use")]
    PortInUse { program: &'static str, port: u16 },

    #[error("{program} stopped while starting ({status}); the end of {}:\n{tail}", log.display())]
    Stopped {
        program: &'static str,
        status: String,
        log: PathBuf,
        tail: String,
    },

    #[error("{program} was not ready after {seconds} s; the end of {}:\n{tail}", log.display())]
    NotReady {
        program: &'static str,
        seconds: u64,
        log: PathBuf,
        tail: String,
    },

    #[error("{program} (pid {pid}), left in {} by an earlier run, cannot be stopped", directory.display())]
    Leftover {
        program: &'static str,
        pid: i32,
        directory: PathBuf,
    },

    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl EmbeddedError {
    /// For `map_err`: names the action that failed and the path it failed on.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}
