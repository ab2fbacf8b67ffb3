//! Pages of a list: how long they are, and the tokens that say where the next one begins.
//!
//! A token holds the place of the last row shown, not a number of rows to skip, so that a page costs the
//! same wherever it is, and rows that come and go meanwhile neither repeat nor hide others. It is
//! signed together with what the list was asked for: what a caller makes up, alters or brings from
//! another list is refused.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Rows of a page where the caller does not say.
pub const DEFAULT_PAGE_SIZE: u16 = 50;
/// Rows of a page at most.
pub const MAX_PAGE_SIZE: u16 = 500;

/// Bytes of the rows of a page at most, unless one row alone has more: 3 MiB. Clients of gRPC take answers
/// of 4 MiB unless they are told to take more.
pub const PAGE_BYTES: usize = 3 * 1024 * 1024;
/// The same of notes and of documents, which come with what they are on: 768 KiB.
pub const BESIDE_BYTES: usize = 768 * 1024;

/// Changes with the meaning of what is in a token.
const SHAPE: &[u8] = b"1";
const SIGNATURE_BYTES: usize = 32;

/// How many rows a page has: 0 means the default, more than the most is taken as the most.
pub(crate) fn page_size(asked: i32) -> Result<u16, InvalidPageSize> {
    match asked {
        0 => Ok(DEFAULT_PAGE_SIZE),
        1.. => Ok(u16::try_from(asked).map_or(MAX_PAGE_SIZE, |size| size.min(MAX_PAGE_SIZE))),
        _ => Err(InvalidPageSize(asked)),
    }
}

/// A negative size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is {0}; it must be 0 to {MAX_PAGE_SIZE}, and more is taken as {MAX_PAGE_SIZE}")]
pub struct InvalidPageSize(i32);

/// The token is not one that this list gave for these arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the token of a page of this list with this filter and order")]
pub struct InvalidPageToken;

/// Makes and checks tokens, with a key that all replicas share.
#[derive(Clone)]
pub(crate) struct PageTokens {
    mac: Hmac<Sha256>,
}

impl PageTokens {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self {
            mac: Hmac::new_from_slice(key).expect("HMAC takes a key of any length"),
        }
    }

    /// The token of the page after `place`. `arguments` is everything that decides which rows the list
    /// shows in which order.
    pub(crate) fn token(&self, arguments: &[&str], place: &[String]) -> String {
        let mut token = serde_json::to_vec(place).expect("texts are JSON");
        let signature = self.signed(arguments, &token).finalize().into_bytes();
        token.extend_from_slice(&signature);
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// The place in a token that was made for the same arguments.
    pub(crate) fn place(
        &self,
        arguments: &[&str],
        token: &str,
    ) -> Result<Vec<String>, InvalidPageToken> {
        let token = BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| InvalidPageToken)?;
        let split = token
            .len()
            .checked_sub(SIGNATURE_BYTES)
            .ok_or(InvalidPageToken)?;
        let (place, signature) = token.split_at(split);
        self.signed(arguments, place)
            .verify_slice(signature)
            .map_err(|_| InvalidPageToken)?;
        serde_json::from_slice(place).map_err(|_| InvalidPageToken)
    }

    /// Each part after its length, so that no two lists of parts are the same bytes.
    fn signed(&self, arguments: &[&str], place: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        for part in [SHAPE]
            .into_iter()
            .chain(arguments.iter().map(|argument| argument.as_bytes()))
            .chain([place])
        {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_is_as_long_as_asked_within_bounds() {
        assert_eq!(page_size(0), Ok(50));
        assert_eq!(page_size(1), Ok(1));
        assert_eq!(page_size(500), Ok(500));
        assert_eq!(page_size(501), Ok(500));
        assert_eq!(page_size(i32::MAX), Ok(500));
        assert_eq!(page_size(-1), Err(InvalidPageSize(-1)));
    }

    #[test]
    fn a_token_of_another_list_or_another_key_is_refused() {
        let tokens = PageTokens::new(b"key");
        let place = ["2026-01-01".to_owned(), "tasks/a".to_owned()];
        let token = tokens.token(&["tasks", "overdue", ""], &place);
        assert_eq!(
            tokens.place(&["tasks", "overdue", ""], &token),
            Ok(place.to_vec())
        );
        for other in [
            &["accounts", "overdue", ""],
            &["tasks", "", "overdue"],
            &["tasksoverdue", "", ""],
        ] {
            assert_eq!(tokens.place(other, &token), Err(InvalidPageToken));
        }
        assert_eq!(
            PageTokens::new(b"other").place(&["tasks", "overdue", ""], &token),
            Err(InvalidPageToken)
        );
    }

    proptest! {
        #[test]
        fn a_token_gives_its_place_back_and_none_that_was_altered(
            place in prop::collection::vec(".*", 0..5),
            at in any::<prop::sample::Index>(),
            letter in "[A-Za-z0-9_-]",
        ) {
            let tokens = PageTokens::new(b"key");
            let token = tokens.token(&["tasks"], &place);
            prop_assert_eq!(tokens.place(&["tasks"], &token), Ok(place));
            let at = at.index(token.len());
            let altered = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
            prop_assert!(altered == token || tokens.place(&["tasks"], &altered) == Err(InvalidPageToken));
        }

        #[test]
        fn whatever_else_comes_as_a_token_is_refused(token in ".{0,300}") {
            prop_assert_eq!(PageTokens::new(b"key").place(&["tasks"], &token), Err(InvalidPageToken));
        }
    }
}
