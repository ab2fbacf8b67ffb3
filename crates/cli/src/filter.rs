//! Filters (AIP-160) put together from flags.

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

    /// The value is one of the field's.
    pub(crate) fn has(self, field: &str, value: &str) -> Self {
        self.and(format!("{field}:{}", quoted(value)))
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
            .has("assignees", "members/ana");
        assert_eq!(
            filter.finish(),
            r#"(a = 1 OR b = 2) AND number = "ACME-\"1\"" AND assignees:"members/ana""#
        );
        assert_eq!(Filter::new(None).finish(), "");
        assert_eq!(Filter::new(Some(" ")).finish(), "");
    }
}
