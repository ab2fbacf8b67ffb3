//! Waiting for the ownership policy: what it has under way would make another plan.

use std::time::Duration;

use deadpool_postgres::Pool;
use handoff_domain::{Partition, names::AccountName};
use handoff_event_log::{LogError, Position};
use handoff_projections::{ReadModel, Source};
use handoff_read_models::{Consistency, Queries, QueryError};
use tokio::time::{Instant, sleep};

use crate::ownership::Ownership;

/// How often it is looked whether commands that are waited for are done.
const POLL: Duration = Duration::from_millis(25);

/// Knows what the ownership policy has under way. Cheap to clone.
#[derive(Clone)]
pub struct UnderWay {
    pool: Pool,
    queries: Queries,
}

impl UnderWay {
    /// Asks through a pool whose role may read, and waits by `queries`.
    pub fn new(pool: Pool, queries: Queries) -> Self {
        Self { pool, queries }
    }

    /// Waits until the policy has decided at every event up to a position, and every command that it issued there has
    /// an outcome; of some accounts, or of all where none are given. A read model that includes a position that the
    /// log has afterwards shows what they did.
    ///
    /// # Errors
    /// `Behind` or `Building` where that takes longer than the deadline.
    pub async fn until_done(
        &self,
        accounts: Option<&[AccountName]>,
        consistency: Consistency,
    ) -> Result<(), QueryError> {
        let of = |name: &AccountName| Partition::of(name.as_str());
        let partitions: Option<Vec<_>> = accounts.map(|names| names.iter().map(of).collect());
        let keys: Option<Vec<_>> =
            accounts.map(|names| names.iter().map(AccountName::as_str).collect());
        let source = Source::of::<Ownership>();
        self.queries
            .wait_in(source, partitions.as_deref(), consistency)
            .await?;
        let Consistency {
            min_position,
            deadline,
        } = consistency;
        while let Some(open) = self.first_open(keys.as_deref(), min_position).await? {
            if Instant::now() >= deadline {
                return Err(QueryError::Behind {
                    projection: Ownership::NAME,
                    wanted: min_position,
                    included: Position(open.0 - 1),
                    head: min_position,
                });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// The first event up to a position at which the policy has issued what has no outcome yet.
    async fn first_open(
        &self,
        keys: Option<&[&str]>,
        position: Position,
    ) -> Result<Option<Position>, LogError> {
        let client = self.pool.get().await?;
        let row = client
            .query_one(
                "select min(trigger_position) from policies.commands \
                 where policy = $1 and outcome is null and trigger_position <= $2 \
                     and ($3::text[] is null or key = any($3))",
                &[&Ownership::NAME, &position.0, &keys],
            )
            .await?;
        Ok(row.try_get::<_, Option<i64>>(0)?.map(Position))
    }
}
