//! Rule 4: each read model is rebuilt from the log, and what was live is compared with the new one.
//!
//! The one rule that no API shows: a generation that was replaced answers no queries any more, but its
//! table is kept for some minutes.

use std::time::{Duration, Instant};

use handoff_proto::v1::{GetProjectionRequest, Projection, RebuildProjectionRequest};
use tokio::time::sleep;
use tokio_postgres::NoTls;

use super::{CheckError, Report, Rule};
use crate::{Client, LoadError, projections};

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
    for live in projections::list(client).await? {
        match rebuild(client, &live, within).await {
            Ok(rebuilt) if rebuilt.head_position == live.included_position => {
                compare(&database, &live, rebuilt.generation, report).await?;
            }
            Ok(rebuilt) => report.broken(Rule::ReadModels, || {
                format!(
                    "{} cannot be compared: it included position {}, and the log went on to {}",
                    live.name, live.included_position, rebuilt.head_position
                )
            }),
            Err(CheckError::Load(error @ LoadError::Behind { .. })) => {
                report.broken(Rule::ReadModels, || format!("{}: {error}", live.name));
            }
            Err(error) => return Err(error),
        }
    }
    connection.abort();
    Ok(())
}

/// Rebuilds a read model and waits until the new generation is live.
async fn rebuild(
    client: &Client,
    live: &Projection,
    within: Duration,
) -> Result<Projection, CheckError> {
    let began = Instant::now();
    let name = live.name.clone();
    let request = RebuildProjectionRequest { name: name.clone() };
    let generation = client
        .projections()
        .rebuild_projection(request)
        .await?
        .into_inner()
        .generation;
    loop {
        let request = GetProjectionRequest { name: name.clone() };
        let answer = client.projections().get_projection(request).await?;
        let now = answer.into_inner().projection.unwrap_or_default();
        if now.generation == generation && now.lag_events == 0 {
            return Ok(now);
        }
        if began.elapsed() >= within {
            let last = format!("generation {generation} is not live: {:?}", now.state());
            let seconds = within.as_secs();
            return Err(LoadError::Behind { seconds, last }.into());
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
    for (here, there, said) in [
        (&old, &new, "was live and is not in the rebuilt one"),
        (&new, &old, "is in the rebuilt one and was not live"),
    ] {
        let query = format!(
            "select r::text, count(*) over () from ( \
                 select r::text from {here}.rows r except all select r::text from {there}.rows r \
             ) r limit {SHOWN}"
        );
        for row in database.query(&query, &[]).await? {
            let (text, all): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            report.broken(Rule::ReadModels, || {
                format!("{id}: one of {all} rows that {said}: {text}")
            });
        }
    }
    Ok(())
}
