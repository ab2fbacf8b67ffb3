//! The clock, and instants as people read them.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use prost_types::Timestamp;

/// The zone of the settings, once it is known. A process shows the dates of one server.
static ZONE: OnceLock<Tz> = OnceLock::new();

/// The moment the command was given; everything the command does takes it from here.
#[allow(
    clippy::disallowed_methods,
    reason = "this is where the command line looks at the clock"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Shows dates in this zone from here on.
pub(crate) fn show_in(zone: Tz) {
    // Whoever was first read the same settings.
    let _ = ZONE.set(zone);
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

/// To the minute, in the zone of the settings; empty if absent.
pub(crate) fn minutes(timestamp: Option<&Timestamp>) -> String {
    format(timestamp, zone(), "%Y-%m-%d %H:%M")
}

/// To the minute with the zone, as in `2026-12-01 17:00 CET`; empty if absent.
pub(crate) fn minutes_and_zone(timestamp: Option<&Timestamp>) -> String {
    format(timestamp, zone(), "%Y-%m-%d %H:%M %Z")
}

/// To the second, in the zone of the settings; empty if absent.
pub(crate) fn seconds(timestamp: Option<&Timestamp>) -> String {
    format(timestamp, zone(), "%Y-%m-%d %H:%M:%S")
}

/// UTC for callers who may not read the settings.
fn zone() -> Tz {
    ZONE.get().copied().unwrap_or(Tz::UTC)
}

fn format(timestamp: Option<&Timestamp>, zone: Tz, format: &str) -> String {
    let instant =
        timestamp.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
    instant
        .map(|instant| instant.with_timezone(&zone).format(format).to_string())
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

    #[test]
    fn an_instant_is_shown_as_clocks_in_the_zone_show_it() {
        for (instant, shown) in [
            ("2026-12-01T17:00:00Z", "2026-12-01 18:00 CET"),
            ("2026-06-01T23:30:00Z", "2026-06-02 01:30 CEST"),
        ] {
            let instant = timestamp(instant.parse().unwrap());
            let of = format(Some(&instant), Tz::Europe__Berlin, "%Y-%m-%d %H:%M %Z");
            assert_eq!(of, shown);
        }
    }
}
