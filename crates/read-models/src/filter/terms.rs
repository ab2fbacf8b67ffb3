//! What one comparison means for a field of each kind. An error goes on from the field's name.

use chrono::{DateTime, Utc};
use handoff_domain::quoted;

use super::{
    Comparison, Condition, Kind, Test, Value, Viewer,
    field::{Check, Column},
    scanner::Literal,
};
use crate::search;

/// Decimal places that a number may have.
const DECIMAL_PLACES: usize = 4;

/// What a field is compared with, and how.
pub(super) struct Term<'a> {
    /// What follows the dot in the field's name; empty where none does.
    pub(super) key: &'a str,
    pub(super) comparison: Comparison,
    pub(super) literal: &'a Literal<'a>,
    pub(super) viewer: &'a Viewer,
}

impl Kind {
    pub(super) fn condition(&self, term: &Term<'_>) -> Result<Condition, String> {
        if let Self::Keyed { key, .. } = self {
            key(term.key)?;
        }
        if term.comparison == Comparison::Has && *term.literal == Literal::Bare("*") {
            return Ok(self.present(term));
        }
        match self {
            Self::Text(column) => Ok(match term.comparison {
                Comparison::Has => Test::Contains {
                    column: *column,
                    text: term.text(),
                }
                .into(),
                comparison => compared(*column, comparison, Value::Text(term.text())),
            }),
            Self::Name { column, check } => {
                let comparison = term.equality()?;
                Ok(compared(
                    *column,
                    comparison,
                    Value::Text(term.name(*check)?),
                ))
            }
            Self::Names { has, check, .. } => match term.comparison {
                Comparison::Has => Ok(Test::HasName {
                    sql: has,
                    name: term.name(*check)?,
                }
                .into()),
                _ => Err("is a list: ask by : whether it has an element".to_owned()),
            },
            Self::Keyed { has, check, .. } => {
                let name = format!("{}:{}", term.name(*check)?, term.key);
                let held = Condition::Is(Test::HasName { sql: has, name });
                Ok(match term.equality()? {
                    Comparison::NotEqual => held.negated(),
                    _ => held,
                })
            }
            Self::Texts { has, .. } => match term.comparison {
                Comparison::Has => Ok(Test::HasName {
                    sql: has,
                    name: term.text(),
                }
                .into()),
                _ => Err("is a list: ask by : whether it has an element".to_owned()),
            },
            Self::SearchElsewhere { column, found } => match term.comparison {
                Comparison::Has => Ok(Test::LikeElsewhere {
                    column,
                    found,
                    patterns: search::patterns(term.written())?,
                }
                .into()),
                _ => Err("is searched: ask by : for words that it contains".to_owned()),
            },
            Self::Search(sql) => match term.comparison {
                Comparison::Has => {
                    let patterns = search::patterns(term.written())?.into_iter();
                    let tests = patterns.map(|pattern| Test::Like { sql, pattern }.into());
                    Ok(Condition::all(tests.collect()))
                }
                _ => Err("is searched: ask by : for words that it contains".to_owned()),
            },
            Self::Moment(column) => Ok(compared(
                *column,
                term.ordering()?,
                Value::Moment(term.moment()?),
            )),
            Self::MomentIfAny { column, any } => {
                let comparison = term.ordering()?;
                let compared = compared(*column, comparison, Value::Moment(term.moment()?));
                Ok(match comparison {
                    // `infinity` is after every time, but it is none.
                    Comparison::More | Comparison::AtLeast => {
                        Condition::All(vec![compared, Test::Holds { sql: any }.into()])
                    }
                    _ => compared,
                })
            }
            Self::RecordTime { position } => {
                let (comparison, moment) = (term.ordering()?, term.moment()?);
                Ok(Test::Recorded {
                    position,
                    comparison,
                    moment,
                }
                .into())
            }
            Self::Integer(column) => Ok(compared(
                *column,
                term.ordering()?,
                Value::Integer(term.integer()?),
            )),
            Self::Decimal(column) => Ok(compared(
                *column,
                term.ordering()?,
                Value::Integer(term.decimal()?),
            )),
            Self::Label {
                sql,
                labels,
                ranked,
            } => {
                let comparison = match term.comparison {
                    Comparison::Has => Comparison::Equal,
                    comparison if *ranked => comparison,
                    _ => term.equality()?,
                };
                let rank = term.rank(labels)?;
                let meets = |label: &usize| comparison.holds(label.cmp(&rank));
                let met = (0..labels.len())
                    .filter(meets)
                    .map(|label| labels[label])
                    .collect();
                Ok(Condition::OneOf {
                    sql,
                    all: labels,
                    labels: met,
                })
            }
            Self::Flag(means) => {
                let condition = means(term.viewer);
                let wanted = term.truth()? == (term.equality()? == Comparison::Equal);
                Ok(if wanted {
                    condition
                } else {
                    condition.negated()
                })
            }
        }
    }

