//! Clients that wait for their answer before they send the next command.

use std::time::{Duration, Instant};

use handoff_proto::v1::{CompleteTaskRequest, CreateTaskRequest, ReopenTaskRequest, Task};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::{
    args::Args,
    client::{LoadError, Tasks, connect, request_id},
};

/// What one client saw.
struct Seen {
    /// Microseconds from sending to answer, of the commands that succeeded.
    latency: Histogram<u64>,
    errors: u64,
}

impl Seen {
    fn new() -> Self {
        Self {
            latency: Histogram::new(3).expect("three digits are allowed"),
            errors: 0,
        }
    }
}

/// Runs each number of clients and prints a line for it.
pub(crate) async fn run(args: &Args) -> Result<(), LoadError> {
    for &clients in &args.clients {
        let connections = connect(&args.client_file, args.connections.min(clients)).await?;
        let names = prepare(&connections, clients, args.tasks).await?;
        let started = Instant::now();
        let end = started + Duration::from_secs(args.seconds);
        let mut running = JoinSet::new();
        for (client, names) in names.into_iter().enumerate() {
            let tasks = connections[client % connections.len()].clone();
            running.spawn(complete_until(end, tasks, names));
        }
        let mut total = Seen::new();
        for seen in running.join_all().await {
            total
                .latency
                .add(&seen.latency)
                .expect("all have the same digits and grow");
            total.errors += seen.errors;
        }
        let quantile = |q| total.latency.value_at_quantile(q) as f64 / 1_000.0;
        println!(
            "handoff complete clients={clients} {:.0} commands/s p50={:.2} ms p99={:.2} ms max={:.2} ms errors={}",
            total.latency.len() as f64 / started.elapsed().as_secs_f64(),
            quantile(0.5),
            quantile(0.99),
            total.latency.max() as f64 / 1_000.0,
            total.errors,
        );
    }
    Ok(())
}

/// Creates the tasks of each client, on accounts of their own.
async fn prepare(
    connections: &[Tasks],
    clients: usize,
    tasks: usize,
) -> Result<Vec<Vec<String>>, LoadError> {
    let run = request_id().replace('-', "");
    let mut preparing = JoinSet::new();
    for client in 0..clients {
        let mut connection = connections[client % connections.len()].clone();
        let subject = format!("accounts/load-{}-{client}", &run[..12]);
        preparing.spawn(async move {
            let mut names = Vec::with_capacity(tasks);
            for n in 0..tasks {
                let request = CreateTaskRequest {
                    task: Some(Task {
                        subject: subject.clone(),
                        title: format!("Prepare the quarterly review, part {n}"),
                        ..Task::default()
                    }),
                    request_id: request_id(),
                    ..CreateTaskRequest::default()
                };
                let created = connection.create_task(request).await?.into_inner();
                names.push(created.task.unwrap_or_default().name);
            }
            Ok(names)
        });
    }
    preparing
        .join_all()
        .await
        .into_iter()
        .collect::<Result<_, tonic::Status>>()
        .map_err(|status| LoadError::Prepare(Box::new(status)))
}

/// Completes every task, then reopens every task, and so on: each command appends one event.
async fn complete_until(end: Instant, mut tasks: Tasks, names: Vec<String>) -> Seen {
    let mut seen = Seen::new();
    for turn in 0.. {
        for name in &names {
            let sent = Instant::now();
            if sent >= end {
                return seen;
            }
            let (name, request_id) = (name.clone(), request_id());
            let answered = if turn % 2 == 0 {
                let request = CompleteTaskRequest {
                    name,
                    request_id,
                    ..Default::default()
                };
                tasks.complete_task(request).await.is_ok()
            } else {
                let request = ReopenTaskRequest {
                    name,
                    request_id,
                    ..Default::default()
                };
                tasks.reopen_task(request).await.is_ok()
            };
            if answered {
                seen.latency
                    .saturating_record(sent.elapsed().as_micros() as u64);
            } else {
                seen.errors += 1;
            }
        }
    }
    seen
}
