//! A private Postgres: one cluster in one directory, reachable on loopback with a password.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::io::AsyncWriteExt;

use crate::directory::PrivateDirectory;
use crate::process::{Server, Step, tail};
use crate::programs::{find_postgres, find_postgres_major};
use crate::{DirectoryLock, EmbeddedError, leftovers, port};

const PROGRAM: &str = "postgres";
/// The file that keeps the superuser's password.
const PASSWORD: &str = "password";

/// Ends every session and writes a checkpoint, so that the next start need not recover.
const ASK: Step = (Signal::INT, Duration::from_secs(30));
/// Ends at once; the next start recovers. Postgres kills its own children after five seconds.
const ABORT: Step = (Signal::QUIT, Duration::from_secs(10));

/// Settings of every private server, `name=value`.
const SETTINGS: [&str; 11] = [
    "listen_addresses=127.0.0.1",
    // The password protects TCP alike for every account; a socket would need a directory of its own.
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=15min",
    "password_encryption=scram-sha-256",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] ",
    "cluster_name=handoff",
];

/// For tests that are about something else than durability.
const NOT_DURABLE: [&str; 3] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// What to start and where.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The directory that holds the cluster, its password and its log. Made if missing; belongs to this server alone.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// The superuser, made with the cluster: a plain lower-case name.
    pub user: String,
    /// A database to make with the cluster, UTF-8 with collation C: a plain lower-case name.
    pub database: String,
    /// Whether a commit survives a crash of the machine. Off only in tests.
    pub durable: bool,
    /// Further settings, which win over the built-in ones.
    pub settings: Vec<(String, String)>,
}

impl PostgresOptions {
    /// A durable server in `dir`, on any free port, with a superuser and a database called `handoff`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            port: 0,
            user: "handoff".to_owned(),
            database: "handoff".to_owned(),
            durable: true,
            settings: Vec::new(),
        }
    }
}

/// How to stop a Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Sessions end, a checkpoint is written.
    Fast,
    /// Like a crash: the next start recovers from the log.
    Immediate,
}

/// A running private Postgres. Dropping it stops it like a crash; [`Postgres::stop`] is kinder.
#[derive(Debug)]
pub struct Postgres {
    // Dropped in this order: the directory is given free when the server has gone.
    server: Server,
    port: u16,
    user: String,
    password: Password,
    _lock: DirectoryLock,
}

impl Postgres {
    /// Starts the server and waits until it accepts connections.
    ///
    /// The cluster is made on the first start. A server that a killed process left running in the
    /// directory is stopped first. Dropping the future stops what was started.
    ///
    /// # Errors
    /// All are for a person to act on; none goes away by trying again.
    pub async fn start(options: PostgresOptions) -> Result<Self, EmbeddedError> {
        let home = PrivateDirectory::prepare(&options.dir)?;
        let lock = DirectoryLock::acquire(home.path())?;
        let data = home.path().join("data");
        stop_leftovers(&data).await?;
        let programs = match cluster_major(&data) {
            None => find_postgres()?,
            Some(major) => find_postgres_major(major).ok_or(EmbeddedError::ClusterVersion {
                directory: data.clone(),
                major,
            })?,
        };
        let password = home.secret(PASSWORD)?;
        if !data.exists() {
            make_cluster(&home, &programs, &data, &options).await?;
        }
        remove_stale_pid_file(&data)?;
        let start = async |port: u16| {
            let mut command = home.command(&programs.join(PROGRAM));
            command.arg("-D").arg(&data);
            command.args(["-c", &format!("port={port}")]);
            for setting in settings(&options) {
                command.args(["-c", &setting]);
            }
            let server = Server::spawn(PROGRAM, command, &home, ABORT)?;
            let pid = server.pid();
            server.ready(async || says_ready(&data, pid)).await
        };
        let (server, port) = port::start_on(options.port, PROGRAM, start).await?;
        Ok(Self {
            server,
            port,
            user: options.user,
            password: Password(password),
            _lock: lock,
        })
    }

    /// The URL of a database, with the superuser's password in it.
    pub fn url(&self, database: &str) -> String {
        let (user, Password(password), port) = (&self.user, &self.password, self.port);
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the postmaster.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Waits until the server has ended by itself, which it should not. May be dropped and called again.
    pub async fn exited(&mut self) -> ExitStatus {
        self.server.exited().await
    }

    /// Stops the server and waits until it has gone: after half a minute by force, so it always does.
    pub async fn stop(self, how: Shutdown) {
        let steps: &[Step] = match how {
            Shutdown::Fast => &[ASK, ABORT],
            Shutdown::Immediate => &[ABORT],
        };
        self.server.stop(steps).await;
    }

    /// Lets the server outlive this process. A later start on its directory stops it.
    pub fn detach(self) {
        self.server.detach();
    }
}

/// A password that no log shows.
struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("…")
    }
}

