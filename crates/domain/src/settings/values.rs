//! What single settings hold. An invalid one cannot be made.

mod number_format;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    rejection::{Invalid, quoted},
};

pub use number_format::NumberFormat;

/// What becomes of open work when its account's role changes hands (S4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnershipPolicy {
    /// Nothing moves.
    #[default]
    None,
    /// Open work moves, but for what was made by hand.
    OpenExceptManual,
    /// All open work moves.
    AllOpen,
}

/// The minutes for which a digest collects, 1 to 1,440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DigestMinutes(u16);

impl Default for DigestMinutes {
    fn default() -> Self {
        Self(15)
    }
}

impl DigestMinutes {
    /// Checks the number of minutes.
    pub fn new(minutes: i64) -> Result<Self, Invalid> {
        match u16::try_from(minutes) {
            Ok(minutes) if limits::DIGEST_MINUTES.contains(&minutes) => Ok(Self(minutes)),
            _ => Err(Invalid::new(format!(
                "is {minutes}; it must be {} to {} minutes",
                limits::DIGEST_MINUTES.start(),
                limits::DIGEST_MINUTES.end()
            ))),
        }
    }

    /// The number of minutes.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

/// The bytes that a document may have at most, 1 KiB to 5 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentBytes(u64);

impl Default for DocumentBytes {
    fn default() -> Self {
        Self(100 * 1024 * 1024)
    }
}

impl DocumentBytes {
    /// Checks the number of bytes.
    pub fn new(bytes: i64) -> Result<Self, Invalid> {
        match u64::try_from(bytes) {
            Ok(bytes) if limits::DOCUMENT_BYTES.contains(&bytes) => Ok(Self(bytes)),
            _ => Err(Invalid::new(format!(
                "is {bytes}; it must be {} to {} bytes",
                limits::DOCUMENT_BYTES.start(),
                limits::DOCUMENT_BYTES.end()
            ))),
        }
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

/// A time zone of the IANA database: `Europe/Berlin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZone(chrono_tz::Tz);

impl Default for TimeZone {
    fn default() -> Self {
        Self(chrono_tz::UTC)
    }
}

impl TimeZone {
    /// The zone of this name.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        name.parse().map(Self).map_err(|_| {
            Invalid::new(format!(
                "{} is not a time zone of the IANA database such as Europe/Berlin",
                quoted(name)
            ))
        })
    }

    /// The zone, to reckon with.
    pub fn zone(self) -> chrono_tz::Tz {
        self.0
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// What people may choose from, in the order in which it was first offered. What is retired stays
/// where it was chosen and is offered no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Choices<T>(Vec<Choice<T>>);

/// One thing to choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice<T> {
    pub value: T,
    pub retired: bool,
}

impl<T> Default for Choices<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<T> for Choices<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let offered = |value| Choice {
            value,
            retired: false,
        };
        Self(values.into_iter().map(offered).collect())
    }
}

impl<T: Clone + PartialEq> Choices<T> {
    /// All of them, retired ones included.
    pub fn all(&self) -> &[Choice<T>] {
        &self.0
    }

    /// The choice that `is` recognises, retired or not.
    pub fn find(&self, is: impl Fn(&T) -> bool) -> Option<&Choice<T>> {
        self.0.iter().find(|choice| is(&choice.value))
    }

    /// Whether something that `is` recognises can be chosen.
    pub fn offers(&self, is: impl Fn(&T) -> bool) -> bool {
        self.find(is).is_some_and(|choice| !choice.retired)
    }

    /// What must be added and what retired for exactly `wanted` to be offered.
    pub(super) fn differences<'a>(&'a self, wanted: &'a [T]) -> (Vec<&'a T>, Vec<&'a T>) {
        let added = wanted
            .iter()
            .filter(|value| !self.offers(|offered| offered == *value));
        let retired = self
            .0
            .iter()
            .filter(|choice| !choice.retired && !wanted.contains(&choice.value))
            .map(|choice| &choice.value);
        (added.collect(), retired.collect())
    }

    /// Offers a value, perhaps again; false if it is offered already.
    pub(super) fn add(&mut self, value: &T) -> bool {
        match self.0.iter_mut().find(|choice| choice.value == *value) {
            Some(choice) => std::mem::replace(&mut choice.retired, false),
            None => {
                self.0.push(Choice {
                    value: value.clone(),
                    retired: false,
                });
                true
            }
        }
    }

    /// Changes the value that `is` recognises, retired or not; false if there is none.
    pub(super) fn replace(&mut self, is: impl Fn(&T) -> bool, change: impl FnOnce(&mut T)) -> bool {
        match self.0.iter_mut().find(|choice| is(&choice.value)) {
            Some(choice) => {
                change(&mut choice.value);
                true
            }
            None => false,
        }
    }

    /// Offers a value no more; false if it is not offered.
    pub(super) fn retire(&mut self, value: &T) -> bool {
        self.0
            .iter_mut()
            .find(|choice| choice.value == *value)
            .is_some_and(|choice| !std::mem::replace(&mut choice.retired, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_documents_are_bounded() {
        assert!(DigestMinutes::new(1).is_ok() && DigestMinutes::new(1_440).is_ok());
        for bad in [-1, 0, 1_441, i64::MAX] {
            assert!(DigestMinutes::new(bad).is_err(), "{bad}");
        }
        let most = 5 * 1024 * 1024 * 1024;
        assert!(DocumentBytes::new(1_024).is_ok() && DocumentBytes::new(most).is_ok());
        for bad in [-1, 0, 1_023, most + 1] {
            assert!(DocumentBytes::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_zone_is_one_that_iana_knows() {
        assert_eq!(
            TimeZone::new("Europe/Berlin").unwrap().to_string(),
            "Europe/Berlin"
        );
        for bad in ["", "Berlin", "+02:00", "Europe/Atlantis"] {
            assert!(TimeZone::new(bad).is_err(), "{bad}");
        }
    }
}
