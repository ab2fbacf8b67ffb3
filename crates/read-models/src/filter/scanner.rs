//! The words of a filter. What a word may contain depends on where it stands, so the parser asks for
//! what it expects.

use super::Comparison;

/// Reads a filter from left to right.
pub(super) struct Scanner<'a> {
    text: &'a str,
    /// Where the next character is, in bytes.
    at: usize,
}

/// A value as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Literal<'a> {
    Bare(&'a str),
    Quoted(String),
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The character that is next, after white space.
    pub(super) fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    /// Where the next character is, counted from 1, for messages.
    pub(super) fn place(&mut self) -> usize {
        self.peek();
        self.text[..self.at].chars().count() + 1
    }

    /// Skips the character if it is next.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Skips the keyword if it is next: a whole word in capitals.
    pub(super) fn eat_keyword(&mut self, keyword: &str) -> bool {
        self.peek();
        let found = self.word_here() == keyword;
        if found {
            self.at += keyword.len();
        }
        found
    }

    /// The field's name that is next; empty if something else is.
    pub(super) fn word(&mut self) -> &'a str {
        self.peek();
        let word = self.word_here();
        self.at += word.len();
        word
    }

    fn word_here(&self) -> &'a str {
        self.here(|c| !c.is_whitespace() && !"()\"'=!<>:,".contains(c))
    }

    /// The comparison that is next.
    pub(super) fn comparison(&mut self) -> Option<Comparison> {
        self.peek();
        let rest = &self.text[self.at..];
        // The longer ones first: `<=` also begins with `<`.
        let (sign, comparison) = [
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("=", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::More),
            (":", Comparison::Has),
        ]
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign))?;
        self.at += sign.len();
        Some(comparison)
    }

    /// The value that is next: quoted, or a word, which may contain `:` as times do.
    /// None if there is neither, or the quotes do not end.
    pub(super) fn value(&mut self) -> Option<Literal<'a>> {
        match self.peek()? {
            quote @ ('"' | '\'') => self.quoted(quote).map(Literal::Quoted),
            _ => {
                let word = self.here(|c| !c.is_whitespace() && !"()\"'=!<>,".contains(c));
                self.at += word.len();
                (!word.is_empty()).then_some(Literal::Bare(word))
            }
        }
    }

    /// A text in quotes, in which a backslash takes the next character as it is.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut escaped = false;
        for (i, c) in self.text[self.at..].char_indices().skip(1) {
            match c {
                _ if escaped => {
                    text.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.at += i + c.len_utf8();
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }

    fn here(&self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        &rest[..rest.find(|c| !belongs(c)).unwrap_or(rest.len())]
    }
}
