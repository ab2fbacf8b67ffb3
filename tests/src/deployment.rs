//! A database and a NATS, and any number of `handoffd` processes on them.

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use handoff_proto::v1::ListProjectionsRequest;
use handoff_testkit::{PrivateNats, PrivatePostgres, TestDatabase, TestNats, eventually, program};
use tempfile::TempDir;

use crate::{Client, Process};

/// Where the processes of one Handoff find Postgres, NATS and their keys.
pub struct Deployment {
    /// Where the superuser connects.
    pub database_url: String,
    nats_url: String,
    nats_prefix: String,
    /// Where the processes connect, if not there.
    links: Option<(String, String)>,
    directory: TempDir,
    started: AtomicUsize,
    /// They go with this value.
    shared: (Option<TestDatabase>, Option<TestNats>),
}

/// The read models that a deployment folds.
const PROJECTIONS: [&str; 16] = [
    "accounts",
    "members",
    "tasks",
    "task_texts",
    "task_notes",
    "services",
    "orders",
    "order_notes",
    "portal",
    "portal_notes",
    "timelines",
    "history",
    "documents",
    "activities",
    "operations",
    "operation_items",
];

impl Deployment {
    /// A database and a stream of its own on the servers that all tests share.
    pub async fn shared() -> Self {
        let (database, nats) = tokio::join!(TestDatabase::create(), TestNats::start_shared());
        let mut deployment = Self::at(&database.url, &nats.url);
        deployment.nats_prefix = nats.prefix.clone();
        deployment.shared = (Some(database), Some(nats));
        deployment
    }

    /// On a Postgres that the test breaks; brings its database up to date.
    pub async fn on_postgres(postgres: &PrivatePostgres) -> Self {
        let nats = TestNats::start_shared().await;
        let mut deployment = Self::at(&postgres.url("handoff"), &nats.url);
        deployment.nats_prefix = nats.prefix.clone();
        deployment.shared = (None, Some(nats));
        deployment.migrate().await;
        deployment
    }

    /// On a NATS that the test breaks.
    pub async fn on_nats(nats: &PrivateNats) -> Self {
        let database = TestDatabase::create().await;
        let mut deployment = Self::at(&database.url, nats.url());
        deployment.shared = (Some(database), None);
        deployment
    }

    /// On a Postgres and a NATS that the test breaks; brings the database up to date.
    pub async fn on(postgres: &PrivatePostgres, nats: &PrivateNats) -> Self {
        let deployment = Self::at(&postgres.url("handoff"), nats.url());
        deployment.migrate().await;
        deployment
    }

    fn at(database_url: &str, nats_url: &str) -> Self {
        Self {
            database_url: database_url.to_owned(),
            nats_url: nats_url.to_owned(),
            nats_prefix: "handoff".to_owned(),
            links: None,
            directory: tempfile::tempdir().expect("a temporary directory"),
            started: AtomicUsize::new(0),
            shared: (None, None),
        }
    }

    async fn migrate(&self) {
        let mut migrate = self.process(&["migrate"], &[]);
        assert!(migrate.ended().await.success(), "{}", migrate.log());
    }

    /// Lets the processes that start from now on reach Postgres and NATS on other ports of this machine:
    /// those of proxies.
    pub fn link(&mut self, postgres: u16, nats: u16) {
        self.links = Some((
            with_port(&self.database_url, postgres),
            with_port(&self.nats_url, nats),
        ));
    }

    /// The directory of keys and logs.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The first word of all subjects in NATS.
    pub fn nats_prefix(&self) -> &str {
        &self.nats_prefix
    }

    /// Where NATS is.
    pub fn nats_url(&self) -> &str {
        &self.nats_url
    }

