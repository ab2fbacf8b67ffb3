//! The file of a document: its name, type, size and digest, and where its content lies.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    limits,
    rejection::{Invalid, quoted},
    text::Line,
};

/// A file whose content was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub name: FileName,
    pub media_type: MediaType,
    /// Bytes.
    pub size: u64,
    pub sha256: Sha256,
    /// The last part of its key in the object store; each try to upload it has another.
    pub object: Uuid,
}

/// The name of a file: one line of 1 to 200 characters without a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(Line);

impl FileName {
    /// Checks and trims `text`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let line = Line::new(text)?;
        if line.as_str().contains(['/', '\\']) || matches!(line.as_str(), "." | "..") {
            return Err(Invalid::new(format!(
                "{} is not the name of a file: leave the folders out",
                quoted(text)
            )));
        }
        Ok(Self(line))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A media type without parameters, in lower case: `application/pdf`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(Box<str>);

impl MediaType {
    /// Checks `text`: two names of RFC 6838 and a slash, at most 100 characters.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().to_ascii_lowercase();
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphanumeric())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
        };
        let names = text.split_once('/');
        if text.len() <= limits::MEDIA_TYPE_CHARACTERS
            && names.is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
        {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(format!(
            "{} is not a media type such as application/pdf, without parameters and of at most {} characters",
            quoted(&text),
            limits::MEDIA_TYPE_CHARACTERS
        )))
    }

    /// The type of content of which nothing is known.
    pub fn unknown() -> Self {
        Self("application/octet-stream".into())
    }

    /// The type.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The SHA-256 of a content; written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Sha256 {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(format!(
                "{} is not a SHA-256: 64 hexadecimal digits",
                quoted(text)
            ))
        };
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_folders() {
        for good in ["offer.pdf", " Angebot März.docx ", "a b", "...", ".profile"] {
            assert!(FileName::new(good).is_ok(), "{good:?}");
        }
        let long = "x".repeat(201);
        for bad in ["", ".", "..", "a/b", "..\\b", "a\0b", "a\nb", long.as_str()] {
            assert!(FileName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_media_type_is_two_names_without_parameters() {
        assert_eq!(
            MediaType::new(" Application/PDF ").unwrap().as_str(),
            "application/pdf"
        );
        assert!(MediaType::new("image/svg+xml").is_ok());
        assert!(MediaType::new(MediaType::unknown().as_str()).is_ok());
        let long = format!("a/{}", "b".repeat(99));
        for bad in [
            "",
            "pdf",
            "/pdf",
            "application/",
            "a/b/c",
            "text/plain; charset=utf-8",
            "ä/b",
            "a/\u{0}",
            long.as_str(),
        ] {
            assert!(MediaType::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(text.parse::<Sha256>().unwrap().to_string(), text);
        assert_eq!(
            text.to_uppercase().parse::<Sha256>().unwrap().to_string(),
            text
        );
        for bad in [
            "",
            &text[1..],
            &format!("{text}0"),
            &text.replace('e', "g"),
            &"é".repeat(32),
        ] {
            assert!(bad.parse::<Sha256>().is_err(), "{bad:?}");
        }
    }
}
