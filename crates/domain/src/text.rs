//! What people write: single lines, HTML documents, e-mail addresses, phone numbers, hours.

use std::{collections::HashSet, fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    rejection::{Invalid, quoted},
};

/// Text of one line: trimmed, 1 to 200 characters, no control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(Box<str>);

impl Line {
    /// Checks and trims `text`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let count = text.chars().count();
        if count == 0 {
            return Err(Invalid::new("must not be empty"));
        }
        if count > limits::LINE_CHARACTERS {
            return Err(Invalid::new(format!(
                "has {count} characters; at most {} are allowed",
                limits::LINE_CHARACTERS
            )));
        }
        if let Some(c) = text.chars().find(|c| c.is_control()) {
            return Err(Invalid::new(format!(
                "contains the control character {c:?}"
            )));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A document of safe HTML: `strong em b i u a[href] ul ol li p br`, links to http, https or mailto.
/// Plain text is a document too. At most 64 KiB, before and after it is sanitised.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Html(Box<str>);

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::new();
    builder
        .tags(HashSet::from([
            "strong", "em", "b", "i", "u", "a", "ul", "ol", "li", "p", "br",
        ]))
        .tag_attributes([("a", HashSet::from(["href"]))].into())
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(None);
    builder
});

impl Html {
    /// Checks `text` and removes what is not allowed.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        Self::check_size(text)?;
        if let Some(c) = text
            .chars()
            .find(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        {
            return Err(Invalid::new(format!(
                "contains the control character {c:?}"
            )));
        }
        let clean = SANITISER
            .clean(&text.replace("\r\n", "\n").replace('\r', "\n"))
            .to_string();
        Self::check_size(&clean)?;
        Ok(Self(clean.into()))
    }

    fn check_size(text: &str) -> Result<(), Invalid> {
        if text.len() > limits::TEXT_BYTES {
            return Err(Invalid::new(format!(
                "has {} bytes; at most {} are allowed",
                text.len(),
                limits::TEXT_BYTES
            )));
        }
        Ok(())
    }

    /// Whether nothing is left to read: no text but spaces, breakable or not, whatever tags there are.
    pub fn is_blank(&self) -> bool {
        let (mut in_tag, mut quoted) = (false, false);
        // In text there are no brackets: the sanitiser escapes them.
        self.0.replace("&nbsp;", " ").chars().all(|c| {
            match c {
                '"' if in_tag => quoted = !quoted,
                '<' => in_tag = true,
                '>' if in_tag && !quoted => in_tag = false,
                _ => return in_tag || c.is_whitespace(),
            }
            true
        })
    }

