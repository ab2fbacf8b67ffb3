//! The private servers of a `handoffd up`: where they are, and their passwords.

use std::{fs, path::Path};

use tokio_postgres::NoTls;

use super::BenchError;

/// The superuser, which has the name of the first database.
const USER: &str = "handoff";
/// The line of postmaster.pid that holds the port, from 0.
const PORT_LINE: usize = 3;

/// The private Postgres and NATS in a data directory, while they run.
#[derive(Clone)]
pub(super) struct Private {
    pub(super) postgres_port: u16,
    pub(super) postgres_password: String,
    nats_address: String,
    nats_password: String,
}

impl Private {
    pub(super) fn of(data: &Path) -> Result<Self, BenchError> {
        let read = |name: &str| {
            let path = data.join(name);
            fs::read_to_string(&path).map_err(BenchError::io(format!("read {}", path.display())))
        };
        let unusual = |name: &str| BenchError::Failed {
            program: "handoffd".to_owned(),
            said: format!("{name} in its data directory is not as expected"),
        };
        let pid_file = read("postgres/data/postmaster.pid")?;
        let port = pid_file.lines().nth(PORT_LINE).unwrap_or_default();
        let configuration = read("nats/nats.conf")?;
        let listen = configuration
            .lines()
            .find_map(|line| line.strip_prefix("listen:"))
            .ok_or_else(|| unusual("nats.conf"))?;
        Ok(Self {
            postgres_port: port.trim().parse().map_err(|_| unusual("postmaster.pid"))?,
            postgres_password: read("postgres/password")?.trim().to_owned(),
            nats_address: listen.trim().trim_matches('"').to_owned(),
            nats_password: read("nats/password")?.trim().to_owned(),
        })
    }

    pub(super) fn user(&self) -> &'static str {
        USER
    }

    pub(super) fn database_url(&self, database: &str) -> String {
        let (password, port) = (&self.postgres_password, self.postgres_port);
        format!("postgres://{USER}:{password}@127.0.0.1:{port}/{database}")
    }

    pub(super) fn nats_url(&self) -> String {
        format!("nats://{USER}:{}@{}", self.nats_password, self.nats_address)
    }

    /// A session in a database. It ends with the client.
    pub(super) async fn connect(
        &self,
        database: &str,
    ) -> Result<tokio_postgres::Client, BenchError> {
        let (client, connection) =
            tokio_postgres::connect(&self.database_url(database), NoTls).await?;
        // Errors of the connection come back from the queries.
        tokio::spawn(connection);
        Ok(client)
    }

    /// Makes an empty database, in place of one of that name. `name` is a plain word.
    pub(super) async fn fresh_database(&self, name: &str) -> Result<(), BenchError> {
        self.drop_database(name).await?;
        let client = self.connect(USER).await?;
        client
            .execute(&format!("create database {name}"), &[])
            .await?;
        Ok(())
    }

    /// Drops a database if it is there, whoever works in it. `name` is a plain word.
    pub(super) async fn drop_database(&self, name: &str) -> Result<(), BenchError> {
        let client = self.connect(USER).await?;
        client
            .execute(&format!("drop database if exists {name} with (force)"), &[])
            .await?;
        Ok(())
    }
}
