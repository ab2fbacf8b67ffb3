//! Dates as people write them. All are in UTC; a date without a time is the end of that day.

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday,
};
use prost_types::Timestamp;

use crate::{error::Error, time};

/// Why a text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DateError {
    #[error("{0:?} could be two dates: write the year first, as in 2026-12-01")]
    Ambiguous(String),
    #[error(
        "{0:?} is not a date: write 2026-12-01, \"2026-12-01 17:00\", today, tomorrow, friday, \"friday 17:00\" or +3d"
    )]
    Unknown(String),
    #[error(
        "{0:?} is not a date of the past: write 2026-12-01, \"2026-12-01 17:00\", now, today, yesterday, monday, \"monday 17:00\", -3d or -2h"
    )]
    NotPast(String),
    #[error("{0:?} is not a date: write 2026-12-01 or \"2026-12-01 17:00\"")]
    NotAbsolute(String),
}

/// Reads the date of a flag, by [`parse`].
pub(crate) fn timestamp(text: &str, flag: &str, now: DateTime<Utc>) -> Result<Timestamp, Error> {
    let date = parse(text, now);
    let date = date.map_err(|error| Error::usage(error.to_string(), format!("Correct {flag}.")))?;
    Ok(time::timestamp(date))
}

/// Reads a date that may be relative to `now`: `today`, `tomorrow`, `friday` (the next one after today), `+4h`, `+3d`, `+2w`,
/// or any that [`parse_absolute`] reads. All but `+4h` may be followed by a time such as `17:00`.
pub(crate) fn parse(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, DateError> {
    let unknown = || DateError::Unknown(text.to_owned());
    match parse_absolute(text) {
        Err(DateError::NotAbsolute(_)) => {}
        result => return result,
    }
    let lower = text.trim().to_lowercase();
    let (day, time) = split_time(&lower);
    if let (Some(hours), None) = (
        day.strip_prefix('+')
            .and_then(|rest| rest.strip_suffix('h')),
        time,
    ) {
        let hours = hours.parse::<u32>().map_err(|_| unknown())?;
        return now
            .checked_add_signed(TimeDelta::hours(hours.into()))
            .ok_or_else(unknown);
    }
    let days = days_ahead(day, now.weekday()).ok_or_else(unknown)?;
    let date = now
        .date_naive()
        .checked_add_days(Days::new(days))
        .ok_or_else(unknown)?;
    at(date, time).ok_or_else(unknown)
}

/// Reads a date on which something happened: `now`, `today`, `yesterday`, `friday` (the last one before today), `-2h`, `-3d`,
/// `-2w`, or any that [`parse_absolute`] reads. All but `now` and `-2h` may be followed by a time such as `17:00`; this day
/// without a time is now.
pub(crate) fn parse_past(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, DateError> {
    let unknown = || DateError::NotPast(text.to_owned());
    let lower = text.trim().to_lowercase();
    let (day, time) = split_time(&lower);
    let instant = match parse_absolute(text) {
        Err(DateError::NotAbsolute(_)) => {
            let hours = day
                .strip_prefix('-')
                .and_then(|rest| rest.strip_suffix('h'));
            match (day, hours, time) {
                ("now", _, None) => now,
                (_, Some(hours), None) => {
                    let hours = hours.parse::<u32>().map_err(|_| unknown())?;
                    now.checked_sub_signed(TimeDelta::hours(hours.into()))
                        .ok_or_else(unknown)?
                }
                _ => {
                    let days = days_back(day, now.weekday()).ok_or_else(unknown)?;
                    let date = now
                        .date_naive()
                        .checked_sub_days(Days::new(days))
                        .ok_or_else(unknown)?;
                    at(date, time).ok_or_else(unknown)?
                }
            }
        }
        result => result?,
    };
    let is_this_day = time.is_none() && instant.date_naive() == now.date_naive();
    Ok(if is_this_day {
        instant.min(now)
    } else {
        instant
    })
}

/// Reads a date that means the same whenever it is read: `2026-12-01`, `2026/12/01`, `1 December 2026`, `Dec 1, 2026`, each with
/// or without a time such as `17:00`; or RFC 3339, such as `2026-12-01T17:00:00+01:00`.
pub(crate) fn parse_absolute(text: &str) -> Result<DateTime<Utc>, DateError> {
    const FORMATS: [&str; 5] = ["%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y", "%B %d %Y"];
    let trimmed = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(trimmed) {
        return Ok(instant.to_utc());
    }
    let (day, time) = split_time(trimmed);
    let date = FORMATS
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(day, format).ok());
    // Chrono takes a year of any length, in which 1/12/26 would be in the year 1.
    match date.filter(|date| date.year() >= 1000) {
        Some(date) => at(date, time).ok_or_else(|| DateError::NotAbsolute(text.to_owned())),
        None if is_numbers(day) => Err(DateError::Ambiguous(text.to_owned())),
        None => Err(DateError::NotAbsolute(text.to_owned())),
    }
}

/// The day, and the time after it if there is one.
fn split_time(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once([' ', 'T']) {
        Some((day, time)) if time.contains(':') => (day.trim_end(), Some(time)),
        _ => (text, None),
    }
}

fn at(date: NaiveDate, time: Option<&str>) -> Option<DateTime<Utc>> {
    let time = match time {
        None => NaiveTime::from_hms_opt(23, 59, 59)?,
        Some(time) => ["%H:%M", "%H:%M:%S"]
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(time, format).ok())?,
    };
    Some(NaiveDateTime::new(date, time).and_utc())
}

