//! Ports on the loopback address.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::EmbeddedError;
use crate::process::Server;

/// How often a start is tried again when another process took the free port first.
const ATTEMPTS: u32 = 5;

/// Runs `start` with `port`, or, when that is 0, with a free one, which is chosen again when it was lost
/// to another process between the choice and the start.
///
/// # Errors
/// [`EmbeddedError::PortInUse`] names a wanted port that is taken; else what `start` says.
pub(crate) async fn start_on<F>(
    port: u16,
    program: &'static str,
    start: F,
) -> Result<(Server, u16), EmbeddedError>
where
    F: AsyncFn(u16) -> Result<Server, EmbeddedError>,
{
    if port != 0 {
        if is_taken(port)? {
            return Err(EmbeddedError::PortInUse { program, port });
        }
        return Ok((start(port).await?, port));
    }
    let mut attempt = 1;
    loop {
        let port = free_port()?;
        match start(port).await {
            Ok(server) => return Ok((server, port)),
            Err(error) if attempt < ATTEMPTS && is_taken(port)? => {
                tracing::debug!(port, %error, "a free port was taken by another process");
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn free_port() -> Result<u16, EmbeddedError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(EmbeddedError::io(
            "find a free port on",
            Path::new("127.0.0.1"),
        ))
}

fn is_taken(port: u16) -> Result<bool, EmbeddedError> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(true),
        Err(error) => Err(EmbeddedError::io(
            "listen on",
            Path::new(&format!("127.0.0.1:{port}")),
        )(error)),
    }
}
