//! Times between protobuf and the domain.

use chrono::{DateTime, NaiveDate, SubsecRound, TimeZone, Utc};
use handoff_domain::{Invalid, quoted};
use prost_types::Timestamp;

/// The first and last second that a caller may name. The years after are left for what the domain
/// adds to a time: a due time is at most a year after a start.
const FIRST: &str = "0001-01-01T00:00:00Z";
const LAST: &str = "9998-12-31T23:59:59Z";
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_370_764_799;

/// A time that a caller named, to the microsecond; finer digits are cut off.
pub(crate) fn from_proto(timestamp: &Timestamp) -> Result<DateTime<Utc>, Invalid> {
    let Timestamp { seconds, nanos } = *timestamp;
    let nanos = u32::try_from(nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)
        .ok_or_else(|| {
            Invalid::new(format!(
                "has {nanos} nanoseconds; 0 to 999,999,999 are allowed"
            ))
        })?;
    let out_of_range = || {
        Invalid::new(format!(
            "is {seconds} s from 1970; it must be {FIRST} to {LAST}"
        ))
    };
    if !RANGE.contains(&seconds) {
        return Err(out_of_range());
    }
    let time = Utc
        .timestamp_opt(seconds, nanos)
        .single()
        .ok_or_else(out_of_range)?;
    Ok(time.trunc_subsecs(6))
}

/// Reads a day such as `2026-12-01`.
pub(crate) fn day(text: &str) -> Result<NaiveDate, Invalid> {
    match text.parse::<NaiveDate>() {
        // Not `2026-12-1`: one day has one spelling.
        Ok(day) if day.to_string() == text => Ok(day),
        _ => Err(Invalid::new(format!(
            "{} is not a day such as 2026-12-01",
            quoted(text)
        ))),
    }
}

/// A time for an answer.
pub(crate) fn to_proto(time: DateTime<Utc>) -> Timestamp {
    // Below a second, so it fits; a leap second's second half does not exist for a client.
    let nanos = time.timestamp_subsec_nanos().min(999_999_999) as i32;
    Timestamp {
        seconds: time.timestamp(),
        nanos,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_range_is_what_its_message_says() {
        for (text, seconds) in [(FIRST, RANGE.start()), (LAST, RANGE.end())] {
            assert_eq!(text.parse::<DateTime<Utc>>().unwrap().timestamp(), *seconds);
        }
    }

    #[test]
    fn a_time_out_of_range_is_refused() {
        for (seconds, nanos) in [
            (i64::MIN, 0),
            (i64::MAX, 0),
            (RANGE.end() + 1, 0),
            (0, -1),
            (0, 1_000_000_000),
        ] {
            assert!(
                from_proto(&Timestamp { seconds, nanos }).is_err(),
                "{seconds} {nanos}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_time_goes_there_and_back_to_the_microsecond(seconds in RANGE, nanos in 0..1_000_000_000_i32) {
            let back = to_proto(from_proto(&Timestamp { seconds, nanos }).unwrap());
            prop_assert_eq!(back, Timestamp { seconds, nanos: nanos / 1_000 * 1_000 });
        }
    }
}
