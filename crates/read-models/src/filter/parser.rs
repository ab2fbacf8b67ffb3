//! From the text of a filter to a typed condition, by recursive descent with a bound on its depth.

use chrono::{DateTime, Utc};

use super::{
    Check, Column, Comparison, Condition, FILTER_BYTES, FILTER_DEPTH, FILTER_TERMS, Field,
    InvalidFilter, Kind, Test, Value, Viewer,
    scanner::{Literal, Scanner},
};

pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    fields: &'static [Field],
    viewer: &'a Viewer,
    terms: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        text: &'a str,
        fields: &'static [Field],
        viewer: &'a Viewer,
    ) -> Result<Self, InvalidFilter> {
        if text.len() > FILTER_BYTES {
            return Err(syntax(format!(
                "has {} bytes; at most {FILTER_BYTES} are allowed",
                text.len()
            )));
        }
        if text.contains('\0') {
            return Err(syntax("contains a null character".to_owned()));
        }
        Ok(Self {
            scanner: Scanner::new(text),
            fields,
            viewer,
            terms: 0,
            depth: 0,
        })
    }

    pub(super) fn filter(mut self) -> Result<Condition, InvalidFilter> {
        if self.scanner.peek().is_none() {
            return Ok(Condition::ALWAYS);
        }
        let condition = self.expression()?;
        match self.scanner.peek() {
            None => Ok(condition),
            Some(c) => Err(self.unexpected(&format!("{c:?}"))),
        }
    }

    /// Factors joined by AND, or side by side.
    fn expression(&mut self) -> Result<Condition, InvalidFilter> {
        let mut factors = vec![self.factor()?];
        while self.scanner.eat_keyword("AND") || !matches!(self.scanner.peek(), None | Some(')')) {
            factors.push(self.factor()?);
        }
        Ok(Condition::all(factors))
    }

    /// Terms joined by OR.
    fn factor(&mut self) -> Result<Condition, InvalidFilter> {
        let mut terms = vec![self.term()?];
        while self.scanner.eat_keyword("OR") {
            terms.push(self.term()?);
        }
        Ok(Condition::any(terms))
    }

    fn term(&mut self) -> Result<Condition, InvalidFilter> {
        if self.scanner.eat_keyword("NOT") || self.scanner.eat('-') {
            return self.deeper(|parser| Ok(parser.term()?.negated()));
        }
        if !self.scanner.eat('(') {
            return self.restriction();
        }
        let inner = self.deeper(Self::expression)?;
        if self.scanner.eat(')') {
            Ok(inner)
        } else {
            Err(self.expected("a closing parenthesis"))
        }
    }

    fn deeper(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Condition, InvalidFilter>,
    ) -> Result<Condition, InvalidFilter> {
        if self.depth == FILTER_DEPTH {
            return Err(syntax(format!(
                "is more than {FILTER_DEPTH} parentheses or negations deep"
            )));
        }
        self.depth += 1;
        let condition = inner(self)?;
        self.depth -= 1;
        Ok(condition)
    }

    /// One field and what it is compared with.
    fn restriction(&mut self) -> Result<Condition, InvalidFilter> {
        self.terms += 1;
        if self.terms > FILTER_TERMS {
            return Err(syntax(format!("has more than {FILTER_TERMS} comparisons")));
        }
        let word = self.scanner.word();
        if word.is_empty() {
            return Err(self.expected("a field"));
        }
        let Some(field) = self.fields.iter().find(|field| field.name == word) else {
            return Err(self.unknown(word));
        };
        let Some(comparison) = self.scanner.comparison() else {
            return match field.kind {
                Kind::Flag(means) => Ok(means(self.viewer)),
                _ => Err(self.expected(&format!("a comparison after the field {word}"))),
            };
        };
        let Some(value) = self.scanner.value() else {
            return Err(self.expected(&format!(
                "a value to compare {word} with, quoted if need be,"
            )));
        };
        self.compare(&field.kind, comparison, &value)
            .map_err(|why| InvalidFilter {
                field: Some(word.to_owned()),
                description: format!("{word} {why}"),
            })
    }

    /// What the comparison means for a field of this kind; the error goes on from the field's name.
    fn compare(
        &self,
        kind: &Kind,
        comparison: Comparison,
        literal: &Literal<'_>,
    ) -> Result<Condition, String> {
        let text = literal.text();
        let any = comparison == Comparison::Has && *literal == Literal::Bare("*");
        match kind {
            Kind::Text(column) if any => Ok(present(*column)),
            Kind::Text(column) if comparison == Comparison::Has => Ok(Test::Contains {
                column: *column,
                text: text.to_owned(),
            }
            .into()),
            Kind::Text(column) => Ok(compared(*column, comparison, Value::Text(text.to_owned()))),
            Kind::Name { column, .. } if any => Ok(present(*column)),
            Kind::Name { column, check } => {
                let comparison = match comparison {
                    Comparison::Equal | Comparison::Has => Comparison::Equal,
                    Comparison::NotEqual => Comparison::NotEqual,
                    _ => return Err("is a name: it is compared by = or != only".to_owned()),
                };
                Ok(compared(
                    *column,
                    comparison,
                    Value::Text(self.name(literal, *check)?),
                ))
            }
            Kind::Names { any: sql, .. } if any => Ok(Test::Holds { sql }.into()),
            Kind::Names { has, check, .. } if comparison == Comparison::Has => Ok(Test::HasName {
                sql: has,
                name: self.name(literal, *check)?,
            }
            .into()),
            Kind::Names { .. } => Err("is a list: ask by : whether it has an element".to_owned()),
            Kind::Moment(column) if any => Ok(present(*column)),
            Kind::Moment(column) => Ok(compared(
                *column,
                ordering(comparison)?,
                Value::Moment(moment(text)?),
            )),
            Kind::RecordTime { .. } if any => Ok(Condition::ALWAYS),
            Kind::RecordTime { position } => {
                let comparison = ordering(comparison)?;
                Ok(Test::Recorded {
                    position,
                    comparison,
                    moment: moment(text)?,
                }
                .into())
            }
            Kind::Integer(column) if any => Ok(present(*column)),
            Kind::Integer(column) => {
                let number = text
                    .parse()
                    .map_err(|_| format!("is a number, not {}", shown(text)))?;
                Ok(compared(
                    *column,
                    ordering(comparison)?,
                    Value::Integer(number),
                ))
            }
            Kind::Label {
                sql,
                labels,
                ranked,
            } => {
                let comparison = if comparison == Comparison::Has {
                    Comparison::Equal
                } else {
                    comparison
                };
                if !ranked && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
                    return Err("is compared by = or != only".to_owned());
                }
                if any {
                    return Ok(Condition::ALWAYS);
                }
                let rank = labels
                    .iter()
                    .position(|label| label.eq_ignore_ascii_case(text))
                    .ok_or_else(|| {
                        format!(
                            "is one of {}, not {}",
                            labels.join(", ").to_uppercase(),
                            shown(text)
                        )
                    })?;
                Ok(Condition::OneOf {
                    sql,
                    all: labels,
                    labels: (0..labels.len())
                        .filter(|label| comparison.holds(label.cmp(&rank)))
                        .map(|label| labels[label])
                        .collect(),
                })
            }
            Kind::Flag(means) => {
                let condition = means(self.viewer);
                match (comparison, text) {
                    (Comparison::Equal | Comparison::Has, "true")
                    | (Comparison::NotEqual, "false") => Ok(condition),
                    (Comparison::Equal | Comparison::Has, "false")
                    | (Comparison::NotEqual, "true") => Ok(condition.negated()),
                    _ => Err(format!(
                        "is true or false: it is compared by = or != only, not with {}",
                        shown(text)
                    )),
                }
            }
        }
    }

    fn name(&self, literal: &Literal<'_>, check: Check) -> Result<String, String> {
        if *literal == Literal::Bare("me") {
            let me = self
                .viewer
                .me
                .as_ref()
                .ok_or("cannot be compared with me: the caller is no member")?;
            return check(me.as_str())
                .map_err(|_| "cannot be compared with me: it is no member".to_owned());
        }
        check(literal.text())
            .map_err(|_| format!("is a resource name, not {}", shown(literal.text())))
    }

    fn unknown(&self, word: &str) -> InvalidFilter {
        let known: Vec<_> = self.fields.iter().map(|field| field.name).collect();
        InvalidFilter {
            field: Some(word.chars().take(64).collect()),
            description: format!(
                "{} is not a field of this list; it has {}",
                shown(word),
                known.join(", ")
            ),
        }
    }

    fn expected(&mut self, what: &str) -> InvalidFilter {
        syntax(format!(
            "has no {} at character {}",
            what.trim_start_matches("a "),
            self.scanner.place()
        ))
    }

    fn unexpected(&mut self, what: &str) -> InvalidFilter {
        syntax(format!(
            "has an unexpected {what} at character {}",
            self.scanner.place()
        ))
    }
}

impl Literal<'_> {
    fn text(&self) -> &str {
        match self {
            Literal::Bare(text) => text,
            Literal::Quoted(text) => text,
        }
    }
}

fn syntax(description: String) -> InvalidFilter {
    InvalidFilter {
        field: None,
        description: format!("the filter {description}"),
    }
}

fn present(column: Column) -> Condition {
    Test::Present(column).into()
}

fn compared(column: Column, comparison: Comparison, value: Value) -> Condition {
    Test::Compare {
        column,
        comparison,
        value,
    }
    .into()
}

fn ordering(comparison: Comparison) -> Result<Comparison, String> {
    match comparison {
        Comparison::Has => Err("holds one value: compare it by = != < <= > >=".to_owned()),
        comparison => Ok(comparison),
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.to_utc())
        .map_err(|_| {
            format!(
                "is a time such as 2026-01-31T09:00:00Z, not {}",
                shown(text)
            )
        })
}

/// What somebody wrote, quoted and cut short.
fn shown(text: &str) -> String {
    const CHARACTERS: usize = 64;
    let short: String = text.chars().take(CHARACTERS).collect();
    if short.len() < text.len() {
        format!("{short:?}…")
    } else {
        format!("{short:?}")
    }
}
