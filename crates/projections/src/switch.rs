//! Making a generation the live one of its version.
//!
//! One transaction. It holds off all writers of the projection, so that what is live stays where it is;
//! brings every partition at least as far; and lets readers and projectors change over at once. A
//! reader that was at the old generation finds it as it was until it is dropped.

use handoff_domain::Partition;
use handoff_event_log::Position;
use handoff_failpoints::{Point, pass};

use crate::{
    checkpoints::SWITCH_LOCK,
    error::ProjectorError,
    model::{ReadModel, Succession},
    rebuild::{Build, Interrupted},
    table,
};

/// What became of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switched {
    /// The generation is live.
    Live,
    /// An event turned up that cannot be applied; catch up and try again.
    NotYet,
    /// A partition has stopped before what is live.
    Stopped,
    /// The generation is no longer one that is to be built.
    NotWanted,
}

impl<M: ReadModel> Build<'_, M> {
    /// Tries to switch. To be called when little of the log is left.
    pub(crate) async fn switch(&mut self) -> Result<Switched, ProjectorError> {
        let before = self.written.clone();
        self.client
            .batch_execute("begin; set local synchronous_commit = on")
            .await?;
        let switched = match self.switch_locked().await {
            Ok(switched) => switched,
            Err(Interrupted::Stop(stop)) => {
                self.client.batch_execute("rollback").await?;
                self.written = before;
                self.go_back(stop);
                return Ok(Switched::NotYet);
            }
            Err(Interrupted::Failed(error)) => return Err(error),
        };
        // What was caught up with is kept, whether it came to the switch or not.
        pass(Point::SwitchBeforeCommit);
        self.client.batch_execute("commit").await?;
        pass(Point::SwitchAfterCommit);
        Ok(switched)
    }

    async fn switch_locked(&mut self) -> Result<Switched, Interrupted> {
        self.client
            .execute(
                "select pg_advisory_xact_lock($1, hashtext($2))",
                &[&SWITCH_LOCK, &M::NAME],
            )
            .await?;
        let live = self.live_positions().await?;
        let furthest = live
            .iter()
            .map(|(_, position)| *position)
            .max()
            .unwrap_or_default();
        // The live checkpoints stand still, so this ends however fast the log grows.
        match M::SUCCESSION {
            Succession::EachVersion => {
                while self.reached.through < furthest && self.step().await? {}
            }
            Succession::OneForAll(_) => {
                for (partition, position) in &live {
                    while self.step_towards(*partition, *position).await? {}
                }
            }
        }
        if live
            .iter()
            .any(|(partition, position)| self.reached.at(*partition) < *position)
        {
            return Ok(Switched::Stopped);
        }
        Ok(if self.flip().await? {
            Switched::Live
        } else {
            Switched::NotWanted
        })
    }

    /// Retires what is live, of this version or of all, and puts this generation in its place. False where it is
    /// not wanted any more.
    async fn flip(&self) -> Result<bool, ProjectorError> {
        let wanted = self
            .client
            .query_opt(
                "select from projections.generations \
                 where projection = $1 and generation = $2 and state = 'building' for update",
                &[&M::NAME, &self.generation],
            )
            .await?;
        if wanted.is_none() {
            return Ok(false);
        }
        self.client
            .execute(
                include_str!("sql/retire.sql"),
                &[
                    &M::NAME,
                    &M::VERSION,
                    &(M::SUCCESSION != Succession::EachVersion),
                ],
            )
            .await?;
        self.client
            .execute(
                "update projections.generations \
                 set state = 'live', live_at = clock_timestamp(), used_at = clock_timestamp() \
                 where projection = $1 and generation = $2",
                &[&M::NAME, &self.generation],
            )
            .await?;
        Ok(true)
    }

    /// How far each partition is in what is live, of whatever version.
    pub(crate) async fn live_positions(
        &self,
    ) -> Result<Vec<(Partition, Position)>, ProjectorError> {
        let rows = self
            .client
            .query(
                "select partition, max(position) from projections.checkpoints \
                 join projections.generations using (projection, generation) \
                 where projection = $1 and state = 'live' group by partition",
                &[&M::NAME],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    table::partition(row.try_get(0)?)?,
                    Position(row.try_get(1)?),
                ))
            })
            .collect()
    }
}
