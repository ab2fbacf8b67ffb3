//! Whether a service kept its promises to whoever recorded a load.
//!
//! The rules, with the numbers under which reports show them:
//!
//! 1. every acknowledged command's events are in the log exactly once, at the version and position answered;
//! 2. a command with an unknown outcome happened once or not at all, and a retry gets the first answer;
//! 3. positions are 1..n, versions contiguous in each stream, the hash chain verifies;
//! 4. every read model equals one rebuilt from the log at the same position, row for row;
//! 6. the read models include the whole log within a time after the check begins;
//! 7. only the expected error codes were seen.
//!
//! Rule 5, on external effects, needs their receiver and is checked where that is.
//!
//! The record is read once, then the log is streamed once: memory is bounded by the commands in the
//! record and the streams in the log, whatever the number of tries and events. The log may hold
//! commands that nobody recorded; they count for rules 3 to 6 only.

mod fold;
mod history;
mod read_models;
mod report;
mod service;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{LoadError, Target};

pub use fold::LogFold;
pub use history::History;
pub use report::{Report, Rule};

/// What is checked.
#[derive(Debug, Clone, clap::Args)]
// The group would have the name of the subcommand that it is part of.
#[group(skip)]
pub struct Check {
    /// Postgres of the service, postgres://USER@HOST/DATABASE, as a role that may read the read models; without it rule 4 is not checked. Best given by the environment, since it has a password
    #[arg(long, env = "HANDOFF_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Seconds after which the read models must include the whole log
    #[arg(long, default_value_t = 30)]
    pub within: u64,
    /// Seconds that a read model may take to be rebuilt
    #[arg(long, default_value_t = 600)]
    pub rebuild_within: u64,
    /// Error codes that may have been seen; TRANSPORT stands for broken connections
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "UNAVAILABLE,DEADLINE_EXCEEDED,CANCELLED,RESOURCE_EXHAUSTED,TRANSPORT"
    )]
    pub expected: Vec<String>,
    /// Counts a command whose outcome nobody learned as broken. For loads that try again until they know
    #[arg(long)]
    pub all_resolved: bool,
}

impl Default for Check {
    fn default() -> Self {
        let codes = [
            "UNAVAILABLE",
            "DEADLINE_EXCEEDED",
            "CANCELLED",
            "RESOURCE_EXHAUSTED",
            "TRANSPORT",
        ];
        Self {
            database_url: None,
            within: 30,
            rebuild_within: 600,
            expected: codes.map(str::to_owned).into(),
            all_resolved: false,
        }
    }
}

/// Why a check could not be made, which says nothing about the service's promises.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("cannot read the record {}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("line {line} of {} is not a try", path.display())]
    Malformed {
        path: PathBuf,
        line: usize,
        source: serde_json::Error,
    },
    #[error("the log cannot be read: {}: {}", .0.code(), .0.message())]
    Log(Box<tonic::Status>),
    #[error("the answer of {0} ended early")]
    Cut(&'static str),
    #[error("a read model was not rebuilt in time: {0:?}")]
    NotRebuilt(handoff_proto::v1::ProjectionState),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("cannot compare read models")]
    Database(#[from] tokio_postgres::Error),
}

impl From<tonic::Status> for CheckError {
    fn from(status: tonic::Status) -> Self {
        Self::Log(Box::new(status))
    }
}

impl Check {
    /// Checks a record against the service that it was made with. No load may run meanwhile.
    pub async fn run(&self, target: &Target, record: &Path) -> Result<Report, CheckError> {
        let client = crate::Client::first(target)?;
        let mut report = Report::new();
        let mut history = History::read(record, &mut report)?;
        history.check_codes(&self.expected.iter().cloned().collect(), &mut report);
        if self.all_resolved {
            history.check_resolved(&mut report);
        }
        // First of all, since the time counts from the healing of a fault.
        let within = Duration::from_secs(self.within);
        let head = service::check_lag(&client, within, &mut report).await?;
        let through = service::fold_log(&client, &mut history, &mut report).await?;
        service::verify_log(&client, through, &mut report).await?;
        match &self.database_url {
            Some(url) => {
                let within = Duration::from_secs(self.rebuild_within);
                read_models::check(&client, url, within, &mut report).await?;
            }
            None => report.not_checked(Rule::ReadModels, "no --database-url"),
        }
        report.note(format!(
            "{} commands in {} tries, {} events, {} unresolved; {head}",
            history.commands(),
            history.tries(),
            through,
            history.unresolved(),
        ));
        Ok(report)
    }
}

/// Codes by name.
pub type Codes = BTreeSet<String>;
