//! Postgres and NATS of the test's own, and any number of `handoffd` processes on them.

use std::{path::Path, process::Command, time::Duration};

use handoff_proto::v1::ListProjectionsRequest;
use handoff_testkit::{PrivateNats, PrivatePostgres, eventually, program};
use tempfile::TempDir;

use crate::{Client, Process};

/// Servers of the test's own. Everything ends with it.
pub struct Deployment {
    pub postgres: PrivatePostgres,
    pub nats: PrivateNats,
    directory: TempDir,
    started: usize,
}

/// The read models that a deployment folds.
const PROJECTIONS: [&str; 5] = ["accounts", "members", "tasks", "timelines", "history"];

impl Deployment {
    /// Starts both servers and brings the database up to date.
    pub async fn start() -> Self {
        let (postgres, nats) = tokio::join!(PrivatePostgres::start(), PrivateNats::start());
        let directory = tempfile::tempdir().expect("a temporary directory");
        let deployment = Self {
            postgres,
            nats,
            directory,
            started: 0,
        };
        let mut migrate = deployment.run(&["migrate"], &deployment.database_url());
        assert!(migrate.ended().await.success(), "{}", migrate.log());
        deployment
    }

    /// The directory of keys and logs.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn run(&self, args: &[&str], database_url: &str) -> Process {
        let name = format!("{}-{}", self.started, args[0]);
        let keys = self.directory().join("keys/token-keys.json");
        let directory = self.directory().to_string_lossy().into_owned();
        let environment = [
            ("HANDOFF_DATABASE_URL", database_url),
            ("HANDOFF_NATS_URL", self.nats.url()),
            ("HANDOFF_DATA_DIR", directory.as_str()),
            (
                "HANDOFF_TOKEN_KEYS",
                keys.to_str().expect("a path of UTF-8"),
            ),
            ("HANDOFF_LISTEN", "127.0.0.1:0"),
            ("HANDOFF_HTTP_LISTEN", "127.0.0.1:0"),
        ];
        Process::start(self.directory(), &name, args, &environment)
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

    /// Where the superuser connects.
    pub fn database_url(&self) -> String {
        self.postgres.url("handoff")
    }

    /// Starts a role and waits until it is ready.
    pub async fn role(&mut self, args: &[&str]) -> Process {
        self.role_as(args, &self.database_url()).await
    }

    /// Starts a role that connects to Postgres as somebody else.
    pub async fn role_as(&mut self, args: &[&str], database_url: &str) -> Process {
        self.started += 1;
        let mut process = self.run(args, database_url);
        process.logged("ready", "http").await;
        process
    }

    /// Starts an api and waits until it is ready; answers with a client of `members/admin` too.
    pub async fn api(&mut self) -> (Process, Client) {
        self.api_as(&self.database_url()).await
    }

    /// Starts an api that connects to Postgres as somebody else.
    pub async fn api_as(&mut self, database_url: &str) -> (Process, Client) {
        let token = self.token(&["members/admin"]);
        let mut process = self.role_as(&["api"], database_url).await;
        let address = process.logged("ready", "api").await;
        (process, Client::new(&format!("http://{address}"), &token))
    }

    /// Starts a relay and a process for each read model, as operators would.
    pub async fn followers(&mut self) -> Vec<Process> {
        let mut processes = vec![self.role(&["relay"]).await];
        for name in PROJECTIONS {
            processes.push(self.role(&["project", name]).await);
        }
        processes
    }

    /// A connection of the superuser.
    ///
    /// # Panics
    /// When Postgres is stopped.
    pub async fn connect(&self) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.database_url(), tokio_postgres::NoTls)
                .await
                .expect("a connection");
        tokio::spawn(connection);
        client
    }

    /// Waits until every read model includes the whole log.
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
            if projections.len() == PROJECTIONS.len()
                && projections.iter().all(|p| p.lag_events == 0)
            {
                Ok(())
            } else {
                Err(format!("{projections:?}"))
            }
        })
        .await;
    }
}
