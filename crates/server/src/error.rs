//! Why `handoffd` stops, in words for who started it.

use std::{error::Error, fmt::Write, io, net::SocketAddr};

use handoff_api::auth::{IssuerError, KeysError};
use handoff_commands::CommandError;
use handoff_documents::StoreError;
use handoff_embedded::EmbeddedError;
use handoff_event_log::{LogError, MigrateError};
use handoff_read_models::QueryError;

use crate::options::OptionsError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error("cannot listen on {address}: choose another address with {option}")]
    Listen {
        address: SocketAddr,
        option: &'static str,
        source: io::Error,
    },
    #[error("the database URL is not valid")]
    DatabaseUrl(#[source] tokio_postgres::Error),
    #[error("cannot connect to NATS")]
    Nats(#[source] async_nats::ConnectError),
    #[error("the database cannot be brought up to date")]
    Migrate(#[from] MigrateError),
    #[error("the log cannot be read: is the database up to date? (`handoffd migrate`)")]
    Log(#[from] LogError),
    #[error("the first member cannot be created")]
    FirstMember(#[source] CommandError),
    #[error("tokens cannot be made")]
    Issuer(#[from] IssuerError),
    #[error("tokens cannot be checked")]
    Keys(#[from] KeysError),
    #[error("--token-keys is missing: name the JWKS file that tokens are checked with")]
    NoKeys,
    #[error("cannot write {path}")]
    Write { path: String, source: io::Error },
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    #[error("the store of documents cannot be used")]
    Documents(#[from] StoreError),
    #[error("the queries cannot be prepared")]
    Queries(#[from] QueryError),
    #[error("a part of the process failed")]
    Panicked(#[source] tokio::task::JoinError),
    #[error("the sequencer of commands failed")]
    SequencerEnded,
    #[error("{server} ended by itself: {status}")]
    ServerEnded {
        server: &'static str,
        status: std::process::ExitStatus,
    },
}

/// An error and its causes in one line: each says something that the one before does not.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.contains(&text) {
            // Writing to a string cannot fail.
            let _ = write!(line, ": {text}");
        }
        source = cause.source();
    }
    line
}
