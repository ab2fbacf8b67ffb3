//! The two messages of the stream: an event, and the tick.

use async_nats::{
    HeaderMap,
    header::{HeaderName, NATS_MESSAGE_ID},
};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use handoff_domain::{Partition, Version};
use handoff_event_log::{Epoch, Position, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::last_positions::LastPositions;

/// The position of the event before in the same partition; 0 for a partition's first.
const PREVIOUS: HeaderName = HeaderName::from_static("Handoff-Previous");

const CE_SPECVERSION: HeaderName = HeaderName::from_static("ce-specversion");
const CE_ID: HeaderName = HeaderName::from_static("ce-id");
const CE_TYPE: HeaderName = HeaderName::from_static("ce-type");
const CE_SOURCE: HeaderName = HeaderName::from_static("ce-source");
const CE_SUBJECT: HeaderName = HeaderName::from_static("ce-subject");
const CE_TIME: HeaderName = HeaderName::from_static("ce-time");

/// The body of an event's message: the whole row of the log.
#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    epoch: Epoch,
    position: Position,
    stream: &'a str,
    version: u32,
    #[serde(rename = "type")]
    event_type: &'a str,
    type_version: i16,
    partition: u8,
    event_id: Uuid,
    command_id: Uuid,
    command_index: i32,
    recorded_at: DateTime<Utc>,
    hash: &'a str,
    // Raw: the bytes stay as they were hashed.
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    metadata: &'a RawValue,
}

/// A message is not one that a relay publishes.
#[derive(Debug, thiserror::Error)]
pub enum MalformedMessage {
    #[error("the body is not the JSON of its kind")]
    Body(#[from] serde_json::Error),
    #[error("{0} is missing or out of its range")]
    Field(&'static str),
}

/// The body of an event's message.
///
/// # Errors
/// The payload or metadata is no JSON: the row is damaged.
pub(crate) fn encode(recorded: &Recorded, epoch: Epoch) -> Result<Bytes, serde_json::Error> {
    let envelope = Envelope {
        epoch,
        position: recorded.position,
        stream: recorded.stream.as_str(),
        version: recorded.version.0,
        event_type: &recorded.event_type,
        type_version: recorded.type_version,
        partition: recorded.partition.number(),
        event_id: recorded.event_id,
        command_id: recorded.command_id,
        command_index: recorded.command_index,
        recorded_at: recorded.recorded_at,
        hash: &recorded.hash.to_string(),
        payload: serde_json::from_str(&recorded.payload)?,
        metadata: serde_json::from_str(&recorded.metadata)?,
    };
    // The other fields take about 420 bytes.
    let mut body = Vec::with_capacity(recorded.payload.len() + recorded.metadata.len() + 512);
    serde_json::to_writer(&mut body, &envelope)?;
    Ok(body.into())
}

/// The headers of an event's message. `previous` is the position of the event before it in its
/// partition; `source` says for CloudEvents which Handoff this is.
pub(crate) fn headers(
    recorded: &Recorded,
    epoch: Epoch,
    previous: Position,
    source: &str,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, format!("{epoch}:{}", recorded.position));
    headers.insert(PREVIOUS, previous.to_string());
    headers.insert(CE_SPECVERSION, "1.0");
    headers.insert(CE_ID, recorded.event_id.to_string());
    headers.insert(CE_TYPE, recorded.event_type.as_str());
    headers.insert(CE_SOURCE, source);
    headers.insert(CE_SUBJECT, recorded.stream.as_str());
    headers.insert(
        CE_TIME,
        recorded
            .recorded_at
            .to_rfc3339_opts(SecondsFormat::Micros, true)
            .as_str(),
    );
    headers
}

/// An event as it came from NATS.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    pub epoch: Epoch,
    /// The position of the event before it in its partition; [`Position::START`] if it is the first.
    pub previous: Position,
    pub event: Recorded,
}

