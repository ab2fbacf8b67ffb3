//! `transfer`: all open tasks of one member go to another, each with its result.
//!
//! The operation stands at the end of the seeded log, so that it begins when the policies do. What is
//! measured is by the log's own clock: from the first page of the plan to the end.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{
    BenchError, Setting,
    rebuild::built,
    seed::{Shape, Work, seed},
    table::{Row, Table},
};

const TASKS: usize = 100_000;
/// Tasks a second.
const BAR: f64 = 5_000.0;
const PATIENCE: Duration = Duration::from_secs(900);
const LOOK: Duration = Duration::from_millis(100);
/// From the first page to the end, in seconds; null before the end.
const TAKEN: &str = "select extract(epoch from \
         max(recorded_at) filter (where type = 'operation.finished') \
         - min(recorded_at) filter (where type = 'operation.items_planned'))::double precision \
     from event_log.events where stream = $1";

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let corner = setting.service.corner("bench_transfer").await?;
    let tasks = setting.bench.scaled(TASKS);
    let shape = Shape {
        tasks,
        accounts: tasks.div_ceil(20),
        members: 3,
        work: Work::Transferred,
    };
    let client = corner.connect().await?;
    seed(&client, &shape).await?;
    let roles = [
        "project",
        "accounts",
        "tasks",
        "orders",
        "activities",
        "services",
    ];
    let mut projector = corner.start(&roles, &[]).await?;
    for model in &roles[1..] {
        built(&mut projector, model).await?;
    }
    let mut relay = corner.start(&["relay"], &[]).await?;
    let mut policies = corner.start(&["policies"], &[]).await?;
    let began = Instant::now();
    let seconds = loop {
        let row = client.query_one(TAKEN, &[&Shape::operation()]).await?;
        if let Some(seconds) = row.try_get::<_, Option<f64>>(0)? {
            break seconds;
        }
        if began.elapsed() > PATIENCE {
            return Err(BenchError::NotReady {
                seconds: PATIENCE.as_secs(),
            });
        }
        sleep(LOOK).await;
    };
    for process in [&mut policies, &mut relay, &mut projector] {
        process.stop().await?;
    }
    table.add(Row::new("transfer", tasks as f64 / seconds, "tasks/s").reaching(BAR));
    corner.remove().await
}
