//! The rows of the log with their hash chain, written from its description in the architecture.
//!
//! Not the service's own code: a benchmark is a client, and a second hand shows that the description
//! says enough.

use std::io::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

const PARTITIONS: u64 = 64;
const TYPE_VERSION: i16 = 1;

/// An event that gets the next position.
pub(super) struct Event<'a> {
    pub(super) stream: &'a str,
    pub(super) version: i32,
    pub(super) event_type: &'static str,
    pub(super) partition: i16,
    pub(super) event_id: Uuid,
    pub(super) command_id: Uuid,
    pub(super) command_index: i32,
    /// JSON without backslashes, tabs and newlines, which COPY would take for something else.
    pub(super) payload: &'a str,
    pub(super) metadata: &'a str,
    pub(super) recorded_at: DateTime<Utc>,
}

/// The end of a log that is being written.
pub(super) struct Chain {
    pub(super) position: i64,
    hash: [u8; 32],
}

impl Chain {
    /// An empty log.
    pub(super) fn new() -> Self {
        Self {
            position: 0,
            hash: [0; 32],
        }
    }

    /// Appends an event: writes it as a line for COPY, columns in the order of [`COLUMNS`](super::COLUMNS).
    pub(super) fn append(&mut self, event: &Event<'_>, line: &mut Vec<u8>) {
        self.position += 1;
        self.hash = self.hash_of(event);
        let at = event
            .recorded_at
            .to_rfc3339_opts(SecondsFormat::Micros, true);
        write!(
            line,
            "{}\t{}\t{}\t{}\t{TYPE_VERSION}\t{}\t{}\t{}\t{}\t{}\t{}\t{at}\t\\\\x",
            self.position,
            event.stream,
            event.version,
            event.event_type,
            event.partition,
            event.event_id,
            event.command_id,
            event.command_index,
            event.payload,
            event.metadata,
        )
        .expect("memory takes everything");
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in self.hash {
            line.push(DIGITS[usize::from(byte >> 4)]);
            line.push(DIGITS[usize::from(byte & 15)]);
        }
        line.push(b'\n');
    }

    fn hash_of(&self, event: &Event<'_>) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.hash);
        let fields: [&[u8]; 10] = [
            &self.position.to_be_bytes(),
            event.stream.as_bytes(),
            &event.version.to_be_bytes(),
            event.event_type.as_bytes(),
            &TYPE_VERSION.to_be_bytes(),
            &event.partition.to_be_bytes(),
            event.event_id.as_bytes(),
            event.command_id.as_bytes(),
            &event.command_index.to_be_bytes(),
            &event.recorded_at.timestamp_micros().to_be_bytes(),
        ];
        for field in fields {
            digest.update((field.len() as u32).to_be_bytes());
            digest.update(field);
        }
        digest.update(Sha256::digest(event.payload));
        digest.update(Sha256::digest(event.metadata));
        digest.finalize().into()
    }
}

/// The partition of everything that belongs to `owner`: the low 6 bits of its 64-bit FNV-1a hash.
pub(super) fn partition_of(owner: &str) -> i16 {
    let hash = owner.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash % PARTITIONS) as i16
}

/// An id made of a moment and a number, so that ids grow with the log as the service's do.
pub(super) fn id_at(at: DateTime<Utc>, number: i64, kind: u8) -> Uuid {
    // Bits of the first bytes give way to the version and variant; the number is behind them.
    let mut rest = [0; 10];
    rest[1] = kind;
    rest[2..].copy_from_slice(&number.to_be_bytes());
    Builder::from_unix_timestamp_millis(at.timestamp_millis().unsigned_abs(), &rest).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the log itself.
    #[test]
    fn the_hash_of_an_event_is_that_of_the_log() {
        let mut chain = Chain::new();
        let event = Event {
            stream: "tasks/0198",
            version: 3,
            event_type: "task.completed",
            partition: 51,
            event_id: Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001),
            command_id: Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0002),
            command_index: 0,
            recorded_at: DateTime::from_timestamp_micros(1_800_000_000_000_001).unwrap(),
            payload: r#"{"type":"completed","by":"members/ana"}"#,
            metadata: r#"{"actor":"members/ana"}"#,
        };
        let mut line = Vec::new();
        chain.append(&event, &mut line);
        let line = String::from_utf8(line).unwrap();
        let expected = "f07ac24ff3a5ccd0950bcdee67ff3b57488d04317af83e987a80036f9f711304";
        assert_eq!(
            line.trim_end().rsplit_once(r"\\x").unwrap().1,
            expected,
            "{line}"
        );
    }

    #[test]
    fn partitions_are_those_of_the_log() {
        assert_eq!(partition_of(""), 37);
        assert_eq!(partition_of("accounts/acme"), 8);
        assert_eq!(partition_of("members/admin"), 28);
    }

    #[test]
    fn ids_of_one_moment_differ_and_grow() {
        let at = DateTime::from_timestamp_micros(1_800_000_000_000_001).unwrap();
        let ids = [1, 2, 255, 256, 10_000_000].map(|number| id_at(at, number, 0));
        assert!(ids.is_sorted() && ids[0] != ids[1], "{ids:?}");
        assert_ne!(id_at(at, 1, 0), id_at(at, 1, 1));
        assert!(id_at(at, 10_000_000, 0) < id_at(at + chrono::TimeDelta::seconds(1), 1, 0));
    }
}