fn settings(options: &PostgresOptions) -> Vec<String> {
    let durability: &[&str] = if options.durable { &[] } else { &NOT_DURABLE };
    SETTINGS
        .iter()
        .chain(durability)
        .map(|setting| (*setting).to_owned())
        .chain(
            options
                .settings
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .collect()
}

/// Makes the cluster and its database under another name first, so that a half-made one is never used.
async fn make_cluster(
    home: &PrivateDirectory,
    programs: &Path,
    data: &Path,
    options: &PostgresOptions,
) -> Result<(), EmbeddedError> {
    remove_half_made_clusters(home.path());
    // A killed run's initdb may still be writing; it must not write here.
    let making = home.path().join(format!("making-{}", std::process::id()));
    let mut initdb = home.command(&programs.join("initdb"));
    initdb
        .arg("--pgdata")
        .arg(&making)
        .arg("--pwfile")
        .arg(home.path().join(PASSWORD))
        .args(["--auth", "scram-sha-256", "--username", &options.user])
        .args(["--encoding", "UTF8", "--locale", "C"]);
    if !options.durable {
        initdb.arg("--no-sync");
    }
    run(home, "initdb", initdb, "").await?;

    let mut single = home.command(&programs.join(PROGRAM));
    single.arg("--single").arg("-D").arg(&making);
    if !options.durable {
        single.args(["-c", "fsync=off"]);
    }
    single.arg("postgres");
    let statement = format!("CREATE DATABASE {}\n", options.database);
    run(home, "postgres --single", single, &statement).await?;

    fs::rename(&making, data).map_err(EmbeddedError::io("rename", &making))
}

fn remove_half_made_clusters(home: &Path) {
    let names = fs::read_dir(home).into_iter().flatten().flatten();
    for entry in names.filter(|entry| entry.file_name().to_string_lossy().starts_with("making-")) {
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "cannot remove a half-made cluster");
        }
    }
}

/// Runs a command to its end with `input`, its output in the file `log`.
async fn run(
    home: &PrivateDirectory,
    program: &'static str,
    mut command: std::process::Command,
    input: &str,
) -> Result<(), EmbeddedError> {
    let (log, file) = home.new_log("log")?;
    let errors = file
        .try_clone()
        .map_err(EmbeddedError::io("share the file", &log))?;
    command.stdin(Stdio::piped()).stdout(file).stderr(errors);
    let failed = || EmbeddedError::io("run", Path::new(program));
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .map_err(failed())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading says why in its log.
        stdin.write_all(input.as_bytes()).await.ok();
    }
    let status = child.wait().await.map_err(failed())?;
    if status.success() {
        return Ok(());
    }
    Err(EmbeddedError::Stopped {
        program,
        status: status.to_string(),
        tail: tail(&log),
        log,
    })
}

async fn stop_leftovers(data: &Path) -> Result<(), EmbeddedError> {
    let (signal, patience) = ASK;
    let postmaster = pid_file(data)
        .and_then(|text| text.lines().next()?.trim().parse().ok())
        .and_then(Pid::from_raw)
        .map(|pid| (pid, signal, patience));
    leftovers::stop(PROGRAM, data, postmaster, ABORT).await
}

/// Without this, Postgres would not start when the pid of a killed postmaster belongs to another process now.
/// That no server works in the directory was established by other means than the pid.
fn remove_stale_pid_file(data: &Path) -> Result<(), EmbeddedError> {
    let path = data.join("postmaster.pid");
    if path.exists() {
        fs::remove_file(&path).map_err(EmbeddedError::io("remove", &path))?;
    }
    Ok(())
}

/// Whether the postmaster `pid` has written into its pid file, as for `pg_ctl`, that it takes connections.
fn says_ready(data: &Path, pid: u32) -> bool {
    pid_file(data).is_some_and(|text| {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        lines.first() == Some(&pid.to_string().as_str()) && lines.get(7) == Some(&"ready")
    })
}

fn pid_file(data: &Path) -> Option<String> {
    fs::read_to_string(data.join("postmaster.pid")).ok()
}

/// The major version that made the cluster; none while there is no cluster.
fn cluster_major(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}
