//! From a condition to SQL. What the caller wrote becomes a parameter, never text of the statement.

use chrono::TimeDelta;
use tokio_postgres::types::{ToSql, Type};

use super::{Column, Comparison, Condition, Test, Value};

/// The parameters of a statement, in order.
#[derive(Default)]
pub(crate) struct Parameters(Vec<(Box<dyn ToSql + Sync + Send>, Type)>);

impl Parameters {
    /// Adds one; gives the place in the statement: `$1`.
    pub(crate) fn add(&mut self, value: impl ToSql + Sync + Send + 'static, of: Type) -> String {
        self.0.push((Box::new(value), of));
        format!("${}", self.0.len())
    }

    pub(crate) fn as_typed(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.0
            .iter()
            .map(|(value, of)| (&**value as &(dyn ToSql + Sync), of.clone()))
            .collect()
    }
}

impl Condition {
    /// The condition as SQL. Where it is null it is not met.
    pub(crate) fn sql(&self, parameters: &mut Parameters) -> String {
        let mut joined = |conditions: &[Self], by: &str, none: &str| {
            let parts: Vec<_> = conditions
                .iter()
                .map(|condition| condition.sql(parameters))
                .collect();
            if parts.is_empty() {
                none.to_owned()
            } else {
                format!("({})", parts.join(by))
            }
        };
        match self {
            Self::All(conditions) => joined(conditions, " and ", "true"),
            Self::Any(conditions) => joined(conditions, " or ", "false"),
            Self::OneOf { all, labels, .. } if labels.len() == all.len() => "true".to_owned(),
            // A plain `=` is what an index on the column and then the order is made for.
            Self::OneOf { sql, labels, .. } => match labels[..] {
                [] => "false".to_owned(),
                [label] => format!("{sql} = {}", parameters.add(label, Type::TEXT)),
                _ => format!(
                    "{sql} = any({})",
                    parameters.add(labels.clone(), Type::TEXT_ARRAY)
                ),
            },
            Self::Is(test) => test.sql(parameters),
            // Of a list without the element the test may be null.
            Self::Not(test @ Test::HasName { .. }) => {
                format!("({} is not true)", test.sql(parameters))
            }
            Self::Not(test) => format!("(not {})", test.sql(parameters)),
        }
    }
}

impl Test {
    fn sql(&self, parameters: &mut Parameters) -> String {
        match self {
            Self::Compare {
                column,
                comparison,
                value,
            } => {
                let value = match value {
                    Value::Text(text) => parameters.add(text.clone(), Type::TEXT),
                    Value::Moment(moment) | Value::Now(moment) => {
                        parameters.add(*moment, Type::TIMESTAMPTZ)
                    }
                    Value::Integer(number) => parameters.add(*number, Type::INT8),
                };
                let Column { sql, nullable } = column;
                match (comparison.sign(), nullable) {
                    ("<>", true) => format!("({sql} is distinct from {value})"),
                    (sign, true) => format!("coalesce({sql} {sign} {value}, false)"),
                    (sign, false) => format!("({sql} {sign} {value})"),
                }
            }
            Self::Contains {
                column: Column { sql, nullable },
                text,
            } => {
                let text = parameters.add(text.clone(), Type::TEXT);
                let found = format!("position(lower({text}) in lower({sql})) > 0");
                if *nullable {
                    format!("coalesce({found}, false)")
                } else {
                    format!("({found})")
                }
            }
            Self::Like { sql, pattern } => {
                format!(
                    "({sql} like {})",
                    parameters.add(pattern.clone(), Type::TEXT)
                )
            }
            Self::LikeElsewhere {
                column,
                found,
                patterns,
            } => {
                let each: Vec<_> = patterns
                    .iter()
                    .map(|pattern| {
                        let pattern = parameters.add(pattern.clone(), Type::TEXT);
                        format!("{column} like {pattern}")
                    })
                    .collect();
                found.replace("{}", &each.join(" and "))
            }
            Self::Present(Column { sql, .. }) => format!("({sql} is not null)"),
            Self::HasName { sql, name } => {
                sql.replace("{}", &parameters.add(name.clone(), Type::TEXT))
            }
            Self::Holds { sql } => (*sql).to_owned(),
            Self::Recorded {
                position,
                comparison,
                moment,
            } => {
                // Times of recording never fall, so a time is a position, on which there is an index.
                let through = parameters.add(*moment, Type::TIMESTAMPTZ);
                let before =
                    parameters.add(*moment - TimeDelta::microseconds(1), Type::TIMESTAMPTZ);
                let up_to = |moment| format!("{position} <= event_log.position_at({moment})");
                let after = |moment| format!("{position} > event_log.position_at({moment})");
                match comparison {
                    Comparison::Less => up_to(before),
                    Comparison::AtMost => up_to(through),
                    Comparison::More => after(through),
                    Comparison::AtLeast => after(before),
                    Comparison::Equal | Comparison::Has => {
                        format!("({} and {})", after(before), up_to(through))
                    }
                    Comparison::NotEqual => format!("({} or {})", up_to(before), after(through)),
                }
            }
        }
    }
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Self::Equal | Self::Has => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}
