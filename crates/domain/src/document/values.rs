//! What is said about a document beside its file.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    text::{Html, Line},
};

/// From when until when contacts see a document, both inclusive; none: without that bound (S2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    #[serde(rename = "available_from", skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    #[serde(rename = "available_until", skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl Availability {
    /// Refuses an end before the beginning; `field` is where the end was given.
    pub fn check(self, field: &str) -> Result<(), Rejection> {
        match (self.from, self.until) {
            (Some(from), Some(until)) if until < from => Err(Rejection::invalid(
                field,
                format!("is {until}, before the beginning at {from}"),
            )),
            _ => Ok(()),
        }
    }

    /// Whether the document can be seen then.
    pub fn includes(self, now: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now <= until)
    }
}

/// What is said about the files of one upload (S2: all of them get the same).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// One that the settings offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Html>,
    /// The date of the document itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_date: Option<NaiveDate>,
    #[serde(flatten)]
    pub availability: Availability,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_available_from_the_first_to_the_last_moment() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        let bounded = Availability {
            from: at(10),
            until: at(20),
        };
        let seen = |availability: Availability| {
            [9, 10, 20, 21].map(|second| availability.includes(at(second).unwrap()))
        };
        assert_eq!(seen(bounded), [false, true, true, false]);
        assert_eq!(seen(Availability::default()), [true; 4]);
        assert!(bounded.check("until").is_ok());
        let single = Availability {
            from: at(20),
            until: at(20),
        };
        assert!(single.check("until").is_ok());
        let backwards = Availability {
            from: at(20),
            until: at(10),
        };
        assert!(backwards.check("until").is_err());
    }
}
