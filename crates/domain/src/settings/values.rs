//! What single settings hold. An invalid one cannot be made.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    rejection::{Invalid, quoted},
};

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

/// How a task's number is written: one `{SUBJECT}` or `{subject}` and one `{n}` or `{n:05}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NumberFormat(Box<str>);

impl Default for NumberFormat {
    fn default() -> Self {
        Self("{SUBJECT}-TASK-{n}".into())
    }
}

impl NumberFormat {
    const SUBJECTS: [&str; 2] = ["{SUBJECT}", "{subject}"];
    const COUNTS: [&str; 2] = ["{n}", "{n:05}"];

    /// Checks the format. What stands beside the count on the subject's side may not be a digit, nor
    /// the subject itself, so that no two subjects can come to the same number.
    pub fn new(format: &str) -> Result<Self, Invalid> {
        let invalid = |what: &str| Err(Invalid::new(format!("{} {what}", quoted(format))));
        if format.chars().count() > limits::NUMBER_FORMAT_CHARACTERS {
            return invalid(&format!(
                "has more than {} characters",
                limits::NUMBER_FORMAT_CHARACTERS
            ));
        }
        if format.trim() != format || format.chars().any(char::is_control) {
            return invalid("begins or ends with a space or contains a control character");
        }
        let parts = |parts: [&'static str; 2]| {
            parts.into_iter().flat_map(|part| {
                format
                    .match_indices(part)
                    .map(|(at, part)| at..at + part.len())
            })
        };
        let (mut subjects, mut counts) = (parts(Self::SUBJECTS), parts(Self::COUNTS));
        let (Some(subject), None) = (subjects.next(), subjects.next()) else {
            return invalid("must have exactly one {SUBJECT} or {subject}");
        };
        let (Some(count), None) = (counts.next(), counts.next()) else {
            return invalid("must have exactly one {n} or {n:05}");
        };
        if format.matches(['{', '}']).count() != 4 {
            return invalid("has braces other than those of its two parts");
        }
        let beside = if subject.end <= count.start {
            format[subject.end..count.start].chars().next_back()
        } else {
            format[count.end..subject.start].chars().next()
        };
        match beside {
            Some(c) if !c.is_numeric() => Ok(Self(format.into())),
            _ => invalid(
                "must have something other than a digit beside the count, towards the subject",
            ),
        }
    }

    /// The number of the `n`th task of a subject; `part` is what stands for the subject.
    pub fn number(&self, part: &str, n: u32) -> String {
        self.0
            .replace("{SUBJECT}", &part.to_uppercase())
            .replace("{subject}", part)
            .replace("{n:05}", &format!("{n:05}"))
            .replace("{n}", &n.to_string())
    }

    /// The format as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_names_its_subject_and_counts() {
        let format = NumberFormat::default();
        assert_eq!(format.number("acme", 1), "ACME-TASK-1");
        assert_eq!(format.number("member-ana", 12), "MEMBER-ANA-TASK-12");
        let format = NumberFormat::new("{subject}/{n:05}").unwrap();
        assert_eq!(format.number("acme", 7), "acme/00007");
        assert_eq!(format.number("acme", 123_456), "acme/123456");
    }

    #[test]
    fn a_number_format_has_one_subject_and_one_count() {
        for good in ["{SUBJECT}-TASK-{n}", "T{n:05}.{subject}", "№ {subject}#{n}"] {
            assert!(NumberFormat::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "TASK-{n}",
            "{SUBJECT}",
            "{SUBJECT}-{subject}-{n}",
            "{SUBJECT}-{SUBJECT}-{n}",
            "{SUBJECT}-{n}-{n:05}",
            "{SUBJECT}-{n}-{x}",
            "{SUBJECT}-{n:04}",
            "{SUBJECT}-{n}}",
            "{SUBJECT}{n}",
            "{n}{SUBJECT}",
            "{SUBJECT}-1{n}",
            " {SUBJECT}-{n}",
            "{SUBJECT}-\0{n}",
            &format!("{{SUBJECT}}-{{n}}{}", "x".repeat(60)),
        ] {
            assert!(NumberFormat::new(bad).is_err(), "{bad:?}");
        }
    }

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

    proptest! {
        #[test]
        fn no_two_subjects_come_to_the_same_number(
            before in "[A-Z0-9 -]{0,3}", between in "[A-Z0-9 -]{0,3}", after in "[A-Z0-9 -]{0,3}",
            count_first in any::<bool>(),
            subjects in prop::collection::hash_set("[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?", 2),
            n in 1..200_u32, m in 1..200_u32,
        ) {
            let (first, second) = if count_first { ("{n}", "{SUBJECT}") } else { ("{SUBJECT}", "{n}") };
            if let Ok(format) = NumberFormat::new(&format!("{before}{first}{between}{second}{after}")) {
                let subjects: Vec<_> = subjects.iter().collect();
                prop_assert_ne!(format.number(subjects[0], n), format.number(subjects[1], m));
            }
        }
    }
}
