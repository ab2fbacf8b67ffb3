//! What operators can do about projections.

use std::time::Duration;

use deadpool_postgres::Pool;
use handoff_domain::Partition;
use handoff_event_log::{Database, LogError, Position, Role};
use tokio_postgres::IsolationLevel;

use crate::{
    environment::Settings,
    generations,
    status::{self, Projection},
};

/// Why an operator's wish was not granted.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// There is no projection of this name.
    #[error("there is no projection {projection}")]
    NotFound { projection: String },
    /// The event is not one at which the partition has stopped; look again.
    #[error("partition {partition} of {projection} has not stopped at position {position}")]
    NotParked {
        projection: String,
        partition: Partition,
        position: Position,
    },
    /// The database is away or refused.
    #[error("the projections cannot be read or changed")]
    Database(#[from] LogError),
}

impl From<tokio_postgres::Error> for AdminError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<deadpool_postgres::PoolError> for AdminError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::Database(error.into())
    }
}

/// Shows and steers projections. What is asked for is done by the projectors within about a second of
/// their next heartbeat. Cheap to clone.
#[derive(Clone)]
pub struct Admin {
    pool: Pool,
    expiry: Duration,
}

impl Admin {
    /// `settings` are those of the projectors.
    pub fn new(database: &Database, settings: &Settings) -> Self {
        Self {
            pool: database.pool(Role::Projector, "handoff projections", "", 2),
            expiry: settings.expiry,
        }
    }

    /// All projections, by name.
    pub async fn list(&self) -> Result<Vec<Projection>, AdminError> {
        let client = self.pool.get().await?;
        let names = client
            .query(
                "select projection from projections.projections order by 1",
                &[],
            )
            .await?;
        drop(client);
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            all.push(self.get(name.try_get(0)?).await?);
        }
        Ok(all)
    }

    /// One projection.
    pub async fn get(&self, projection: &str) -> Result<Projection, AdminError> {
        let mut client = self.pool.get().await?;
        let snapshot = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        status::read(&snapshot, projection, self.expiry)
            .await?
            .ok_or_else(|| not_found(projection))
    }

    /// Has a new generation built and answers its number; where one is being built, that one's.
    pub async fn rebuild(&self, projection: &str) -> Result<i32, AdminError> {
        let live = self
            .get(projection)
            .await?
            .live()
            .map(|generation| generation.version);
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        // Where nothing is live yet, the first one is being built, of whatever version.
        let version = match live {
            Some(version) => version,
            None => transaction
                .query_opt(
                    "select max(version) from projections.generations where projection = $1 having count(*) > 0",
                    &[&projection],
                )
                .await?
                .ok_or_else(|| not_found(projection))?
                .try_get(0)?,
        };
        let generation = generations::request(&transaction, projection, version)
            .await?
            .ok_or_else(|| not_found(projection))?;
        transaction.commit().await?;
        Ok(generation)
    }

    /// Has all projectors of the projection stop applying events.
    pub async fn pause(&self, projection: &str) -> Result<(), AdminError> {
        self.set_paused(projection, true).await
    }

    /// Has them go on.
    pub async fn resume(&self, projection: &str) -> Result<(), AdminError> {
        self.set_paused(projection, false).await
    }

    async fn set_paused(&self, projection: &str, paused: bool) -> Result<(), AdminError> {
        let client = self.pool.get().await?;
        let changed = client
            .execute(
                "update projections.projections set paused = $2 where projection = $1",
                &[&projection, &paused],
            )
            .await?;
        if changed == 1 {
            Ok(())
        } else {
            Err(not_found(projection))
        }
    }

    /// Has parked events tried again, of one partition or of all. Answers how many partitions go on.
    pub async fn retry(
        &self,
        projection: &str,
        partition: Option<Partition>,
    ) -> Result<u64, AdminError> {
        self.get(projection).await?;
        let client = self.pool.get().await?;
        let partition = partition.map(|partition| i16::from(partition.number()));
        let freed = client
            .query_one(
                "with freed as ( \
                     delete from projections.parked where projection = $1 and ($2::smallint is null or partition = $2) \
                     returning partition \
                 ) select count(distinct partition) from freed",
                &[&projection, &partition],
            )
            .await?;
        Ok(freed.try_get::<_, i64>(0)?.unsigned_abs())
    }

    /// Leaves a parked event out for good, also in rebuilds, and has its partition go on. `by` is the
    /// resource name of who decides it.
    ///
    /// # Errors
    /// `NotParked` if the partition has not stopped at this very event.
    pub async fn skip(
        &self,
        projection: &str,
        partition: Partition,
        position: Position,
        reason: &str,
        by: &str,
    ) -> Result<(), AdminError> {
        self.get(projection).await?;
        let client = self.pool.get().await?;
        let skipped = client
            .execute(
                include_str!("sql/skip.sql"),
                &[
                    &projection,
                    &i16::from(partition.number()),
                    &position.0,
                    &reason,
                    &by,
                ],
            )
            .await?;
        if skipped == 0 {
            return Err(AdminError::NotParked {
                projection: projection.to_owned(),
                partition,
                position,
            });
        }
        Ok(())
    }
}

fn not_found(projection: &str) -> AdminError {
    AdminError::NotFound {
        projection: projection.to_owned(),
    }
}
