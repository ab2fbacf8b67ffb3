//! Why the load could not run.

use std::{io, path::PathBuf};

use tonic::Status;

/// Why the load could not run. What a server answers to a command is no error here, but an outcome.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} does not hold the address and token of a server", path.display())]
    ClientFile { path: PathBuf },
    #[error("{server:?} is not an address, as http://HOST:PORT")]
    Address { server: String },
    #[error("the token has characters that no header may have")]
    Token,
    #[error("no token: set HANDOFF_TOKEN, or name a file by --token-file")]
    NoToken,
    #[error("cannot prepare the tasks: {outcome}")]
    Prepare { outcome: String },
    #[error("cannot write the record {}", path.display())]
    Record { path: PathBuf, source: io::Error },
    #[error("cannot ask for the projections: {}", .0.message())]
    Projections(Box<Status>),
    #[error("a call failed: {}", .0.message())]
    Call(Box<Status>),
    #[error("the read models did not catch up within {seconds} s: {last}")]
    Behind { seconds: u64, last: String },
    #[error("the pacing thread ended")]
    Pacer,
}
