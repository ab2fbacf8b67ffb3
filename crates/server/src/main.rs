//! `handoffd`: the service. One subcommand a role; `up` runs all of them.

mod api;
mod args;
mod documents;
mod error;
mod first_member;
mod followers;
mod http;
mod options;
mod policies;
mod roles;
mod servers;
mod token;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use handoff_event_log::{Database, begin_epoch, migrate};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    args::{Cli, Command},
    error::{ServerError, chain},
    options::{LogFormat, Options},
    roles::{Endpoints, Roles},
    servers::Servers,
};

/// A command is some hundred small allocations on several threads, which costs the system's allocator a
/// fifth of this program's time, and this one a third of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("handoffd: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), ServerError> {
    let cli = Cli::read()?;
    let options = cli.options.with_file()?;
    log_to_stderr(&options);
    if let Some(planted) = handoff_failpoints::planted() {
        tracing::warn!(planted, "this program is built to fail, for tests");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ServerError::Signals)?;
    runtime.block_on(run(cli.command, &options))
}

async fn run(command: Command, options: &Options) -> Result<(), ServerError> {
    match command {
        Command::Up => up(options).await,
        Command::Api => role(options, Roles::api()).await,
        Command::Relay => role(options, Roles::relay()).await,
        Command::Project { names } => role(options, Roles::project(names)).await,
        Command::Policies => role(options, Roles::policies()).await,
        Command::Migrate => Ok(migrate(&options.database_url()?).await?),
        Command::NewEpoch => new_epoch(options).await,
        Command::Token(args) => {
            println!("{}", token::make(options, &args)?);
            Ok(())
        }
    }
}

/// Tells positions that are given from now on apart from those that were lost.
async fn new_epoch(options: &Options) -> Result<(), ServerError> {
    let database = Database::new(&options.database_url()?).map_err(ServerError::DatabaseUrl)?;
    let (epoch, after) = begin_epoch(&database).await?;
    println!("Epoch {epoch} begins after position {after}.");
    Ok(())
}

/// Runs some roles against servers that are there.
async fn role(options: &Options, roles: Roles) -> Result<(), ServerError> {
    let endpoints = Endpoints {
        database_url: options.database_url()?,
        nats_url: options.nats_url()?,
        token_keys: options.token_keys().map(Into::into),
        documents: match roles.api {
            true => documents::store(options)?,
            false => None,
        },
    };
    let shutdown = stop_on_signals()?;
    roles::run(options, roles, &endpoints, shutdown, |_| Ok(())).await
}

/// Runs everything, with private servers where none are named.
async fn up(options: &Options) -> Result<(), ServerError> {
    // From here on a signal stops in order what was started.
    let shutdown = stop_on_signals()?;
    let starting = Servers::start(options);
    let Some(servers) = shutdown.run_until_cancelled(starting).await else {
        return Ok(());
    };
    let mut servers = servers?;
    let (database_url, nats_url) = servers.urls();
    let ran = tokio::select! {
        ran = serve(options, database_url, nats_url, shutdown.clone()) => ran,
        error = servers.exited() => Err(error),
    };
    shutdown.cancel();
    servers.stop().await;
    ran
}

async fn serve(
    options: &Options,
    database_url: String,
    nats_url: String,
    shutdown: CancellationToken,
) -> Result<(), ServerError> {
    migrate(&database_url).await?;
    let issuer = token::issuer(&options.data_dir())?;
    let token_keys = Some(
        options
            .token_keys()
            .unwrap_or(issuer.keys_path())
            .to_owned(),
    );
    let endpoints = Endpoints {
        database_url,
        nats_url,
        token_keys,
        documents: Some(documents::store_or_own(options)?),
    };
    roles::run(options, Roles::all(), &endpoints, shutdown, |api| {
        let server = format!("http://{}", api.unwrap_or_default());
        token::write_client_file(options, &issuer, &server)?;
        tracing::info!(data = %options.data_dir().display(), "Handoff is up; try `handoff task list`");
        Ok(())
    })
    .await
}

/// A token that SIGINT and SIGTERM cancel. Stopping has its cap, so more of them change nothing.
fn stop_on_signals() -> Result<CancellationToken, ServerError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServerError::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(ServerError::Signals)?;
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            };
            tracing::info!(signal = name, "stopping");
            token.cancel();
        }
    });
    Ok(shutdown)
}

fn log_to_stderr(options: &Options) {
    let filter = EnvFilter::builder().parse_lossy(options.log());
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match options.log_format() {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
}
