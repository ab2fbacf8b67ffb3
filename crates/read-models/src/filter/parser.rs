//! From the text of a filter to a typed condition, by recursive descent with a bound on its depth.

use handoff_domain::quoted;

use super::{
    Condition, FILTER_BYTES, FILTER_DEPTH, FILTER_TERMS, Field, InvalidFilter, Kind, Viewer,
    scanner::Scanner, terms::Term,
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
        let (name, key) = match word.split_once('.') {
            Some((name, key)) => (name, key),
            None => (word, ""),
        };
        let known = |field: &&Field| {
            field.name == word || (field.name == name && matches!(field.kind, Kind::Keyed { .. }))
        };
        let Some(field) = self.fields.iter().find(known) else {
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
        let term = Term {
            key,
            comparison,
            literal: &value,
            viewer: self.viewer,
        };
        field.kind.condition(&term).map_err(|why| InvalidFilter {
            field: Some(shown_field(word)),
            description: format!("{} {why}", shown_field(word)),
        })
    }

    fn unknown(&self, word: &str) -> InvalidFilter {
        let known: Vec<_> = self.fields.iter().map(|field| field.name).collect();
        InvalidFilter {
            field: Some(shown_field(word)),
            description: format!(
                "{} is not a field of this list; it has {}",
                quoted(word),
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

/// A field as it was written, cut short: a key may be of any length.
fn shown_field(word: &str) -> String {
    word.chars().take(64).collect()
}

fn syntax(description: String) -> InvalidFilter {
    InvalidFilter {
        field: None,
        description: format!("the filter {description}"),
    }
}
