//! Keeps the states of long streams, behind the gateway's back.

use std::collections::HashMap;

use handoff_domain::{Versioned, names::StreamName};
use handoff_event_log::{Database, Role, Snapshot, Snapshots};
use tokio::{runtime::Handle, sync::mpsc};

/// Snapshots that may wait to be kept; more are left out, and come again later.
const QUEUE: usize = 256;

/// Hands states over to a task that keeps them.
pub(crate) struct Snapshotter {
    queue: mpsc::Sender<Snapshot>,
    versions: u32,
    /// The version at which each long stream was last handed over.
    handed: HashMap<StreamName, u32>,
}

impl Snapshotter {
    /// Keeps a state whenever its stream has passed another multiple of `versions`.
    pub(crate) fn start(database: &Database, runtime: &Handle, versions: u32) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Snapshot>(QUEUE);
        let snapshots = Snapshots::new(database.pool(Role::Appender, "handoff snapshots", "", 1));
        runtime.spawn(async move {
            while let Some(snapshot) = waiting.recv().await {
                if let Err(error) = snapshots.save(&snapshot).await {
                    tracing::warn!(%error, stream = %snapshot.stream, "snapshot not kept");
                }
            }
        });
        Self {
            queue,
            versions: versions.max(1),
            handed: HashMap::new(),
        }
    }

    /// Notes what a batch changed.
    pub(crate) fn note(&mut self, changed: &[(StreamName, Versioned)]) {
        for (stream, versioned) in changed {
            let due = versioned.version.0 / self.versions * self.versions;
            if due == 0 || self.handed.get(stream).is_some_and(|handed| *handed >= due) {
                continue;
            }
            let snapshot = Snapshot {
                stream: stream.clone(),
                versioned: versioned.clone(),
            };
            if self.queue.try_send(snapshot).is_ok() {
                self.handed.insert(stream.clone(), versioned.version.0);
            }
        }
    }
}
