//! `open_snapshot`: the command rate while another session holds a snapshot open, as a backup or an
//! analyst does, beside the rate without.
//!
//! An old snapshot keeps Postgres from removing dead rows; the log has none, so its rate must not fall.

use super::{
    BenchError, Setting,
    command_rate::{burst, rates},
    table::Table,
};

const CLIENTS: usize = 128;
/// Bursts without and with, in turn.
const PAIRS: usize = 2;
const BAR: f64 = 0.95;

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let private = setting.service.private()?;
    let target = setting.service.target();
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        setting.drained().await?;
        without.push(burst(setting.bench, target, CLIENTS).await?);
        setting.drained().await?;
        let session = private.connect("handoff").await?;
        // A snapshot is taken by the first query, and held until the end of the transaction.
        session
            .batch_execute(
                "begin isolation level repeatable read; select count(*) from projections.checkpoints",
            )
            .await?;
        with.push(burst(setting.bench, target, CLIENTS).await?);
        session.batch_execute("rollback").await?;
    }
    setting.drained().await?;
    if let (Some(row), Some(without)) = (
        rates("open_snapshot", CLIENTS, &with),
        rates("open_snapshot", CLIENTS, &without),
    ) {
        table.add(row.compared_with(without.value).at_least(BAR));
    }
    Ok(())
}
