//! Reading the log.

use std::pin::pin;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use futures_util::TryStreamExt;
use handoff_domain::{Partition, Version, names::StreamName};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{
    error::LogError,
    hash::Hash,
    recorded::{COLUMNS, Epoch, Position, Recorded},
};

/// The end of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The last position; [`Position::START`] while the log is empty.
    pub position: Position,
    /// The last event's hash; [`Hash::GENESIS`] while the log is empty.
    pub hash: Hash,
    /// When the last event was recorded; none while the log is empty.
    pub recorded_at: Option<DateTime<Utc>>,
    pub epoch: Epoch,
}

/// How much a page of the log has at most.
#[derive(Debug, Clone, Copy)]
pub struct PageSize {
    pub events: i64,
    /// Of payloads and metadata. An event that is larger is a page of its own.
    pub bytes: usize,
}

/// A page of the log.
#[derive(Debug)]
pub struct Page {
    pub events: Vec<Recorded>,
    /// Whether there was nothing more to read.
    pub is_last: bool,
}

/// Reads the log, each call in a short transaction of its own. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    pool: Pool,
}

impl Log {
    /// Reads through a pool whose role may read the log.
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The end of the log.
    pub async fn head(&self) -> Result<Head, LogError> {
        let client = self.pool.get().await?;
        let statement = client
            .prepare_cached(
                "select e.position, e.hash, e.recorded_at, (select max(epoch) from event_log.epochs) \
                 from (select) one left join lateral \
                     (select position, hash, recorded_at from event_log.events order by position desc limit 1) e on true",
            )
            .await?;
        let row = client.query_one(&statement, &[]).await?;
        let position = Position(row.try_get::<_, Option<i64>>(0)?.unwrap_or_default());
        let hash = row
            .try_get::<_, Option<&[u8]>>(1)?
            .map_or(Ok(Hash::GENESIS), Hash::try_from);
        Ok(Head {
            position,
            hash: hash.map_err(|_| LogError::Corrupt {
                position,
                what: "its hash has not 32 bytes".to_owned(),
            })?,
            recorded_at: row.try_get(2)?,
            epoch: Epoch(row.try_get(3)?),
        })
    }

    /// The last position recorded at or before a moment.
    pub async fn position_at(&self, moment: DateTime<Utc>) -> Result<Position, LogError> {
        let client = self.pool.get().await?;
        let statement = client
            .prepare_cached("select event_log.position_at($1)")
            .await?;
        Ok(Position(
            client.query_one(&statement, &[&moment]).await?.try_get(0)?,
        ))
    }

    /// The events after a position, in order, at most `limit`.
    pub async fn read(&self, after: Position, limit: i64) -> Result<Vec<Recorded>, LogError> {
        self.query(
            "where position > $1 order by position limit $2",
            &[&after.0, &limit],
        )
        .await
    }

    /// The events after a position, in order, as many as a page has: at least one if there is one. However large
    /// events are, no more than the page and one of them are in memory at a time.
    pub async fn read_page(&self, after: Position, size: PageSize) -> Result<Page, LogError> {
        self.page(
            "where position > $1 order by position limit $2",
            &[&after.0, &size.events],
            size,
        )
        .await
    }

    /// The events of some partitions after a position and through another, in order, at most `limit`.
    pub async fn read_partitions(
        &self,
        partitions: &[Partition],
        after: Position,
        through: Position,
        limit: i64,
    ) -> Result<Vec<Recorded>, LogError> {
        let partitions: Vec<i16> = partitions
            .iter()
            .map(|partition| i16::from(partition.number()))
            .collect();
        self.query(
            "where partition = any($1) and position > $2 and position <= $3 order by position limit $4",
            &[&partitions, &after.0, &through.0, &limit],
        )
        .await
    }

    /// The events of a stream after a version and through a position, in order, at most `limit`.
    pub async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        through: Position,
        limit: i64,
    ) -> Result<Vec<Recorded>, LogError> {
        self.query(
            "where stream = $1 and version > $2 and position <= $3 order by version limit $4",
            &[&stream.as_str(), &(after.0 as i32), &through.0, &limit],
        )
        .await
    }

    /// The same, as many as a page has, in the way of [`Log::read_page`].
    pub async fn read_stream_page(
        &self,
        stream: &StreamName,
        after: Version,
        through: Position,
        size: PageSize,
    ) -> Result<Page, LogError> {
        self.page(
            "where stream = $1 and version > $2 and position <= $3 order by version limit $4",
            &[
                &stream.as_str(),
                &(after.0 as i32),
                &through.0,
                &size.events,
            ],
            size,
        )
        .await
    }

    /// The events of one command, in the order of appending; empty if it appended none (yet).
    pub async fn read_command(&self, command_id: Uuid) -> Result<Vec<Recorded>, LogError> {
        self.query(
            "where command_id = $1 order by command_index",
            &[&command_id],
        )
        .await
    }

    async fn page(
        &self,
        clause: &str,
        params: &[&(dyn ToSql + Sync)],
        size: PageSize,
    ) -> Result<Page, LogError> {
        let client = self.pool.get().await?;
        let statement = client
            .prepare_cached(&format!("select {COLUMNS} from event_log.events {clause}"))
            .await?;
        let params = params.iter().map(|param| *param as &dyn ToSql);
        let mut rows = pin!(client.query_raw(&statement, params).await?);
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            let event = Recorded::from_row(&row)?;
            bytes += event.payload.len() + event.metadata.len();
            if bytes > size.bytes && !events.is_empty() {
                // The session throws the rest away as it comes.
                return Ok(Page {
                    events,
                    is_last: false,
                });
            }
            events.push(event);
        }
        Ok(Page {
            is_last: (events.len() as i64) < size.events,
            events,
        })
    }

    async fn query(
        &self,
        clause: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Recorded>, LogError> {
        let client = self.pool.get().await?;
        let statement = client
            .prepare_cached(&format!("select {COLUMNS} from event_log.events {clause}"))
            .await?;
        client
            .query(&statement, params)
            .await?
            .iter()
            .map(Recorded::from_row)
            .collect()
    }
}
