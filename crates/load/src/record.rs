//! The record of a load: one JSON object a line for each try of each command.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, task::JoinHandle};
use uuid::Uuid;

use crate::{Command, LoadError, Outcome};

/// Tries that may wait to be written. When so many do, the load waits too: nothing is left out.
const WAITING: usize = 8_192;

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Ok,
    Refused,
    Unknown,
}

/// One try of a command. Tries of one command have the same `request_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    pub request_id: Uuid,
    /// From 1.
    pub attempt: u32,
    pub rpc: String,
    pub resource: String,
    /// Microseconds since the record began, on a clock that never goes back.
    pub sent_us: u64,
    pub answered_us: u64,
    pub outcome: Ended,
    /// As gRPC calls it, or `TRANSPORT` for a connection that broke.
    pub code: String,
    // Those of an answer that was OK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_appended: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<bool>,
}

/// Writes tries to a file, in a thread of its own.
#[derive(Clone)]
pub struct Recorder {
    tries: mpsc::Sender<Try>,
    began: Instant,
}

/// The file's side of a [`Recorder`].
pub struct Recording {
    writing: JoinHandle<io::Result<()>>,
    path: PathBuf,
}

impl Recorder {
    /// Begins a record. It is whole once every clone of the recorder is gone and
    /// [`Recording::finish`] has answered.
    pub fn create(path: &Path) -> Result<(Self, Recording), LoadError> {
        let file = File::create(path).map_err(|source| LoadError::Record {
            path: path.to_owned(),
            source,
        })?;
        let (tries, waiting) = mpsc::channel(WAITING);
        let recording = Recording {
            writing: tokio::task::spawn_blocking(move || write(file, waiting)),
            path: path.to_owned(),
        };
        let began = Instant::now();
        Ok((Self { tries, began }, recording))
    }

    pub(crate) async fn record(
        &self,
        command: &Command,
        request_id: Uuid,
        attempt: u32,
        sent: Instant,
        outcome: &Outcome,
    ) {
        let micros = |at: Instant| at.duration_since(self.began).as_micros() as u64;
        let ended = match outcome {
            Outcome::Done(_) => Ended::Ok,
            Outcome::Refused { .. } => Ended::Refused,
            Outcome::Unknown { .. } => Ended::Unknown,
        };
        let answer = match outcome {
            Outcome::Done(answer) => Some(answer),
            _ => None,
        };
        let one = Try {
            request_id,
            attempt,
            rpc: command.rpc().to_owned(),
            resource: command.resource().to_owned(),
            sent_us: micros(sent),
            answered_us: micros(Instant::now()),
            outcome: ended,
            code: outcome.code().to_owned(),
            position: answer.map(|answer| answer.position),
            epoch: answer.map(|answer| answer.epoch),
            etag: answer.map(|answer| answer.etag.clone()),
            events_appended: answer.map(|answer| answer.events_appended),
            replayed: answer.map(|answer| answer.replayed),
        };
        // The writer ends early only with an error, which `finish` reports.
        let _ = self.tries.send(one).await;
    }
}

impl Recording {
    /// Waits until everything is written.
    pub async fn finish(self) -> Result<(), LoadError> {
        let written = self.writing.await.unwrap_or_else(|panic| Err(panic.into()));
        written.map_err(|source| LoadError::Record {
            path: self.path,
            source,
        })
    }
}

fn write(file: File, mut waiting: mpsc::Receiver<Try>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    while let Some(one) = waiting.blocking_recv() {
        serde_json::to_writer(&mut out, &one)?;
        out.write_all(b"\n")?;
        // What the load was told before a pause can be read during it.
        if waiting.is_empty() {
            out.flush()?;
        }
    }
    out.flush()
}
