//! The command `handoff`.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    handoff_cli::run().await
}
