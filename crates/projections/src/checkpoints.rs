//! Moving checkpoints and parking partitions, within the transaction that writes the rows.

use futures_util::try_join;
use handoff_domain::Partition;
use handoff_event_log::Position;
use handoff_failpoints::{Bug, has_bug};
use tokio_postgres::{Client, Row, Statement};

use crate::{
    error::ProjectorError,
    fold::{Skips, Stop},
    leases::Held,
};

/// The two-number advisory lock of a projection's switch: shared by those who write its live
/// generation, exclusive for the one who switches. The second number is a hash of the name; names that
/// share one only wait for each other.
pub(crate) const SWITCH_LOCK: i32 = 7_201_040;

/// The statements of a projector's writes, in one session.
pub(crate) struct Checkpoints {
    projection: &'static str,
    generation: i32,
    lock: Statement,
    advance: Statement,
    park: Statement,
}

/// A checkpoint on its way forward.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    pub(crate) partition: Partition,
    pub(crate) from: Held,
    pub(crate) to: Position,
}

impl Checkpoints {
    pub(crate) async fn open(
        client: &Client,
        projection: &'static str,
        generation: i32,
    ) -> Result<Self, ProjectorError> {
        Ok(Self {
            projection,
            generation,
            lock: client
                .prepare("select pg_advisory_xact_lock_shared($1, hashtext($2))")
                .await?,
            advance: client
                .prepare(include_str!("sql/advance_checkpoints.sql"))
                .await?,
            park: client.prepare(include_str!("sql/park.sql")).await?,
        })
    }

    /// Moves checkpoints in the transaction that is open, and notes where partitions stop. Sends its
    /// statements without waiting.
    ///
    /// # Errors
    /// A checkpoint is not where it was expected, or its lease has changed: roll back.
    pub(crate) async fn advance(
        &self,
        client: &Client,
        moves: &[Move],
        stops: &[&Stop],
    ) -> Result<(), ProjectorError> {
        let partitions: Vec<_> = moves
            .iter()
            .map(|m| i16::from(m.partition.number()))
            .collect();
        let from: Vec<_> = moves.iter().map(|m| m.from.position.0).collect();
        let epochs: Vec<_> = moves.iter().map(|m| m.from.lease_epoch).collect();
        let to: Vec<_> = moves.iter().map(|m| m.to.0).collect();
        let lock = async {
            Ok(client
                .execute(&self.lock, &[&SWITCH_LOCK, &self.projection])
                .await?)
        };
        let advance = async {
            let expected = moves.len() as u64;
            let moved = client
                .execute(
                    &self.advance,
                    &[
                        &self.projection,
                        &self.generation,
                        &partitions,
                        &from,
                        &epochs,
                        &to,
                    ],
                )
                .await?;
            if moved == expected || has_bug(Bug::IgnoreCheckpoints) {
                Ok(())
            } else {
                Err(ProjectorError::CheckpointMoved { expected, moved })
            }
        };
        try_join!(lock, advance, self.park(client, stops))?;
        Ok(())
    }

    /// Notes where partitions stop, in the transaction that is open.
    pub(crate) async fn park(
        &self,
        client: &Client,
        stops: &[&Stop],
    ) -> Result<(), ProjectorError> {
        if stops.is_empty() {
            return Ok(());
        }
        let partitions: Vec<_> = stops
            .iter()
            .map(|stop| i16::from(stop.partition.number()))
            .collect();
        let positions: Vec<_> = stops.iter().map(|stop| stop.position.0).collect();
        // Postgres takes no text with a zero in it, and a payload may have put one into the error.
        let errors: Vec<_> = stops
            .iter()
            .map(|stop| stop.error.replace('\0', "\u{fffd}"))
            .collect();
        client
            .execute(
                &self.park,
                &[
                    &self.projection,
                    &self.generation,
                    &partitions,
                    &positions,
                    &errors,
                ],
            )
            .await?;
        Ok(())
    }
}

/// The events that operators left out of a projection.
pub(crate) async fn skips(client: &Client, projection: &str) -> Result<Skips, ProjectorError> {
    let position = |row: &Row| Ok(Position(row.try_get(0)?));
    client
        .query(
            "select position from projections.skips where projection = $1",
            &[&projection],
        )
        .await?
        .iter()
        .map(position)
        .collect()
}
