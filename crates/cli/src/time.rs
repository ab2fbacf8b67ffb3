//! The clock, and instants as people read them.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// The moment the command was given; everything the command does takes it from here.
#[allow(
    clippy::disallowed_methods,
    reason = "this is where the command line looks at the clock"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// An instant as the API carries it.
pub(crate) fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    // Nanoseconds of a leap second would be out of the API's range.
    let nanos = instant.timestamp_subsec_nanos().min(999_999_999);
    Timestamp {
        seconds: instant.timestamp(),
        nanos: i32::try_from(nanos).unwrap_or(0),
    }
}

/// To the minute, in UTC; empty if absent.
pub(crate) fn minutes(timestamp: Option<&Timestamp>) -> String {
    format(timestamp, "%Y-%m-%d %H:%M")
}

/// To the second, in UTC; empty if absent.
pub(crate) fn seconds(timestamp: Option<&Timestamp>) -> String {
    format(timestamp, "%Y-%m-%d %H:%M:%S")
}

fn format(timestamp: Option<&Timestamp>, format: &str) -> String {
    let instant =
        timestamp.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
    instant
        .map(|instant| instant.format(format).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_the_api() {
        let instant = "2026-12-01T17:00:30.25Z".parse().unwrap();
        assert_eq!(minutes(Some(&timestamp(instant))), "2026-12-01 17:00");
        assert_eq!(seconds(Some(&timestamp(instant))), "2026-12-01 17:00:30");
        assert_eq!(minutes(None), "");
    }
}
