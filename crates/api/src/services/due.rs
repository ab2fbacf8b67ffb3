//! Reads when something is due.

use chrono::NaiveDate;
use handoff_domain::{Invalid, task::Due};
use prost_types::Timestamp;

use crate::fields::Fields;

/// When `resource`, a field of the request, is due, if a time or a day is given.
pub(super) fn due(
    resource: &str,
    time: Option<&Timestamp>,
    date: &str,
    fields: &mut Fields,
) -> Option<Option<Due>> {
    let time = fields.time(&format!("{resource}.due_time"), time);
    let due_date = format!("{resource}.due_date");
    let date = fields.optional(&due_date, date, day);
    match (time?, date?) {
        (Some(_), Some(_)) => {
            fields.violation(&due_date, "is given beside due_time: give one of them")
        }
        (time, date) => Some(time.map(Due::At).or(date.map(Due::On))),
    }
}

/// Reads a day such as `2026-12-01`.
fn day(text: &str) -> Result<NaiveDate, Invalid> {
    match text.parse::<NaiveDate>() {
        // Not `2026-12-1`: one day has one spelling.
        Ok(day) if day.to_string() == text => Ok(day),
        _ => Err(Invalid::new(format!(
            "{text:?} is not a day such as 2026-12-01"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_spelling() {
        assert!(day("2026-12-01").is_ok());
        for bad in [
            "2026-12-1",
            "+2026-12-01",
            "2026-02-30",
            "2026-12-01T00:00:00Z",
            "today",
        ] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
