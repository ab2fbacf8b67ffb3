//! A private nats-server with JetStream, reachable on loopback.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::directory::PrivateDirectory;
use crate::process::{Server, Step};
use crate::programs::find_nats;
use crate::{DirectoryLock, EmbeddedError, leftovers, port};

const PROGRAM: &str = "nats-server";
/// The file that keeps the password.
const PASSWORD: &str = "password";
/// The only user.
const USER: &str = "handoff";

const ASK: Step = (Signal::TERM, Duration::from_secs(10));
const KILL: Step = (Signal::KILL, Duration::from_secs(10));

/// How long a server may take to say hello before it is asked again.
const HELLO_WITHIN: Duration = Duration::from_secs(1);
/// The longest hello that is read, in bytes.
const HELLO_LIMIT: u64 = 64 * 1024;

/// What to start and where.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// The directory that holds the configuration, the streams and the log. Made if missing; belongs to this server alone.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// Whether clients must know the password that [`Nats::url`] carries. Without it every account of
    /// this machine can read and write the streams.
    pub authenticated: bool,
    /// The most that all streams together may hold on disk, in bytes.
    pub max_store_bytes: u64,
}

impl NatsOptions {
    /// A server in `dir`, on any free port, with a password and room for 16 GiB.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            port: 0,
            authenticated: true,
            max_store_bytes: 16 << 30,
        }
    }
}

/// A running private nats-server. Dropping it kills it, which its streams survive.
#[derive(Debug)]
pub struct Nats {
    // Dropped in this order: the directory is given free when the server has gone.
    server: Server,
    port: u16,
    url: String,
    _lock: DirectoryLock,
}

impl Nats {
    /// Starts the server and waits until it accepts connections and JetStream is up.
    ///
    /// A server that a killed process left running in the directory is stopped first. Dropping the future
    /// stops what was started.
    ///
    /// # Errors
    /// All are for a person to act on; none goes away by trying again.
    pub async fn start(options: NatsOptions) -> Result<Self, EmbeddedError> {
        let home = PrivateDirectory::prepare(&options.dir)?;
        let lock = DirectoryLock::acquire(home.path())?;
        leftovers::stop(PROGRAM, home.path(), None, ASK).await?;
        let program = find_nats()?;
        let password = if options.authenticated {
            Some(home.secret(PASSWORD)?)
        } else {
            None
        };
        let start = async |port: u16| {
            // No other running server has this name, so a hello with it comes from this one.
            let name = format!("handoff-{}-{port}", std::process::id());
            let text = configuration(&options, &name, port, password.as_deref());
            home.write("nats.conf", &text)?;
            let mut command = home.command(&program);
            command.arg("-c").arg(home.path().join("nats.conf"));
            let server = Server::spawn(PROGRAM, command, &home, KILL)?;
            server
                .ready(async || {
                    let hello = timeout(HELLO_WITHIN, hello(port)).await;
                    hello.is_ok_and(|line| {
                        line.is_ok_and(|line| {
                            line.contains(&name) && line.contains("\"jetstream\":true")
                        })
                    })
                })
                .await
        };
        let (server, port) = port::start_on(options.port, PROGRAM, start).await?;
        let credentials =
            password.map_or_else(String::new, |password| format!("{USER}:{password}@"));
        Ok(Self {
            server,
            port,
            url: format!("nats://{credentials}127.0.0.1:{port}"),
            _lock: lock,
        })
    }

    /// The URL for clients, with user and password in it when the server asks for them.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Waits until the server has ended by itself, which it should not. May be dropped and called again.
    pub async fn exited(&mut self) -> ExitStatus {
        self.server.exited().await
    }

    /// Stops the server and waits until it has gone: after ten seconds by force, so it always does.
    pub async fn stop(self) {
        self.server.stop(&[ASK]).await;
    }

    /// Lets the server outlive this process. A later start on its directory stops it.
    pub fn detach(self) {
        self.server.detach();
    }
}

/// The configuration. Paths are relative to the server's working directory, its own.
fn configuration(options: &NatsOptions, name: &str, port: u16, password: Option<&str>) -> String {
    let authorization = password.map_or_else(String::new, |password| {
        format!("authorization {{ user: {USER}, password: \"{password}\" }}\n")
    });
    let store = options.max_store_bytes;
    format!(
        "# Written at every start of handoffd.\n\
         listen: \"127.0.0.1:{port}\"\n\
         server_name: \"{name}\"\n\
         # An event may be 512 KiB; its headers come on top.\n\
         max_payload: 2097152\n\
         jetstream {{ store_dir: \"jetstream\", max_memory_store: 268435456, max_file_store: {store} }}\n\
         {authorization}"
    )
}

/// The line with which a server greets every connection.
async fn hello(port: u16) -> io::Result<String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let mut line = String::new();
    BufReader::new(stream.take(HELLO_LIMIT))
        .read_line(&mut line)
        .await?;
    Ok(line)
}
