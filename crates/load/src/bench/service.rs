//! A `handoffd` of the run's own.

use std::{
    env,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::sleep;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

use super::{Bench, BenchError, private::Private, programs};
use crate::{Client, Target};

/// How long a service may take to be ready; a slow disk makes the first start slow.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(5);
/// Connections that the clients share.
const CONNECTIONS: usize = 8;
/// Lines of a log that are shown.
const TAIL: usize = 5;

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
    pub(super) async fn api_alone(&self, database: &str) -> Result<Process, BenchError> {
        let private = self.private()?;
        private.fresh_database(database).await?;
        let data = self.data();
        let mut environment = vec![
            (
                "HANDOFF_DATABASE_URL".to_owned(),
                private.database_url(database),
            ),
            ("HANDOFF_NATS_URL".to_owned(), private.nats_url()),
            // Hints of one database are nothing to the other.
            ("HANDOFF_NATS_PREFIX".to_owned(), database.replace('_', "-")),
            ("HANDOFF_DATA_DIR".to_owned(), data.display().to_string()),
            (
                "HANDOFF_TOKEN_KEYS".to_owned(),
                data.join("keys/token-keys.json").display().to_string(),
            ),
        ];
        environment.extend(self.environment.iter().cloned());
        let mut migrate = tokio::process::Command::new(&self.program);
        migrate.arg("migrate").envs(environment.iter().cloned());
        programs::output(migrate).await?;
        let mut process = Process::spawn(
            &self.program,
            "api",
            &self.directory.path().join(format!("{database}.log")),
            &environment,
        )?;
        let server = format!("http://{}", process.ready().await?);
        process.target = Target {
            servers: vec![server],
            ..self.target().clone()
        };
        process.serving().await?;
        Ok(process)
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
    let mut process = Process::spawn(program, "up", &log, &environment)?;
    process.ready().await?;
    process.target = Target::from_client_file(&data.join("client.json"), CONNECTIONS)?;
    process.serving().await?;
    Ok(process)
}

/// A running `handoffd`. Dropping it stops it in order.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
    target: Target,
}

impl Process {
    /// Starts a role on any free ports. Its log goes to a file, a JSON object a line.
    fn spawn(
        program: &Path,
        role: &str,
        log: &Path,
        environment: &[(String, String)],
    ) -> Result<Self, BenchError> {
        let file = File::create(log).map_err(BenchError::io("make a log file"))?;
        let mut command = Command::new(program);
        // What is set for another service must not lead this one there.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("HANDOFF_") {
                command.env_remove(name);
            }
        }
        let child = command
            .arg(role)
            .args(["--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"])
            .args(["--log-format", "json"])
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(BenchError::io(format!("start {}", program.display())))?;
        Ok(Self {
            child,
            log: log.to_owned(),
            target: Target {
                servers: Vec::new(),
                token: String::new(),
                connections: CONNECTIONS,
            },
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it says that it is ready; answers the address of its API.
    async fn ready(&mut self) -> Result<String, BenchError> {
        let began = Instant::now();
        loop {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let said = log
                .lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .find(|line| line["fields"]["message"] == "ready")
                .and_then(|line| line["fields"]["api"].as_str().map(str::to_owned));
            if let Some(address) = said {
                return Ok(address);
            }
            self.still_waiting(began)?;
            sleep(LOOK).await;
        }
    }

    /// Waits until health says SERVING.
    async fn serving(&mut self) -> Result<(), BenchError> {
        let began = Instant::now();
        let mut health = Client::first(&self.target)?.health();
        loop {
            let answer = health.check(HealthCheckRequest::default()).await;
            if answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving) {
                return Ok(());
            }
            self.still_waiting(began)?;
            sleep(LOOK).await;
        }
    }

    fn still_waiting(&mut self, began: Instant) -> Result<(), BenchError> {
        let waiting = self.child.try_wait();
        if waiting
            .map_err(BenchError::io("wait for handoffd"))?
            .is_some()
        {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
            return Err(BenchError::Ended { tail });
        }
        if began.elapsed() > PATIENCE {
            let seconds = PATIENCE.as_secs();
            return Err(BenchError::NotReady { seconds });
        }
        Ok(())
    }

    /// Asks it to stop and waits until it has.
    async fn stop(&mut self) -> Result<(), BenchError> {
        self.ask_to_stop();
        let ended = loop {
            let waiting = self.child.try_wait();
            if let Some(status) = waiting.map_err(BenchError::io("wait for handoffd"))? {
                break status;
            }
            sleep(LOOK).await;
        };
        match ended.success() {
            true => Ok(()),
            false => Err(BenchError::Ended {
                tail: format!("{ended}"),
            }),
        }
    }

    fn ask_to_stop(&self) {
        // It may have ended already.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.ask_to_stop();
        }
        // Its own stopping has its cap. Killing it would leave its servers behind.
        let _ = self.child.wait();
    }
}
