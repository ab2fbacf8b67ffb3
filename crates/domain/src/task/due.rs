//! When a task is due (S2).

use chrono::{
    DateTime, Datelike, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use serde::{Deserialize, Serialize};

use crate::{limits, rejection::Invalid, settings::TimeZone, text::SlaHours};

/// Where the due time came from; moving the start moves one that the SLA gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueSource {
    Sla,
    Manual,
}

/// A due time as somebody gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// At this instant.
    At(DateTime<Utc>),
    /// By the end of this day in the time zone of the settings.
    On(NaiveDate),
}

impl From<DateTime<Utc>> for Due {
    fn from(at: DateTime<Utc>) -> Self {
        Self::At(at)
    }
}

impl Due {
    /// The instant that is meant.
    pub fn instant(self, zone: TimeZone) -> Result<DateTime<Utc>, Invalid> {
        match self {
            Self::At(at) => Ok(at),
            Self::On(day) => end_of(day, zone).ok_or_else(|| {
                Invalid::new(format!("{day} is not a day that can be reckoned with"))
            }),
        }
    }
}

/// The last second of a day: the one before the next day begins there.
fn end_of(day: NaiveDate, zone: TimeZone) -> Option<DateTime<Utc>> {
    let midnight = day.succ_opt()?.and_time(NaiveTime::MIN);
    // Where clocks go forward at midnight the day begins an hour later; Samoa once skipped a whole day.
    let begins = (0..=24).find_map(|hour| {
        let local = midnight.checked_add_signed(TimeDelta::hours(hour))?;
        match zone.zone().from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at),
            LocalResult::None => None,
        }
    })?;
    begins.to_utc().checked_sub_signed(TimeDelta::seconds(1))
}

/// Checks that a time is in the years that can be reckoned with.
pub(crate) fn in_range(at: DateTime<Utc>) -> Result<DateTime<Utc>, Invalid> {
    if limits::YEARS.contains(&at.year()) {
        return Ok(at);
    }
    Err(Invalid::new(format!(
        "is in the year {}; it must be in {} to {}",
        at.year(),
        limits::YEARS.start(),
        limits::YEARS.end()
    )))
}

/// When work is due: the time given, else so many hours after its start (S2).
/// A due time before the start is refused.
pub fn due(
    start: DateTime<Utc>,
    given: Option<DateTime<Utc>>,
    sla: SlaHours,
) -> Result<(DateTime<Utc>, DueSource), Invalid> {
    match given {
        None => Ok((start + sla.duration(), DueSource::Sla)),
        Some(due) if due < start => Err(Invalid::new(format!(
            "is {}, before the start at {}",
            due.to_rfc3339(),
            start.to_rfc3339()
        ))),
        Some(due) => Ok((in_range(due)?, DueSource::Manual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(day: &str, zone: &str) -> String {
        let due = Due::On(day.parse().unwrap());
        let zone = TimeZone::new(zone).unwrap();
        due.instant(zone).unwrap().to_rfc3339()
    }

    #[test]
    fn a_day_ends_where_the_settings_say() {
        assert_eq!(end("2026-12-01", "UTC"), "2026-12-01T23:59:59+00:00");
        assert_eq!(
            end("2026-12-01", "Europe/Berlin"),
            "2026-12-01T22:59:59+00:00"
        );
        assert_eq!(
            end("2026-06-01", "Europe/Berlin"),
            "2026-06-01T21:59:59+00:00"
        );
        assert_eq!(
            end("2026-12-01", "Pacific/Auckland"),
            "2026-12-01T10:59:59+00:00"
        );
    }

    #[test]
    fn a_day_ends_also_where_the_next_begins_without_midnight() {
        // Clocks in Beirut go from 00:00 to 01:00 on the last Sunday of March.
        assert_eq!(
            end("2025-03-29", "Asia/Beirut"),
            "2025-03-29T21:59:59+00:00"
        );
        // Havana has 00:00 to 01:00 twice on the first Sunday of November: the day begins with the first.
        assert_eq!(
            end("2025-11-01", "America/Havana"),
            "2025-11-02T03:59:59+00:00"
        );
        assert_eq!(
            end("2011-12-29", "Pacific/Apia"),
            "2011-12-30T09:59:59+00:00"
        );
    }

    #[test]
    fn days_that_cannot_be_reckoned_with_are_refused() {
        assert!(
            Due::On(NaiveDate::MAX)
                .instant(TimeZone::default())
                .is_err()
        );
        let far = NaiveDate::from_ymd_opt(9_999, 1, 1).unwrap();
        let at = Due::On(far).instant(TimeZone::default()).unwrap();
        assert!(in_range(at).is_err());
    }
}
