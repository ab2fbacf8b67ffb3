//! The fields that a filter may name: what they hold, and the SQL that gives it.

use handoff_domain::Invalid;

use super::{Condition, Viewer};

/// A field that a filter may name.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(super) kind: Kind,
}

/// What a field holds.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text that people wrote.
    Text(Column),
    /// A resource name.
    Name {
        column: Column,
        check: Check,
    },
    /// A list of resource names. In `has` a `{}` stands for the one looked for; `any` says whether there is one.
    Names {
        has: &'static str,
        any: &'static str,
        check: Check,
    },
    /// Resource names under keys, such as who holds which role. A filter names the key after a dot:
    /// `roles.sales-manager`. In `has` a `{}` stands for the text `NAME:KEY` looked for, in `any` for a
    /// pattern of `like` that fits the key with any name.
    Keyed {
        has: &'static str,
        any: &'static str,
        key: CheckKey,
        check: Check,
    },
    /// Text in lower case that is searched for words, see [`search`](crate::search).
    Search(&'static str),
    /// The same in another table: `column` holds the text, and in `found` a `{}` stands for what is said of it.
    SearchElsewhere {
        column: &'static str,
        found: &'static str,
    },
    /// A list of texts that people wrote. As [`Names`](Self::Names), but for the check.
    Texts {
        has: &'static str,
        any: &'static str,
    },
    Moment(Column),
    /// A time that may be lacking, where the column then holds `infinity`; `any` says whether there is one.
    MomentIfAny {
        column: Column,
        any: &'static str,
    },
    /// The time at which an event was recorded, in a table that has the event's position.
    RecordTime {
        position: &'static str,
    },
    Integer(Column),
    /// A number with at most 4 decimal places; the column holds ten-thousandths.
    Decimal(Column),
    /// One of some words, never absent. Where they are `ranked`, the first is the least.
    Label {
        sql: &'static str,
        labels: &'static [&'static str],
        ranked: bool,
    },
    /// True or false: what it means is said by another condition.
    Flag(fn(&Viewer) -> Condition),
}

/// Checks a resource name as it was written and gives it as it is stored.
pub(crate) type Check = fn(&str) -> Result<String, Invalid>;

/// Checks the key of a field, or says what is wrong with it.
pub(crate) type CheckKey = fn(&str) -> Result<(), String>;

/// An expression of SQL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Column {
    pub(super) sql: &'static str,
    /// Whether it can be null.
    pub(super) nullable: bool,
}

impl Column {
    pub(crate) const fn required(sql: &'static str) -> Self {
        Self {
            sql,
            nullable: false,
        }
    }

    pub(crate) const fn optional(sql: &'static str) -> Self {
        Self {
            sql,
            nullable: true,
        }
    }

    /// Whether it is this expression.
    pub(crate) fn is(&self, sql: &str) -> bool {
        self.sql == sql
    }
}

impl Field {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }

    pub(crate) const fn text(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, Kind::Text(Column::required(sql)))
    }

    pub(crate) const fn name(name: &'static str, sql: &'static str, check: Check) -> Self {
        Self::new(
            name,
            Kind::Name {
                column: Column::required(sql),
                check,
            },
        )
    }

    pub(crate) const fn moment(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, Kind::Moment(Column::required(sql)))
    }

    pub(crate) const fn label(
        name: &'static str,
        sql: &'static str,
        labels: &'static [&'static str],
    ) -> Self {
        Self::new(
            name,
            Kind::Label {
                sql,
                labels,
                ranked: false,
            },
        )
    }
}
