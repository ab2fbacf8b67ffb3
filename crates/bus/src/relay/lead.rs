//! Being the active relay: a session of the database that holds the lock, and what is done on it.
//!
//! The cursor is saved on the very session that holds the lock, so a relay that lost the lock without
//! noticing cannot move it.

use std::time::Duration;

use handoff_event_log::{Database, Epoch, Hash, Position, Role};
use handoff_failpoints::{Point, pass};
use tokio::time::sleep;
use tokio_postgres::Client;

use super::{
    cursor::Cursor,
    error::RelayError,
    stream::{Newest, Stream},
};
use crate::last_positions::NotSixtyFour;

/// How often a relay that stands by tries to take the lock.
const STAND_BY: Duration = Duration::from_millis(500);

/// The session says something every second. One that is silent for longer hangs or is cut off, and
/// gives the lock up. A save that is lost with the server only makes some events be published again.
const SETTINGS: &str = "-c idle_session_timeout=10s -c tcp_keepalives_idle=5 \
     -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=10000 \
     -c statement_timeout=10s -c synchronous_commit=off";

/// The lock: an arbitrary number that no other lock of Handoff uses.
const TRY_LOCK: &str = "select pg_try_advisory_lock(7201002)";
const UNLOCK: &str = "select pg_advisory_unlock(7201002)";

/// A session that holds the relay's lock. Dropping it gives the lock up.
pub(super) struct Lead {
    client: Client,
}

impl Lead {
    /// Stands by until the lock is free, and takes it. Dropping the future gives up.
    pub(super) async fn take(database: &Database) -> Result<Self, RelayError> {
        let client = database
            .connect(Role::Relay, "handoff relay", SETTINGS)
            .await
            .map_err(RelayError::Connect)?;
        while !client
            .query_one(TRY_LOCK, &[])
            .await?
            .try_get::<_, bool>(0)?
        {
            sleep(STAND_BY).await;
        }
        pass(Point::RelayTakesOver);
        Ok(Self { client })
    }

    /// Gives the lock up, so that another relay need not wait for this session to end.
    pub(super) async fn release(self) -> Result<(), RelayError> {
        self.client.execute(UNLOCK, &[]).await?;
        Ok(())
    }

    /// Where the relay before stopped.
    pub(super) async fn cursor(&self) -> Result<Cursor, RelayError> {
        let row = self
            .client
            .query_one(
                "select epoch, position, last_positions from event_log.relay_cursor",
                &[],
            )
            .await?;
        Ok(Cursor {
            epoch: Epoch(row.try_get(0)?),
            position: Position(row.try_get(1)?),
            last: row
                .try_get::<_, Vec<i64>>(2)?
                .try_into()
                .map_err(|error: NotSixtyFour| RelayError::Cursor(error.to_string()))?,
        })
    }

    pub(super) async fn save(&self, cursor: &Cursor) -> Result<(), RelayError> {
        pass(Point::RelayBeforeSave);
        self.client
            .execute(
                "update event_log.relay_cursor set epoch = $1, position = $2, last_positions = $3, \
                 saved_at = clock_timestamp()",
                &[
                    &cursor.epoch.0,
                    &cursor.position.0,
                    &Vec::from(cursor.last.clone()),
                ],
            )
            .await?;
        pass(Point::RelayAfterSave);
        Ok(())
    }

    /// The end of the log, and the epoch.
    pub(super) async fn head(&self) -> Result<(Position, Epoch), RelayError> {
        let row = self
            .client
            .query_one(
                "select (select coalesce(max(position), 0) from event_log.events), \
                 (select max(epoch) from event_log.epochs)",
                &[],
            )
            .await?;
        Ok((Position(row.try_get(0)?), Epoch(row.try_get(1)?)))
    }

    /// Brings log, stream and cursor to agree on the epoch, and answers which it is.
    ///
    /// A new one begins where the log may have lost its end since the last time: it is in another
    /// Postgres, or the stream has an event that the log has not. What the stream holds of an earlier
    /// epoch is thrown away.
    pub(super) async fn agree(
        &self,
        stream: &Stream,
        cursor: &mut Cursor,
    ) -> Result<Epoch, RelayError> {
        // In this order: what is in the stream was in the log before.
        let newest = stream.newest().await?;
        let (head, mut epoch) = self.head().await?;
        let reason = match &newest {
            _ if self.is_elsewhere().await? => Some("it is in another Postgres"),
            _ if cursor.position > head => Some("it ends before what was published"),
            Some(newest) if newest.epoch > epoch => Some("NATS knows of a later epoch"),
            Some(newest) if newest.epoch == epoch && self.lacks(newest).await? => {
                Some("it has not the event that was published last")
            }
            _ => None,
        };
        if let Some(reason) = reason {
            let known = newest
                .as_ref()
                .map_or(epoch, |newest| newest.epoch.max(epoch));
            epoch = self.begin_epoch(Epoch(known.0 + 1), head).await?;
            tracing::warn!(%epoch, %head, reason, "a new epoch begins: the log may have lost its end");
        }
        if newest.is_some_and(|newest| newest.epoch != epoch) {
            stream.replace().await?;
        }
        if cursor.position > head {
            *cursor = self.cursor_at(head).await?;
        }
        cursor.epoch = epoch;
        self.save(cursor).await?;
        Ok(epoch)
    }

    /// Whether this is another Postgres, or another timeline, than the epoch began in.
    async fn is_elsewhere(&self) -> Result<bool, RelayError> {
        let row = self
            .client
            .query_one(
                "select (cluster.system_id, cluster.timeline) <> (epochs.system_id, epochs.timeline) \
                 from event_log.cluster(), event_log.epochs order by epoch desc limit 1",
                &[],
            )
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Whether the log has another event at that position, or none.
    async fn lacks(&self, newest: &Newest) -> Result<bool, RelayError> {
        let row = self
            .client
            .query_opt(
                "select hash from event_log.events where position = $1",
                &[&newest.position.0],
            )
            .await?;
        let Some(row) = row else { return Ok(true) };
        Ok(Hash::try_from(row.try_get::<_, &[u8]>(0)?).ok() != Some(newest.hash))
    }

    /// Begins an epoch, unless somebody else did, and answers which it is now.
    async fn begin_epoch(&self, epoch: Epoch, head: Position) -> Result<Epoch, RelayError> {
        self.client
            .execute(
                "insert into event_log.epochs (epoch, after_position, system_id, timeline) \
                 select $1, $2, system_id, timeline from event_log.cluster() \
                 on conflict on constraint epochs_pk do nothing",
                &[&epoch.0, &head.0],
            )
            .await?;
        Ok(self.head().await?.1)
    }

    /// The cursor of a relay that has published everything through a position.
    async fn cursor_at(&self, position: Position) -> Result<Cursor, RelayError> {
        let row = self
            .client
            .query_one(
                "select max(epoch), array(select coalesce((select max(e.position) \
                     from event_log.events e where e.partition = p and e.position <= $1), 0) \
                     from generate_series(0, 63) p order by p) from event_log.epochs",
                &[&position.0],
            )
            .await?;
        Ok(Cursor {
            epoch: Epoch(row.try_get(0)?),
            position,
            last: row
                .try_get::<_, Vec<i64>>(1)?
                .try_into()
                .map_err(|error: NotSixtyFour| RelayError::Cursor(error.to_string()))?,
        })
    }
}
