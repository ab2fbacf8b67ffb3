//! Reads the fields of a request, and collects everything that is wrong with them.
//!
//! Each reader answers `None` only after it noted a violation, so that a request is read to its end
//! and [`Fields::finish`] tells all violations at once.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use handoff_commands::new_id;
use handoff_domain::{Invalid, Revision, Violations, quoted};
use handoff_event_log::Position;
use prost_types::{FieldMask, Timestamp};
use uuid::Uuid;

use crate::{error::ApiError, time};

/// What is wrong with a request so far.
#[derive(Default)]
pub(crate) struct Fields(Violations);

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Notes that `field` is at fault.
    pub(crate) fn violation<T>(
        &mut self,
        field: &str,
        description: impl Into<String>,
    ) -> Option<T> {
        self.0.add(field, description);
        None
    }

    /// The value if it is acceptable.
    pub(crate) fn check<T>(&mut self, field: &str, value: Result<T, Invalid>) -> Option<T> {
        self.0.check(field, value)
    }

    /// A message that must be there.
    pub(crate) fn present<'a, T>(&mut self, field: &str, value: Option<&'a T>) -> Option<&'a T> {
        value.or_else(|| self.violation(field, "is required"))
    }

    /// A text that must be there, read by `read`.
    pub(crate) fn required<T>(
        &mut self,
        field: &str,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        if text.is_empty() {
            return self.violation(field, "is required");
        }
        self.check(field, read(text))
    }

    /// A text that may be empty, which means that it is not given.
    pub(crate) fn optional<T>(
        &mut self,
        field: &str,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        if text.is_empty() {
            return Some(None);
        }
        self.check(field, read(text)).map(Some)
    }

    /// A resource name that must be there.
    pub(crate) fn name<T: FromStr<Err = Invalid>>(&mut self, field: &str, text: &str) -> Option<T> {
        self.required(field, text, T::from_str)
    }

    /// Every text of a list of at most `most`, each read by `read`. None is read of a longer list.
    pub(crate) fn each<T>(
        &mut self,
        field: &str,
        texts: &[String],
        most: usize,
        read: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        self.each_of(field, texts, most, |text| read(text))
    }

    /// Every entry of a list of at most `most`, each read by `read`. None is read of a longer list.
    pub(crate) fn each_of<Given, T>(
        &mut self,
        field: &str,
        given: &[Given],
        most: usize,
        read: impl Fn(&Given) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        if !self.0.check_count(field, given.len(), most) {
            return None;
        }
        let values: Vec<Option<T>> = given
            .iter()
            .enumerate()
            .map(|(index, given)| self.0.check(format!("{field}[{index}]"), read(given)))
            .collect();
        values.into_iter().collect()
    }

    /// A value of a protobuf enum that this server knows.
    pub(crate) fn known<E: TryFrom<i32>>(&mut self, field: &str, number: i32) -> Option<E> {
        match E::try_from(number) {
            Ok(value) => Some(value),
            Err(_) => self.violation(
                field,
                format!("is {number}, which this server does not know"),
            ),
        }
    }

    /// A time that may be absent.
    pub(crate) fn time(
        &mut self,
        field: &str,
        timestamp: Option<&Timestamp>,
    ) -> Option<Option<DateTime<Utc>>> {
        match timestamp {
            None => Some(None),
            Some(timestamp) => self.check(field, time::from_proto(timestamp)).map(Some),
        }
    }

    /// The fields that an update names; `known` are those that can be.
    pub(crate) fn mask(
        &mut self,
        mask: Option<&FieldMask>,
        known: &'static [&'static str],
    ) -> Option<Mask> {
        const FIELD: &str = "update_mask";
        let paths = mask.map_or(&[][..], |mask| &mask.paths);
        if paths.is_empty() {
            return self.violation(
                FIELD,
                format!("is required: name any of {}", known.join(", ")),
            );
        }
        let mut named = Some(Vec::new());
        for path in paths {
            match (known.iter().find(|known| *known == path), &mut named) {
                (Some(known), Some(named)) => named.push(*known),
                (Some(_), None) => {}
                (None, _) => {
                    let any_of = known.join(", ");
                    named = self.violation(
                        FIELD,
                        format!("names {}, which is not one of {any_of}", quoted(path)),
                    );
                }
            }
        }
        named.map(Mask)
    }

    /// A position; 0 is before the first event.
    pub(crate) fn position(&mut self, field: &str, position: i64) -> Option<Position> {
        if position < 0 {
            return self.violation(field, format!("is {position}; a position is at least 0"));
        }
        Some(Position(position))
    }

    /// The id of a command; a new one if none is given.
    pub(crate) fn request_id(&mut self, text: &str) -> Option<Uuid> {
        self.optional("request_id", text, uuid)
            .map(|id| id.unwrap_or_else(new_id))
    }

    /// The revision in an etag, with or without quotes; none if it is empty.
    pub(crate) fn etag(&mut self, text: &str) -> Option<Option<Revision>> {
        self.optional("etag", text, revision)
    }

    /// Hands what was found so far on to a command that tells it together with what its own check finds:
    /// the last thing done in reading one, which then stands for what could be read.
    pub(crate) fn hand_on(&mut self) -> Violations {
        std::mem::take(&mut self.0)
    }

    /// The value that was read, if nothing was wrong with any field.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, ApiError> {
        self.0.finish()?;
        Ok(value.expect("what could not be read was noted as a violation"))
    }
}

