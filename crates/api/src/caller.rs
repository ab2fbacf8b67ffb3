//! Who calls, and what class of caller that is.

use handoff_domain::{
    Context, Revision, member,
    names::{Actor, MemberName},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a caller is, as far as rights and views go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A member of the kind `admin`.
    Admin,
    /// A member of the kind `staff`.
    Staff,
    /// A program that does the team's work.
    ServiceAccount,
    /// A program or person that reads.
    Analyst,
    /// A program or person that runs the service.
    Operator,
    /// A person at an account.
    Contact,
}

impl Class {
    /// The class of a member.
    pub(crate) fn of_member(kind: member::Kind) -> Self {
        match kind {
            member::Kind::Admin => Self::Admin,
            member::Kind::Staff => Self::Staff,
        }
    }
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Who calls.
    pub(crate) actor: Actor,
    /// The member for whom a service account acts; its class is then the member's.
    pub(crate) on_behalf_of: Option<MemberName>,
    pub(crate) class: Class,
}

impl Caller {
    /// The circumstances of a command of this caller.
    pub(crate) fn context(&self, expected: Option<Revision>, now: DateTime<Utc>) -> Context {
        Context {
            actor: self.actor.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
            expected,
            plan: Vec::new(),
            // The gateway knows it.
            command_id: Uuid::nil(),
            now,
        }
    }
}
