//! The command line of `handoffd`.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, parser::ValueSource};
use handoff_domain::names::Actor;

use crate::options::{Options, OptionsError, has_password};

/// An event-sourced task service for customer accounts.
#[derive(Debug, Parser)]
#[command(name = "handoffd", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// One role a subcommand, so that each can be run and scaled alone.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs everything in one process, with a private Postgres and NATS where none is named
    Up,
    /// Answers commands and queries over gRPC
    Api,
    /// Publishes the log to NATS; one is active, others stand by
    Relay,
    /// Folds events into read models; several share the work of each
    Project {
        /// Read models to fold
        #[arg(required = true, value_name = "NAME", value_parser = ["accounts", "members", "tasks", "task_texts", "task_notes", "timelines", "history", "operations", "operation_items"])]
        names: Vec<String>,
    },
    /// Acts on events with commands of its own; several share the work of each policy
    Policies,
    /// Brings the database up to date
    Migrate,
    /// Begins a new epoch, after the database was put back to an older copy
    ///
    /// Positions beyond the end of that copy will be given again. The new epoch tells them apart: the
    /// relay replaces the NATS stream, and every process forgets what it knew of the lost end. Start
    /// nothing else on the restored database before.
    NewEpoch,
    /// Prints a token for a caller, signed with the key of the data directory
    Token(TokenArgs),
}

/// Who gets a token, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// Name of the caller: members/ana, service-accounts/crm
    pub(crate) subject: Actor,
    /// What a service account may do
    #[arg(long, value_parser = ["service_account", "analyst", "operator"])]
    pub(crate) role: Option<String>,
    /// Lets a service account act for members
    #[arg(long)]
    pub(crate) may_act_for_members: bool,
    /// Days until it expires
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    pub(crate) days: u16,
}

impl Cli {
    /// Reads the command line and the environment; exits with usage and code 2 where that fails.
    pub(crate) fn read() -> Result<Self, OptionsError> {
        let matches = Self::command().get_matches();
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let innermost = matches
            .subcommand()
            .map_or(&matches, |(_, matches)| matches);
        for (id, option, variable, url) in [
            (
                "database_url",
                "--database-url",
                "HANDOFF_DATABASE_URL",
                &cli.options.database_url,
            ),
            (
                "nats_url",
                "--nats-url",
                "HANDOFF_NATS_URL",
                &cli.options.nats_url,
            ),
        ] {
            let on_command_line = innermost.value_source(id) == Some(ValueSource::CommandLine);
            if on_command_line && url.as_deref().is_some_and(has_password) {
                return Err(OptionsError::Secret { option, variable });
            }
        }
        Ok(cli)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
