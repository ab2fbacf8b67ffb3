//! The command line of `handoff-load`.

use std::path::PathBuf;

use clap::Parser;

/// Completes existing tasks as fast as the clients can, and prints the rate and the latencies.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Clients that each wait for their answer before the next command; several numbers run one after the other
    #[arg(long, value_delimiter = ',', default_value = "1,128")]
    pub(crate) clients: Vec<usize>,
    /// Seconds that each number of clients runs
    #[arg(long, default_value_t = 15)]
    pub(crate) seconds: u64,
    /// Connections that the clients share
    #[arg(long, default_value_t = 8)]
    pub(crate) connections: usize,
    /// Tasks created for each client before the clock starts; one is completed and reopened in turn
    #[arg(long, default_value_t = 64)]
    pub(crate) tasks: usize,
    /// File with the server's address and a token, as `handoffd up` writes it
    #[arg(
        long,
        env = "HANDOFF_CLIENT_FILE",
        default_value = "/var/lib/handoff/client.json"
    )]
    pub(crate) client_file: PathBuf,
}
