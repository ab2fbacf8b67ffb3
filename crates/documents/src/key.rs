//! Where objects lie.

use std::fmt;

use handoff_domain::{Invalid, document::File, names::DocumentName};
use object_store::path::Path;
use uuid::Uuid;

/// The first part of the keys that say what may be there without an event.
pub(crate) const STAGED: &str = "staged";

/// The content of one document, as one try to upload it wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey {
    pub document: DocumentName,
    /// Another for each try.
    pub object: Uuid,
}

impl ObjectKey {
    /// Where the content of a document lies.
    pub fn of(document: &DocumentName, file: &File) -> Self {
        Self {
            document: document.clone(),
            object: file.object,
        }
    }

    /// `documents/{document}/{object}`.
    pub(crate) fn content(&self) -> Path {
        Path::from_iter(["documents", self.document.id(), &self.object.to_string()])
    }

    /// `staged/{object}`, whose content is the document's name.
    pub(crate) fn staged(&self) -> Path {
        Path::from_iter([STAGED, &self.object.to_string()])
    }

    /// What a staged object is about.
    pub(crate) fn of_staged(path: &Path, content: &[u8]) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(format!("{path} does not name a document and an object"));
        let document = str::from_utf8(content).map_err(|_| invalid())?.parse()?;
        let object = path.filename().and_then(|name| Uuid::try_parse(name).ok());
        Ok(Self {
            document,
            object: object.ok_or_else(invalid)?,
        })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staged_object_says_what_it_is_about() {
        let key = ObjectKey {
            document: "documents/offer".parse().unwrap(),
            object: Uuid::from_u128(7),
        };
        assert_eq!(
            key.to_string(),
            "documents/offer/00000000-0000-0000-0000-000000000007"
        );
        let read = ObjectKey::of_staged(&key.staged(), key.document.as_str().as_bytes());
        assert_eq!(read.unwrap(), key);
        assert!(ObjectKey::of_staged(&key.staged(), b"\xff").is_err());
        assert!(ObjectKey::of_staged(&key.staged(), b"tasks/offer").is_err());
        assert!(ObjectKey::of_staged(&Path::from("staged/x"), b"documents/offer").is_err());
    }
}
