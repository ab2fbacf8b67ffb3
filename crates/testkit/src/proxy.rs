//! A TCP link that can be broken on purpose.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const BUFFER_BYTES: usize = 64 * 1024;

/// Passes connections on to a server on this machine, for as long as the test lets it.
#[derive(Debug)]
pub struct TcpProxy {
    port: u16,
    /// The port of the server; 0 while there is none.
    upstream: Arc<AtomicU16>,
    state: watch::Sender<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    link: Link,
    /// How often the link was cut: who looks late sees that it was, also when it is whole again.
    cuts: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Every chunk of bytes is passed on after this time.
    Open(Duration),
    /// Connections are accepted and stay open, but no byte gets through.
    Held,
    /// What clients say gets through, and no answer does.
    Mute,
    /// Connections are closed, old and new.
    Cut,
}

impl TcpProxy {
    /// Listens on a free port of 127.0.0.1 and passes connections on to `upstream`, a port there.
    pub async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let (state, seen) = watch::channel(State {
            link: Link::Open(Duration::ZERO),
            cuts: 0,
        });
        let upstream = Arc::new(AtomicU16::new(upstream));
        let accepting = tokio::spawn({
            let upstream = upstream.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let upstream = upstream.load(Ordering::Relaxed);
                    if upstream != 0 {
                        tokio::spawn(pass_on(client, upstream, seen.clone()));
                    }
                }
            }
        });
        Self {
            port,
            upstream,
            state,
            accepting,
        }
    }

    /// The port on 127.0.0.1 that clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Passes new connections on to another server on this machine; without one they are closed at once.
    pub fn lead_to(&self, upstream: Option<u16>) {
        self.upstream
            .store(upstream.unwrap_or_default(), Ordering::Relaxed);
    }

    /// Closes every connection, and every new one at once.
    pub fn cut(&self) {
        self.state.send_modify(|state| {
            state.link = Link::Cut;
            state.cuts += 1;
        });
    }

    fn turn(&self, link: Link) {
        self.state.send_modify(|state| state.link = link);
    }

    /// Keeps connections open, but passes nothing on: as if the other side had gone without a word.
    pub fn pause(&self) {
        self.turn(Link::Held);
    }

    /// Passes on what clients say and holds back all answers: what is asked for is done, and nobody learns it.
    pub fn mute(&self) {
        self.turn(Link::Mute);
    }

    /// Passes every chunk of bytes on after `delay`, one after the other.
    pub fn slow_down(&self, delay: Duration) {
        self.turn(Link::Open(delay));
    }

    /// Passes everything on again, also what was held back.
    pub fn resume(&self) {
        self.turn(Link::Open(Duration::ZERO));
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}

/// Serves one connection until either side closes it or the link is cut.
async fn pass_on(client: TcpStream, upstream: u16, link: watch::Receiver<State>) {
    let mut cut = link.clone();
    let cuts = cut.borrow().cuts;
    let both_ways = async {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::try_join!(
            copy(from_client, to_server, link.clone(), &[Link::Held]),
            copy(from_server, to_client, link, &[Link::Held, Link::Mute])
        )
    };
    // What broke first does not matter: both sides see a closed connection.
    tokio::select! {
        _ = both_ways => {}
        _ = cut.wait_for(|now| now.link == Link::Cut || now.cuts != cuts) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut link: watch::Receiver<State>,
    held: &[Link],
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = from.read(&mut buffer).await?;
        let state = link
            .wait_for(|now| !held.contains(&now.link))
            .await
            .map_err(io::Error::other)?
            .link;
        if let Link::Open(delay) = state {
            tokio::time::sleep(delay).await;
        }
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventually;

    /// A server that says everything back, behind a proxy, and a client of it.
    async fn echo() -> (TcpProxy, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        let proxy = TcpProxy::start(port).await;
        let client = connect(&proxy).await;
        (proxy, client)
    }

    async fn connect(proxy: &TcpProxy) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port()))
            .await
            .unwrap()
    }

    async fn says_back(stream: &mut TcpStream, word: &[u8; 4]) -> io::Result<()> {
        stream.write_all(word).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        assert_eq!(&answer, word);
        Ok(())
    }

    #[tokio::test]
    async fn a_cut_link_closes_connections_until_it_is_resumed() {
        let (proxy, mut client) = echo().await;
        says_back(&mut client, b"ping").await.unwrap();
        proxy.cut();
        says_back(&mut client, b"lost").await.unwrap_err();
        says_back(&mut connect(&proxy).await, b"shut")
            .await
            .unwrap_err();
        proxy.resume();
        eventually("a new connection", Duration::from_secs(10), async || {
            says_back(&mut connect(&proxy).await, b"pong").await
        })
        .await;
    }

    #[tokio::test]
    async fn a_link_that_was_cut_for_a_moment_has_closed_its_connections() {
        let (proxy, mut client) = echo().await;
        says_back(&mut client, b"ping").await.unwrap();
        proxy.cut();
        proxy.resume();
        says_back(&mut client, b"lost").await.unwrap_err();
        says_back(&mut connect(&proxy).await, b"back")
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_mute_link_lets_through_what_is_asked_and_no_answer() {
        let (proxy, mut client) = echo().await;
        says_back(&mut client, b"ping").await.unwrap();
        proxy.mute();
        let held = tokio::time::timeout(Duration::from_millis(50), says_back(&mut client, b"late"));
        held.await.unwrap_err();
        proxy.resume();
        let mut answer = [0; 4];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"late", "it was asked once and answered once");
    }

    #[tokio::test]
    async fn a_link_that_leads_nowhere_closes_new_connections() {
        let (proxy, mut client) = echo().await;
        // Connected through: until then the connection is a new one to the proxy.
        says_back(&mut client, b"ping").await.unwrap();
        let upstream = proxy.upstream.load(Ordering::Relaxed);
        proxy.lead_to(None);
        says_back(&mut client, b"stay").await.unwrap();
        says_back(&mut connect(&proxy).await, b"shut")
            .await
            .unwrap_err();
        proxy.lead_to(Some(upstream));
        says_back(&mut connect(&proxy).await, b"back")
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_paused_link_holds_back_and_loses_nothing() {
        let (proxy, mut client) = echo().await;
        says_back(&mut client, b"ping").await.unwrap();
        proxy.pause();
        let held = tokio::time::timeout(Duration::from_millis(50), says_back(&mut client, b"late"));
        held.await.unwrap_err();
        proxy.resume();
        let mut answer = [0; 4];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"late");
    }
}
