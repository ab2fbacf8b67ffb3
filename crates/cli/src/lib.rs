//! The command `handoff`: a gRPC client for people.
//!
//! It knows the API's protos and nothing else of Handoff, and remembers nothing between two commands.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

mod args;
mod command;
mod config;
mod date;
mod editor;
mod error;
mod filter;
mod html;
mod import;
mod json;
mod list;
mod name;
mod output;
mod retry;
mod session;
mod time;

use args::{Cli, Command};
use error::Error;
use output::Printer;
use session::Session;

/// Parses the arguments, does what they say, and reports what went wrong.
///
/// Ends with 0 if all was done, 1 if something was refused or failed, 2 if the command was not understood.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::new(cli.output);
    match execute(cli, &printer).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough, as in `handoff task list | head`.
        Err(Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            printer.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

async fn execute(cli: Cli, printer: &Printer) -> Result<(), Error> {
    if let Command::Completions { shell } = cli.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "handoff", &mut script);
        return Ok(printer.bytes(&script)?);
    }
    let target = config::resolve(&cli.connection, |name| std::env::var(name).ok())?;
    let session = Session::new(target, cli.timeout.into(), time::now(), !printer.is_json())?;
    match cli.command {
        Command::Account(command) => command.run(&session, printer).await,
        Command::Role(command) => command.run(&session, printer).await,
        Command::Todo(command) => command.run(&session, printer).await,
        Command::Task(command) => command.run(&session, printer).await,
        Command::Document(command) => command.run(&session, printer).await,
        Command::Activity(command) => command.run(&session, printer).await,
        Command::Member(command) => command.run(&session, printer).await,
        Command::Service(command) => command.run(&session, printer).await,
        Command::Order(command) => command.run(&session, printer).await,
        Command::Portal(command) => command.run(&session, printer).await,
        Command::Operation(command) => command.run(&session, printer).await,
        Command::Settings(command) => command.run(&session, printer).await,
        Command::History(command) => command.run(&session, printer).await,
        Command::Events(command) => command.run(&session, printer).await,
        Command::Projections(command) => command.run(&session, printer).await,
        Command::Log(command) => command.run(&session, printer).await,
        Command::Import(command) => command.run(&session, printer).await,
        Command::Completions { .. } => Ok(()),
    }
}
