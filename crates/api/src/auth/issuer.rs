//! Makes tokens: the key pair of a Handoff that has no identity provider, and what it signs.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use handoff_domain::names::Actor;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::auth::token::{Audience, Claims, Role};

/// The file of the private key, in the directory of the keys: PKCS#8, PEM, readable by its owner only.
const PRIVATE: &str = "token-key.pem";
/// The file of the public key beside it: a JSON Web Key Set.
const PUBLIC: &str = "token-keys.json";

/// Why keys or tokens cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} is not an Ed25519 private key in PKCS#8 and PEM", path.display())]
    Malformed { path: PathBuf },
    #[error("cannot make a key pair")]
    Generate,
    #[error("cannot sign the token")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// What a token is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who calls with it.
    pub subject: Actor,
    /// What a service account may do; required for one, without meaning for others.
    pub role: Option<Role>,
    /// Whether a service account may act for members.
    pub may_act_for_members: bool,
    /// The `iss` of the token.
    pub issuer: Option<String>,
    /// The `aud` of the token.
    pub audience: Option<String>,
}

impl Grant {
    /// A token for a caller whose rights come from the log.
    pub fn to(subject: Actor) -> Self {
        Self {
            subject,
            role: None,
            may_act_for_members: false,
            issuer: None,
            audience: None,
        }
    }
}

/// An Ed25519 key pair that signs tokens.
pub struct Issuer {
    key: EncodingKey,
    key_id: String,
    keys_path: PathBuf,
}

impl Issuer {
    /// Opens the key pair in a directory; makes the directory and the pair where there is none.
    pub fn open_or_create(directory: &Path) -> Result<Self, IssuerError> {
        let path = directory.join(PRIVATE);
        let pem = match fs::read(&path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = generate()?;
                fs::create_dir_all(directory)
                    .and_then(|()| write_file(&path, pem.as_bytes(), 0o600))
                    .map_err(|source| IssuerError::Write {
                        path: path.clone(),
                        source,
                    })?;
                pem.into_bytes()
            }
            Err(source) => return Err(IssuerError::Read { path, source }),
        };
        let malformed = || IssuerError::Malformed { path: path.clone() };
        let key = EncodingKey::from_ed_pem(&pem).map_err(|_| malformed())?;
        let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| malformed())?;
        let public = pair.public_key().as_ref();
        let key_id = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(public)[..12]);
        let issuer = Self {
            key,
            key_id,
            keys_path: directory.join(PUBLIC),
        };
        issuer.write_public(public)?;
        Ok(issuer)
    }

    /// The JWKS file with the public key, for [`KeyFile::open`](crate::auth::KeyFile::open).
    pub fn keys_path(&self) -> &Path {
        &self.keys_path
    }

    /// Signs a token that is valid from `now` for `lifetime`.
    pub fn token(
        &self,
        grant: &Grant,
        now: DateTime<Utc>,
        lifetime: TimeDelta,
    ) -> Result<String, IssuerError> {
        let claims = Claims {
            sub: grant.subject.to_string(),
            exp: (now + lifetime).timestamp(),
            nbf: None,
            iat: Some(now.timestamp()),
            iss: grant.issuer.clone(),
            aud: grant.audience.clone().map(Audience::One),
            role: grant.role,
            may_act_for_members: grant.may_act_for_members,
        };
        let header = Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(IssuerError::Sign)
    }

    /// Writes the public key, unless it stands there already: others may have added theirs.
    fn write_public(&self, public: &[u8]) -> Result<(), IssuerError> {
        let path = &self.keys_path;
        if path.exists() {
            return Ok(());
        }
        let keys = json!({ "keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "x": BASE64_URL_SAFE_NO_PAD.encode(public),
            "kid": self.key_id,
            "alg": "EdDSA",
            "use": "sig",
        }]});
        write_file(path, format!("{keys:#}\n").as_bytes(), 0o644).map_err(|source| {
            IssuerError::Write {
                path: path.clone(),
                source,
            }
        })
    }
}

/// A new private key.
fn generate() -> Result<String, IssuerError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| IssuerError::Generate)?;
    let der = pair.to_pkcs8v1().map_err(|_| IssuerError::Generate)?;
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let text = STANDARD.encode(der.as_ref());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(pem)
}

/// Writes a new file whole or not at all.
fn write_file(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let draft = path.with_extension("new");
    // One that a killed run left behind; its mode may be another.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::auth::{
        keys::KeyFile,
        token::{Expectations, Subject},
    };

    #[test]
    fn a_key_pair_is_made_once_and_kept_from_others() {
        let directory = tempfile::tempdir().unwrap();
        let keys = directory.path().join("keys");
        let first = Issuer::open_or_create(&keys).unwrap();
        let second = Issuer::open_or_create(&keys).unwrap();
        assert_eq!(first.key_id, second.key_id);
        let mode = fs::metadata(keys.join(PRIVATE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);

        fs::remove_file(first.keys_path()).unwrap();
        Issuer::open_or_create(&keys).unwrap();
        assert!(
            first.keys_path().exists(),
            "the public key is made again from the private one"
        );
    }

    #[test]
    fn a_token_says_what_was_granted() {
        let directory = tempfile::tempdir().unwrap();
        let issuer = Issuer::open_or_create(directory.path()).unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let grant = Grant {
            role: Some(Role::ServiceAccount),
            may_act_for_members: true,
            issuer: Some("handoff".into()),
            audience: Some("api".into()),
            ..Grant::to("service-accounts/crm".parse().unwrap())
        };
        let token = issuer.token(&grant, now, TimeDelta::hours(1)).unwrap();
        let expectations = Expectations {
            issuer: grant.issuer.clone(),
            audience: grant.audience.clone(),
        };
        let file = KeyFile::open(issuer.keys_path(), expectations).unwrap();
        let identity = file.verifier().verify(&token, now).unwrap();
        let expected = Subject::ServiceAccount {
            name: grant.subject.clone(),
            role: Role::ServiceAccount,
            may_act_for_members: true,
        };
        assert_eq!(identity.subject, expected);
    }

    #[test]
    fn a_damaged_private_key_is_an_error_that_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(PRIVATE), "no key").unwrap();
        let error = Issuer::open_or_create(directory.path()).err().unwrap();
        assert!(error.to_string().contains(PRIVATE), "{error}");
    }
}
