//! How sessions with Postgres are made: one place for their names, roles and settings.

use std::time::Duration;

use deadpool_postgres::{ManagerConfig, Pool, PoolConfig, RecyclingMethod};
use tokio_postgres::{Config, NoTls};

use crate::error::LogError;

/// What a session may do. Each is a role of the database, made by the migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Appends to the log.
    Appender,
    /// Moves the relay's cursor.
    Relay,
    /// Writes read models and their checkpoints.
    Projector,
    /// Writes the state of policies, what they have decided, and their jobs.
    Policy,
    /// Reads.
    Reader,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Appender => "handoff_appender",
            Self::Relay => "handoff_relay",
            Self::Projector => "handoff_projector",
            Self::Policy => "handoff_policy",
            Self::Reader => "handoff_reader",
        }
    }
}

/// The database of one Handoff.
#[derive(Clone)]
pub struct Database {
    config: Config,
}

impl Database {
    /// Reads a `postgres://` URL. Nothing is connected yet.
    pub fn new(url: &str) -> Result<Self, tokio_postgres::Error> {
        let mut config: Config = url.parse()?;
        config
            .connect_timeout(Duration::from_secs(5))
            // A peer that vanished without a word is noticed in seconds, not hours.
            .tcp_user_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(5));
        Ok(Self { config })
    }

    /// The configuration of a session in a role. `settings` are Postgres settings of the session,
    /// `-c name=value` each; `application` shows in `pg_stat_activity`.
    pub fn config(&self, role: Role, application: &str, settings: &str) -> Config {
        let mut config = self.config.clone();
        config.application_name(application).options(format!(
            "-c role={} -c timezone=UTC {settings}",
            role.name()
        ));
        config
    }

    /// A pool of at most `size` sessions in a role, made when they are first needed. Waiting for one
    /// takes at most 5 seconds.
    pub fn pool(&self, role: Role, application: &str, settings: &str, size: usize) -> Pool {
        let manager = deadpool_postgres::Manager::from_config(
            self.config(role, application, settings),
            NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let mut limits = PoolConfig::new(size);
        limits.timeouts.wait = Some(Duration::from_secs(5));
        limits.timeouts.create = Some(Duration::from_secs(5));
        Pool::builder(manager)
            .config(limits)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .build()
            .expect("a runtime is given, which is all that building needs")
    }

    /// Connects one session; its connection runs as a task of the current runtime.
    pub async fn connect(
        &self,
        role: Role,
        application: &str,
        settings: &str,
    ) -> Result<tokio_postgres::Client, LogError> {
        let (client, connection) = self
            .config(role, application, settings)
            .connect(NoTls)
            .await
            .map_err(LogError::Unavailable)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to Postgres ended");
            }
        });
        Ok(client)
    }
}
