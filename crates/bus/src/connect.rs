//! How connections to NATS are made: one place for their options.

use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectOptions, ServerAddr};

/// The longest wait between two tries to connect.
const RETRY: Duration = Duration::from_millis(500);

/// Makes a client that connects, and connects again, for as long as it lives. NATS may be away: the
/// client is there at once. The URL may hold a user and a
/// password. `name` shows in the server's list of connections.
///
/// # Errors
/// The URL is malformed.
pub async fn connect(url: &str, name: &str) -> Result<Client, ConnectError> {
    let address: ServerAddr = url.parse()?;
    let options = match (address.username(), address.password()) {
        // The client knows what stands in the URL, and does not use it.
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        }
        _ => ConnectOptions::new(),
    };
    options
        .name(name)
        .retry_on_initial_connect()
        .reconnect_delay_callback(|attempts| match attempts {
            0 | 1 => Duration::ZERO,
            _ => RETRY,
        })
        // A connection that died without a word is noticed after two of these.
        .ping_interval(Duration::from_secs(5))
        .connect(address)
        .await
}
