//! `two_replicas`: the command rate of two apis on one log, beside that of one of them.
//!
//! All roles are processes of their own: relay, the projector of all read models, and the apis.

use super::{
    BenchError, Setting,
    command_rate::{burst, rates},
    table::Table,
};
use crate::{Client, Target, projections};

const CLIENTS: usize = 128;
/// Bursts with one and with both, in turn.
const PAIRS: usize = 2;
const BAR: f64 = 0.9;

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let corner = setting.service.corner("bench_replicas").await?;
    let _relay = corner.start(&["relay"], &[]).await?;
    let models = [
        "project",
        "accounts",
        "members",
        "tasks",
        "task_texts",
        "task_notes",
        "activities",
        "services",
        "orders",
        "order_notes",
        "portal",
        "portal_notes",
        "timelines",
        "history",
        "documents",
        "operations",
        "operation_items",
    ];
    let _projector = corner.start(&models, &[]).await?;
    let apis = [
        corner.start(&["api"], &[]).await?,
        corner.start(&["api"], &[]).await?,
    ];
    let one = apis[0].target().clone();
    // As many connections in all.
    let both = Target {
        servers: apis
            .iter()
            .flat_map(|api| api.target().servers.clone())
            .collect(),
        connections: one.connections.div_ceil(2),
        ..one.clone()
    };
    let client = Client::first(&one)?;
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        for (target, seen) in [(&one, &mut alone), (&both, &mut together)] {
            seen.push(burst(setting.bench, target, CLIENTS).await?);
            let drain = projections::caught_up(&client, 0, super::DRAIN).await?;
            eprintln!("  drained in {:.1} s", drain.as_secs_f64());
        }
    }
    if let (Some(row), Some(alone)) = (
        rates("two_replicas", CLIENTS, &together),
        rates("two_replicas", CLIENTS, &alone),
    ) {
        table.add(row.compared_with(alone.value).at_least(BAR));
    }
    Ok(())
}
