//! The words for the values of an account's fields at the command line.

use clap::ValueEnum;
use handoff_proto::v1::{AccountKind, ContactKind, InteractionKind};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Someone who buys
    Customer,
    /// Someone who may buy one day
    Lead,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Status {
    Active,
    Paused,
    Deactivated,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PersonKind {
    /// Of the account itself
    Client,
    /// Somebody from outside who works with it
    Collaborator,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Touch {
    VideoCall,
    #[value(alias = "e-mail", alias = "mail")]
    Email,
    #[value(alias = "call", alias = "phone")]
    PhoneCall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

impl Kind {
    /// As filters name it.
    pub(super) fn value(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Lead => "lead",
        }
    }
}

impl Status {
    /// As filters name it.
    pub(super) fn value(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Deactivated => "deactivated",
        }
    }
}

impl From<Kind> for AccountKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Customer => Self::Customer,
            Kind::Lead => Self::Lead,
        }
    }
}

impl From<PersonKind> for ContactKind {
    fn from(kind: PersonKind) -> Self {
        match kind {
            PersonKind::Client => Self::Client,
            PersonKind::Collaborator => Self::Collaborator,
        }
    }
}

impl From<Touch> for InteractionKind {
    fn from(touch: Touch) -> Self {
        match touch {
            Touch::VideoCall => Self::VideoCall,
            Touch::Email => Self::Email,
            Touch::PhoneCall => Self::PhoneCall,
        }
    }
}
