//! A `handoffd` of the run's own.

use std::{
    env,
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    Bench, BenchError,
    corner::Corner,
    private::Private,
    process::{CONNECTIONS, Process},
    programs,
};
use crate::Target;

/// A `handoffd up` with servers and data of its own. All of it is gone when it is dropped.
pub(super) struct Service {
    // Dropped in this order: the directory goes when nobody works in it.
    process: Process,
    directory: TempDir,
    program: PathBuf,
    environment: Vec<(String, String)>,
}

impl Service {
    /// Starts it in a new directory, and waits until it serves. It and its servers get `environment` too.
    pub(super) async fn up(
        bench: &Bench,
        environment: &[(String, String)],
    ) -> Result<Self, BenchError> {
        let program = program(bench)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix("handoff-bench-");
        // Root's servers run under another account, which must be able to come here.
        builder.permissions(Permissions::from_mode(0o711));
        let directory = match &bench.directory {
            Some(directory) => builder.tempdir_in(directory),
            None => builder.tempdir(),
        };
        let directory = directory.map_err(BenchError::io("make a directory"))?;
        let environment = environment.to_vec();
        let process = start_up(&program, directory.path(), &environment).await?;
        Ok(Self {
            process,
            directory,
            program,
            environment,
        })
    }

    /// Stops it in order and starts it again on its data; answers how long the start took.
    pub(super) async fn restart(&mut self) -> Result<Duration, BenchError> {
        self.process.stop().await?;
        let began = Instant::now();
        self.process = start_up(&self.program, self.directory.path(), &self.environment).await?;
        Ok(began.elapsed())
    }

    /// Starts an api alone, in a new database on the same servers.
    pub(super) async fn api_alone(&self, database: &'static str) -> Result<Process, BenchError> {
        self.corner(database).await?.start(&["api"], &[]).await
    }

    /// A new database with the tables and nothing in them, on the same servers. `name` is a plain word.
    pub(super) async fn corner(&self, name: &'static str) -> Result<Corner, BenchError> {
        Corner::make(self, name).await
    }

    /// Where its API is.
    pub(super) fn target(&self) -> &Target {
        &self.process.target
    }

    pub(super) fn private(&self) -> Result<Private, BenchError> {
        Private::of(&self.data())
    }

    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    pub(super) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Where logs go.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn data(&self) -> PathBuf {
        data(self.directory.path())
    }
}

fn data(directory: &Path) -> PathBuf {
    directory.join("data")
}

/// The release build beside this program, unless another is named.
fn program(bench: &Bench) -> Result<PathBuf, BenchError> {
    if let Some(program) = &bench.handoffd {
        return Ok(program.clone());
    }
    let own = env::current_exe().map_err(BenchError::io("find this program"))?;
    let beside = own.with_file_name("handoffd");
    if beside.is_file() {
        return Ok(beside);
    }
    programs::find("handoffd", Vec::new())
}

async fn start_up(
    program: &Path,
    directory: &Path,
    environment: &[(String, String)],
) -> Result<Process, BenchError> {
    let data = data(directory);
    let mut environment = environment.to_vec();
    environment.push(("HANDOFF_DATA_DIR".to_owned(), data.display().to_string()));
    let log = directory.join("up.log");
    let mut process = Process::spawn(program, &["up"], &log, &environment)?;
    process.ready().await?;
    process.target = Target::from_client_file(&data.join("client.json"), CONNECTIONS)?;
    process.serving().await?;
    Ok(process)
}
