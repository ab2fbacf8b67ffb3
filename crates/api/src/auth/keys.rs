//! The public keys that tokens are verified with: a JWKS file, read again when it changes.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use tokio_util::sync::CancellationToken;

use crate::{
    auth::token::{Expectations, Verifier},
    error::Chain,
};

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// A public key, for one algorithm only.
pub(crate) struct Key {
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) decoding: DecodingKey,
}

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not a JSON Web Key Set", path.display())]
    Malformed {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{} has no key for EdDSA (Ed25519), ES256 or RS256", path.display())]
    Empty { path: PathBuf },
}

/// What tells one state of a file from another.
type Stamp = (Option<SystemTime>, u64);

/// The verifier for the keys that the file has now.
pub struct KeyFile {
    path: PathBuf,
    expectations: Expectations,
    current: RwLock<Arc<Verifier>>,
    stamp: Mutex<Stamp>,
}

impl KeyFile {
    /// Reads the keys.
    pub fn open(path: impl Into<PathBuf>, expectations: Expectations) -> Result<Self, KeysError> {
        let path = path.into();
        let (stamp, keys) = read(&path)?;
        let current = RwLock::new(Arc::new(Verifier::new(keys, expectations.clone())));
        Ok(Self {
            path,
            expectations,
            current,
            stamp: Mutex::new(stamp),
        })
    }

    /// The verifier for the keys as they are now.
    pub(crate) fn verifier(&self) -> Arc<Verifier> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the file again whenever it changes, until shutdown. While it cannot be used, the keys
    /// read last stay.
    pub async fn watch(&self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(INTERVAL);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            match self.reload() {
                Ok(true) => {
                    tracing::info!(path = %self.path.display(), "keys for tokens read again")
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "keys for tokens stay as they were");
                }
            }
        }
    }

    /// Reads the file again if it changed, and says whether it did.
    fn reload(&self) -> Result<bool, KeysError> {
        let read_error = |source| KeysError::Read {
            path: self.path.clone(),
            source,
        };
        let metadata = fs::metadata(&self.path).map_err(read_error)?;
        if *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) == stamp(&metadata) {
            return Ok(false);
        }
        let (stamp, keys) = read(&self.path)?;
        let verifier = Arc::new(Verifier::new(keys, self.expectations.clone()));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = verifier;
        *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) = stamp;
        Ok(true)
    }
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    (metadata.modified().ok(), metadata.len())
}

fn read(path: &Path) -> Result<(Stamp, Vec<Key>), KeysError> {
    let read_error = |source| KeysError::Read {
        path: path.to_owned(),
        source,
    };
    // Taken before the content: a change in between is seen as one the next time.
    let stamp = stamp(&fs::metadata(path).map_err(read_error)?);
    let text = fs::read(path).map_err(read_error)?;
    let set: JwkSet = serde_json::from_slice(&text).map_err(|source| KeysError::Malformed {
        path: path.to_owned(),
        source,
    })?;
    let keys: Vec<Key> = set.keys.iter().filter_map(usable).collect();
    if keys.is_empty() {
        return Err(KeysError::Empty {
            path: path.to_owned(),
        });
    }
    Ok((stamp, keys))
}

/// The key, if it is one to verify signatures with. Shared secrets never are.
fn usable(jwk: &Jwk) -> Option<Key> {
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        _ => {
            tracing::warn!(key = ?jwk.common.key_id, "a key of another kind than EdDSA, ES256, RS256 is ignored");
            return None;
        }
    };
    let decoding = DecodingKey::from_jwk(jwk)
        .inspect_err(
            |error| tracing::warn!(key = ?jwk.common.key_id, %error, "a malformed key is ignored"),
        )
        .ok()?;
    Some(Key {
        id: jwk.common.key_id.clone(),
        algorithm,
        decoding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::issuer::{Grant, Issuer};

    #[test]
    fn changed_keys_are_read_and_old_tokens_are_refused() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let grant = Grant::to("members/ana".parse().unwrap());
        let lifetime = chrono::TimeDelta::hours(1);
        let first = Issuer::open_or_create(&directory.path().join("a")).unwrap();
        let second = Issuer::open_or_create(&directory.path().join("b")).unwrap();

        let path = directory.path().join("keys.json");
        fs::copy(first.keys_path(), &path).unwrap();
        let file = KeyFile::open(&path, Expectations::default()).unwrap();
        let token = first.token(&grant, now, lifetime).unwrap();
        assert!(file.verifier().verify(&token, now).is_ok());
        assert!(!file.reload().unwrap());

        fs::write(&path, "not a key set").unwrap();
        assert!(matches!(file.reload(), Err(KeysError::Malformed { .. })));
        assert!(
            file.verifier().verify(&token, now).is_ok(),
            "the keys read last stay"
        );

        fs::copy(second.keys_path(), &path).unwrap();
        // The content has the same length: only the time tells.
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert!(file.reload().unwrap());
        assert!(
            file.verifier().verify(&token, now).is_err(),
            "a remembered token of an old key"
        );
        let token = second.token(&grant, now, lifetime).unwrap();
        assert!(file.verifier().verify(&token, now).is_ok());
    }

    #[test]
    fn shared_secrets_are_no_keys() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        fs::write(
            &path,
            r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]}"#,
        )
        .unwrap();
        let opened = KeyFile::open(&path, Expectations::default());
        assert!(matches!(opened.err(), Some(KeysError::Empty { .. })));
    }
}
