//! Orders of lists: `due_time desc, number`, over named fields.

use std::fmt::Write;

use handoff_domain::quoted;
use tokio_postgres::types::Type;

use crate::filter::Parameters;

/// Bytes of an `order_by`: 256.
pub const ORDER_BYTES: usize = 256;

/// An order that its list does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOrder(String);

/// A field that a list can be ordered by.
#[derive(Debug)]
pub(crate) struct Sortable {
    pub(crate) name: &'static str,
    /// Gives its value, never null.
    sql: &'static str,
    /// The type of the value.
    cast: &'static str,
}

impl Sortable {
    pub(crate) const fn new(name: &'static str, sql: &'static str, cast: &'static str) -> Self {
        Self { name, sql, cast }
    }
}

/// The order of a list: complete, so that no two rows are equal in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order(Vec<Key>);

/// One part of an order.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    sql: &'static str,
    cast: &'static str,
    descending: bool,
}

impl Order {
    /// Reads `text`, or `default` where it is empty. What it leaves open is decided by `ties`, in the
    /// direction of the last field named; the last of them tells every two rows apart.
    pub(crate) fn parse(
        text: &str,
        sortables: &'static [Sortable],
        default: &str,
        ties: &[Sortable],
    ) -> Result<Self, InvalidOrder> {
        if text.len() > ORDER_BYTES {
            return Err(InvalidOrder(format!(
                "has {} bytes; at most {ORDER_BYTES} are allowed",
                text.len()
            )));
        }
        let text = if text.trim().is_empty() {
            default
        } else {
            text
        };
        let mut keys: Vec<Key> = Vec::new();
        for part in text.split(',') {
            let mut words = part.split_whitespace();
            let name = words.next().unwrap_or_default();
            let descending = match (words.next(), words.next()) {
                (None | Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => {
                    return Err(InvalidOrder(format!(
                        "{} is not a field, followed by desc or not",
                        quoted(part)
                    )));
                }
            };
            let Some(Sortable { sql, cast, .. }) =
                sortables.iter().find(|sortable| sortable.name == name)
            else {
                let known: Vec<_> = sortables.iter().map(|sortable| sortable.name).collect();
                return Err(InvalidOrder(format!(
                    "{} is not a field that this list is ordered by; it has {}",
                    quoted(name),
                    known.join(", ")
                )));
            };
            if keys.iter().any(|key| key.sql == *sql) {
                return Err(InvalidOrder(format!("{name} is named twice")));
            }
            keys.push(Key {
                sql,
                cast,
                descending,
            });
        }
        let descending = keys.last().is_some_and(|key| key.descending);
        for Sortable { sql, cast, .. } in ties {
            if !keys.iter().any(|key| key.sql == *sql) {
                keys.push(Key {
                    sql,
                    cast,
                    descending,
                });
            }
        }
        Ok(Self(keys))
    }

    /// How many values place a row in the order.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether any part of it is this expression.
    pub(crate) fn mentions(&self, expression: &str) -> bool {
        self.0.iter().any(|key| key.sql == expression)
    }

    /// Whether it goes by exactly these expressions, all up or all down: then an index on them serves it.
    pub(crate) fn follows(&self, expressions: &[&str]) -> bool {
        self.0
            .iter()
            .map(|key| key.sql)
            .eq(expressions.iter().copied())
            && self.in_one_direction()
    }

    /// What follows `order by`.
    pub(crate) fn sql(&self) -> String {
        let parts: Vec<_> = self
            .0
            .iter()
            .map(|key| format!("{}{}", key.sql, if key.descending { " desc" } else { "" }))
            .collect();
        parts.join(", ")
    }

    /// A text array that holds a row's place.
    pub(crate) fn place_sql(&self) -> String {
        let parts: Vec<_> = self
            .0
            .iter()
            .map(|key| format!("({})::text", key.sql))
            .collect();
        format!("array[{}]", parts.join(", "))
    }

    /// Whether a row comes after `place`, which has a value for each part.
    pub(crate) fn after_sql(&self, place: &[String], parameters: &mut Parameters) -> String {
        let values: Vec<_> = self
            .0
            .iter()
            .zip(place)
            .map(|(key, value)| {
                format!(
                    "{}::{}",
                    parameters.add(value.clone(), Type::TEXT),
                    key.cast
                )
            })
            .collect();
        if self.in_one_direction() {
            let expressions: Vec<_> = self.0.iter().map(|key| key.sql).collect();
            // A comparison of rows is one range of an index.
            return format!(
                "(({}) {} ({}))",
                expressions.join(", "),
                self.0[0].sign(),
                values.join(", ")
            );
        }
        let mut sql = String::new();
        for (key, value) in self.0.iter().zip(&values).rev() {
            let Key {
                sql: expression, ..
            } = key;
            let mut outer = format!("({expression} {} {value}", key.sign());
            if !sql.is_empty() {
                write!(outer, " or ({expression} = {value} and {sql})")
                    .expect("a String takes every text");
            }
            outer.push(')');
            sql = outer;
        }
        sql
    }

    fn in_one_direction(&self) -> bool {
        self.0
            .iter()
            .all(|key| key.descending == self.0[0].descending)
    }
}

impl Key {
    fn sign(&self) -> &'static str {
        if self.descending { "<" } else { ">" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Sortable] = &[
        Sortable::new("due_time", "k.due", "timestamptz"),
        Sortable::new("number", "k.number", "text"),
    ];
    const TIES: &[Sortable] = &[Sortable::new("name", "k.task", "text")];

    fn order(text: &str) -> Result<Order, InvalidOrder> {
        Order::parse(text, FIELDS, "due_time", TIES)
    }

    #[test]
    fn an_order_ends_with_what_tells_rows_apart() {
        assert_eq!(order("").unwrap().sql(), "k.due, k.task");
        assert_eq!(
            order(" number  desc ").unwrap().sql(),
            "k.number desc, k.task desc"
        );
        assert_eq!(
            order("number desc,due_time").unwrap().sql(),
            "k.number desc, k.due, k.task"
        );
    }

    #[test]
    fn a_place_in_one_direction_is_one_comparison_and_in_two_a_nest() {
        let place: Vec<String> = ["1", "2", "3"].map(str::to_owned).into();
        let mut parameters = Parameters::default();
        assert_eq!(
            order("due_time, number")
                .unwrap()
                .after_sql(&place, &mut parameters),
            "((k.due, k.number, k.task) > ($1::timestamptz, $2::text, $3::text))"
        );
        let mut parameters = Parameters::default();
        assert_eq!(
            order("due_time desc, number")
                .unwrap()
                .after_sql(&place, &mut parameters),
            "(k.due < $1::timestamptz or (k.due = $1::timestamptz and \
             (k.number > $2::text or (k.number = $2::text and (k.task > $3::text)))))"
        );
    }

    #[test]
    fn what_is_no_order_is_named() {
        for (text, word) in [
            ("colour", "colour"),
            ("due_time down", "due_time down"),
            ("due_time desc desc", "due_time desc desc"),
            ("due_time, due_time", "due_time"),
            ("due_time,", "\"\""),
            ("due_time; drop table events", "drop"),
        ] {
            let InvalidOrder(description) = order(text).unwrap_err();
            assert!(description.contains(word), "{text}: {description}");
        }
        assert!(order(&"a".repeat(257)).is_err());
    }
}
