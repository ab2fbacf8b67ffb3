//! How a task's number reads, and how no number is given twice.

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    rejection::{Invalid, quoted},
};

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

    /// Whether no number of the one format is a number of the other, but for that of the same subject and
    /// count, which is given once. False where that is not plain to see.
    ///
    /// It is where the same text stands around the same parts: then the count is all digits up to the first
    /// other character towards the subject, the subject is the rest, and both are read back from the number.
    /// It is where the formats begin or end with different text. And it is where they differ in the
    /// characters that are neither letters nor digits nor `-`: subjects and counts have none of those.
    pub fn is_apart_from(&self, other: &Self) -> bool {
        let (this, other) = (self.text(), other.text());
        let begin = [this.before, other.before];
        let ends = [this.after, other.after];
        this == other
            || this.marks().ne(other.marks())
            || !(begin[0].starts_with(begin[1]) || begin[1].starts_with(begin[0]))
            || !(ends[0].ends_with(ends[1]) || ends[1].ends_with(ends[0]))
    }

    fn text(&self) -> Text<'_> {
        let place = |parts: [&str; 2]| {
            let found = parts
                .iter()
                .find_map(|part| Some((self.0.find(part)?, part.len())));
            let (at, length) = found.expect("a format has a subject and a count");
            at..at + length
        };
        let (subject, count) = (place(Self::SUBJECTS), place(Self::COUNTS));
        let subject_first = subject.start < count.start;
        let (first, second) = if subject_first {
            (subject, count)
        } else {
            (count, subject)
        };
        Text {
            before: &self.0[..first.start],
            between: &self.0[first.end..second.start],
            after: &self.0[second.end..],
            subject_first,
        }
    }

    /// The format as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands around the parts of a format.
#[derive(PartialEq, Eq)]
struct Text<'a> {
    before: &'a str,
    between: &'a str,
    after: &'a str,
    subject_first: bool,
}

impl Text<'_> {
    /// The characters that neither a subject nor a count can have, in the order in which a number has them.
    fn marks(&self) -> impl Iterator<Item = char> {
        let text = [self.before, self.between, self.after];
        let all = text.into_iter().flat_map(str::chars);
        all.filter(|c| !c.is_ascii_alphanumeric() && *c != '-')
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
    fn formats_are_apart_only_where_that_is_plain() {
        let apart = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|format| NumberFormat::new(format).unwrap());
            one.is_apart_from(&other)
        };
        for (one, other) in [
            ("{SUBJECT}-TASK-{n}", "{SUBJECT}-TASK-{n}"),
            ("{SUBJECT}-TASK-{n}", "{subject}-TASK-{n:05}"),
            ("{SUBJECT}-TASK-{n}", "{SUBJECT}/{n}"),
            ("{SUBJECT}/{n}", "{SUBJECT}#{n}"),
            ("A-{SUBJECT}-{n}", "B-{SUBJECT}-TASK-{n}"),
            ("{SUBJECT}-{n}A", "{SUBJECT}-{n}B"),
        ] {
            assert!(apart(one, other) && apart(other, one), "{one} {other}");
        }
        for (one, other) in [
            // ACME-TASK-1 of acme, and of acme-task.
            ("{SUBJECT}-TASK-{n}", "{SUBJECT}-{n}"),
            // ACME-11, the first and the eleventh.
            ("{SUBJECT}-{n}1", "{SUBJECT}-{n}"),
            // 1-1-1: the first of 1-1, whichever comes first.
            ("{SUBJECT}-{n}", "{n}-{SUBJECT}"),
            ("A-{SUBJECT}-{n}", "{SUBJECT}-{n}"),
        ] {
            assert!(!apart(one, other) && !apart(other, one), "{one} {other}");
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

        #[test]
        fn formats_that_are_apart_write_no_number_twice(
            texts in prop::array::uniform6("[AB1-]{0,2}[/]?[AB1-]{0,1}"),
            parts in prop::array::uniform4(any::<bool>()), same in any::<bool>(), count_first in any::<bool>(),
            subjects in prop::array::uniform2("[ab1]([ab1-]{0,3}[ab1])?"),
            n in 1..12_u32, m in 1..12_u32, scale in prop::sample::select(vec![1, 10_000]),
        ) {
            let [a, b, c, d, e, f] = &texts;
            let others = if same { [a, b, c] } else { [d, e, f] };
            let of = |[before, between, after]: [&String; 3], upper: bool, padded: bool, swapped: bool| {
                let subject = if upper { "{SUBJECT}" } else { "{subject}" };
                let count = if padded { "{n:05}" } else { "{n}" };
                let (first, second) = if swapped { (count, subject) } else { (subject, count) };
                NumberFormat::new(&format!("{before}{first}{between}{second}{after}"))
            };
            let one = of([a, b, c], parts[0], parts[1], count_first);
            let two = of(others, parts[2], parts[3], count_first != (!same && parts[0]));
            if let (Ok(one), Ok(two)) = (one, two) {
                prop_assert_eq!(one.is_apart_from(&two), two.is_apart_from(&one));
                let (n, m) = (n * scale, m * scale);
                let same_task = subjects[0] == subjects[1] && n == m;
                if one.is_apart_from(&two) && !same_task {
                    prop_assert_ne!(one.number(&subjects[0], n), two.number(&subjects[1], m));
                }
            }
        }
    }
}
