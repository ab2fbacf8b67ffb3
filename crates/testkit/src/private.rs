//! Servers of one test alone: durable, and there to be stopped, killed and started again.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use handoff_embedded::{Nats, NatsOptions, Postgres, PostgresOptions, Shutdown};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A durable Postgres with an empty database `handoff`. Stopped and removed with this value.
#[derive(Debug)]
pub struct PrivatePostgres {
    // Dropped in this order: the server before its directory.
    running: Option<Postgres>,
    options: PostgresOptions,
    url: String,
    _directory: TempDir,
}

impl PrivatePostgres {
    /// Starts a server on a port of its own.
    pub async fn start() -> Self {
        Self::start_in(temporary_directory(), &[]).await
    }

    /// Starts a server that keeps its data in a directory, which root's servers must be able to enter,
    /// with further settings.
    pub async fn start_in(directory: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut options = PostgresOptions::new(directory.path().join("postgres"));
        for (name, value) in settings {
            let setting = ((*name).to_owned(), (*value).to_owned());
            options.settings.push(setting);
        }
        let running = start_postgres(&options).await;
        options.port = running.port();
        Self {
            url: running.url(""),
            running: Some(running),
            options,
            _directory: directory,
        }
    }

    /// Where to connect as the superuser; stays the same when the server is started again.
    pub fn url(&self, database: &str) -> String {
        format!("{}{database}", self.url)
    }

    /// The port on 127.0.0.1; stays the same when the server is started again.
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// The directory of the cluster, to be copied, removed or put back while the server is stopped.
    pub fn data(&self) -> PathBuf {
        self.options.dir.join("data")
    }

    /// The pid of the postmaster.
    ///
    /// # Panics
    /// When the server is stopped.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("a running Postgres").pid()
    }

    /// Stops the server and waits until it has gone.
    pub async fn stop(&mut self, how: Shutdown) {
        if let Some(running) = self.running.take() {
            running.stop(how).await;
        }
    }

    /// Kills the postmaster with SIGKILL and waits until it has gone; its sessions notice by themselves.
    pub async fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            kill(running.pid());
            running.exited().await;
        }
    }

    /// Starts the server on the same directory and port, if it was stopped.
    pub async fn start_again(&mut self) {
        if self.running.is_none() {
            self.running = Some(start_postgres(&self.options).await);
        }
    }
}

/// A nats-server with JetStream. Stopped and removed with this value.
#[derive(Debug)]
pub struct PrivateNats {
    // Dropped in this order: the server before its directory.
    running: Option<Nats>,
    options: NatsOptions,
    url: String,
    _directory: TempDir,
}

impl PrivateNats {
    /// Starts a server, open to every client on this machine, on a port of its own.
    pub async fn start() -> Self {
        Self::start_in(temporary_directory()).await
    }

    /// Starts a server that keeps its streams in a directory, which root's servers must be able to enter.
    pub async fn start_in(directory: TempDir) -> Self {
        let mut options = NatsOptions {
            authenticated: false,
            ..NatsOptions::new(directory.path().join("nats"))
        };
        let running = start_nats(&options).await;
        options.port = running.port();
        Self {
            url: running.url().to_owned(),
            running: Some(running),
            options,
            _directory: directory,
        }
    }

    /// Where to connect; stays the same when the server is started again.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port on 127.0.0.1; stays the same when the server is started again.
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// The pid of the server.
    ///
    /// # Panics
    /// When the server is stopped.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("a running nats-server").pid()
    }

    /// The directory of the streams, to be copied, removed or put back while the server is stopped.
    pub fn store(&self) -> PathBuf {
        self.options.dir.join("jetstream")
    }

    /// Stops the server and waits until it has gone.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Kills the server with SIGKILL and waits until it has gone.
    pub async fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            kill(running.pid());
            running.exited().await;
        }
    }

    /// Starts the server on the same directory and port, if it was stopped.
    pub async fn start_again(&mut self) {
        if self.running.is_none() {
            self.running = Some(start_nats(&self.options).await);
        }
    }
}

async fn start_postgres(options: &PostgresOptions) -> Postgres {
    Postgres::start(options.clone())
        .await
        .unwrap_or_else(|error| panic!("a private Postgres: {error}"))
}

async fn start_nats(options: &NatsOptions) -> Nats {
    Nats::start(options.clone())
        .await
        .unwrap_or_else(|error| panic!("a private nats-server: {error}"))
}

/// A directory that the account of root's servers can pass through. Removed with this value.
pub fn temporary_directory() -> TempDir {
    tempfile::Builder::new()
        .prefix("handoff-")
        .permissions(Permissions::from_mode(0o711))
        .tempdir_in(Path::new(&std::env::temp_dir()))
        .expect("a temporary directory")
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a pid is not 0");
    kill_process(pid, Signal::KILL).expect("a process to kill");
}
