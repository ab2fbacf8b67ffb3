//! Dates as people write them, in the zone of the settings, whatever the zone of the machine.
//!
//! The grammar is our own: the crates that read such phrases do not tell a day from its first or present moment, take
//! `01/12/2026` for one of two days, and some read `next friday` as the second one from now.

mod phrase;

use chrono::{
    DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

use phrase::Written;
use prost_types::Timestamp;

use crate::time;

/// Why a text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DateError {
    #[error("{0:?} could be two dates: write the year first, as in 2026-12-01")]
    Ambiguous(String),
    #[error(
        "{0:?} could be two days: write the name of the day alone, or a date such as 2026-12-01"
    )]
    NextOrAfter(String),
    #[error(
        "{0:?} is not a date: write 2026-12-01, \"2026-12-01 17:00\", today, tomorrow, friday, \"friday 17:00\", \"in 3 days\" or +3d"
    )]
    Unknown(String),
    #[error(
        "{0:?} is not a date of the past: write 2026-12-01, \"2026-12-01 17:00\", now, today, yesterday, monday, \"monday 17:00\", \"3 days ago\", -3d or -2h"
    )]
    NotPast(String),
    #[error("{0:?} is not a date: write 2026-12-01 or \"2026-12-01 17:00\"")]
    NotAbsolute(String),
    #[error("{text:?} is when clocks go forward in {zone}: there is no such time on that day")]
    Skipped { text: String, zone: Tz },
    #[error("{0:?} is too far away")]
    TooFar(String),
}

/// What a date is when it is read: an instant, or a day where no time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    At(DateTime<Utc>),
    On(NaiveDate),
}

impl Moment {
    /// When something is due, as requests say it: an instant, or a day whose end the server knows.
    pub(crate) fn due(self) -> (Option<Timestamp>, String) {
        match self {
            Self::At(at) => (Some(time::timestamp(at)), String::new()),
            Self::On(day) => (None, day.to_string()),
        }
    }
}

/// What people's dates are reckoned from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Calendar {
    now: DateTime<Utc>,
    zone: Tz,
}

impl Calendar {
    pub(crate) fn new(now: DateTime<Utc>, zone: Tz) -> Self {
        Self { now, zone }
    }

    /// Reads when something is to be: `today`, `tomorrow`, `friday` (the next one after today), `in 3 days`, `+3d`, `+2w`,
    /// `in 4 hours`, `+4h`, `5pm` (of today), or any date that [`absolute`](Self::absolute) reads. Days may be followed by a time
    /// such as `17:00`, `5pm` or `noon`.
    pub(crate) fn ahead(&self, text: &str) -> Result<Moment, DateError> {
        match self.absolute(text) {
            Err(DateError::NotAbsolute(_)) => {}
            result => return result,
        }
        let local = self.local();
        match phrase::ahead(text, local) {
            Some(written) => self.moment(text, written),
            None if phrase::is_next(text) => Err(DateError::NextOrAfter(text.to_owned())),
            None => Err(DateError::Unknown(text.to_owned())),
        }
    }

    /// Reads when something happened: `now`, `today`, `yesterday`, `friday` (the last one before today), `3 days ago`, `-3d`,
    /// `-2w`, `2 hours ago`, `-2h`, or any date that [`absolute`](Self::absolute) reads. Days may be followed by a time; a day
    /// without one is its end, and this day now.
    pub(crate) fn past(&self, text: &str) -> Result<DateTime<Utc>, DateError> {
        let moment = match self.absolute(text) {
            Err(DateError::NotAbsolute(_)) => match phrase::past(text, self.local()) {
                Some(written) => self.moment(text, written)?,
                None => return Err(DateError::NotPast(text.to_owned())),
            },
            result => result?,
        };
        match moment {
            Moment::On(day) if day == self.local().date() => Ok(self.now),
            moment => self.by(moment, text),
        }
    }

    /// Reads the bound of a range, to come or past: what [`ahead`](Self::ahead) reads, and else what [`past`](Self::past) does. A day
    /// without a time is its end.
    pub(crate) fn bound(&self, text: &str) -> Result<DateTime<Utc>, DateError> {
        match self.ahead(text) {
            Ok(moment) => self.by(moment, text),
            Err(unknown @ DateError::Unknown(_)) => self.past(text).map_err(|_| unknown),
            Err(error) => Err(error),
        }
    }

    /// Reads a date that means the same whenever it is read: `2026-12-01`, `2026/12/01`, `1 December 2026`, `Dec 1, 2026`, each
    /// with or without a time; or RFC 3339, such as `2026-12-01T17:00:00+01:00`, which needs no zone.
    pub(crate) fn absolute(&self, text: &str) -> Result<Moment, DateError> {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text.trim()) {
            return Ok(Moment::At(instant.to_utc()));
        }
        match phrase::absolute(text) {
            Some(written) => self.moment(text, written),
            None if phrase::is_numbers(text) => Err(DateError::Ambiguous(text.to_owned())),
            None => Err(DateError::NotAbsolute(text.to_owned())),
        }
    }

    /// The instant by which something that is for this moment is to be done: of a day, its last second.
    pub(crate) fn by(&self, moment: Moment, text: &str) -> Result<DateTime<Utc>, DateError> {
        match moment {
            Moment::At(at) => Ok(at),
            Moment::On(day) => day
                .succ_opt()
                .and_then(|next| self.begin(next))
                .and_then(|begin| begin.checked_sub_signed(TimeDelta::seconds(1)))
                .ok_or_else(|| DateError::TooFar(text.to_owned())),
        }
    }

    /// The instant at which something that is for this moment begins: of a day, its first second.
    pub(crate) fn from(&self, moment: Moment, text: &str) -> Result<DateTime<Utc>, DateError> {
        match moment {
            Moment::At(at) => Ok(at),
            Moment::On(day) => self
                .begin(day)
                .ok_or_else(|| DateError::TooFar(text.to_owned())),
        }
    }

    /// What clocks in the zone show now.
    fn local(&self) -> NaiveDateTime {
        self.now.with_timezone(&self.zone).naive_local()
    }

    /// When a day begins. Where clocks go forward at midnight that is an hour later; Samoa once skipped a whole day.
    fn begin(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let midnight = day.and_time(NaiveTime::MIN);
        (0..=24).find_map(|hour| self.at(midnight.checked_add_signed(TimeDelta::hours(hour))?))
    }

    /// The instant at which clocks show this; the first, where they show it twice; none, where they never do.
    fn at(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            LocalResult::None => None,
        }
    }

    fn moment(&self, text: &str, written: Written) -> Result<Moment, DateError> {
        match written {
            Written::Day(day) => Ok(Moment::On(day)),
            Written::Time(local) => {
                let skipped = || DateError::Skipped {
                    text: text.to_owned(),
                    zone: self.zone,
                };
                self.at(local).map(Moment::At).ok_or_else(skipped)
            }
            Written::After(span) => self
                .now
                .checked_add_signed(span)
                .map(Moment::At)
                .ok_or_else(|| DateError::TooFar(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
