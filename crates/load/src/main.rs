//! `handoff-load`: load over gRPC. Today a closed loop: each client sends its next command when the
//! last one is answered.

mod args;
mod client;
mod closed_loop;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    match closed_loop::run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("handoff-load: {error}");
            ExitCode::FAILURE
        }
    }
}
