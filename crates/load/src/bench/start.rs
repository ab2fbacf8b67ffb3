//! `start`: `handoffd up` on an existing directory until health says SERVING.

use super::{
    BenchError, Setting,
    command_rate::median,
    table::{Row, Table},
};

const STARTS: usize = 3;
/// Seconds.
const BAR: f64 = 3.0;

pub(super) async fn measure(
    setting: &mut Setting<'_>,
    table: &mut Table,
) -> Result<(), BenchError> {
    let mut seconds = Vec::new();
    for _ in 0..STARTS {
        seconds.push(setting.service.restart().await?.as_secs_f64());
    }
    setting.floor.moved_to(setting.service.private()?);
    if let Some(seconds) = median(seconds) {
        table.add(Row::new("start", seconds, "s").at_most(BAR));
    }
    Ok(())
}