impl Delivered {
    /// Reads an event's message.
    ///
    /// # Errors
    /// No relay wrote it.
    pub fn decode(headers: Option<&HeaderMap>, body: &[u8]) -> Result<Self, MalformedMessage> {
        let previous = headers
            .and_then(|headers| headers.get(PREVIOUS))
            .and_then(|value| value.as_str().parse().ok())
            .ok_or(MalformedMessage::Field("Handoff-Previous"))?;
        let envelope: Envelope<'_> = serde_json::from_slice(body)?;
        Ok(Self {
            epoch: envelope.epoch,
            previous: Position(previous),
            event: Recorded {
                position: envelope.position,
                stream: envelope
                    .stream
                    .parse()
                    .map_err(|_| MalformedMessage::Field("stream"))?,
                version: Version(envelope.version),
                event_type: envelope.event_type.to_owned(),
                type_version: envelope.type_version,
                partition: Partition::new(envelope.partition)
                    .ok_or(MalformedMessage::Field("partition"))?,
                event_id: envelope.event_id,
                command_id: envelope.command_id,
                command_index: envelope.command_index,
                payload: envelope.payload.get().to_owned(),
                metadata: envelope.metadata.get().to_owned(),
                recorded_at: envelope.recorded_at,
                hash: envelope
                    .hash
                    .parse()
                    .map_err(|_| MalformedMessage::Field("hash"))?,
                reading: Default::default(),
            },
        })
    }
}

/// What a relay says every second, and when it has nothing else to say: who is behind it has missed
/// something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    pub epoch: Epoch,
    /// Every event through this position was published before this tick.
    pub published: Position,
    /// The end of the log.
    pub head: Position,
    /// The last position of each partition at or before `published`.
    pub last: LastPositions,
}

impl Tick {
    pub(crate) fn encode(&self) -> Bytes {
        serde_json::to_vec(self)
            .expect("numbers and lists of numbers are always JSON")
            .into()
    }

    /// Reads a tick's message.
    ///
    /// # Errors
    /// No relay wrote it.
    pub fn decode(body: &[u8]) -> Result<Self, MalformedMessage> {
        Ok(serde_json::from_slice(body)?)
    }
}

#[cfg(test)]
mod tests {
    use handoff_event_log::Hash;

    use super::*;

    fn recorded() -> Recorded {
        Recorded {
            position: Position(7),
            stream: "tasks/a".parse().unwrap(),
            version: Version(2),
            event_type: "task.completed".to_owned(),
            type_version: 1,
            partition: Partition::new(51).unwrap(),
            event_id: Uuid::from_u128(1),
            command_id: Uuid::from_u128(2),
            command_index: 0,
            // Spaces, order and escapes that a round trip through a JSON value would change.
            payload: r#"{"z": 1.0,  "a":"\u00e4\/"}"#.to_owned(),
            metadata: r#"{ "actor" : "system" }"#.to_owned(),
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
            hash: Hash::of(b"x"),
            reading: Default::default(),
        }
    }

    #[test]
    fn an_event_arrives_as_it_stands_in_the_log_to_the_byte() {
        let (event, epoch) = (recorded(), Epoch(3));
        let headers = headers(&event, epoch, Position(5), "/handoff");
        assert_eq!(headers.get(NATS_MESSAGE_ID).unwrap().as_str(), "3:7");
        assert_eq!(
            headers.get("ce-time").unwrap().as_str(),
            "2023-11-14T22:13:20.000001Z"
        );
        let delivered = Delivered::decode(Some(&headers), &encode(&event, epoch).unwrap()).unwrap();
        assert_eq!(
            delivered,
            Delivered {
                epoch,
                previous: Position(5),
                event
            }
        );
    }

    #[test]
    fn a_foreign_message_is_refused() {
        let body = encode(&recorded(), Epoch(1)).unwrap();
        assert!(matches!(
            Delivered::decode(None, &body),
            Err(MalformedMessage::Field(_))
        ));
        let headers = headers(&recorded(), Epoch(1), Position(5), "/handoff");
        assert!(matches!(
            Delivered::decode(Some(&headers), b"{}"),
            Err(MalformedMessage::Body(_))
        ));
        assert!(Tick::decode(br#"{"epoch":1,"published":1,"head":1,"last":[1]}"#).is_err());
    }
}
