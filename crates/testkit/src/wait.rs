//! Waiting for a condition.

use std::fmt::Debug;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(10);

/// Calls `condition` until it is `Ok`, and answers what is in it.
///
/// # Panics
/// After `ceiling`, with `what` was waited for and the last `Err`: the state that was seen instead.
pub async fn eventually<T, S: Debug>(
    what: &str,
    ceiling: Duration,
    mut condition: impl AsyncFnMut() -> Result<T, S>,
) -> T {
    let started = Instant::now();
    loop {
        match condition().await {
            Ok(value) => return value,
            Err(state) if started.elapsed() > ceiling => {
                panic!("{what}: not within {ceiling:?}; last seen: {state:?}")
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_value_is_answered_once_the_condition_holds() {
        let mut tries = 0;
        let answer = eventually("third try", Duration::from_secs(10), || {
            tries += 1;
            let tries = tries;
            async move { if tries == 3 { Ok(tries) } else { Err(tries) } }
        });
        assert_eq!(answer.await, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "a miracle: not within 0ns; last seen: \"nothing\"")]
    async fn the_last_state_is_reported() {
        eventually("a miracle", Duration::ZERO, async || {
            Err::<(), _>("nothing")
        })
        .await;
    }
}
