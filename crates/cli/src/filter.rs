//! Filters (AIP-160) put together from flags.

use crate::{error::Error, name};

/// Conditions that must all hold.
#[derive(Debug, Default)]
pub(crate) struct Filter(Vec<String>);

impl Filter {
    /// Begins with what the user wrote, if anything.
    pub(crate) fn new(written: Option<&str>) -> Self {
        Self(
            written
                .filter(|text| !text.trim().is_empty())
                .map(|text| format!("({text})"))
                .into_iter()
                .collect(),
        )
    }

    /// The field has this value.
    pub(crate) fn equals(self, field: &str, value: &str) -> Self {
        self.and(format!("{field} = {}", quoted(value)))
    }

    /// The field has one of these values; any, if there are none.
    pub(crate) fn equals_any<'a>(self, field: &str, values: impl Iterator<Item = &'a str>) -> Self {
        let each: Vec<_> = values
            .map(|value| format!("{field} = {}", quoted(value)))
            .collect();
        match each.len() {
            0 => self,
            1 => self.and(each.concat()),
            _ => self.and(format!("({})", each.join(" OR "))),
        }
    }

    /// The value is one of the field's, or a part of it.
    pub(crate) fn has(self, field: &str, value: &str) -> Self {
        self.and(format!("{field}:{}", quoted(value)))
    }

    /// The member is the value of the field: `ana`, `members/ana`, or `me` for the caller.
    pub(crate) fn equals_member(self, field: &str, member: &str) -> Result<Self, Error> {
        match member {
            // Unquoted, or it would be a text like any other.
            "me" => Ok(self.and(format!("{field} = me"))),
            _ => Ok(self.equals(field, &name::member(member)?)),
        }
    }

    /// The member is one of those in the field: as above, or `nobody` if there are none.
    pub(crate) fn has_member(self, field: &str, member: &str) -> Result<Self, Error> {
        match member {
            "me" => Ok(self.and(format!("{field}:me"))),
            "nobody" => Ok(self.and(format!("NOT {field}:*"))),
            _ => Ok(self.has(field, &name::member(member)?)),
        }
    }

    /// The condition holds.
    pub(crate) fn and(mut self, condition: String) -> Self {
        self.0.push(condition);
        self
    }

    /// The filter as the API takes it; empty if there is no condition.
    pub(crate) fn finish(self) -> String {
        self.0.join(" AND ")
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_without_changing_what_was_written() {
        let filter = Filter::new(Some("a = 1 OR b = 2"))
            .equals("number", "ACME-\"1\"")
            .has_member("assignees", "ana")
            .unwrap();
        assert_eq!(
            filter.finish(),
            r#"(a = 1 OR b = 2) AND number = "ACME-\"1\"" AND assignees:"members/ana""#
        );
        let filter = Filter::default()
            .equals_member("assignee", "me")
            .unwrap()
            .has_member("assignees", "nobody")
            .unwrap();
        assert_eq!(filter.finish(), "assignee = me AND NOT assignees:*");
        assert_eq!(Filter::new(None).finish(), "");
        assert_eq!(Filter::new(Some(" ")).finish(), "");
    }
}
