//! Who calls: a bearer token names the caller; for people the log says what they may.
//!
//! - `token`: what a token says, and whether to rely on it
//! - `keys`: the public keys, from a JWKS file that is read again when it changes; keys that an
//!   identity provider publishes at a URL are brought into that file by other means
//! - [`Issuer`]: makes keys and tokens where there is no identity provider

mod issuer;
mod keys;
#[cfg(test)]
mod tests;
mod token;

use std::{sync::Arc, time::Duration};

use handoff_commands::{Clock, States};
use handoff_domain::{
    State,
    member::{Kind, Member},
    names::{Actor, ContactName, MemberName, StreamName},
};
use http::{HeaderMap, header::AUTHORIZATION};

pub use issuer::{Grant, Issuer, IssuerError};
pub use keys::{KeyFile, KeysError};
pub(crate) use token::BadToken;
pub use token::{Expectations, Role};

use crate::{
    caller::{Caller, Class},
    error::ApiError,
};
use token::Subject;

/// The header with the name of the member for whom a service account acts.
const ON_BEHALF_OF: &str = "handoff-on-behalf-of";
/// How old what the log says about a member or contact may be.
const FRESH: Duration = Duration::from_millis(500);

/// Finds out who calls.
pub struct Authenticator {
    keys: Arc<KeyFile>,
    states: States,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// Relies on tokens signed with these keys, and on what the log says about members and contacts.
    pub fn new(keys: Arc<KeyFile>, states: States, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            states,
            clock,
        }
    }

    /// The caller that the headers of a call name.
    pub(crate) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let token = bearer(headers)?;
        let identity = self
            .keys
            .verifier()
            .verify(token, self.clock.now())
            .map_err(ApiError::TokenInvalid)?;
        match &identity.subject {
            Subject::Person(actor) => {
                if headers.contains_key(ON_BEHALF_OF) {
                    return Err(ApiError::ActingNotAllowed {
                        actor: actor.clone(),
                    });
                }
                let class = match actor {
                    Actor::Member(name) => self.member(name).await?,
                    Actor::Contact(name) => self.contact(name).await?,
                    Actor::ServiceAccount(_) | Actor::System => {
                        return Err(ApiError::UnknownCaller {
                            actor: actor.clone(),
                        });
                    }
                };
                Ok(Caller {
                    actor: actor.clone(),
                    on_behalf_of: None,
                    class,
                })
            }
            Subject::ServiceAccount {
                name,
                role,
                may_act_for_members,
            } => {
                let on_behalf_of = on_behalf_of(headers)?;
                let class = match (role, &on_behalf_of) {
                    (Role::ServiceAccount, Some(member)) if *may_act_for_members => {
                        self.member(member).await?
                    }
                    (_, Some(_)) => {
                        return Err(ApiError::ActingNotAllowed {
                            actor: name.clone(),
                        });
                    }
                    (Role::ServiceAccount, None) => Class::ServiceAccount,
                    (Role::Analyst, None) => Class::Analyst,
                    (Role::Operator, None) => Class::Operator,
                };
                Ok(Caller {
                    actor: name.clone(),
                    on_behalf_of,
                    class,
                })
            }
        }
    }

    /// The class of a contact, if the log says now that they have portal access.
    async fn contact(&self, name: &ContactName) -> Result<Class, ApiError> {
        let account = StreamName::from(&name.account());
        let state = self.states.fresh(&account, FRESH).await?.state;
        let known = match &state {
            State::Account(account) => account.existing(&name.account()).ok(),
            _ => None,
        };
        let contact = known.and_then(|details| details.contacts.get(name));
        match contact.is_some_and(|contact| contact.portal_access) {
            true => Ok(Class::Contact),
            false => Err(ApiError::NoPortalAccess {
                actor: Actor::Contact(name.clone()),
            }),
        }
    }

    /// The class of a member as the log knows it now.
    async fn member(&self, name: &MemberName) -> Result<Class, ApiError> {
        let state = self
            .states
            .fresh(&StreamName::from(name), FRESH)
            .await?
            .state;
        match member_kind(&state) {
            Some(kind) => Ok(Class::of_member(kind)),
            None => Err(ApiError::UnknownCaller {
                actor: Actor::Member(name.clone()),
            }),
        }
    }
}

/// The kind of a member who may sign in.
fn member_kind(state: &State) -> Option<Kind> {
    match state {
        State::Member(member) => match &**member {
            Member::Existing(details) if details.may_sign_in() => Some(details.kind),
            Member::Existing(_) | Member::Absent => None,
        },
        _ => None,
    }
}

/// The token in the header `authorization`.
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let header = headers.get(AUTHORIZATION).ok_or(ApiError::TokenMissing)?;
    header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or(ApiError::TokenInvalid(BadToken::NotBearer))
}

/// The member in the header `handoff-on-behalf-of`, if it is there.
fn on_behalf_of(headers: &HeaderMap) -> Result<Option<MemberName>, ApiError> {
    let Some(value) = headers.get(ON_BEHALF_OF) else {
        return Ok(None);
    };
    let name = value
        .to_str()
        .map_err(|_| ApiError::invalid(ON_BEHALF_OF, "is not ASCII"))?;
    name.parse()
        .map(Some)
        .map_err(|invalid: handoff_domain::Invalid| {
            ApiError::invalid(ON_BEHALF_OF, invalid.to_string())
        })
}
