//! Which failures of a request may pass, and how long to wait before it is sent again.

use std::{error::Error as _, time::Duration};

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{error::Error, session::Session};

/// First pause; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Requests sent, the first one included. The pauses between them add up to 3.1 seconds.
const ATTEMPTS: u32 = 6;

/// Counts the attempts of one request. Sending it again is safe: every command carries its `request_id`.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    failures: u32,
}

impl Retry {
    /// How long to wait before the next attempt; none if there should not be one.
    pub(crate) fn pause_after(&mut self, status: &Status) -> Option<Duration> {
        if !may_pass(status) {
            return None;
        }
        self.failures += 1;
        let pause = FIRST_PAUSE * 2_u32.pow(self.failures - 1);
        (self.failures < ATTEMPTS).then(|| pause.max(asked_pause(status).unwrap_or_default()))
    }

    /// Waits until the next attempt.
    ///
    /// # Errors
    /// There should not be one.
    pub(crate) async fn pause(&mut self, status: Status, session: &Session) -> Result<(), Error> {
        match self.pause_after(&status) {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                Ok(())
            }
            None => Err(session.failed(status)),
        }
    }

    /// Something went well, so that the next failure is the first again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

fn may_pass(status: &Status) -> bool {
    is_lost_connection(status)
        || status.code() == Code::Unavailable
        || (status.code() == Code::ResourceExhausted && asked_pause(status).is_some())
}

/// Whether the status was made here because the connection broke, rather than sent by the server.
pub(crate) fn is_lost_connection(status: &Status) -> bool {
    status.source().is_some()
        && matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Internal
        )
}

/// How long the server asks to wait.
pub(crate) fn asked_pause(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// Where a stream is to be begun again that was ended because nobody read it: after which position, of which
/// epoch. None if it ended for another reason.
pub(crate) fn resume_after(status: &Status) -> Option<(i64, i32)> {
    let info = status.get_details_error_info()?;
    let is_slow = info.reason == "SLOW_READER";
    let number = |key: &str| info.metadata.get(key).filter(|_| is_slow);
    let position = number("position")?.parse().ok()?;
    Some((position, number("epoch")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn a_stream_that_nobody_read_is_begun_again_where_it_ended() {
        let ended = |reason: &str| {
            let metadata = [("position", "41"), ("epoch", "2")];
            let metadata: HashMap<_, _> = metadata
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
            let mut details = ErrorDetails::with_error_info(reason, "handoff", metadata);
            details.set_retry_info(Some(Duration::from_millis(50)));
            Status::with_error_details(Code::ResourceExhausted, "", details)
        };
        let slow = ended("SLOW_READER");
        assert_eq!(resume_after(&slow), Some((41, 2)));
        assert!(Retry::default().pause_after(&slow).is_some());
        assert_eq!(resume_after(&ended("OVERLOADED")), None);
    }

    #[test]
    fn what_may_pass_is_tried_a_few_times_ever_more_slowly() {
        let mut retry = Retry::default();
        let pauses: Vec<_> =
            std::iter::from_fn(|| retry.pause_after(&Status::unavailable(""))).collect();
        assert_eq!(
            pauses,
            [100, 200, 400, 800, 1600].map(Duration::from_millis)
        );
    }

    #[test]
    fn the_server_may_ask_for_a_longer_pause() {
        let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(1)));
        let full = Status::with_error_details(Code::ResourceExhausted, "", details);
        assert_eq!(
            Retry::default().pause_after(&full),
            Some(Duration::from_secs(1))
        );
    }

    #[test]
    fn a_refusal_is_final() {
        for code in [
            Code::InvalidArgument,
            Code::Aborted,
            Code::Internal,
            Code::DeadlineExceeded,
            Code::ResourceExhausted,
        ] {
            assert_eq!(
                Retry::default().pause_after(&Status::new(code, "")),
                None,
                "{code:?}"
            );
        }
    }
}
