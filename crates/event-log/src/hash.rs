//! The hash chain: each event's hash covers the one before it, so an edited or removed row shows.

use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::recorded::Recorded;

/// A SHA-256 hash.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first event's hash covers as the one before it: 32 zero bytes.
    pub const GENESIS: Self = Self([0; 32]);

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(str::from_utf8(&hex).expect("the digits are ASCII"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(hex: &str) -> Result<Self, InvalidHash> {
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(InvalidHash);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidHash)?;
        }
        Ok(Self(bytes))
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub struct InvalidHash;

/// What a hash covers of an event. The payload and metadata are covered by their own digests, so
/// that personal data can be erased later with the chain intact.
pub(crate) struct Hashed<'a> {
    pub(crate) position: i64,
    pub(crate) stream: &'a str,
    pub(crate) version: i32,
    pub(crate) event_type: &'a str,
    pub(crate) type_version: i16,
    pub(crate) partition: i16,
    pub(crate) event_id: Uuid,
    pub(crate) command_id: Uuid,
    pub(crate) command_index: i32,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) payload: &'a str,
    pub(crate) metadata: &'a str,
}

impl Hashed<'_> {
    /// The hash of the event that follows one with the hash `previous`.
    ///
    /// SHA-256 over `previous`; then each field after its length in bytes (4 bytes, big-endian):
    /// numbers big-endian in two's complement (position 8 bytes, version 4, type_version 2,
    /// partition 2, command_index 4, recorded_at 8: microseconds since 1970), text as UTF-8, UUIDs
    /// as 16 bytes; then the SHA-256 of the payload and that of the metadata.
    pub(crate) fn after(&self, previous: &Hash) -> Hash {
        let mut digest = Sha256::new();
        digest.update(previous.0);
        let fields: [&[u8]; 10] = [
            &self.position.to_be_bytes(),
            self.stream.as_bytes(),
            &self.version.to_be_bytes(),
            self.event_type.as_bytes(),
            &self.type_version.to_be_bytes(),
            &self.partition.to_be_bytes(),
            self.event_id.as_bytes(),
            self.command_id.as_bytes(),
            &self.command_index.to_be_bytes(),
            &self.recorded_at.timestamp_micros().to_be_bytes(),
        ];
        for field in fields {
            digest.update((field.len() as u32).to_be_bytes());
            digest.update(field);
        }
        digest.update(Sha256::digest(self.payload));
        digest.update(Sha256::digest(self.metadata));
        Hash(digest.finalize().into())
    }
}

impl Recorded {
    /// The hash that this event should have after one with the hash `previous`.
    pub fn expected_hash(&self, previous: &Hash) -> Hash {
        Hashed {
            position: self.position.0,
            stream: self.stream.as_str(),
            version: self.version.0 as i32,
            event_type: &self.event_type,
            type_version: self.type_version,
            partition: i16::from(self.partition.number()),
            event_id: self.event_id,
            command_id: self.command_id,
            command_index: self.command_index,
            recorded_at: self.recorded_at,
            payload: &self.payload,
            metadata: &self.metadata,
        }
        .after(previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by another program from the description above: what was hashed once must hash the
    /// same for ever.
    #[test]
    fn the_hash_of_an_event_is_fixed_for_ever() {
        let event = Hashed {
            position: 1,
            stream: "tasks/0198",
            version: 3,
            event_type: "task.completed",
            type_version: 1,
            partition: 51,
            event_id: Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001),
            command_id: Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0002),
            command_index: 0,
            recorded_at: DateTime::from_timestamp_micros(1_800_000_000_000_001).unwrap(),
            payload: r#"{"type":"completed","by":"members/ana"}"#,
            metadata: r#"{"actor":"members/ana"}"#,
        };
        let expected = "f07ac24ff3a5ccd0950bcdee67ff3b57488d04317af83e987a80036f9f711304";
        assert_eq!(event.after(&Hash::GENESIS).to_string(), expected);
    }

    #[test]
    fn a_hash_reads_back_from_its_hexadecimal_digits() {
        let hash = Hash::of(b"handoff");
        assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
        for bad in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }
}
