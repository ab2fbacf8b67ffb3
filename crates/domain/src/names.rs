//! Resource names: the identity of everything, in the API, the log, NATS and history alike.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    limits,
    rejection::{Invalid, quoted},
};

/// Checks a resource id: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`.
pub(crate) fn check_id(id: &str) -> Result<(), Invalid> {
    let bytes = id.as_bytes();
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    let edge = |b: Option<&u8>| b.is_some_and(|b| *b != b'-');
    if bytes.len() <= limits::ID_CHARACTERS
        && bytes.iter().all(inner)
        && edge(bytes.first())
        && edge(bytes.last())
    {
        return Ok(());
    }
    Err(Invalid::new(format!(
        "{} is not an id: 1 to {} of a-z, 0-9 and '-', beginning and ending with a letter or digit",
        quoted(id),
        limits::ID_CHARACTERS
    )))
}

/// The id that a display name suggests: its letters and digits in lower case, joined by `-`.
/// None where nothing usable is left.
pub fn slug(display_name: &str) -> Option<String> {
    // Room for a suffix such as `-1000` stays free.
    const LONGEST: usize = limits::ID_CHARACTERS - 6;
    let mut slug = String::new();
    for c in display_name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= LONGEST {
            break;
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    (!slug.is_empty()).then_some(slug)
}

macro_rules! resource_name {
    ($(#[$doc:meta])* $Name:ident, $prefix:literal, $also:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// The name of the resource with this id.
            pub fn from_id(id: &str) -> Result<Self, Invalid> {
                check_id(id)?;
                let also: fn(&str) -> Result<(), Invalid> = $also;
                also(id)?;
                Ok(Self(format!(concat!($prefix, "{}"), id).into()))
            }

            /// The id: what follows the collection.
            pub fn id(&self) -> &str {
                &self.0[$prefix.len()..]
            }

            /// The whole name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $Name {
            type Err = Invalid;

            fn from_str(name: &str) -> Result<Self, Invalid> {
                let id = name.strip_prefix($prefix).ok_or_else(|| {
                    Invalid::new(format!(concat!("{} is not a name of the form ", $prefix, "ID"), quoted(name)))
                })?;
                Self::from_id(id)
            }
        }

        text_conversions!($Name);

        impl From<&$Name> for StreamName {
            fn from(name: &$Name) -> Self {
                Self(name.0.clone())
            }
        }
    };
}

/// What every name has: it is shown, stored and looked up as its text.
macro_rules! text_conversions {
    ($Name:ident) => {
        impl TryFrom<String> for $Name {
            type Error = Invalid;

            fn try_from(name: String) -> Result<Self, Invalid> {
                name.parse()
            }
        }

        impl From<$Name> for String {
            fn from(name: $Name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

resource_name!(
    /// An account: `accounts/{id}`. The id may not begin `member-`, so that no account's task numbers
    /// look like a member's.
    AccountName, "accounts/", |id| {
        if id.starts_with("member-") {
            return Err(Invalid::new(format!("{id:?} begins with \"member-\", which is kept for members' task numbers")));
        }
        Ok(())
    }
);
resource_name!(
    /// A task: `tasks/{id}`.
    TaskName, "tasks/", |_| Ok(())
);
resource_name!(
    /// A document: `documents/{id}`.
    DocumentName, "documents/", |_| Ok(())
);
resource_name!(
    /// A follow-up or reminder on an account: `activities/{id}`.
    ActivityName, "activities/", |_| Ok(())
);
resource_name!(
    /// A person of the team: `members/{id}`.
    MemberName, "members/", |_| Ok(())
);
resource_name!(
    /// An ownership change of accounts, roles and work: `operations/{id}`.
    OperationName, "operations/", |_| Ok(())
);
resource_name!(
    /// A program that calls the API: `service-accounts/{id}`. A caller only, never a stream of the log.
    ServiceAccountName, "service-accounts/", |_| Ok(())
);

impl OperationName {
    /// The operation that the command with this id begins: UUIDv5 of that id, so that a retry comes to
    /// the same.
    pub fn of_command(command_id: Uuid) -> Self {
        let id = Uuid::new_v5(&command_id, b"operation");
        Self::from_id(&id.to_string()).expect("a UUID in lower case is an id")
    }
}

resource_name!(
    /// What is sold: `services/{id}`.
    ServiceName, "services/", |_| Ok(())
);
resource_name!(
    /// One purchase of a service: `orders/{id}`.
    OrderName, "orders/", |_| Ok(())
);

/// A name inside another one, of a resource that has no stream of its own.
macro_rules! nested_name {
    ($(#[$doc:meta])* $Name:ident, $Parent:ident, $parent:ident, $infix:literal, $form:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// The name of the one with this id.
            pub fn from_id(parent: &$Parent, id: &str) -> Result<Self, Invalid> {
                check_id(id)?;
                Ok(Self(format!(concat!("{}", $infix, "{}"), parent, id).into()))
            }

            /// The resource that it belongs to.
            pub fn $parent(&self) -> $Parent {
                let end = self.0.rfind($infix).unwrap_or(self.0.len());
                $Parent(self.0[..end].into())
            }

            /// The id: what follows the last collection.
            pub fn id(&self) -> &str {
                let start = self.0.rfind('/').map_or(0, |slash| slash + 1);
                &self.0[start..]
            }

            /// The whole name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $Name {
            type Err = Invalid;

            fn from_str(name: &str) -> Result<Self, Invalid> {
                let (parent, id) = name.split_once($infix).ok_or_else(|| {
                    Invalid::new(format!(concat!("{} is not a name of the form ", $form), quoted(name)))
                })?;
                Self::from_id(&parent.parse()?, id)
            }
        }

        text_conversions!($Name);
    };
}

nested_name!(
    /// A task of a service's template: `services/{id}/tasks/{id}`.
    TemplateTaskName, ServiceName, service, "/tasks/", "services/ID/tasks/ID"
);
nested_name!(
    /// A task of an order's checklist: `orders/{id}/tasks/{id}`.
    OrderTaskName, OrderName, order, "/tasks/", "orders/ID/tasks/ID"
);

/// A person at an account: `accounts/{id}/contacts/{id}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContactName(Arc<str>);

impl ContactName {
    /// The name of the contact with this id at an account.
    pub fn from_id(account: &AccountName, id: &str) -> Result<Self, Invalid> {
        check_id(id)?;
        Ok(Self(format!("{account}/contacts/{id}").into()))
    }

    /// The account where the contact is.
    pub fn account(&self) -> AccountName {
        let id = self.0.rfind("/contacts/").unwrap_or(self.0.len());
        AccountName(self.0[..id].into())
    }

    /// Whether it is a contact of this account.
    pub fn is_of(&self, account: &AccountName) -> bool {
        self.0
            .strip_prefix(account.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContactName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let (account, id) = name.split_once("/contacts/").ok_or_else(|| {
            Invalid::new(format!(
                "{} is not a name of the form accounts/ID/contacts/ID",
                quoted(name)
            ))
        })?;
        account.parse::<AccountName>()?;
        check_id(id)?;
        Ok(Self(name.into()))
    }
}

text_conversions!(ContactName);

/// Which aggregate a stream belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Account,
    Task,
    Member,
    Settings,
    Activity,
    Document,
    Operation,
    Order,
    Service,
}

impl Kind {
    /// The first word of its event types and of its NATS subjects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Task => "task",
            Self::Member => "member",
            Self::Settings => "settings",
            Self::Operation => "operation",
            Self::Document => "document",
            Self::Activity => "activity",
            Self::Service => "service",
            Self::Order => "order",
        }
    }
}

/// A stream of the log: the resource name of its aggregate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamName(Arc<str>);

impl StreamName {
    /// The one stream of the settings.
    pub fn settings() -> Self {
        Self("settings".into())
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which aggregate it belongs to.
    pub fn kind(&self) -> Kind {
        match self.0.split_once('/') {
            Some(("accounts", _)) => Kind::Account,
            Some(("tasks", _)) => Kind::Task,
            Some(("members", _)) => Kind::Member,
            Some(("operations", _)) => Kind::Operation,
            Some(("documents", _)) => Kind::Document,
            Some(("activities", _)) => Kind::Activity,
            Some(("services", _)) => Kind::Service,
            Some(("orders", _)) => Kind::Order,
            _ => Kind::Settings,
        }
    }
}

impl Borrow<str> for StreamName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for StreamName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        match name.split_once('/') {
            None if name == "settings" => Ok(Self::settings()),
            Some(("accounts", _)) => name.parse::<AccountName>().map(|name| Self(name.0)),
            Some(("tasks", _)) => name.parse::<TaskName>().map(|name| Self(name.0)),
            Some(("members", _)) => name.parse::<MemberName>().map(|name| Self(name.0)),
            Some(("operations", _)) => name.parse::<OperationName>().map(|name| Self(name.0)),
            Some(("documents", _)) => name.parse::<DocumentName>().map(|name| Self(name.0)),
            Some(("activities", _)) => name.parse::<ActivityName>().map(|name| Self(name.0)),
            Some(("services", _)) => name.parse::<ServiceName>().map(|name| Self(name.0)),
            Some(("orders", _)) => name.parse::<OrderName>().map(|name| Self(name.0)),
            _ => Err(Invalid::new(format!(
                "{} is not the name of an account, task, member, document, operation, activity, service, order or the settings",
                quoted(name)
            ))),
        }
    }
}

text_conversions!(StreamName);

/// Who did something: the name of a caller, or `system` for Handoff itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    Member(MemberName),
    Contact(ContactName),
    ServiceAccount(ServiceAccountName),
    System,
}

impl Actor {
    /// The name as it is stored and shown.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Member(name) => name.as_str(),
            Self::Contact(name) => name.as_str(),
            Self::ServiceAccount(name) => name.as_str(),
            Self::System => "system",
        }
    }
}

