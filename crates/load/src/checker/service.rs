//! What the service is asked: its log, the check of its chain, its lag.

use std::time::Duration;

use handoff_proto::v1::{ReadEventsRequest, VerifyLogRequest, read_events_response::Item};

use super::{CheckError, History, LogFold, Report, Rule};
use crate::{Client, LoadError, projections};

/// Rule 6. Answers with a note.
pub(super) async fn check_lag(
    client: &Client,
    within: Duration,
    report: &mut Report,
) -> Result<String, CheckError> {
    match projections::caught_up(client, 0, within).await {
        Ok(after) => Ok(format!("no lag after {:.1} s", after.as_secs_f64())),
        Err(error @ LoadError::Behind { .. }) => {
            report.broken(Rule::Lag, || error.to_string());
            Ok("read models are behind".to_owned())
        }
        Err(error) => Err(error.into()),
    }
}

/// Streams the whole log through rules 1, 2 and 3. Answers the last position.
pub(super) async fn fold_log(
    client: &Client,
    history: &mut History,
    report: &mut Report,
) -> Result<i64, CheckError> {
    let mut fold = LogFold::default();
    let request = ReadEventsRequest::default();
    let mut answers = client.history().read_events(request).await?.into_inner();
    let mut told_end = None;
    while let Some(answer) = answers.message().await? {
        match answer.item {
            Some(Item::Event(event)) => fold.event(&event, history, report),
            Some(Item::Heartbeat(heartbeat)) => told_end = Some(heartbeat.position),
            None => {}
        }
    }
    let through = fold.position();
    if let Some(end) = told_end.filter(|end| *end > through) {
        report.broken(Rule::Log, || {
            format!("the log ends at position {through}; the server says {end}")
        });
    }
    fold.end(history, report);
    Ok(through)
}

/// The chain of hashes, and the anchors.
pub(super) async fn verify_log(
    client: &Client,
    through: i64,
    report: &mut Report,
) -> Result<(), CheckError> {
    let request = VerifyLogRequest::default();
    let mut answers = client.history().verify_log(request).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        if !answer.done {
            continue;
        }
        if answer.first_bad_position > 0 || !answer.description.is_empty() {
            report.broken(Rule::Log, || {
                format!(
                    "at position {}: {}",
                    answer.first_bad_position, answer.description
                )
            });
        } else if answer.verified_position < through {
            report.broken(Rule::Log, || {
                format!("verified up to {} of {through}", answer.verified_position)
            });
        }
        return Ok(());
    }
    Err(CheckError::Cut("VerifyLog"))
}
