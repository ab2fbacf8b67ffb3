//! Values of the domain as text in a column and back, in the words of the log.

use std::{fmt, str::FromStr};

use handoff_projections::UnreadableRow;
use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer, value},
};

/// A word such as `in_progress`, as the log has it.
pub(crate) fn label(value: &impl Serialize) -> String {
    struct Shown<'a, T>(&'a T);

    impl<T: Serialize> fmt::Display for Shown<'_, T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    Shown(value).to_string()
}

/// A value whose text was checked when it was written: it is not checked or sanitised again.
pub(crate) struct Stored<T>(pub(crate) T);

impl<T: DeserializeOwned> FromStr for Stored<T> {
    type Err = value::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        T::deserialize(text.into_deserializer()).map(Self)
    }
}

/// Everything there is to know of an aggregate, as it is kept in one column.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("states have string keys and finite numbers only")
}

/// What [`json`] wrote.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromStr for Json<T> {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self)
    }
}

/// A stored value is not what it should be.
pub(crate) fn unreadable(text: &str, reason: impl fmt::Display) -> UnreadableRow {
    UnreadableRow::Text {
        text: text.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use handoff_domain::{
        task::{OpenStatus, Status},
        text::Html,
    };

    use super::*;

    #[test]
    fn a_value_is_stored_in_the_words_of_the_log() {
        assert_eq!(label(&OpenStatus::WaitingOnCustomer), "waiting_on_customer");
        assert_eq!(label(&Status::Complete), "complete");
    }

    #[test]
    fn a_document_comes_back_as_it_was_written() {
        let html = Html::new("a < b <strong>\"c\"</strong>\n").unwrap();
        assert_eq!(json(&html).parse::<Json<Html>>().unwrap().0, html);
        assert!("<p>".parse::<Json<Html>>().is_err());
    }
}
