//! Epochs: what tells positions apart that were given twice, because the log lost its end in between.

use tokio_postgres::Client;

use crate::{
    database::{Database, Role},
    error::LogError,
    recorded::{Epoch, Position},
};

/// Nothing is appended meanwhile.
const LOCK: &str = "begin; set local lock_timeout = '10s'; \
     select from event_log.append_lock where id = 1 for update";
/// The epoch that begins now, if none does that is known already.
const BEGIN: &str = "insert into event_log.epochs (epoch, after_position, system_id, timeline) \
     select known.epoch + 1, (select coalesce(max(position), 0) from event_log.events), \
         cluster.system_id, cluster.timeline \
     from event_log.cluster(), \
         (select * from event_log.epochs order by epoch desc limit 1) known \
     where $1 or (cluster.system_id, cluster.timeline) <> (known.system_id, known.timeline) \
     returning epoch, after_position";

/// Begins a new epoch at the end of the log, and answers which it is and what the last position before
/// it was. For an operator who has put an older copy of the database in place: what callers were told
/// of positions beyond its end does not hold any more.
///
/// # Errors
/// Nothing has changed, or, if the connection died, perhaps the epoch has begun: one more does no harm.
pub async fn begin_epoch(database: &Database) -> Result<(Epoch, Position), LogError> {
    let client = database
        .connect(Role::Appender, "handoff new-epoch", "")
        .await?;
    let begun = begin(&client, true).await?;
    begun.ok_or_else(|| LogError::Corrupt {
        position: Position::START,
        what: "there is no epoch before the first event".to_owned(),
    })
}

/// Begins a new epoch where the database is in another Postgres, or on another timeline of it, than
/// the last epoch began in.
pub(crate) async fn begin_if_elsewhere(client: &Client) -> Result<(), LogError> {
    let elsewhere = client
        .query_one(
            "select (cluster.system_id, cluster.timeline) <> (epochs.system_id, epochs.timeline) \
             from event_log.cluster(), event_log.epochs order by epoch desc limit 1",
            &[],
        )
        .await?;
    if elsewhere.try_get(0)?
        && let Some((epoch, after)) = begin(client, false).await?
    {
        tracing::warn!(%epoch, %after, "a new epoch begins: the log is in another Postgres and may have lost its end");
    }
    Ok(())
}

async fn begin(client: &Client, anyway: bool) -> Result<Option<(Epoch, Position)>, LogError> {
    client.batch_execute(LOCK).await?;
    let begun = client.query_opt(BEGIN, &[&anyway]).await?;
    client.batch_execute("commit").await?;
    begun
        .map(|row| Ok((Epoch(row.try_get(0)?), Position(row.try_get(1)?))))
        .transpose()
}