/// A field that an update may name: none within, if it does not; none, if it could not be read.
pub(crate) fn given<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}

/// The fields that an update changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mask(Vec<&'static str>);

impl Mask {
    /// Whether the update changes this field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains(&field)
    }
}

/// A UUID in its usual form: `0198c2f4-8d2e-7c1a-9b0e-3f6d2a5b7c81`.
fn uuid(text: &str) -> Result<Uuid, Invalid> {
    match Uuid::try_parse(text) {
        Ok(id) if text.len() == uuid::fmt::Hyphenated::LENGTH && !id.is_nil() => Ok(id),
        _ => Err(Invalid::new(format!(
            "{} is not a UUID such as 0198c2f4-8d2e-7c1a-9b0e-3f6d2a5b7c81",
            quoted(text)
        ))),
    }
}

/// The revision that [`crate::views`] writes into etags.
fn revision(text: &str) -> Result<Revision, Invalid> {
    let plain = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    match plain.parse() {
        // Not `+7` or `007`: an etag is what a server wrote, character by character.
        Ok(number) if Revision(number).to_string() == plain => Ok(Revision(number)),
        _ => Err(Invalid::new(format!(
            "{} is not the etag of a resource",
            quoted(text)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use handoff_domain::{Rejection, names::TaskName};
    use proptest::prelude::*;

    use super::*;

    fn violations<T>(fields: Fields, value: Option<T>) -> Vec<String> {
        match fields.finish(value) {
            Ok(_) => Vec::new(),
            Err(ApiError::Rejected(Rejection::Invalid(violations))) => violations
                .into_iter()
                .map(|violation| violation.field)
                .collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn all_violations_are_told_at_once() {
        let mut fields = Fields::new();
        let name = fields.name::<TaskName>("name", "");
        fields.request_id("no uuid");
        fields.etag("no etag");
        let names = ["members/ana".into(), "ana".into()];
        fields.each("assignees", &names, 2, |name| {
            name.parse::<handoff_domain::names::MemberName>()
        });
        assert_eq!(
            violations(fields, name),
            ["name", "request_id", "etag", "assignees[1]"]
        );
    }

    #[test]
    fn a_list_that_is_too_long_is_counted_and_not_read() {
        let mut fields = Fields::new();
        let names = vec!["ana".to_owned(); 5_000];
        let read = fields.each("add", &names, 200, str::parse::<TaskName>);
        assert_eq!(read, None);
        assert_eq!(violations(fields, read), ["add"]);
    }

    #[test]
    fn a_mask_names_known_fields_and_at_least_one() {
        let read = |paths: &[&str]| {
            let mask = FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            };
            let mut fields = Fields::new();
            let mask = fields.mask(Some(&mask), &["display_name", "email"]);
            (mask.is_some(), violations(fields, Some(())).len())
        };
        assert_eq!(read(&["email", "display_name", "email"]), (true, 0));
        assert_eq!(read(&[]), (false, 1));
        assert_eq!(read(&["etag", "email", "name"]), (false, 2));
        assert_eq!(Fields::new().mask(None, &["email"]), None);
    }

    #[test]
    fn an_etag_is_a_revision_with_or_without_quotes() {
        let read = |text: &str| Fields::new().etag(text);
        assert_eq!(read(""), Some(None));
        assert_eq!(read("7"), Some(Some(Revision(7))));
        assert_eq!(read("\"7\""), Some(Some(Revision(7))));
        for bad in [
            "+7",
            "07",
            "-1",
            "\"7",
            "7\"",
            "\"\"",
            "W/\"7\"",
            "4294967296",
            "a",
            " 7",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_request_id_is_a_uuid_and_made_if_absent() {
        let read = |text: &str| Fields::new().request_id(text);
        assert_ne!(read("").unwrap(), read("").unwrap());
        let id = "0198c2f4-8d2e-7c1a-9b0e-3f6d2a5b7c81";
        assert_eq!(read(id).unwrap().to_string(), id);
        assert_eq!(read(&id.to_uppercase()).unwrap().to_string(), id);
        let nil = Uuid::nil().to_string();
        for bad in [
            &id[1..],
            &id.replace('-', ""),
            &format!("{{{id}}}"),
            nil.as_str(),
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_a_value_or_a_violation(text in "\\PC{0,80}", number in any::<i64>()) {
            let mut fields = Fields::new();
            let values = [
                fields.request_id(&text).is_some(),
                fields.etag(&text).is_some(),
                fields.name::<TaskName>("name", &text).is_some(),
                fields.position("position", number).is_some(),
            ];
            let wrong = values.iter().filter(|value| !**value).count();
            prop_assert_eq!(violations(fields, Some(())).len(), wrong);
        }

        #[test]
        fn every_revision_is_read_back(number in any::<u32>()) {
            prop_assert_eq!(Fields::new().etag(&Revision(number).to_string()), Some(Some(Revision(number))));
        }
    }
}
