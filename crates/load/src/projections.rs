//! How far the read models are behind the log.

use std::time::{Duration, Instant};

use handoff_proto::v1::{ListProjectionsRequest, Projection};
use tokio::time::sleep;

use crate::{Client, LoadError};

/// The wait between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// All projections, as the server sees them now.
pub async fn list(client: &Client) -> Result<Vec<Projection>, LoadError> {
    let answer = client
        .projections()
        .list_projections(ListProjectionsRequest::default())
        .await
        .map_err(|status| LoadError::Projections(Box::new(status)))?;
    Ok(answer.into_inner().projections)
}

/// The lag of the read model that is furthest behind.
pub async fn lag(client: &Client) -> Result<Duration, LoadError> {
    let projections = list(client).await?;
    Ok(projections.iter().map(one_lag).max().unwrap_or_default())
}

fn one_lag(projection: &Projection) -> Duration {
    projection
        .lag
        .and_then(|lag| Duration::try_from(lag).ok())
        .unwrap_or_default()
}

/// Waits until every read model includes everything up to `position` and up to the end of the log, and
/// answers how long that took. A server that cannot be asked for now is asked again.
///
/// # Errors
/// [`LoadError::Behind`] when it took longer than `patience`.
pub async fn caught_up(
    client: &Client,
    position: i64,
    patience: Duration,
) -> Result<Duration, LoadError> {
    let began = Instant::now();
    loop {
        let last = match list(client).await {
            Ok(projections) => {
                let behind: Vec<_> = projections
                    .iter()
                    .filter(|p| {
                        p.generation == 0 || p.lag_events > 0 || p.included_position < position
                    })
                    .map(|p| {
                        let state = p
                            .state()
                            .as_str_name()
                            .trim_start_matches("PROJECTION_STATE_");
                        format!("{} ({state}) is {} events behind", p.name, p.lag_events)
                    })
                    .collect();
                if behind.is_empty() && !projections.is_empty() {
                    return Ok(began.elapsed());
                }
                behind.join(", ")
            }
            Err(error) => error.to_string(),
        };
        if began.elapsed() >= patience {
            let seconds = patience.as_secs();
            return Err(LoadError::Behind { seconds, last });
        }
        sleep(LOOK).await;
    }
}
