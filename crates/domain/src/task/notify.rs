//! Who is told about a task beside those who work on it, and of what (S2: "Notify").

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    names::{ContactName, MemberName},
    rejection::{Invalid, quoted},
    text::Email,
};

/// Somebody who is told: a member, a contact, or whoever reads an e-mail address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Recipient {
    Member(MemberName),
    Contact(ContactName),
    Email(Email),
}

impl Recipient {
    /// As it is stored and shown: the name, or the address.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Member(name) => name.as_str(),
            Self::Contact(name) => name.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }
}

impl FromStr for Recipient {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // No name has an `@`, and every address has one.
        match text.trim().split_once('/') {
            _ if text.contains('@') => Email::new(text).map(Self::Email),
            Some(("members", _)) => text.parse().map(Self::Member),
            Some(("accounts", _)) => text.parse().map(Self::Contact),
            _ => Err(Invalid::new(format!(
                "{} is not the name of a member or contact, nor an e-mail address",
                quoted(text)
            ))),
        }
    }
}

impl TryFrom<String> for Recipient {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.as_str().to_owned()
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who is told about a task, and when. At first nobody.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Notify {
    /// In the order given, each once.
    pub recipients: Vec<Recipient>,
    /// Whether they are told of every save.
    pub on_change: bool,
    /// Whether they are told that it is complete.
    pub on_complete: bool,
}

impl Notify {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same, with each recipient once.
    pub fn distinct(&self) -> Self {
        Self {
            recipients: super::distinct(&self.recipients),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_a_member_a_contact_or_an_address() {
        let parse = |text: &str| text.parse::<Recipient>();
        assert!(matches!(parse("members/ana"), Ok(Recipient::Member(_))));
        assert!(matches!(
            parse("accounts/acme/contacts/zoe"),
            Ok(Recipient::Contact(_))
        ));
        for address in ["zoe@example.com", "members/zoe@example.com"] {
            assert!(
                matches!(parse(address), Ok(Recipient::Email(_))),
                "{address}"
            );
        }
        for bad in ["", "ana", "accounts/acme", "service-accounts/crm", "@"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_recipient_is_stored_as_it_is_shown() {
        for text in [
            "members/ana",
            "accounts/acme/contacts/zoe",
            "zoe@example.com",
        ] {
            let recipient: Recipient = text.parse().unwrap();
            let json = serde_json::to_string(&recipient).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Recipient>(&json).unwrap(), recipient);
        }
    }
}
