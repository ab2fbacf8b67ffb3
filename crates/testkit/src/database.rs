//! A migrated database for each test, cloned from a template.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::thread;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

use crate::shared::{Servers, servers};
use crate::unique_name;

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
/// The advisory lock under which templates are made; any number that nothing else locks in `postgres`.
const TEMPLATE_LOCK: i64 = 7_465_737;
/// A test does not wait longer than this for its database to go; the server's end removes it anyway.
const DROP_WITHIN: Duration = Duration::from_secs(10);

/// An up-to-date database of one test, on the shared Postgres. Dropped with this value, sessions or not.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where to connect as the superuser.
    pub url: String,
    pub name: String,
    server_url: String,
}

impl TestDatabase {
    /// A new database with all migrations applied and no data.
    pub async fn create() -> Self {
        let servers = servers().await;
        let template = template(servers).await;
        let name = unique_name("test");
        let server_url = servers.database_url("postgres");
        execute(
            &server_url,
            &format!("create database {name} template {template}"),
        )
        .await;
        Self {
            url: servers.database_url(&name),
            name,
            server_url,
        }
    }

    /// A session of its own. It ends when the client is dropped.
    pub async fn connect(&self) -> Client {
        connect(&self.url)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let url = std::mem::take(&mut self.server_url);
        let statement = format!("drop database if exists {} with (force)", self.name);
        // A drop may happen inside a runtime, where one cannot wait, or outside of any.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime
                .block_on(async {
                    let drop_database =
                        async { connect(&url).await?.batch_execute(&statement).await };
                    tokio::time::timeout(DROP_WITHIN, drop_database)
                        .await
                        .ok()
                        .transpose()
                })
                .map_err(std::io::Error::other)
        });
        // Whatever went wrong, it is not what the test is about.
        dropping.join().ok();
    }
}

/// A session whose connection is driven by the current runtime.
pub(crate) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn execute(url: &str, statements: &str) {
    let client = connect(url).await.expect("the shared Postgres");
    client
        .batch_execute(statements)
        .await
        .unwrap_or_else(|error| panic!("{statements}: {error:?}"));
}

/// The name of the template for today's migrations. Made by the first test that wants it.
async fn template(servers: &Servers) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let migrations = Migrations::read(Path::new(MIGRATIONS));
            let template = format!("template_{:016x}", migrations.hash);
            let client = connect(&servers.database_url("postgres"))
                .await
                .expect("the shared Postgres");
            // Until the end of the session.
            client
                .execute("select pg_advisory_lock($1)", &[&TEMPLATE_LOCK])
                .await
                .expect("the lock on templates");
            let exists = client
                .query_opt("select from pg_database where datname = $1", &[&template])
                .await
                .expect("the list of databases");
            if exists.is_none() {
                make_template(servers, &client, &template, migrations.count).await;
            }
            template
        })
        .await
}

/// Makes it under another name first, so that a half-made one is never cloned.
async fn make_template(servers: &Servers, client: &Client, template: &str, migrations: i64) {
    let making = format!("making_{template}");
    for statement in [
        format!("drop database if exists {making} with (force)"),
        format!("create database {making} template template0"),
    ] {
        client
            .batch_execute(&statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let url = servers.database_url(&making);
    handoff_event_log::migrate(&url)
        .await
        .unwrap_or_else(|error| panic!("the migrations: {error:?}"));
    let applied: i64 = connect(&url)
        .await
        .expect("the template")
        .query_one("select count(*) from refinery_schema_history", &[])
        .await
        .expect("the list of migrations")
        .get(0);
    assert_eq!(
        applied, migrations,
        "handoff-event-log was built with other migrations than there are now; \
         touch crates/event-log/src/migrate.rs and build again"
    );
    for statement in [
        // Waits for the sessions above to end.
        format!("alter database {making} rename to {template}"),
        format!("alter database {template} with is_template true allow_connections false"),
    ] {
        client
            .batch_execute(&statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

/// The files in `migrations/`: how many, and a number that changes with any of them.
struct Migrations {
    count: i64,
    hash: u64,
}

impl Migrations {
    fn read(directory: &Path) -> Self {
        let mut files: Vec<_> = fs::read_dir(directory)
            .expect("the migrations")
            .map(|entry| entry.expect("a migration").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
            .collect();
        files.sort();
        let mut hasher = DefaultHasher::new();
        for file in &files {
            file.file_name().hash(&mut hasher);
            fs::read(file).expect("a migration").hash(&mut hasher);
        }
        Self {
            count: i64::try_from(files.len()).expect("a few migrations"),
            hash: hasher.finish(),
        }
    }
}
