//! The command line of `handoff-load`.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};
use handoff_load::{
    TargetArgs, Tries, bench::Bench, checker::Check, closed_loop::ClosedLoop, open_loop::OpenLoop,
};

/// Load over gRPC, a check of what it recorded, and the benchmarks.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Clients that wait for their answer before they send the next command
    Closed {
        /// Numbers of clients, which run one after the other
        #[arg(long, value_delimiter = ',', default_value = "1,32,128,512")]
        clients: Vec<usize>,
        #[command(flatten)]
        load: ClosedLoop,
        #[command(flatten)]
        sending: Sending,
    },
    /// Commands at a constant rate; latency counts from when each was due
    Open {
        #[command(flatten)]
        load: OpenLoop,
        #[command(flatten)]
        sending: Sending,
    },
    /// Checks that the service kept its promises to whoever made a record; exits with 1 if not
    Check {
        /// Record made by --record
        record: PathBuf,
        #[command(flatten)]
        check: Check,
    },
    /// Starts a service of its own, measures it and prints a table
    Bench(Bench),
}

/// How commands are sent and recorded.
#[derive(Debug, clap::Args)]
pub(crate) struct Sending {
    /// File that gets one JSON line for each try of each command
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Deadline of each try [default: none, or 5 with --resolve]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<f64>,
    /// Sends a command whose outcome is unknown again, with the same request id, for up to so long
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60")]
    resolve: Option<f64>,
}

impl Sending {
    pub(crate) fn tries(&self) -> Tries {
        let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Tries {
            timeout: self.timeout.map(duration),
            resolve: self.resolve.map(duration),
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
}
