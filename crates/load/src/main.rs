//! `handoff-load`: load over gRPC, a check of what it recorded, and the benchmarks.

mod args;

use std::{error::Error, process::ExitCode};

use clap::Parser;
use handoff_load::{Client, LoadError, Recorder, Sender, Target, Tries};

use crate::args::{Cli, Command, Sending};

/// What the load costs is missing from what is measured, so it should cost little.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprint!("handoff-load: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprint!(": {cause}");
                source = cause.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    match cli.command {
        Command::Closed {
            clients,
            load,
            sending,
        } => {
            let target = cli.target.resolve()?;
            recorded(&sending, async |tries, recorder| {
                for &clients in &clients {
                    let senders = senders(&target, tries, recorder.clone())?;
                    let seen = load.run(&senders, clients).await?;
                    println!("closed clients={clients} {seen}");
                }
                Ok(())
            })
            .await?;
        }
        Command::Open { load, sending } => {
            let target = cli.target.resolve()?;
            recorded(&sending, async |tries, recorder| {
                let senders = senders(&target, tries, recorder)?;
                let seen = load.run(&senders).await?;
                println!("open rate={} {seen}", load.rate);
                Ok(())
            })
            .await?;
        }
        Command::Check { record, check } => {
            let report = check.run(&cli.target.resolve()?, &record).await?;
            print!("{report}");
            if !report.is_green() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Bench(bench) => bench.run().await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn senders(
    target: &Target,
    tries: Tries,
    recorder: Option<Recorder>,
) -> Result<Vec<Sender>, LoadError> {
    let clients = Client::connect(target)?.into_iter();
    Ok(clients
        .map(|client| Sender::new(client, tries, recorder.clone()))
        .collect())
}

/// Runs a load, and completes the record where one is wanted, also of a load that failed.
async fn recorded(
    sending: &Sending,
    load: impl AsyncFnOnce(Tries, Option<Recorder>) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    let Some(path) = &sending.record else {
        return load(sending.tries(), None).await;
    };
    let (recorder, recording) = Recorder::create(path)?;
    let ran = load(sending.tries(), Some(recorder)).await;
    recording.finish().await?;
    ran
}
