//! An event as it stands in the log.

use std::{fmt, sync::OnceLock};

use chrono::{DateTime, Utc};
use handoff_domain::{
    DecodeError, Event, Partition, Version,
    names::{Actor, MemberName, StreamName},
};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{error::LogError, hash::Hash};

/// A place in the log: 1, 2, 3 …; 0 is before the first event.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub i64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The position after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which run of positions: a log that lost its tail starts a new one, so that a position that is
/// given again is told from the one that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i32);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why an event is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Who called.
    pub actor: Actor,
    /// The member for whom a service account acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<MemberName>,
    /// The RPC or policy that issued the command: `CompleteTask`.
    pub request: String,
    /// SHA-256 of the request, in hex: the same `command_id` with another body is refused.
    pub request_hash: String,
    /// What belongs together across commands; the command's own id where nobody gave one.
    pub correlation_id: Uuid,
    /// The event that caused the command, for a policy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub position: Position,
    pub stream: StreamName,
    pub version: Version,
    /// Aggregate and what happened: `task.completed`. Not checked: an unknown type is still read.
    pub event_type: String,
    pub type_version: i16,
    pub partition: Partition,
    pub event_id: Uuid,
    pub command_id: Uuid,
    /// The place among the events of its command, from 0.
    pub command_index: i32,
    /// JSON, the bytes that were hashed.
    pub payload: String,
    /// JSON, the bytes that were hashed.
    pub metadata: String,
    pub recorded_at: DateTime<Utc>,
    pub hash: Hash,
    pub reading: Reading,
}

/// What the payload of an event was read as, once it was: whoever reads the same event again does not do
/// the work again. Says nothing about the event that its other fields do not say.
#[derive(Default)]
pub struct Reading(OnceLock<Box<Result<Event, DecodeError>>>);

/// A copy reads for itself.
impl Clone for Reading {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Reading {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reading")
    }
}

/// The columns that [`Recorded::from_row`] reads, in its order.
pub(crate) const COLUMNS: &str = "position, stream, version, type, type_version, partition, event_id, \
     command_id, command_index, payload::text, metadata::text, recorded_at, hash";

impl Recorded {
    /// Reads the payload as an event of the domain, the first time it is asked for.
    ///
    /// # Errors
    /// See [`Event::decode`].
    pub fn read(&self) -> Result<&Event, &DecodeError> {
        let read = || Box::new(self.event());
        self.reading.0.get_or_init(read).as_ref().as_ref()
    }

    /// Reads the payload as an event of the domain.
    pub fn event(&self) -> Result<Event, DecodeError> {
        Event::decode(
            self.stream.kind(),
            &self.event_type,
            self.type_version,
            &self.payload,
        )
    }

    /// Reads the metadata.
    pub fn metadata(&self) -> Result<Metadata, serde_json::Error> {
        serde_json::from_str(&self.metadata)
    }

    pub(crate) fn from_row(row: &Row) -> Result<Self, LogError> {
        let position = Position(row.try_get(0)?);
        let corrupt = |what: &str| LogError::Corrupt {
            position,
            what: what.to_owned(),
        };
        Ok(Self {
            position,
            stream: row
                .try_get::<_, &str>(1)?
                .parse()
                .map_err(|_| corrupt("its stream is no resource name"))?,
            version: u32::try_from(row.try_get::<_, i32>(2)?)
                .map(Version)
                .map_err(|_| corrupt("its version is negative"))?,
            event_type: row.try_get(3)?,
            type_version: row.try_get(4)?,
            partition: u8::try_from(row.try_get::<_, i16>(5)?)
                .ok()
                .and_then(Partition::new)
                .ok_or_else(|| corrupt("its partition is not 0 to 63"))?,
            event_id: row.try_get(6)?,
            command_id: row.try_get(7)?,
            command_index: row.try_get(8)?,
            payload: row.try_get(9)?,
            metadata: row.try_get(10)?,
            recorded_at: row.try_get(11)?,
            hash: row
                .try_get::<_, &[u8]>(12)?
                .try_into()
                .map_err(|_| corrupt("its hash has not 32 bytes"))?,
            reading: Reading::default(),
        })
    }
}
