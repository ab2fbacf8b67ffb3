//! Serves calls on a listener, and stops: gracefully as far as the clients let it, but in time.

use std::{io, sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic_web::GrpcWebLayer;
use tower::{Layer, service_fn};

use crate::{
    api::{Api, Health},
    call::Calls,
    patience::Patience,
};

/// The bounds of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; further ones wait to be accepted.
    pub connections: usize,
    /// Calls at a time on one connection.
    pub streams_per_connection: u32,
    /// How long a unary call may take, whatever its client would allow.
    pub unary: Duration,
    /// How long the reader of a watch, or of events, may leave messages lying; then the stream is ended.
    pub patience: Duration,
    /// How long the calls in flight may take when the server stops; then they are cut off.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            streams_per_connection: 1_024,
            unary: Duration::from_secs(30),
            patience: Duration::from_secs(30),
            drain: Duration::from_secs(20),
        }
    }
}

/// How long a new connection may say nothing.
const SILENCE: Duration = Duration::from_secs(10);
/// How often a connection is asked whether its other end is still there, and how long that may take
/// to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How long to wait where the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves calls until `shutdown`, then drains: health says NOT_SERVING, the listener is closed, new
/// calls are refused, streams end with a status that says to resume elsewhere, and calls in flight
/// are answered. Connections that are still open after the cap are cut off: a client that does not
/// read could hold one for ever.
pub async fn serve(listener: TcpListener, api: Api, limits: Limits, shutdown: CancellationToken) {
    let Api {
        health,
        routes,
        authenticator,
        metrics,
    } = api;
    let calls = Arc::new(Calls {
        routes,
        authenticator: Arc::new(authenticator),
        patience: Patience::new(limits.patience, metrics.slow_readers()),
        metrics,
        draining: shutdown.clone(),
        longest: limits.unary,
    });
    let connections = Connections {
        calls,
        builder: builder(&limits),
        tracker: TaskTracker::new(),
        shutdown: shutdown.clone(),
        cut_off: CancellationToken::new(),
    };
    shutdown
        .run_until_cancelled(connections.accept(&listener, limits.connections))
        .await;
    drop(listener);
    connections.drain(&health, limits.drain).await;
}

type Builder = auto::Builder<TokioExecutor>;

fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new(TokioExecutor::new());
    // HTTP/1 is for gRPC-Web only.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(SILENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

struct Connections {
    calls: Arc<Calls>,
    builder: Builder,
    tracker: TaskTracker,
    shutdown: CancellationToken,
    cut_off: CancellationToken,
}

impl Connections {
    async fn accept(&self, listener: &TcpListener, limit: usize) {
        let room = Arc::new(Semaphore::new(limit));
        loop {
            let Ok(permit) = room.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => self.serve(stream, permit),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    if !only_that_connection(&error) {
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let (shutdown, cut_off) = (self.shutdown.clone(), self.cut_off.clone());
        let (calls, builder) = (self.calls.clone(), self.builder.clone());
        self.tracker.spawn(async move {
            let _permit = permit;
            let metrics = calls.metrics.clone();
            metrics.connections().inc();
            let served = serve_connection(stream, calls, builder, shutdown);
            if let Some(Err(error)) = cut_off.run_until_cancelled(served).await {
                tracing::debug!(error, "connection ended with an error");
            }
            metrics.connections().dec();
        });
    }

    async fn drain(&self, health: &Health, cap: Duration) {
        health.set_serving(false).await;
        self.tracker.close();
        if timeout(cap, self.tracker.wait()).await.is_err() {
            tracing::warn!(connections = self.tracker.len(), "connections cut off");
            self.cut_off.cancel();
            self.tracker.wait().await;
        }
    }
}

async fn serve_connection(
    stream: TcpStream,
    calls: Arc<Calls>,
    builder: Builder,
    shutdown: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let first_byte = shutdown.run_until_cancelled(timeout(SILENCE, stream.readable()));
    match first_byte.await {
        Some(Ok(readable)) => readable?,
        Some(Err(_)) | None => return Ok(()),
    }
    let service = service_fn(move |request| calls.clone().answer(request));
    let service = TowerToHyperService::new(GrpcWebLayer::new().layer(service));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Whether an error is about one connection that went away, and not about the listener.
fn only_that_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