    /// Starts `handoffd`; `environment` wins over what the deployment says.
    pub fn process(&self, args: &[&str], environment: &[(&str, &str)]) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let name = format!("{number}-{}", args[0]);
        let keys = self.directory().join("keys/token-keys.json");
        let (database_url, nats_url) = match &self.links {
            Some((database_url, nats_url)) => (database_url.as_str(), nats_url.as_str()),
            None => (self.database_url.as_str(), self.nats_url.as_str()),
        };
        // Whoever is everything keeps its directory to itself.
        let directory = match args {
            ["up"] => self.directory().join(&name),
            _ => self.directory().to_owned(),
        };
        let directory = directory.to_string_lossy();
        let keys = keys.to_string_lossy();
        let all: Vec<_> = [
            ("HANDOFF_DATABASE_URL", database_url),
            ("HANDOFF_NATS_URL", nats_url),
            ("HANDOFF_NATS_PREFIX", &self.nats_prefix),
            ("HANDOFF_DATA_DIR", &directory),
            ("HANDOFF_TOKEN_KEYS", &keys),
            ("HANDOFF_LISTEN", "127.0.0.1:0"),
            ("HANDOFF_HTTP_LISTEN", "127.0.0.1:0"),
        ]
        .into_iter()
        .chain(environment.iter().copied())
        .collect();
        Process::start(self.directory(), &name, args, &all)
    }

    /// A token of this deployment's key.
    pub fn token(&self, args: &[&str]) -> String {
        let output = Command::new(program::handoffd())
            .arg("token")
            .args(args)
            .arg("--data-dir")
            .arg(self.directory())
            .output()
            .expect("handoffd starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Starts a role and waits until it is ready.
    pub async fn role(&self, args: &[&str]) -> Process {
        self.role_with(args, &[]).await
    }

    /// The same, with further variables.
    pub async fn role_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Process {
        let mut process = self.process(args, environment);
        process.logged("ready", "http").await;
        process
    }

    /// Starts an api and waits until it is ready; answers with a client of `members/admin` too.
    pub async fn api(&self) -> (Process, Client) {
        self.api_with(&[]).await
    }

    /// The same, with further variables.
    pub async fn api_with(&self, environment: &[(&str, &str)]) -> (Process, Client) {
        let token = self.token(&["members/admin"]);
        let mut process = self.role_with(&["api"], environment).await;
        let address = process.logged("ready", "api").await;
        (process, Client::new(&format!("http://{address}"), &token))
    }

    /// Starts a relay, a process for each read model and one for the policies, as operators would.
    pub async fn followers(&self) -> Vec<Process> {
        let mut processes = vec![self.role(&["relay"]).await];
        for name in PROJECTIONS {
            processes.push(self.role(&["project", name]).await);
        }
        processes.push(self.role(&["policies"]).await);
        processes
    }

    /// A connection of the superuser.
    ///
    /// # Panics
    /// When Postgres is stopped.
    pub async fn connect(&self) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.database_url, tokio_postgres::NoTls)
                .await
                .expect("a connection");
        tokio::spawn(connection);
        client
    }

    /// Waits until every read model includes the whole log, and so does every policy that runs.
    pub async fn caught_up(&self, client: &Client) {
        eventually("no lag", Duration::from_secs(60), async || {
            let answer = client
                .projections
                .clone()
                .list_projections(ListProjectionsRequest::default())
                .await;
            let projections = answer
                .map_err(|status| status.to_string())?
                .into_inner()
                .projections;
            let are_there = |name| {
                projections
                    .iter()
                    .any(|p| p.name == format!("projections/{name}"))
            };
            if PROJECTIONS.iter().all(are_there) && projections.iter().all(|p| p.lag_events == 0) {
                Ok(())
            } else {
                Err(format!("{projections:?}"))
            }
        })
        .await;
    }
}

/// The URL of a server on this machine with another port.
fn with_port(url: &str, port: u16) -> String {
    let (before, after) = url.split_once("127.0.0.1:").expect("a URL of loopback");
    let path = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}127.0.0.1:{port}{path}")
}
