//! The command line as a whole: what is common to all commands, and the list of commands.

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::{
    command::{
        account::AccountCommand, activity::ActivityCommand, document::DocumentCommand,
        events::EventsCommand, history::HistoryCommand, log::LogCommand, member::MemberCommand,
        operation::OperationCommand, order::OrderCommand, portal::PortalCommand,
        projections::ProjectionsCommand, role::RoleCommand, service::ServiceCommand,
        settings::SettingsCommand, task::TaskCommand, todo::TodoCommand,
    },
    import::ImportCommand,
};

const AFTER_HELP: &str = "\
The server and token are those of the first of these that is given:
  --server, --context, --data-dir
  HANDOFF_SERVER, HANDOFF_CONTEXT, HANDOFF_DATA_DIR
  the context that the configuration file names
  a `handoffd up` on this machine
With --server and HANDOFF_SERVER the token comes from --token-file, HANDOFF_TOKEN or HANDOFF_TOKEN_FILE.

Exit status: 0 done, 1 refused or failed, 2 not understood.";

/// Hands work to a team, and shows who has it and why.
#[derive(Debug, Parser)]
#[command(name = "handoff", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,

    /// How answers are written: for people, or as JSON, one object a line
    #[arg(long, short, global = true, value_enum, default_value_t)]
    pub(crate) output: Format,

    /// How long one request may take, with its retries: 500ms, 30s, 2m
    #[arg(long, global = true, default_value = "30s", value_name = "DURATION")]
    pub(crate) timeout: Timeout,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the server is and who is calling.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// Address of the server, such as http://127.0.0.1:7400
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// File that holds the token and nothing else
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Context of the configuration file
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// Configuration file [default: ~/.config/handoff/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Data directory of a `handoffd up` on this machine
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// How answers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables on a terminal, aligned text elsewhere
    #[default]
    Table,
    /// One object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What there is to do: an admin sees all, others their own and nobody's
    Todo(TodoCommand),
    /// Customers and leads
    #[command(subcommand)]
    Account(AccountCommand),
    /// Who is responsible for what at an account
    #[command(subcommand)]
    Role(RoleCommand),
    /// Pieces of work
    #[command(subcommand)]
    Task(TaskCommand),
    /// Files on tasks
    #[command(subcommand)]
    Document(DocumentCommand),
    /// Follow-ups and reminders on accounts
    #[command(subcommand)]
    Activity(ActivityCommand),
    /// People of the team
    #[command(subcommand)]
    Member(MemberCommand),
    /// What is sold, and the templates of its checklists
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Purchases of services, and their checklists
    #[command(subcommand)]
    Order(OrderCommand),
    /// What a contact sees and does, with a contact's token
    #[command(subcommand)]
    Portal(PortalCommand),
    /// Ownership changes: how far they are, what they did, and taking them back
    #[command(subcommand, visible_alias = "operations")]
    Operation(OperationCommand),
    /// What an admin decides for the whole service
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// What happened to a resource, newest first, or how it was
    History(HistoryCommand),
    /// The log, event by event
    #[command(subcommand)]
    Events(EventsCommand),
    /// Read models: how far each is, rebuilding, events that cannot be applied
    Projections(ProjectionsCommand),
    /// The log as a whole
    #[command(subcommand)]
    Log(LogCommand),
    /// Creates members, accounts, contacts and tasks from CSV files; importing one again changes nothing
    #[command(subcommand)]
    Import(ImportCommand),
    /// Writes completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// A positive duration with its unit: `500ms`, `30s`, `2m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeout(Duration);

impl From<Timeout> for Duration {
    fn from(timeout: Timeout) -> Self {
        timeout.0
    }
}

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number = digits
            .parse::<u32>()
            .ok()
            .filter(|number| *number > 0)
            .map(u64::from);
        match (number, &text[digits.len()..]) {
            (Some(number), "ms") => Ok(Self(Duration::from_millis(number))),
            (Some(number), "s") => Ok(Self(Duration::from_secs(number))),
            (Some(number), "m") => Ok(Self(Duration::from_secs(number * 60))),
            _ => Err("write a whole number and its unit: 500ms, 30s or 2m".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_timeout_has_a_unit() {
        assert_eq!("500ms".parse(), Ok(Timeout(Duration::from_millis(500))));
        assert_eq!("2m".parse(), Ok(Timeout(Duration::from_secs(120))));
        for bad in ["", "5", "s", "0s", "-1s", "1.5s", "5h"] {
            assert!(bad.parse::<Timeout>().is_err(), "{bad}");
        }
    }
}