    /// Whether there is any value.
    fn present(&self, term: &Term<'_>) -> Condition {
        match self {
            Self::Keyed { any, .. } => Test::HasName {
                sql: any,
                name: format!("%:{}", term.key),
            }
            .into(),
            Self::Text(column)
            | Self::Name { column, .. }
            | Self::Moment(column)
            | Self::Integer(column)
            | Self::Decimal(column) => Test::Present(*column).into(),
            Self::Names { any, .. } | Self::Texts { any, .. } | Self::MomentIfAny { any, .. } => {
                Test::Holds { sql: any }.into()
            }
            Self::RecordTime { .. }
            | Self::Label { .. }
            | Self::Search(_)
            | Self::SearchElsewhere { .. }
            | Self::Flag(_) => Condition::ALWAYS,
        }
    }
}

impl Term<'_> {
    fn written(&self) -> &str {
        match self.literal {
            Literal::Bare(text) => text,
            Literal::Quoted(text) => text,
        }
    }

    fn text(&self) -> String {
        self.written().to_owned()
    }

    fn equality(&self) -> Result<Comparison, String> {
        match self.comparison {
            Comparison::Equal | Comparison::Has => Ok(Comparison::Equal),
            Comparison::NotEqual => Ok(Comparison::NotEqual),
            _ => Err("has no order: it is compared by = or != only".to_owned()),
        }
    }

    fn ordering(&self) -> Result<Comparison, String> {
        match self.comparison {
            Comparison::Has => Err("holds one value: compare it by = != < <= > >=".to_owned()),
            comparison => Ok(comparison),
        }
    }

    fn name(&self, check: Check) -> Result<String, String> {
        if *self.literal != Literal::Bare("me") {
            return check(self.written())
                .map_err(|_| format!("is a resource name, not {}", quoted(self.written())));
        }
        let me = self
            .viewer
            .me
            .as_ref()
            .ok_or("is compared with me, but the caller is no member")?;
        check(me.as_str()).map_err(|_| "is compared with me, but is no member".to_owned())
    }

    fn moment(&self) -> Result<DateTime<Utc>, String> {
        DateTime::parse_from_rfc3339(self.written())
            .map(|moment| moment.to_utc())
            .map_err(|_| {
                format!(
                    "is a time such as 2026-01-31T09:00:00Z, not {}",
                    quoted(self.written())
                )
            })
    }

    fn integer(&self) -> Result<i64, String> {
        self.written()
            .parse()
            .map_err(|_| format!("is a whole number, not {}", quoted(self.written())))
    }

    fn decimal(&self) -> Result<i64, String> {
        ten_thousandths(self.written()).ok_or_else(|| {
            format!(
                "is a number such as 12.5 with at most {DECIMAL_PLACES} decimal places, not {}",
                quoted(self.written())
            )
        })
    }

    fn rank(&self, labels: &[&str]) -> Result<usize, String> {
        labels
            .iter()
            .position(|label| label.eq_ignore_ascii_case(self.written()))
            .ok_or_else(|| {
                format!(
                    "is one of {}, not {}",
                    labels.join(", ").to_uppercase(),
                    quoted(self.written())
                )
            })
    }

    fn truth(&self) -> Result<bool, String> {
        self.written()
            .parse()
            .map_err(|_| format!("is true or false, not {}", quoted(self.written())))
    }
}

/// Ten-thousandths in a number such as `12.5`, of at most 14 digits before the point.
fn ten_thousandths(text: &str) -> Option<i64> {
    const DIGITS: usize = 14;
    let (negative, number) = match text.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, text),
    };
    let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
    let plain = |part: &str, most| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !plain(whole, DIGITS) || !plain(places, DECIMAL_PLACES) {
        return None;
    }
    let number: i64 = format!("{whole}{places:0<DECIMAL_PLACES$}").parse().ok()?;
    Some(if negative { -number } else { number })
}

fn compared(column: Column, comparison: Comparison, value: Value) -> Condition {
    Test::Compare {
        column,
        comparison,
        value,
    }
    .into()
}
