//! The cells of one row: what they say, and what is wrong with them.

use std::collections::HashMap;

use csv::StringRecord;
use uuid::Uuid;

use super::{
    columns::{Columns, Field},
    identity::{slug, uuid_of},
};
use crate::error::Error;

/// Something that the file names by its display name, its id or its resource name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) display_name: String,
}

impl Named {
    fn new(collection: &str, text: &str) -> Self {
        let text = text.strip_prefix(collection).unwrap_or(text);
        Self {
            id: slug(text),
            display_name: text.to_owned(),
        }
    }

    pub(super) fn member(text: &str) -> Self {
        Self::new("members/", text)
    }

    /// An account may not have an id that looks like a member's in task numbers.
    pub(super) fn account(text: &str) -> Self {
        let named = Self::new("accounts/", text);
        if named.id.starts_with("member-") {
            Self {
                id: format!("account-{}", named.id),
                ..named
            }
        } else {
            named
        }
    }
}

/// One thing that is wrong with a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem<F> {
    /// Where; none if it is the row as a whole.
    pub(super) field: Option<F>,
    pub(super) message: String,
}

/// A row that cannot be imported.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRow<F> {
    pub(super) line: u64,
    pub(super) problems: Vec<Problem<F>>,
}

/// Something that a row was read into.
pub(super) trait Row {
    /// Line of the file on which the row begins, from 1.
    fn line(&self) -> u64;
}

/// The row as it was read, with the line on which it begins.
pub(super) fn record<F>(
    record: Result<StringRecord, csv::Error>,
) -> Result<(StringRecord, u64), BadRow<F>> {
    let record = record.map_err(|error| BadRow {
        line: error.position().map_or(0, csv::Position::line),
        problems: vec![Problem {
            field: None,
            message: unreadable(&error),
        }],
    })?;
    let line = record.position().map_or(0, csv::Position::line);
    Ok((record, line))
}

/// The reader's error without the place, which is reported anyhow.
fn unreadable(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8: save the file as UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

/// The cells of one row, and what was found wrong with them.
pub(super) struct Cells<'a, F> {
    columns: &'a Columns<F>,
    record: &'a StringRecord,
    problems: Vec<Problem<F>>,
}

impl<'a, F: Field> Cells<'a, F> {
    pub(super) fn new(columns: &'a Columns<F>, record: &'a StringRecord) -> Self {
        Self {
            columns,
            record,
            problems: Vec::new(),
        }
    }

    /// What the cell says; empty if it says nothing.
    pub(super) fn text(&self, field: F) -> &'a str {
        self.columns.get(self.record, field).unwrap_or_default()
    }

    /// What the cell says between its semicolons.
    pub(super) fn list(&self, field: F) -> impl Iterator<Item = &'a str> + use<'a, F> {
        let parts = self.text(field).split(';');
        parts.map(str::trim).filter(|text| !text.is_empty())
    }

    /// What the cell says; that it says nothing is a problem.
    pub(super) fn required(&mut self, field: F) -> &'a str {
        let text = self.text(field);
        if text.is_empty() {
            self.problem(Some(field), "is empty");
        }
        text
    }

    /// What the cell means, if it says anything.
    pub(super) fn parsed<T>(
        &mut self,
        field: F,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match parse(self.columns.get(self.record, field)?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.problem(Some(field), message);
                None
            }
        }
    }

    pub(super) fn problem(&mut self, field: Option<F>, message: impl Into<String>) {
        self.problems.push(Problem {
            field,
            message: message.into(),
        });
    }

    /// An error if anything was found wrong.
    pub(super) fn finish(self, line: u64) -> Result<(), BadRow<F>> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(BadRow {
                line,
                problems: self.problems,
            })
        }
    }
}

/// The names that rows of a file stand for, each of which may be there once.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The line of each, by half of the UUID of its name.
    lines: HashMap<u64, u64>,
}

impl Names {
    /// Notes the name of the row on this line. It is a problem in the field if an earlier row has the same.
    pub(super) fn once<F: Field>(
        &mut self,
        name: &str,
        line: u64,
        field: F,
        cells: &mut Cells<'_, F>,
    ) {
        let half = uuid_of(&[name]).as_u64_pair().0;
        if let Some(first) = self.lines.get(&half) {
            let message = format!("is {name}, as on line {first}; give one of them another Id");
            cells.problem(Some(field), message);
        } else {
            self.lines.insert(half, line);
        }
    }
}

/// What tells a row of this name and these texts from what the file may say another time.
pub(super) fn identity<'a>(name: &'a str, texts: impl Iterator<Item = &'a str>) -> Uuid {
    let parts: Vec<_> = std::iter::once(name).chain(texts).collect();
    uuid_of(&parts)
}

pub(super) fn parse_yes(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "on" | "1" | "x" => Ok(true),
        "no" | "n" | "false" | "off" | "0" | "-" => Ok(false),
        _ => Err(format!("{text:?} is neither Yes nor No")),
    }
}

/// What the server's refusal says about the row.
pub(super) fn problems<F: Field>(error: &Error) -> Vec<Problem<F>> {
    let (_, reason) = error.code();
    if reason == "REQUEST_ID_REUSED" {
        let message = "was imported before by someone else, or with the same key and other content";
        return vec![Problem {
            field: F::KEY,
            message: message.to_owned(),
        }];
    }
    if error.fields().is_empty() {
        let (field, advice) = F::of_reason(reason);
        let message = match advice {
            Some(advice) => format!("{error}; {advice}"),
            None => error.to_string(),
        };
        return vec![Problem { field, message }];
    }
    let fields = error.fields().iter();
    fields
        .map(|(path, text)| Problem {
            field: F::of_path(path),
            message: text.clone(),
        })
        .collect()
}