impl FromStr for Actor {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        match name.split_once('/') {
            None if name == "system" => Ok(Self::System),
            Some(("members", _)) => name.parse().map(Self::Member),
            Some(("service-accounts", _)) => name.parse().map(Self::ServiceAccount),
            Some(("accounts", _)) => name.parse().map(Self::Contact),
            _ => Err(Invalid::new(format!(
                "{} is not the name of a member, contact or service account",
                quoted(name)
            ))),
        }
    }
}

text_conversions!(Actor);

/// What a task is about: an account or a member.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    Account(AccountName),
    Member(MemberName),
}

impl Subject {
    /// The name as it is stored and shown.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Account(name) => name.as_str(),
            Self::Member(name) => name.as_str(),
        }
    }
}

impl FromStr for Subject {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        match name.split_once('/') {
            Some(("accounts", _)) => name.parse().map(Self::Account),
            Some(("members", _)) => name.parse().map(Self::Member),
            _ => Err(Invalid::new(format!(
                "{} is not the name of an account or a member",
                quoted(name)
            ))),
        }
    }
}

text_conversions!(Subject);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_lower_case_letters_digits_and_inner_dashes() {
        for good in ["a", "acme", "a-b", "0198c0de", &"x".repeat(63)] {
            assert!(AccountName::from_id(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "Acme",
            "a_b",
            "a b",
            "ä",
            "a/b",
            "a\0",
            &"x".repeat(64),
        ] {
            assert!(AccountName::from_id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_account_id_does_not_look_like_a_member() {
        assert!(AccountName::from_id("member-ana").is_err());
        assert!(TaskName::from_id("member-ana").is_ok());
    }

    #[test]
    fn names_are_parsed_by_their_collection() {
        assert_eq!("tasks/a".parse::<StreamName>().unwrap().kind(), Kind::Task);
        assert_eq!(
            "settings".parse::<StreamName>().unwrap().kind(),
            Kind::Settings
        );
        assert!("settings/a".parse::<StreamName>().is_err());
        assert!("accounts/a/contacts/b".parse::<StreamName>().is_err());
        assert!(matches!(
            "accounts/a/contacts/b".parse(),
            Ok(Actor::Contact(_))
        ));
        assert!("accounts/a".parse::<Actor>().is_err());
    }

    #[test]
    fn a_contact_belongs_to_one_account() {
        let acme = AccountName::from_id("acme").unwrap();
        let zoe = ContactName::from_id(&acme, "zoe").unwrap();
        assert_eq!(zoe.as_str(), "accounts/acme/contacts/zoe");
        assert_eq!(zoe.account(), acme);
        assert!(zoe.is_of(&acme));
        assert!(!zoe.is_of(&AccountName::from_id("acm").unwrap()));
        assert!(ContactName::from_id(&acme, "Zoe").is_err());
    }

    #[test]
    fn a_task_of_a_template_or_an_order_belongs_to_one() {
        let name: TemplateTaskName = "services/seo/tasks/brief".parse().unwrap();
        assert_eq!(name.service(), ServiceName::from_id("seo").unwrap());
        assert_eq!(name.id(), "brief");
        let order = OrderName::from_id("o1").unwrap();
        let name = OrderTaskName::from_id(&order, "brief").unwrap();
        assert_eq!(name.as_str(), "orders/o1/tasks/brief");
        assert_eq!(name.order(), order);
        for bad in [
            "orders/o1",
            "orders/o1/tasks/",
            "orders//tasks/a",
            "orders/o1/tasks/a/tasks/b",
            "services/o1/tasks/a",
        ] {
            assert!(bad.parse::<OrderTaskName>().is_err(), "{bad}");
        }
        assert!("orders/o1/tasks/a".parse::<StreamName>().is_err());
        assert_eq!(
            "orders/o1".parse::<StreamName>().unwrap().kind(),
            Kind::Order
        );
    }

    #[test]
    fn a_slug_is_an_id() {
        assert_eq!(
            slug("Acme & Söhne GmbH").as_deref(),
            Some("acme-s-hne-gmbh")
        );
        assert_eq!(slug("--- ..."), None);
        let long = slug(&"word ".repeat(50)).unwrap();
        assert!(AccountName::from_id(&format!("{long}-1000")).is_ok());
    }
}
