//! Tokens of strangers, forgers and the past.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::json;

use super::*;

struct Setting {
    issuer: Issuer,
    keys: KeyFile,
    now: DateTime<Utc>,
    _directory: tempfile::TempDir,
}

impl Setting {
    fn new(expectations: Expectations) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let issuer = Issuer::open_or_create(directory.path()).unwrap();
        let keys = KeyFile::open(issuer.keys_path(), expectations).unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        Self {
            issuer,
            keys,
            now,
            _directory: directory,
        }
    }

    fn token(&self, subject: &str, role: Option<Role>) -> String {
        let grant = Grant {
            role,
            ..Grant::to(subject.parse().unwrap())
        };
        self.issuer
            .token(&grant, self.now, TimeDelta::hours(1))
            .unwrap()
    }

    fn refusal(&self, token: &str) -> BadToken {
        self.keys
            .verifier()
            .verify(token, self.now)
            .expect_err("accepted")
    }
}

#[test]
fn a_token_is_accepted_until_it_expires_also_when_it_is_remembered() {
    let setting = Setting::new(Expectations::default());
    let token = setting.token("members/ana", None);
    let verifier = setting.keys.verifier();
    for _ in 0..2 {
        let identity = verifier.verify(&token, setting.now).unwrap();
        assert_eq!(
            identity.subject,
            Subject::Person("members/ana".parse().unwrap())
        );
    }
    let leeway = TimeDelta::seconds(30);
    let end = setting.now + TimeDelta::hours(1) + leeway;
    assert!(verifier.verify(&token, end - TimeDelta::seconds(1)).is_ok());
    assert!(matches!(
        verifier.verify(&token, end),
        Err(BadToken::Expired(_))
    ));
}

#[test]
fn a_token_must_be_from_the_issuer_and_for_the_audience_expected() {
    let expectations = Expectations {
        issuer: Some("handoff".into()),
        audience: Some("api".into()),
    };
    let setting = Setting::new(expectations);
    assert!(matches!(
        setting.refusal(&setting.token("members/ana", None)),
        BadToken::Issuer(_)
    ));
    let grant = Grant {
        issuer: Some("handoff".into()),
        ..Grant::to("members/ana".parse().unwrap())
    };
    let token = setting
        .issuer
        .token(&grant, setting.now, TimeDelta::hours(1))
        .unwrap();
    assert!(matches!(setting.refusal(&token), BadToken::Audience(_)));
    let grant = Grant {
        audience: Some("api".into()),
        ..grant
    };
    let token = setting
        .issuer
        .token(&grant, setting.now, TimeDelta::hours(1))
        .unwrap();
    assert!(setting.keys.verifier().verify(&token, setting.now).is_ok());
}

#[test]
fn a_subject_must_be_a_caller_and_a_service_account_must_have_a_role() {
    let setting = Setting::new(Expectations::default());
    assert!(matches!(
        setting.refusal(&setting.token("system", None)),
        BadToken::Subject(_)
    ));
    let crm = "service-accounts/crm";
    assert!(matches!(
        setting.refusal(&setting.token(crm, None)),
        BadToken::NoRole
    ));
    let token = setting.token(crm, Some(Role::Analyst));
    assert!(setting.keys.verifier().verify(&token, setting.now).is_ok());
    let token = setting.token("accounts/acme/contacts/zoe", None);
    assert!(setting.keys.verifier().verify(&token, setting.now).is_ok());
}

#[test]
fn a_forged_token_is_refused() {
    let setting = Setting::new(Expectations::default());
    let token = setting.token("members/ana", None);
    let parts: Vec<&str> = token.split('.').collect();
    let claims = json!({ "sub": "members/admin", "exp": setting.now.timestamp() + 60 }).to_string();
    let claims = BASE64_URL_SAFE_NO_PAD.encode(claims);

    let other_claims = format!("{}.{claims}.{}", parts[0], parts[2]);
    assert!(matches!(
        setting.refusal(&other_claims),
        BadToken::Signature
    ));

    for header in [r#"{"alg":"none"}"#, r#"{"alg":"NONE","typ":"JWT"}"#] {
        let unsigned = format!("{}.{claims}.", BASE64_URL_SAFE_NO_PAD.encode(header));
        assert!(matches!(
            setting.refusal(&unsigned),
            BadToken::Malformed | BadToken::Algorithm
        ));
    }

    // The public key as a shared secret, which anyone could sign with.
    let public = std::fs::read(setting.issuer.keys_path()).unwrap();
    let claims = json!({ "sub": "members/admin", "exp": setting.now.timestamp() + 60 });
    let key = EncodingKey::from_secret(&public);
    let shared = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
    assert!(matches!(setting.refusal(&shared), BadToken::Algorithm));

    let stranger = Setting::new(Expectations::default());
    assert!(matches!(
        setting.refusal(&stranger.token("members/ana", None)),
        BadToken::UnknownKey
    ));
}

#[test]
fn a_token_comes_as_bearer_in_any_case() {
    let mut headers = HeaderMap::new();
    assert!(matches!(bearer(&headers), Err(ApiError::TokenMissing)));
    for (header, token) in [("Bearer a.b.c", "a.b.c"), ("bearer  a.b.c", "a.b.c")] {
        headers.insert(AUTHORIZATION, HeaderValue::from_static(header));
        assert_eq!(bearer(&headers).unwrap(), token);
    }
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", "a.b.c"] {
        headers.insert(AUTHORIZATION, HeaderValue::from_static(header));
        assert!(
            matches!(
                bearer(&headers),
                Err(ApiError::TokenInvalid(BadToken::NotBearer))
            ),
            "{header}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_is_taken_for_a_token(token in "\\PC{0,200}", dotted in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}") {
        let setting = Setting::new(Expectations::default());
        setting.refusal(&token);
        setting.refusal(&dotted);
    }

    #[test]
    fn a_changed_byte_spoils_a_token(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let setting = Setting::new(Expectations::default());
        let token = setting.token("members/ana", None);
        let mut bytes = token.clone().into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        if let Ok(changed) = String::from_utf8(bytes) {
            setting.refusal(&changed);
        }
    }

    #[test]
    fn no_header_makes_reading_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            headers.insert(AUTHORIZATION, value.clone());
            headers.insert(ON_BEHALF_OF, value);
            let _ = bearer(&headers);
            let _ = on_behalf_of(&headers);
        }
    }
}
