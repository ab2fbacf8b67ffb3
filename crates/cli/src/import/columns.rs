//! Which column of a file holds what.

use csv::StringRecord;

/// What a row says about its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Customer,
    Assignees,
    Priority,
    Status,
    Due,
    Description,
    Category,
    /// What tells the row from all others.
    Key,
}

impl Field {
    pub(super) const ALL: [Self; 9] = [
        Self::Title,
        Self::Customer,
        Self::Assignees,
        Self::Priority,
        Self::Status,
        Self::Due,
        Self::Description,
        Self::Category,
        Self::Key,
    ];

    /// The titles that its column may have, as [`plain`] writes them.
    fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Title => &["task title", "title", "task", "subject", "summary"],
            Self::Customer => &[
                "customer",
                "account",
                "client",
                "customer name",
                "account name",
            ],
            Self::Assignees => &["assigned to", "assignee", "assignees", "owner"],
            Self::Priority => &["priority"],
            Self::Status => &["task status", "status"],
            Self::Due => &["due date", "due", "deadline"],
            Self::Description => &["description details", "description", "details"],
            Self::Category => &["category"],
            Self::Key => &["key", "id", "task id"],
        }
    }
}

/// Why the first line of a file does not say what its columns are.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderError {
    #[error("there is no column {title:?}; there are {found}")]
    Missing { title: String, found: String },
    #[error("the columns {0:?} and {1:?} mean the same")]
    Twice(String, String),
}

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Columns {
    /// Index and title of each field's column, in the order of [`Field::ALL`].
    found: [Option<(usize, String)>; Field::ALL.len()],
    ignored: Vec<String>,
}

impl Columns {
    /// Reads the first line of a file. `key` names the column that tells rows apart, if the user said.
    pub(super) fn find(header: &StringRecord, key: Option<&str>) -> Result<Self, HeaderError> {
        let mut columns = Self {
            found: Default::default(),
            ignored: Vec::new(),
        };
        for (index, title) in header.iter().enumerate() {
            let field = Field::ALL
                .into_iter()
                .find(|field| field.titles().contains(&plain(title).as_str()));
            // A column can tell rows apart and say something besides.
            let is_key = key.is_some_and(|key| plain(key) == plain(title));
            if is_key {
                columns.put(Field::Key, index, title)?;
            }
            match field {
                Some(Field::Key) if key.is_some() => {}
                Some(field) => columns.put(field, index, title)?,
                None if is_key => {}
                None => columns.ignored.push(title.to_owned()),
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
        for (field, title) in [(Field::Title, "Task Title"), (Field::Customer, "Customer")] {
            columns.title(field).ok_or_else(|| missing(title))?;
        }
        if let Some(key) = key {
            columns.title(Field::Key).ok_or_else(|| missing(key))?;
        }
        Ok(columns)
    }

    fn put(&mut self, field: Field, index: usize, title: &str) -> Result<(), HeaderError> {
        match &mut self.found[field as usize] {
            Some((_, first)) => Err(HeaderError::Twice(first.clone(), title.to_owned())),
            free => {
                *free = Some((index, title.to_owned()));
                Ok(())
            }
        }
    }

    /// The title of the field's column, as the file writes it.
    pub(super) fn title(&self, field: Field) -> Option<&str> {
        self.found[field as usize]
            .as_ref()
            .map(|(_, title)| title.as_str())
    }

    /// What a row says in the field, without spaces around it; none if it says nothing.
    pub(super) fn get<'a>(&self, record: &'a StringRecord, field: Field) -> Option<&'a str> {
        let (index, _) = self.found[field as usize].as_ref()?;
        record
            .get(*index)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// Titles of the columns that mean nothing here.
    pub(super) fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

/// A title by its words alone: `Description/Details*` is `description details`.
fn plain(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &[&str], key: Option<&str>) -> Result<Columns, HeaderError> {
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
