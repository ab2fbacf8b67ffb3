//! Rule 4: each read model is rebuilt from the log, and what was live is compared with the new one.
//!
//! The one rule that no API shows: a generation that was replaced answers no queries any more, but its
//! table is kept for some minutes.

use std::time::{Duration, Instant};

use handoff_proto::v1::{GetProjectionRequest, Projection, RebuildProjectionRequest};
use tokio::time::sleep;
use tokio_postgres::NoTls;

use super::{CheckError, Report, Rule};
use crate::{Client, projections};

const LOOK: Duration = Duration::from_millis(200);
/// Rows that are shown of each side.
const SHOWN: i64 = 3;

pub(super) async fn check(
    client: &Client,
    database_url: &str,
    within: Duration,
    report: &mut Report,
) -> Result<(), CheckError> {
    let (database, connection) = tokio_postgres::connect(database_url, NoTls).await?;
    // Errors of the connection come back from the queries.
    let connection = tokio::spawn(connection);
    // All at once, so that the waits overlap.
    let began = Instant::now();
    let mut rebuilds = Vec::new();
    for live in projections::list(client).await? {
        let request = RebuildProjectionRequest {
            name: live.name.clone(),
        };
        let answer = client.projections().rebuild_projection(request).await?;
        rebuilds.push((live, answer.into_inner().generation));
    }
    for (live, generation) in rebuilds {
        match rebuilt(client, &live, generation, began + within).await {
            Ok(rebuilt) if rebuilt.head_position == live.included_position => {
                compare(&database, &live, rebuilt.generation, report).await?;
            }
            Ok(rebuilt) => report.broken(Rule::ReadModels, || {
                format!(
                    "{} cannot be compared: it included position {}, and the log went on to {}",
                    live.name, live.included_position, rebuilt.head_position
                )
            }),
            Err(CheckError::NotRebuilt(state)) => report.broken(Rule::ReadModels, || {
                let seconds = within.as_secs();
                format!("{}: not rebuilt within {seconds} s: {state:?}", live.name)
            }),
            Err(error) => return Err(error),
        }
    }
    connection.abort();
    Ok(())
}

/// Waits until the new generation of a read model is live.
async fn rebuilt(
    client: &Client,
    live: &Projection,
    generation: i32,
    until: Instant,
) -> Result<Projection, CheckError> {
    loop {
        let request = GetProjectionRequest {
            name: live.name.clone(),
        };
        let answer = client.projections().get_projection(request).await?;
        let now = answer.into_inner().projection.unwrap_or_default();
        if now.generation == generation && now.lag_events == 0 {
            return Ok(now);
        }
        if Instant::now() >= until {
            return Err(CheckError::NotRebuilt(now.state()));
        }
        sleep(LOOK).await;
    }
}

/// Compares all rows as text, in the database, so that no read model is too large.
async fn compare(
    database: &tokio_postgres::Client,
    live: &Projection,
    rebuilt: i32,
    report: &mut Report,
) -> Result<(), CheckError> {
    let id = live.name.trim_start_matches("projections/");
    let (old, new) = (
        format!("{id}_{}", live.generation),
        format!("{id}_{rebuilt}"),
    );
    // What is kept of the rows beside them is compared alike.
    let keeps = "select to_regclass($1) is not null";
    let tallies = format!("{new}.tallies");
    let keeps: bool = database.query_one(keeps, &[&tallies]).await?.try_get(0)?;
    let tables = ["rows", "tallies"].into_iter().take(1 + usize::from(keeps));
    for (here, there, said, table) in tables.flat_map(|table| {
        [
            (&old, &new, "was live and is not in the rebuilt one", table),
            (&new, &old, "is in the rebuilt one and was not live", table),
        ]
    }) {
        let query = format!(
            "select r::text, count(*) over () from ( \
                 select r::text from {here}.{table} r except all select r::text from {there}.{table} r \
             ) r limit {SHOWN}"
        );
        for row in database.query(&query, &[]).await? {
            let (text, all): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            report.broken(Rule::ReadModels, || {
                format!("{id}: one of {all} {table} that {said}: {text}")
            });
        }
    }
    Ok(())
}
