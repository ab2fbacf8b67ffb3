//! Reads when something is due.

use handoff_domain::task::Due;
use prost_types::Timestamp;

use crate::{fields::Fields, time::day};

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
