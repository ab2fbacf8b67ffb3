//! Where the api keeps the contents of documents, and how what crashes left there goes away.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use handoff_commands::{Clock, States};
use handoff_documents::{DocumentStore, ObjectKey, StoreError};
use handoff_domain::State;
use handoff_event_log::{LogError, Position};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    error::{ServerError, chain},
    options::Options,
};

/// No upload takes so long: the api ends each after 6 hours.
const AGE: TimeDelta = TimeDelta::days(1);
/// How often leftovers are looked for, beside at the start.
const INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);

/// The store that the options name, if any.
pub(crate) fn store(options: &Options) -> Result<Option<DocumentStore>, ServerError> {
    if let Some(bucket) = options.document_bucket()? {
        return Ok(Some(DocumentStore::s3(&bucket)?));
    }
    let directory = options.document_dir();
    Ok(match directory {
        Some(directory) => Some(DocumentStore::local(&directory)?),
        None => None,
    })
}

/// The store that the options name, else a directory in the data directory.
pub(crate) fn store_or_own(options: &Options) -> Result<DocumentStore, ServerError> {
    match store(options)? {
        Some(store) => Ok(store),
        None => Ok(DocumentStore::local(&options.own_document_dir())?),
    }
}

/// Removes what uploads left that ended, more than a day ago, without a document.
#[derive(Clone)]
pub(crate) struct Sweeper {
    pub(crate) store: DocumentStore,
    pub(crate) states: States,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Sweeper {
    /// Sweeps now and every six hours, until it is stopped.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let sweeps = async {
            loop {
                ticks.tick().await;
                self.sweep().await;
            }
        };
        stop.run_until_cancelled(sweeps).await;
    }

    async fn sweep(&self) {
        let before = self.clock.now() - AGE;
        let swept = self.store.sweep(before, |key| self.is_document(key)).await;
        match swept {
            Ok(swept) if swept.removed > 0 => {
                tracing::info!(removed = swept.removed, "removed what uploads left");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = chain(&error), "what uploads left stays for now");
            }
        }
    }

    /// Whether an object is the content of a document of the log.
    async fn is_document(&self, key: ObjectKey) -> Result<bool, SweepError> {
        let newest = Position(i64::MAX);
        let found = self.states.at(&(&key.document).into(), newest).await?;
        Ok(match found.state {
            State::Document(document) => document
                .details()
                .is_some_and(|details| details.file.object == key.object),
            _ => false,
        })
    }
}
