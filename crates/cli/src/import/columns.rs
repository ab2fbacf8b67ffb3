//! Which column of a file holds what.

use csv::StringRecord;

/// What a column can say about the thing that a row stands for.
pub(super) trait Field: Copy + PartialEq + 'static {
    /// All that there are in every file, in an order that never changes: identities are made from it.
    const ALL: &'static [Self];
    /// Those without which there is no file, with the title to look for.
    const REQUIRED: &'static [(Self, &'static str)];
    /// The one for what tells rows apart, if any column can be named for it.
    const KEY: Option<Self>;

    /// The titles that its column may have, as [`plain`] writes them.
    fn titles(self) -> &'static [&'static str];

    /// The field that a field of a request was filled from.
    fn of_path(path: &str) -> Option<Self>;

    /// The field at fault where a rule says no for this reason, and what to do about it.
    fn of_reason(reason: &str) -> (Option<Self>, Option<&'static str>);
}

/// Why the first line of a file does not say what its columns are.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderError {
    #[error("there is no column {title:?}; there are {found}")]
    Missing { title: String, found: String },
    #[error("the columns {0:?} and {1:?} mean the same")]
    Twice(String, String),
}

/// A column of the file.
#[derive(Debug)]
struct Column {
    index: usize,
    title: String,
}

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Columns<F> {
    found: Vec<(F, Column)>,
    ignored: Vec<Column>,
}

impl<F: Field> Columns<F> {
    /// Reads the first line of a file. `key` names the column that tells rows apart, if the user said.
    pub(super) fn find(header: &StringRecord, key: Option<&str>) -> Result<Self, HeaderError> {
        let mut columns = Self {
            found: Vec::new(),
            ignored: Vec::new(),
        };
        for (index, title) in header.iter().enumerate() {
            let mut fields = F::ALL.iter().copied();
            let field = fields.find(|field| field.titles().contains(&plain(title).as_str()));
            // A column can tell rows apart and say something besides.
            let is_key = key.is_some_and(|key| plain(key) == plain(title));
            if let (true, Some(field)) = (is_key, F::KEY) {
                columns.put(field, index, title)?;
            }
            match field {
                field if field.is_some() && field == F::KEY && key.is_some() => {}
                Some(field) => columns.put(field, index, title)?,
                None if is_key => {}
                None => columns.ignored.push(Column {
                    index,
                    title: title.to_owned(),
                }),
            }
        }
        let missing = |title: &str| HeaderError::Missing {
            title: title.to_owned(),
            found: header
                .iter()
                .map(|title| format!("{title:?}"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        for (field, title) in F::REQUIRED {
            columns.title(*field).ok_or_else(|| missing(title))?;
        }
        if let (Some(key), Some(field)) = (key, F::KEY) {
            columns.title(field).ok_or_else(|| missing(key))?;
        }
        Ok(columns)
    }

    /// Gives a meaning to columns that have none yet: `means` says which, by the title as [`plain`] writes it.
    pub(super) fn name_others(
        &mut self,
        means: impl Fn(&str) -> Option<F>,
    ) -> Result<(), HeaderError> {
        for column in std::mem::take(&mut self.ignored) {
            match means(&plain(&column.title)) {
                Some(field) => self.put(field, column.index, &column.title)?,
                None => self.ignored.push(column),
            }
        }
        Ok(())
    }

    fn put(&mut self, field: F, index: usize, title: &str) -> Result<(), HeaderError> {
        if let Some(first) = self.title(field) {
            return Err(HeaderError::Twice(first.to_owned(), title.to_owned()));
        }
        let title = title.to_owned();
        self.found.push((field, Column { index, title }));
        Ok(())
    }

    fn column(&self, field: F) -> Option<&Column> {
        let mut found = self.found.iter();
        found
            .find(|(other, _)| *other == field)
            .map(|(_, column)| column)
    }

    /// The title of the field's column, as the file writes it.
    pub(super) fn title(&self, field: F) -> Option<&str> {
        self.column(field).map(|column| column.title.as_str())
    }

    /// What a row says in the field, without spaces around it; none if it says nothing.
    pub(super) fn get<'a>(&self, record: &'a StringRecord, field: F) -> Option<&'a str> {
        record
            .get(self.column(field)?.index)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// Titles of the columns that mean nothing here.
    pub(super) fn ignored(&self) -> Vec<&str> {
        let ignored = self.ignored.iter();
        ignored.map(|column| column.title.as_str()).collect()
    }
}

/// A title by its words alone: `Description/Details*` is `description details`.
pub(super) fn plain(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tasks::field::TaskField as Field;

    fn find(header: &[&str], key: Option<&str>) -> Result<Columns<Field>, HeaderError> {
        Columns::find(&StringRecord::from(header), key)
    }

    #[test]
    fn columns_are_found_in_any_order_and_spelling() {
        let columns = find(
            &[
                "Due Date*",
                "CUSTOMER",
                "Task Title*",
                "Description/Details",
                "Colour",
            ],
            None,
        )
        .unwrap();
        let record = StringRecord::from(vec!["2026-12-01", " Acme ", "Call", "", "red"]);
        assert_eq!(columns.get(&record, Field::Customer), Some("Acme"));
        assert_eq!(columns.get(&record, Field::Due), Some("2026-12-01"));
        assert_eq!(columns.get(&record, Field::Description), None);
        assert_eq!(columns.get(&record, Field::Priority), None);
        assert_eq!(columns.title(Field::Due), Some("Due Date*"));
        assert_eq!(columns.ignored(), ["Colour"]);
    }

    #[test]
    fn title_and_customer_are_required() {
        let error = find(&["Title", "Due"], None).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"there is no column "Customer"; there are "Title", "Due""#
        );
    }

    #[test]
    fn two_columns_of_one_meaning_are_refused() {
        let error = find(&["Title", "Customer", "Account"], None).unwrap_err();
        assert_eq!(
            error,
            HeaderError::Twice("Customer".to_owned(), "Account".to_owned())
        );
    }

    #[test]
    fn the_key_may_be_any_column() {
        let record = StringRecord::from(vec!["1", "Call", "Acme", "T-9"]);
        let key = |key| {
            find(&["id", "Title", "Customer", "Ticket"], key)
                .unwrap()
                .get(&record, Field::Key)
                .map(str::to_owned)
        };
        assert_eq!(key(None).as_deref(), Some("1"));
        assert_eq!(key(Some("ticket")).as_deref(), Some("T-9"));
        assert_eq!(key(Some("Title")).as_deref(), Some("Call"));
        assert!(find(&["Title", "Customer"], Some("ticket")).is_err());
    }
}