fn days_ahead(day: &str, today: Weekday) -> Option<u64> {
    if let Some(span) = day.strip_prefix('+') {
        return days_in(span);
    }
    match day {
        "today" => Some(0),
        "tomorrow" => Some(1),
        _ => {
            let days = day.parse::<Weekday>().ok()?.days_since(today);
            Some(if days == 0 { 7 } else { days.into() })
        }
    }
}

fn days_back(day: &str, today: Weekday) -> Option<u64> {
    if let Some(span) = day.strip_prefix('-') {
        return days_in(span);
    }
    match day {
        "today" => Some(0),
        "yesterday" => Some(1),
        _ => {
            let days = today.days_since(day.parse::<Weekday>().ok()?);
            Some(if days == 0 { 7 } else { days.into() })
        }
    }
}

/// Days in a span such as `3d` or `2w`.
fn days_in(span: &str) -> Option<u64> {
    let unit = span.chars().last()?;
    let number = span[..span.len() - unit.len_utf8()].parse::<u32>().ok()?;
    match unit {
        'd' => Some(number.into()),
        'w' => Some(u64::from(number) * 7),
        _ => None,
    }
}

/// Whether it is something like `01/12/2026`: three numbers, and none of them says which it is.
fn is_numbers(day: &str) -> bool {
    let parts: Vec<&str> = day.split(['/', '.', '-']).collect();
    parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
        && parts[0].len() < 4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Wednesday.
    fn now() -> DateTime<Utc> {
        "2026-11-25T10:30:00Z".parse().unwrap()
    }

    fn read(text: &str) -> String {
        parse(text, now()).map_or_else(|error| error.to_string(), |date| date.to_rfc3339())
    }

    #[test]
    fn a_date_without_a_time_is_the_end_of_that_day() {
        for text in [
            "2026-12-01",
            " 2026/12/01 ",
            "1 December 2026",
            "1 dec 2026",
            "Dec 1, 2026",
            "December 1 2026",
        ] {
            assert_eq!(read(text), "2026-12-01T23:59:59+00:00", "{text}");
        }
    }

    #[test]
    fn a_time_follows_the_date() {
        assert_eq!(read("2026-12-01 17:00"), "2026-12-01T17:00:00+00:00");
        assert_eq!(read("2026-12-01T17:00"), "2026-12-01T17:00:00+00:00");
        assert_eq!(read("2026-12-01 17:00:05"), "2026-12-01T17:00:05+00:00");
        assert_eq!(read("1 Dec 2026 9:05"), "2026-12-01T09:05:00+00:00");
        assert_eq!(
            read("2026-12-01T17:00:00+01:00"),
            "2026-12-01T16:00:00+00:00"
        );
    }

    #[test]
    fn days_may_be_named() {
        assert_eq!(read("today"), "2026-11-25T23:59:59+00:00");
        assert_eq!(read("Tomorrow"), "2026-11-26T23:59:59+00:00");
        assert_eq!(read("friday"), "2026-11-27T23:59:59+00:00");
        assert_eq!(read("fri 17:00"), "2026-11-27T17:00:00+00:00");
        assert_eq!(read("monday"), "2026-11-30T23:59:59+00:00");
    }

    #[test]
    fn the_name_of_this_day_is_a_week_from_now() {
        assert_eq!(read("wednesday"), "2026-12-02T23:59:59+00:00");
    }

    #[test]
    fn spans_count_from_now() {
        assert_eq!(read("+3d"), "2026-11-28T23:59:59+00:00");
        assert_eq!(read("+3d 12:00"), "2026-11-28T12:00:00+00:00");
        assert_eq!(read("+2w"), "2026-12-09T23:59:59+00:00");
        assert_eq!(read("+4h"), "2026-11-25T14:30:00+00:00");
    }

    fn read_past(text: &str) -> String {
        parse_past(text, now()).map_or_else(|error| error.to_string(), |date| date.to_rfc3339())
    }

    #[test]
    fn what_happened_is_looked_for_before_now() {
        for (text, meant) in [
            ("now", "2026-11-25T10:30:00+00:00"),
            ("Today", "2026-11-25T10:30:00+00:00"),
            ("2026-11-25", "2026-11-25T10:30:00+00:00"),
            ("today 9:00", "2026-11-25T09:00:00+00:00"),
            ("yesterday", "2026-11-24T23:59:59+00:00"),
            ("yesterday 15:00", "2026-11-24T15:00:00+00:00"),
            ("monday", "2026-11-23T23:59:59+00:00"),
            ("fri 17:00", "2026-11-20T17:00:00+00:00"),
            ("wednesday", "2026-11-18T23:59:59+00:00"),
            ("-3d", "2026-11-22T23:59:59+00:00"),
            ("-1w 8:15", "2026-11-18T08:15:00+00:00"),
            ("-2h", "2026-11-25T08:30:00+00:00"),
            ("2026-11-01 12:00", "2026-11-01T12:00:00+00:00"),
        ] {
            assert_eq!(read_past(text), meant, "{text}");
        }
    }

    #[test]
    fn what_is_to_come_did_not_happen() {
        for text in [
            "tomorrow",
            "+3d",
            "soon",
            "-d",
            "-3x",
            "-2h 3:00",
            "now 3:00",
            "-99999999999d",
        ] {
            assert_eq!(
                parse_past(text, now()),
                Err(DateError::NotPast(text.to_owned())),
                "{text}"
            );
        }
        assert!(matches!(
            parse_past("01/12/2026", now()),
            Err(DateError::Ambiguous(_))
        ));
        // A time of this day that is still to come is left to the server to refuse.
        assert_eq!(read_past("today 17:00"), "2026-11-25T17:00:00+00:00");
    }

    #[test]
    fn what_could_be_two_dates_is_refused() {
        for text in ["01/12/2026", "1.12.2026", "1/12/26", "13-12-2026"] {
            assert_eq!(
                parse(text, now()),
                Err(DateError::Ambiguous(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "soon",
            "2026-02-30",
            "2026-12-01 25:00",
            "friday 25:00",
            "+d",
            "+3x",
            "+ä",
            "+99999999999d",
            "+4294967295w",
            "+4h 3:00",
        ] {
            assert_eq!(
                parse(text, now()),
                Err(DateError::Unknown(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn an_absolute_date_does_not_depend_on_the_day_it_is_read() {
        for text in ["today", "friday", "+3d"] {
            assert_eq!(
                parse_absolute(text),
                Err(DateError::NotAbsolute(text.to_owned())),
                "{text}"
            );
        }
    }
}
