//! One Postgres and one nats-server for all test processes of a user of this machine.
//!
//! Whoever comes first starts them. Every process holds a shared lock on the file `users` for as long as
//! it lives, however it ends; a detached shell script takes that lock exclusively when the last one has
//! gone, stops the servers and removes what they stored.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use handoff_embedded::{Nats, NatsOptions, Postgres, PostgresOptions};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

use crate::database::connect;

const STOP_WHEN_UNUSED: &str = include_str!("stop_when_unused.sh");
/// How long the servers outlive their last user, so that the next test process finds them running.
const LINGER_SECONDS: &str = "15";
/// Each test's stream reserves what it may grow to; the sum says nothing about the disk.
const NATS_STORE_BYTES: u64 = 1 << 50;

/// Where the shared servers listen.
#[derive(Debug)]
pub(crate) struct Servers {
    postgres: String,
    pub(crate) nats: String,
}

impl Servers {
    pub(crate) fn database_url(&self, database: &str) -> String {
        format!("{}{database}", self.postgres)
    }

    async fn are_running(&self) -> bool {
        let nats = self.nats.trim_start_matches("nats://");
        TcpStream::connect(nats).await.is_ok()
            && connect(&self.database_url("postgres")).await.is_ok()
    }
}

/// The shared servers, started if need be. They stay at least until this process ends.
pub(crate) async fn servers() -> &'static Servers {
    static SERVERS: OnceCell<Servers> = OnceCell::const_new();
    SERVERS
        .get_or_init(|| async {
            let directory = directory();
            tokio::task::spawn_blocking({
                let directory = directory.clone();
                move || become_user(&directory)
            })
            .await
            .expect("a lock on the shared servers");
            find_or_start(&directory).await
        })
        .await
}

/// The directory of the servers, one for each user: not in `target`, which root's Postgres may be unable to enter.
fn directory() -> PathBuf {
    let user = rustix::process::geteuid();
    let directory = std::env::temp_dir().join(format!("handoff-testkit-{}", user.as_raw()));
    let mode = if user.is_root() { 0o711 } else { 0o700 };
    // An error is judged by what is there afterwards.
    DirBuilder::new().mode(mode).create(&directory).ok();
    let metadata = fs::symlink_metadata(&directory).expect("a directory for the shared servers");
    assert!(
        metadata.is_dir() && metadata.uid() == user.as_raw(),
        "{} belongs to somebody else",
        directory.display()
    );
    fs::canonicalize(&directory).expect("the real path of the directory")
}

/// Keeps the servers running until this process ends; waits while unused ones are being stopped.
fn become_user(directory: &Path) {
    static USER: OnceLock<File> = OnceLock::new();
    USER.get_or_init(|| {
        let file = lock_file(&directory.join("users"));
        file.lock_shared().expect("a shared lock");
        file
    });
}

async fn find_or_start(directory: &Path) -> Servers {
    let starting = directory.join("starting");
    let starting = tokio::task::spawn_blocking(move || {
        let file = lock_file(&starting);
        file.lock().expect("an exclusive lock");
        file
    })
    .await
    .expect("a lock on the start of the shared servers");
    // Before the start, so that nothing is left behind if this process is killed in the middle of it.
    stop_when_unused(directory);
    let servers = match recorded(directory) {
        Some(servers) if servers.are_running().await => servers,
        _ => start(directory).await,
    };
    starting.unlock().expect("an unlocked file");
    servers
}

async fn start(directory: &Path) -> Servers {
    let postgres = PostgresOptions {
        durable: false,
        settings: vec![("max_connections".to_owned(), "500".to_owned())],
        ..PostgresOptions::new(directory.join("postgres"))
    };
    let nats = NatsOptions {
        authenticated: false,
        max_store_bytes: NATS_STORE_BYTES,
        ..NatsOptions::new(directory.join("nats"))
    };
    let (postgres, nats) = tokio::join!(Postgres::start(postgres), Nats::start(nats));
    let postgres = postgres.unwrap_or_else(|error| panic!("the shared Postgres: {error}"));
    let nats = nats.unwrap_or_else(|error| panic!("the shared nats-server: {error}"));
    let servers = Servers {
        postgres: postgres.url(""),
        nats: nats.url().to_owned(),
    };
    record(directory, &servers);
    postgres.detach();
    nats.detach();
    servers
}

fn recorded(directory: &Path) -> Option<Servers> {
    let text = fs::read_to_string(directory.join("urls")).ok()?;
    let (postgres, nats) = text.trim().split_once('\n')?;
    Some(Servers {
        postgres: postgres.to_owned(),
        nats: nats.to_owned(),
    })
}

fn record(directory: &Path, servers: &Servers) {
    let path = directory.join("urls");
    fs::remove_file(&path).ok();
    let mut file = lock_file(&path);
    writeln!(file, "{}\n{}", servers.postgres, servers.nats).expect("the servers' addresses");
}

/// Starts the script that waits for the last user. One that finds another at work ends by itself.
fn stop_when_unused(directory: &Path) {
    Command::new("flock")
        .arg("--version")
        .output()
        .expect("`flock` (util-linux, or `brew install flock`) stops the shared servers");
    // The first shell ends at once; the second is nobody's child, so nobody has to wait for it.
    Command::new("sh")
        .args(["-c", "sh -c \"$0\" stop_when_unused \"$@\" &"])
        .arg(STOP_WHEN_UNUSED)
        .arg(directory)
        .arg(LINGER_SECONDS)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("a shell");
}

fn lock_file(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
