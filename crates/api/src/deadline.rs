//! How long a call may take: the client's `grpc-timeout`, and the server's own bound.

use std::time::Duration;

use handoff_domain::quoted;
use http::HeaderMap;
use tokio::time::Instant;

use crate::{callers::Shape, error::ApiError};

const HEADER: &str = "grpc-timeout";
/// The longest that an upload may take, however slow its client is.
pub(crate) const LONGEST_UPLOAD: Duration = Duration::from_secs(6 * 60 * 60);

/// When the answer of a call is of no use any more. In the extensions of each unary request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Instant);

/// The deadline of a call that came at `now`. A unary one is bounded by `longest` in any case, an upload
/// by [`LONGEST_UPLOAD`]; a stream goes on for as long as its client wants.
pub(crate) fn deadline(
    headers: &HeaderMap,
    shape: Shape,
    longest: Duration,
    now: Instant,
) -> Result<Option<Deadline>, ApiError> {
    let wanted = headers.get(HEADER).map(|value| {
        value.to_str().ok().and_then(parse).ok_or_else(|| {
            ApiError::invalid(
                HEADER,
                format!(
                    "{} is not 1 to 8 digits and a unit: 250m, 5S",
                    quoted(&String::from_utf8_lossy(value.as_bytes()))
                ),
            )
        })
    });
    let timeout = match (wanted.transpose()?, shape) {
        (None, Shape::Stream) => return Ok(None),
        (Some(wanted), Shape::Stream) => wanted,
        (None, Shape::Unary) => longest,
        (Some(wanted), Shape::Unary) => wanted.min(longest),
        (None, Shape::Upload) => LONGEST_UPLOAD,
        (Some(wanted), Shape::Upload) => wanted.min(LONGEST_UPLOAD),
    };
    // 99,999,999 hours are beyond what a clock can add on some systems; then there is no deadline.
    Ok(now.checked_add(timeout).map(Deadline))
}

/// A timeout as gRPC writes it: at most 8 digits, then `H`, `M`, `S`, `m`, `u` or `n`.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(30);

    fn timeout(header: Option<&str>, shape: Shape) -> Result<Option<Duration>, ApiError> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(HEADER, HeaderValue::from_str(header).unwrap());
        }
        let now = Instant::now();
        let deadline = deadline(&headers, shape, LONGEST, now)?;
        Ok(deadline.map(|Deadline(at)| at - now))
    }

    #[test]
    fn a_unary_call_is_bounded_by_the_client_and_the_server() {
        let unary = |header| timeout(header, Shape::Unary).unwrap();
        assert_eq!(unary(None), Some(LONGEST));
        assert_eq!(unary(Some("250m")), Some(Duration::from_millis(250)));
        assert_eq!(unary(Some("0S")), Some(Duration::ZERO));
        assert_eq!(unary(Some("1H")), Some(LONGEST));
    }

    #[test]
    fn a_stream_is_bounded_by_the_client_only() {
        assert_eq!(timeout(None, Shape::Stream).unwrap(), None);
        assert_eq!(
            timeout(Some("1H"), Shape::Stream).unwrap(),
            Some(Duration::from_secs(3_600))
        );
    }

    #[test]
    fn an_upload_is_bounded_by_the_client_and_by_hours() {
        let upload = |header| timeout(header, Shape::Upload).unwrap();
        assert_eq!(upload(None), Some(LONGEST_UPLOAD));
        assert_eq!(upload(Some("1H")), Some(Duration::from_secs(3_600)));
        assert_eq!(upload(Some("99H")), Some(LONGEST_UPLOAD));
    }

    #[test]
    fn a_malformed_timeout_is_a_violation() {
        for bad in ["", "S", "5", "5 S", "-5S", "5s", "123456789S", "1.5S"] {
            assert!(timeout(Some(bad), Shape::Unary).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_timeout_makes_reading_it_panic(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
