//! How connections to NATS are made: one place for their options.

use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectOptions};

/// The longest wait between two tries to connect.
const RETRY: Duration = Duration::from_millis(500);

/// Makes a client that connects, and connects again, for as long as it lives. NATS may be away: the
/// client is there at once. `name` shows in the server's list of connections.
///
/// # Errors
/// The URL is malformed.
pub async fn connect(url: &str, name: &str) -> Result<Client, ConnectError> {
    ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .reconnect_delay_callback(|attempts| match attempts {
            0 | 1 => Duration::ZERO,
            _ => RETRY,
        })
        // A connection that died without a word is noticed after two of these.
        .ping_interval(Duration::from_secs(5))
        .connect(url)
        .await
}
