//! The circumstances of a command: who, on whose behalf, when, and what they had read.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    limits,
    member::{self, Member},
    names::{Actor, MemberName, StreamName},
    rejection::Rejection,
    unit::{Stop, Unit},
    version::{Revision, Version},
};

/// The circumstances of a command.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who calls.
    pub actor: Actor,
    /// The member for whom a service account acts.
    pub on_behalf_of: Option<MemberName>,
    /// The revision that the caller had read; a resource at another one is not changed.
    pub expected: Option<Revision>,
    /// What the plan that the caller was shown rests on, at most [`limits::EXPECTATIONS`]; an ownership
    /// change whose plan would be another by now is refused. Empty: whatever there is.
    pub plan: Vec<Expectation>,
    /// The command's own id, the same for a retry: what it begins is named after it. The gateway sets it.
    pub command_id: Uuid,
    /// When it happens, by the server's clock, in whole microseconds.
    pub now: DateTime<Utc>,
}

/// Something that a plan rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// A stream is at this version: an account, a listed task.
    Stream { name: StreamName, version: Version },
    /// The ownership policy is the one that was set at this revision of the settings.
    Policy { version: Revision },
}

impl Context {
    /// The member who acts: the one on whose behalf, else the caller if that is a member.
    pub fn acting_member(&self) -> Option<&MemberName> {
        self.on_behalf_of.as_ref().or(match &self.actor {
            Actor::Member(name) => Some(name),
            Actor::Contact(_) | Actor::ServiceAccount(_) | Actor::System => None,
        })
    }

    /// Who is recorded as having done it: the acting member, else the caller.
    pub fn by(&self) -> Actor {
        self.on_behalf_of
            .clone()
            .map_or_else(|| self.actor.clone(), Actor::Member)
    }

    /// Requires that the caller works for the team as the log knows it now. Reading the member's
    /// stream makes the append fail where that changes meanwhile.
    pub fn require_team(&self, unit: &mut Unit<'_>) -> Result<(), Stop> {
        if let Some(name) = self.acting_member() {
            self.member(unit, name)?;
        }
        if let Actor::Contact(_) = self.actor {
            return Err(self.not_allowed("only the team may").into());
        }
        Ok(())
    }

    /// Requires that the caller is an admin, or Handoff itself.
    pub fn require_admin(&self, unit: &mut Unit<'_>) -> Result<(), Stop> {
        self.require_team(unit)?;
        let admin = match self.acting_member() {
            Some(name) => self.member(unit, name)?.kind == member::Kind::Admin,
            None => self.actor == Actor::System,
        };
        if admin {
            Ok(())
        } else {
            Err(self.not_allowed("only an admin may").into())
        }
    }

    /// Requires that a resource is at the revision that the caller had read, if one was named.
    pub fn check_revision(&self, resource: &str, actual: Revision) -> Result<(), Rejection> {
        match self.expected {
            Some(expected) if expected != actual => Err(Rejection::VersionMismatch {
                resource: resource.to_owned(),
                expected: expected.to_string(),
                actual: actual.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Requires that what the caller's plan rests on has not changed. The versions are compared again by the
    /// append, which fails where they change meanwhile.
    pub fn check_plan(&self, unit: &mut Unit<'_>) -> Result<(), Stop> {
        if self.plan.len() > limits::EXPECTATIONS {
            let description = format!(
                "the plan rests on {} resources; at most {} can be checked: leave the position out",
                self.plan.len(),
                limits::EXPECTATIONS
            );
            return Err(Rejection::invalid("expected_position", description).into());
        }
        let asks = |expectation: &Expectation| matches!(expectation, Expectation::Policy { .. });
        if self.plan.iter().any(asks) {
            unit.need([StreamName::settings()])?;
        }
        let settings = StreamName::settings();
        for expectation in &self.plan {
            let (resource, expected, actual) = match expectation {
                Expectation::Stream { name, version } => {
                    (name, version.0, unit.version(name, *version)?.0)
                }
                Expectation::Policy { version } => {
                    let actual = unit.settings()?.ownership_policy_version;
                    (&settings, version.0, actual.0)
                }
            };
            if expected != actual {
                return Err(Rejection::PlanChanged {
                    resource: resource.to_string(),
                    expected,
                    actual,
                }
                .into());
            }
        }
        Ok(())
    }

    /// Requires that the caller is Handoff itself.
    pub fn require_system(&self) -> Result<(), Rejection> {
        match (&self.actor, &self.on_behalf_of) {
            (Actor::System, None) => Ok(()),
            _ => Err(self.not_allowed("only Handoff itself may")),
        }
    }

    fn member(&self, unit: &mut Unit<'_>, name: &MemberName) -> Result<member::Details, Stop> {
        match &*unit.member(name)? {
            Member::Existing(details) if details.may_sign_in() => Ok(details.clone()),
            Member::Existing(_) | Member::Absent => Err(Rejection::UnknownActor {
                actor: name.to_string(),
            }
            .into()),
        }
    }

    fn not_allowed(&self, description: &str) -> Rejection {
        Rejection::NotAllowed {
            actor: self.actor.to_string(),
            description: description.to_owned(),
        }
    }
}
