//! The grammar of dates: what is written, before any zone has a say in it.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// A day without a time.
    Day(NaiveDate),
    /// A time of a day.
    Time(NaiveDateTime),
    /// So long from now; back, if negative.
    After(TimeDelta),
}

/// What is to come, seen from `now` as clocks show it.
pub(super) fn ahead(text: &str, now: NaiveDateTime) -> Option<Written> {
    let text = text.trim().to_lowercase();
    let (day, time) = split_time(&text)?;
    let today = now.date();
    let date = match day {
        "" if time.is_none() => None,
        // A time alone is of today.
        "" | "today" => Some(today),
        "tomorrow" => today.succ_opt(),
        "day after tomorrow" | "the day after tomorrow" => today.checked_add_days(Days::new(2)),
        _ => {
            let span = day.strip_prefix("in ").or_else(|| day.strip_prefix('+'));
            match span.map(Span::read) {
                Some(span) => match span? {
                    Span::Clock(span) if time.is_none() => return Some(Written::After(span)),
                    Span::Clock(_) => None,
                    Span::Days(days) => today.checked_add_days(days),
                    Span::Months(months) => today.checked_add_months(months),
                },
                None => {
                    let name = day
                        .strip_prefix("on ")
                        .or_else(|| day.strip_prefix("this "));
                    let days = weekday(name.unwrap_or(day))?.days_since(today.weekday());
                    // The name of this day is a week from now.
                    today.checked_add_days(Days::new(if days == 0 { 7 } else { days.into() }))
                }
            }
        }
    };
    written(date?, time)
}

/// What is over, seen from `now` as clocks show it.
pub(super) fn past(text: &str, now: NaiveDateTime) -> Option<Written> {
    let text = text.trim().to_lowercase();
    let (day, time) = split_time(&text)?;
    let today = now.date();
    let date = match (day, time) {
        ("now", None) => return Some(Written::After(TimeDelta::zero())),
        ("", None) => None,
        ("" | "today", _) => Some(today),
        ("yesterday", _) => today.pred_opt(),
        _ => {
            let span = day.strip_suffix(" ago").or_else(|| day.strip_prefix('-'));
            match span.map(Span::read) {
                Some(span) => match span? {
                    Span::Clock(span) if time.is_none() => return Some(Written::After(-span)),
                    Span::Clock(_) => None,
                    Span::Days(days) => today.checked_sub_days(days),
                    Span::Months(months) => today.checked_sub_months(months),
                },
                None => {
                    let name = day
                        .strip_prefix("on ")
                        .or_else(|| day.strip_prefix("last "));
                    let name = weekday(name.unwrap_or(day))?;
                    let days = today.weekday().days_since(name);
                    today.checked_sub_days(Days::new(if days == 0 { 7 } else { days.into() }))
                }
            }
        }
    };
    written(date?, time)
}

/// A date that means the same whenever it is read.
pub(super) fn absolute(text: &str) -> Option<Written> {
    const FORMATS: [&str; 6] = [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d %B %Y",
        "%B %d, %Y",
        "%B %d %Y",
    ];
    let (day, time) = split_time(text.trim())?;
    let date = FORMATS
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(day, format).ok());
    // Chrono takes a year of any length, in which 1/12/26 would be in the year 1.
    let date = date.filter(|date| (1000..=9999).contains(&date.year()));
    written(date?, time)
}

/// Whether it is something like `01/12/2026`: three numbers, and none of them says which it is.
pub(super) fn is_numbers(text: &str) -> bool {
    let Some((day, _)) = split_time(text.trim()) else {
        return false;
    };
    let parts: Vec<&str> = day.split(['/', '.', '-']).collect();
    parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
        && parts[0].len() < 4
}

/// Whether it is something like `next friday`: to some the coming one, to others the one after that.
pub(super) fn is_next(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let day = split_time(&text).map(|(day, _)| day);
    day.and_then(|day| day.strip_prefix("next "))
        .is_some_and(|day| weekday(day).is_some() || day == "week")
}

fn written(date: NaiveDate, time: Option<NaiveTime>) -> Option<Written> {
    Some(match time {
        None => Written::Day(date),
        Some(time) => Written::Time(date.and_time(time)),
    })
}

/// The day, and the time after it if there is one. None if what stands for a time is none.
fn split_time(text: &str) -> Option<(&str, Option<NaiveTime>)> {
    // `5 pm` is one time in two words.
    let lower = text.to_lowercase();
    let end = if lower.ends_with(" am") || lower.ends_with(" pm") {
        text.len() - 3
    } else {
        text.len()
    };
    // Of a date such as 2026-12-01T17:00 the T parts the time; in others, such as tomorrow, it does not.
    let is_parted = |(at, c): &(usize, char)| {
        let digit = text[..*at].ends_with(|c: char| c.is_ascii_digit());
        *c == ' ' || (c.eq_ignore_ascii_case(&'t') && digit)
    };
    let last = text[..end].char_indices().rev().find(is_parted);
    let (day, time) = match last {
        Some((at, c)) => (&text[..at], &text[at + c.len_utf8()..]),
        None => ("", text),
    };
    if !is_time(time) {
        return Some((text, None));
    }
    let day = day.trim_end().trim_end_matches(',');
    let day = match day.strip_suffix(" at") {
        Some(day) => day.trim_end(),
        None if day == "at" => "",
        None => day,
    };
    Some((day, Some(read_time(time)?)))
}

/// Whether it is meant to be a time.
fn is_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let half = lower
        .strip_suffix("am")
        .or_else(|| lower.strip_suffix("pm"));
    let is_half = half.is_some_and(|half| half.starts_with(|c: char| c.is_ascii_digit()));
    is_half || lower == "noon" || text.contains(':')
}

fn read_time(text: &str) -> Option<NaiveTime> {
    let lower = text.to_lowercase();
    if lower == "noon" {
        return NaiveTime::from_hms_opt(12, 0, 0);
    }
    let (clock, half) = match lower.strip_suffix("pm") {
        Some(clock) => (clock, Some(12)),
        None => match lower.strip_suffix("am") {
            Some(clock) => (clock, Some(0)),
            None => (lower.as_str(), None),
        },
    };
    let clock = clock.trim_end();
    let Some(half) = half else {
        return ["%H:%M", "%H:%M:%S"]
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(clock, format).ok());
    };
    let (hour, minute) = clock.split_once(':').unwrap_or((clock, "0"));
    let hour: u32 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    NaiveTime::from_hms_opt(hour % 12 + half, minute.parse().ok()?, 0)
}

fn weekday(name: &str) -> Option<Weekday> {
    name.parse().ok()
}

/// A length of time: on clocks, or in days whatever their length.
enum Span {
    Clock(TimeDelta),
    Days(Days),
    Months(Months),
}

impl Span {
    /// `3d`, `3 days`, `a week`, `an hour`.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = if digits > 0 {
            (
                text[..digits].parse::<u32>().ok()?,
                text[digits..].trim_start(),
            )
        } else {
            let one = text.strip_prefix("a ").or_else(|| text.strip_prefix("an "));
            (1, one?.trim_start())
        };
        Some(match unit {
            "min" | "minute" | "minutes" => Self::Clock(TimeDelta::minutes(number.into())),
            "h" | "hour" | "hours" => Self::Clock(TimeDelta::hours(number.into())),
            "d" | "day" | "days" => Self::Days(Days::new(number.into())),
            "w" | "week" | "weeks" => Self::Days(Days::new(u64::from(number) * 7)),
            "month" | "months" => Self::Months(Months::new(number)),
            _ => return None,
        })
    }
}
