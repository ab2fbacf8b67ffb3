//! What a filter means: typed, checked, and with every negation already at its test.

use std::{cmp::Ordering, collections::BTreeSet};

use chrono::{DateTime, Utc};

use super::Column;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
    /// `:`, "has".
    Has,
}

impl Comparison {
    /// Whether it holds between two values that are ordered so.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal | Self::Has => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// Which rows a list shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// A column that always holds one of the words `all` holds one of `labels`.
    OneOf {
        sql: &'static str,
        all: &'static [&'static str],
        labels: Vec<&'static str>,
    },
    Is(Test),
    Not(Test),
}

/// One question about a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Compare {
        column: Column,
        comparison: Comparison,
        value: Value,
    },
    Contains {
        column: Column,
        text: String,
    },
    /// The text is like the pattern.
    Like {
        sql: &'static str,
        pattern: String,
    },
    /// A text in another table is like each of the patterns.
    LikeElsewhere {
        column: &'static str,
        found: &'static str,
        patterns: Vec<String>,
    },
    Present(Column),
    HasName {
        sql: &'static str,
        name: String,
    },
    Holds {
        sql: &'static str,
    },
    Recorded {
        position: &'static str,
        comparison: Comparison,
        moment: DateTime<Utc>,
    },
}

/// What a column is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Moment(DateTime<Utc>),
    /// The time at which it is looked at, which is this one.
    Now(DateTime<Utc>),
    Integer(i64),
}

impl From<Test> for Condition {
    fn from(test: Test) -> Self {
        Self::Is(test)
    }
}

impl Condition {
    /// Lets everything through.
    pub(crate) const ALWAYS: Self = Self::All(Vec::new());

    /// All of them.
    pub(crate) fn all(mut conditions: Vec<Self>) -> Self {
        if conditions.len() == 1 {
            conditions.remove(0)
        } else {
            Self::All(conditions)
        }
    }

    /// At least one of them.
    pub(crate) fn any(mut conditions: Vec<Self>) -> Self {
        if conditions.len() == 1 {
            conditions.remove(0)
        } else {
            Self::Any(conditions)
        }
    }

    /// The opposite.
    pub(crate) fn negated(self) -> Self {
        let each = |conditions: Vec<Self>| conditions.into_iter().map(Self::negated).collect();
        match self {
            Self::All(conditions) => Self::Any(each(conditions)),
            Self::Any(conditions) => Self::All(each(conditions)),
            Self::OneOf { sql, all, labels } => {
                let labels = all
                    .iter()
                    .copied()
                    .filter(|label| !labels.contains(label))
                    .collect();
                Self::OneOf { sql, all, labels }
            }
            Self::Is(test) => Self::Not(test),
            Self::Not(test) => Self::Is(test),
        }
    }

    /// The words that the column `sql` can hold in a row that meets the condition; none of `all` is missing
    /// that it could hold.
    pub(crate) fn possible(&self, sql: &str, all: &'static [&'static str]) -> Vec<&'static str> {
        match self {
            Self::OneOf {
                sql: column,
                labels,
                ..
            } if *column == sql => labels.clone(),
            Self::All(conditions) => conditions.iter().fold(all.to_vec(), |mut left, condition| {
                let possible = condition.possible(sql, all);
                left.retain(|label| possible.contains(label));
                left
            }),
            Self::Any(conditions) => {
                let each: Vec<_> = conditions
                    .iter()
                    .map(|condition| condition.possible(sql, all))
                    .collect();
                all.iter()
                    .copied()
                    .filter(|label| each.iter().any(|possible| possible.contains(label)))
                    .collect()
            }
            Self::OneOf { .. } | Self::Is(_) | Self::Not(_) => all.to_vec(),
        }
    }

    /// The conditions that a row must meet, all of them; a condition that is no conjunction stands alone.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::All(conditions) => conditions.iter().flat_map(Self::parts).collect(),
            part => vec![part],
        }
    }

    /// All of its tests.
    pub(crate) fn tests(&self) -> Vec<&Test> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().flat_map(Self::tests).collect()
            }
            Self::OneOf { .. } => Vec::new(),
            Self::Is(test) | Self::Not(test) => vec![test],
        }
    }

    /// A test that every row which meets the condition passes, if `wanted` recognises one.
    pub(crate) fn required<T>(&self, wanted: &impl Fn(&Test) -> Option<T>) -> Option<T> {
        match self {
            Self::All(conditions) => conditions
                .iter()
                .find_map(|condition| condition.required(wanted)),
            Self::Is(test) => wanted(test),
            Self::Any(_) | Self::OneOf { .. } | Self::Not(_) => None,
        }
    }

    /// The values that something can have in a row that meets the condition. `wanted` recognises the parts
    /// that say so and gives their values. None: any.
    pub(crate) fn values(
        &self,
        wanted: &impl Fn(&Self) -> Option<Vec<String>>,
    ) -> Option<BTreeSet<String>> {
        if let Some(values) = wanted(self) {
            return Some(values.into_iter().collect());
        }
        match self {
            Self::All(conditions) => conditions
                .iter()
                .filter_map(|condition| condition.values(wanted))
                .reduce(|left, right| &left & &right),
            Self::Any(conditions) => {
                let each: Option<Vec<_>> = conditions
                    .iter()
                    .map(|condition| condition.values(wanted))
                    .collect();
                each.map(|each| each.into_iter().flatten().collect())
            }
            Self::OneOf { .. } | Self::Is(_) | Self::Not(_) => None,
        }
    }

    /// The condition without the parts that hold anyway, given that all rows pass what `holds` recognises.
    pub(crate) fn without(self, holds: &impl Fn(&Self) -> bool) -> Self {
        match self {
            condition if holds(&condition) => Self::ALWAYS,
            Self::All(conditions) => Self::All(
                conditions
                    .into_iter()
                    .map(|condition| condition.without(holds))
                    .collect(),
            ),
            condition => condition,
        }
    }

    /// Whether `wanted` recognises any of its tests.
    pub(crate) fn asks(&self, wanted: &impl Fn(&Test) -> bool) -> bool {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().any(|condition| condition.asks(wanted))
            }
            Self::OneOf { .. } => false,
            Self::Is(test) | Self::Not(test) => wanted(test),
        }
    }

    /// Whether the column `sql` is asked about anywhere.
    pub(crate) fn mentions(&self, sql: &str) -> bool {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().any(|condition| condition.mentions(sql))
            }
            Self::OneOf { sql: column, .. } => *column == sql,
            Self::Is(test) | Self::Not(test) => match test {
                Test::Compare { column, .. }
                | Test::Contains { column, .. }
                | Test::Present(column) => column.sql == sql,
                Test::Like { sql: column, .. } => *column == sql,
                Test::LikeElsewhere { column, .. } => *column == sql,
                Test::HasName { .. } | Test::Holds { .. } | Test::Recorded { .. } => false,
            },
        }
    }
}