    /// The sanitised document.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address: something on both sides of one `@`, no spaces, at most 254 characters.
/// Whether it exists is for a mail to find out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(Box<str>);

impl Email {
    /// Checks and trims `text`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let plain = !text.contains(|c: char| c.is_control() || c.is_whitespace());
        let sides = text
            .split('@')
            .map(|side| !side.is_empty())
            .collect::<Vec<_>>();
        if text.chars().count() > limits::EMAIL_CHARACTERS || !plain || sides != [true, true] {
            return Err(Invalid::new(format!(
                "{} is not an e-mail address of at most {} characters",
                quoted(text),
                limits::EMAIL_CHARACTERS
            )));
        }
        Ok(Self(text.into()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A phone number as people write it: 3 to 15 digits, of which `+` may stand before the first, with
/// spaces and `- . / ( )` between them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(Box<str>);

impl Phone {
    /// Checks and trims `text`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let number = text.strip_prefix('+').unwrap_or(text);
        let plain = number
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/' | '(' | ')'));
        let digits = number.chars().filter(char::is_ascii_digit).count();
        if !plain
            || !limits::PHONE_DIGITS.contains(&digits)
            || text.len() > limits::PHONE_CHARACTERS
        {
            return Err(Invalid::new(format!(
                "{} is not a phone number of {} to {} digits such as +49 30 123456",
                quoted(text),
                limits::PHONE_DIGITS.start(),
                limits::PHONE_DIGITS.end()
            )));
        }
        Ok(Self(text.into()))
    }

    /// The number as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its digits alone.
    pub fn digits(&self) -> String {
        self.0.chars().filter(char::is_ascii_digit).collect()
    }

    /// The digits of the number with its country code, as all the world dials it, by which callers are
    /// known. None if it was written without one, that is without a leading `+` or `00`.
    pub fn with_country_code(&self) -> Option<String> {
        // The 0 in "+49 (0)30 123456" is for those who dial within the country.
        let written = self.0.replacen("(0)", "", 1);
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        if written.starts_with('+') {
            Some(digits)
        } else {
            digits.strip_prefix("00").map(str::to_owned)
        }
    }
}

macro_rules! shown_as_text {
    ($($Name:ident),*) => {$(
        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

shown_as_text!(Line, Html, Email, Phone);

/// The hours within which work should be done, 1 to 8,760 (one year).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlaHours(u16);

impl SlaHours {
    /// What a service promises where nothing else is said: three days.
    pub const DEFAULT: Self = Self(72);

    /// Checks the number of hours.
    pub fn new(hours: i64) -> Result<Self, Invalid> {
        match u16::try_from(hours) {
            Ok(hours @ 1..=limits::SLA_HOURS) => Ok(Self(hours)),
            _ => Err(Invalid::new(format!(
                "is {hours}; it must be 1 to {} hours",
                limits::SLA_HOURS
            ))),
        }
    }

    /// The number of hours.
    pub fn hours(self) -> u16 {
        self.0
    }

    /// The same as a length of time.
    pub fn duration(self) -> chrono::TimeDelta {
        chrono::TimeDelta::hours(i64::from(self.0))
    }
}

#[cfg(test)]
mod html_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(Line::new("  Call Ana ").unwrap().as_str(), "Call Ana");
        assert!(Line::new(&"é".repeat(200)).is_ok());
        for bad in ["", "  ", "a\nb", "a\0b", &"x".repeat(201)] {
            assert!(Line::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn html_keeps_the_allowed_tags_and_nothing_else() {
        let html = |text| Html::new(text).unwrap().to_string();
        assert_eq!(
            html("<strong>a</strong><ul><li>b</li></ul>"),
            "<strong>a</strong><ul><li>b</li></ul>"
        );
        assert_eq!(html("x<script>alert(1)</script>y"), "xy");
        assert_eq!(
            html("<p onclick=\"x()\" style=\"color:red\">a</p>"),
            "<p>a</p>"
        );
        assert_eq!(html("<a href=\"javascript:x()\">a</a>"), "<a>a</a>");
        assert_eq!(
            html("<a href=\"https://example.com\">a</a>"),
            "<a href=\"https://example.com\">a</a>"
        );
        assert_eq!(html("a < b"), "a &lt; b");
        assert_eq!(html("line\r\nline\tend"), "line\nline\tend");
    }

    #[test]
    fn html_is_bounded_and_without_control_characters() {
        assert!(Html::new(&"x".repeat(64 * 1024)).is_ok());
        assert!(Html::new(&"x".repeat(64 * 1024 + 1)).is_err());
        // One byte becomes four: the limit holds for what is stored too.
        assert!(Html::new(&"<".repeat(30 * 1024)).is_err());
        assert!(Html::new("a\0b").is_err());
    }

    #[test]
    fn an_email_has_one_at_sign() {
        assert!(Email::new(" ana@example.com ").is_ok());
        for bad in ["", "ana", "@example.com", "ana@", "a@b@c", "a b@c", "a@b\0"] {
            assert!(Email::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_phone_number_is_digits_with_what_people_put_between_them() {
        let phone = Phone::new(" +49 (30) 123-456 ").unwrap();
        assert_eq!(phone.as_str(), "+49 (30) 123-456");
        assert_eq!(phone.digits(), "4930123456");
        for bad in [
            "",
            "12",
            "1234567890123456",
            "12a34",
            "1+23",
            "++123",
            "123\0",
        ] {
            assert!(Phone::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn sla_hours_are_at_most_a_year() {
        assert!(SlaHours::new(1).is_ok() && SlaHours::new(8_760).is_ok());
        assert!(
            SlaHours::new(0).is_err()
                && SlaHours::new(8_761).is_err()
                && SlaHours::new(-1).is_err()
        );
    }
}
