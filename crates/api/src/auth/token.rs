//! Bearer tokens: what one says, and whether to rely on it.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use handoff_domain::{Invalid, names::Actor};
use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};

use crate::auth::keys::Key;

/// Bytes of the longest token that is looked at.
const LONGEST: usize = 8 * 1024;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 10_000;
/// How far the clock of whoever made the token may be from this one's.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// What a service account may do; members and contacts have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The team's work.
    ServiceAccount,
    /// Reading.
    Analyst,
    /// Projections and health.
    Operator,
}

/// What a token says, as it stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The caller's resource name.
    pub(crate) sub: String,
    /// Seconds since 1970 from which it is no longer valid.
    pub(crate) exp: i64,
    /// Seconds since 1970 before which it is not valid yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
    /// Seconds since 1970 at which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aud: Option<Audience>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Role>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) may_act_for_members: bool,
}

/// For whom a token is: one name or several (RFC 7519).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(name) => name == wanted,
            Self::Several(names) => names.iter().any(|name| name == wanted),
        }
    }
}

/// What a token that was verified says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) subject: Subject,
    expires_at: DateTime<Utc>,
}

/// Whom a token names, with the rights that come from the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A member or contact, whose rights come from the log.
    Person(Actor),
    /// A program, whose rights come from its token.
    ServiceAccount {
        name: Actor,
        role: Role,
        may_act_for_members: bool,
    },
}

/// Why a token is not relied on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadToken {
    #[error("the header authorization is not of the form Bearer TOKEN")]
    NotBearer,
    #[error("it has {0} bytes; at most {LONGEST} are allowed")]
    TooLong(usize),
    #[error("it is not a JSON Web Token with the claims sub and exp")]
    Malformed,
    #[error("its algorithm is not EdDSA, ES256 or RS256")]
    Algorithm,
    #[error("it is signed with a key that this server does not know")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it expired at {0}")]
    Expired(DateTime<Utc>),
    #[error("it is not valid before {0}")]
    NotYetValid(DateTime<Utc>),
    #[error("it is not from the issuer {0:?}")]
    Issuer(String),
    #[error("it is not for the audience {0:?}")]
    Audience(String),
    #[error("its subject is no caller: {0}")]
    Subject(Invalid),
    #[error("its subject is a service account, but it has no role")]
    NoRole,
}

/// Which tokens are accepted besides a right signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The `iss` that a token must have; none: any.
    pub issuer: Option<String>,
    /// The `aud` that a token must have; none: any.
    pub audience: Option<String>,
}

/// Verifies tokens against one set of keys, and remembers those that it verified until they expire.
///
/// Other keys take another verifier, so that a token of a key that was taken away is verified anew.
pub(crate) struct Verifier {
    keys: Vec<Key>,
    expectations: Expectations,
    verified: RwLock<HashMap<Box<str>, Arc<Identity>>>,
}

impl Verifier {
    pub(crate) fn new(keys: Vec<Key>, expectations: Expectations) -> Self {
        Self {
            keys,
            expectations,
            verified: RwLock::default(),
        }
    }

    /// What `token` says, if it is to be relied on at `now`.
    pub(crate) fn verify(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Identity>, BadToken> {
        if token.len() > LONGEST {
            return Err(BadToken::TooLong(token.len()));
        }
        let known = self
            .verified
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token)
            .cloned();
        if let Some(identity) = known {
            return identity.valid_at(now);
        }
        let identity = Arc::new(self.check(token, now)?);
        self.remember(token, identity.clone(), now);
        Ok(identity)
    }

    /// Only tokens with a right signature come here, so that strangers cannot push others out.
    fn remember(&self, token: &str, identity: Arc<Identity>, now: DateTime<Utc>) {
        let mut verified = self
            .verified
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= REMEMBERED {
            verified.retain(|_, identity| identity.expires_at > now);
        }
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(token.into(), identity);
    }

    fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Identity, BadToken> {
        let claims = self.check_signature(token)?;
        let Expectations { issuer, audience } = &self.expectations;
        if let Some(issuer) = issuer
            && claims.iss.as_ref() != Some(issuer)
        {
            return Err(BadToken::Issuer(issuer.clone()));
        }
        if let Some(audience) = audience
            && !claims
                .aud
                .as_ref()
                .is_some_and(|claimed| claimed.contains(audience))
        {
            return Err(BadToken::Audience(audience.clone()));
        }
        let moment = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(BadToken::Malformed);
        if let Some(from) = claims.nbf.map(moment).transpose()?
            && now + LEEWAY < from
        {
            return Err(BadToken::NotYetValid(from));
        }
        let identity = Identity {
            expires_at: moment(claims.exp)?,
            subject: Subject::from_claims(&claims)?,
        };
        identity.check_expiry(now)?;
        Ok(identity)
    }

    /// The claims, if a known key signed them. Times are checked elsewhere, by the server's clock.
    fn check_signature(&self, token: &str) -> Result<Claims, BadToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| BadToken::Malformed)?;
        if ![Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256].contains(&header.alg) {
            return Err(BadToken::Algorithm);
        }
        let mut validation = Validation::new(header.alg);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        // A key is for one algorithm: a token cannot choose another for it.
        let candidates = self.keys.iter().filter(|key| {
            key.algorithm == header.alg && (header.kid.is_none() || header.kid == key.id)
        });
        let mut problem = BadToken::UnknownKey;
        for key in candidates {
            match jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation) {
                Ok(data) => return Ok(data.claims),
                Err(error) if *error.kind() == ErrorKind::InvalidSignature => {
                    problem = BadToken::Signature;
                }
                Err(_) => problem = BadToken::Malformed,
            }
        }
        Err(problem)
    }
}

impl Identity {
    fn valid_at(self: Arc<Self>, now: DateTime<Utc>) -> Result<Arc<Self>, BadToken> {
        self.check_expiry(now)?;
        Ok(self)
    }

    fn check_expiry(&self, now: DateTime<Utc>) -> Result<(), BadToken> {
        // Not the other way round: a token may expire at the end of time.
        if now - LEEWAY < self.expires_at {
            Ok(())
        } else {
            Err(BadToken::Expired(self.expires_at))
        }
    }
}

impl Subject {
    fn from_claims(claims: &Claims) -> Result<Self, BadToken> {
        let actor: Actor = claims.sub.parse().map_err(BadToken::Subject)?;
        match actor {
            Actor::Member(_) | Actor::Contact(_) => Ok(Self::Person(actor)),
            Actor::ServiceAccount(_) => Ok(Self::ServiceAccount {
                name: actor,
                role: claims.role.ok_or(BadToken::NoRole)?,
                may_act_for_members: claims.may_act_for_members,
            }),
            Actor::System => Err(BadToken::Subject(Invalid::new(
                "nobody else may be the system itself",
            ))),
        }
    }
}
