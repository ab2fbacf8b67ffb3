//! A database of its own on the servers of a service, and the roles that work there.

use std::path::PathBuf;

use super::{BenchError, private::Private, process::Process, programs, service::Service};
use crate::Target;

/// A database and a word for NATS that nobody else uses. What is started there is a process of its own.
pub(super) struct Corner {
    name: &'static str,
    private: Private,
    program: PathBuf,
    /// Where logs go.
    directory: PathBuf,
    environment: Vec<(String, String)>,
    target: Target,
}

impl Corner {
    pub(super) async fn make(service: &Service, name: &'static str) -> Result<Self, BenchError> {
        let private = service.private()?;
        private.fresh_database(name).await?;
        let data = service.data();
        let mut environment = vec![
            (
                "HANDOFF_DATABASE_URL".to_owned(),
                private.database_url(name),
            ),
            ("HANDOFF_NATS_URL".to_owned(), private.nats_url()),
            // Hints of one database are nothing to the other.
            ("HANDOFF_NATS_PREFIX".to_owned(), name.replace('_', "-")),
            ("HANDOFF_DATA_DIR".to_owned(), data.display().to_string()),
            (
                "HANDOFF_TOKEN_KEYS".to_owned(),
                data.join("keys/token-keys.json").display().to_string(),
            ),
        ];
        environment.extend(service.environment().iter().cloned());
        let mut migrate = tokio::process::Command::new(service.program());
        migrate.arg("migrate").envs(environment.iter().cloned());
        programs::output(migrate).await?;
        Ok(Self {
            name,
            private,
            program: service.program().to_owned(),
            directory: service.directory().to_owned(),
            environment,
            target: service.target().clone(),
        })
    }

    /// A superuser's session in the database.
    pub(super) async fn connect(&self) -> Result<tokio_postgres::Client, BenchError> {
        self.private.connect(self.name).await
    }

    /// Starts a role, `["project", "tasks"]`, with further options by their variables, and waits until it
    /// is ready; an api, until it serves.
    pub(super) async fn start(
        &self,
        role: &[&str],
        options: &[(&str, &str)],
    ) -> Result<Process, BenchError> {
        let mut environment = self.environment.clone();
        environment.extend(
            options
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        let mut process = Process::spawn(&self.program, role, &self.log_file(role), &environment)?;
        if let Some(address) = process.ready().await? {
            process.target = Target {
                servers: vec![format!("http://{address}")],
                ..self.target.clone()
            };
            process.serving().await?;
        }
        Ok(process)
    }

    /// A new one for each process.
    fn log_file(&self, role: &[&str]) -> PathBuf {
        let base = format!("{}-{}", self.name, role.join("-"));
        (1_u32..)
            .map(|n| self.directory.join(format!("{base}-{n}.log")))
            .find(|path| !path.exists())
            .expect("numbers do not end before files do")
    }

    /// Drops the database, which may be large. Nobody may work in it any more.
    pub(super) async fn remove(self) -> Result<(), BenchError> {
        self.private.drop_database(self.name).await
    }
}
