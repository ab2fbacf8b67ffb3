//! What a projector may do at some events besides folding them: the way in for policies.
//!
//! An event that is reacted to is a *trigger*. Its batch ends with it in its partition, so the rows are
//! then as of exactly that event; the reaction reads them, and writes what is to be done, in the
//! transaction that writes rows and checkpoint. The partition may then wait until that is done; the other
//! partitions go on.

use std::future::pending;

use handoff_domain::{Event, Partition};
use handoff_event_log::{LogError, Position, Recorded};
use tokio_postgres::Client;

use crate::{
    columns::UnreadableRow,
    fold::{Stop, describe},
    leases::Held,
    model::ReadModel,
};

/// The right to work on a partition, as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub generation: i32,
    /// Counts the changes of owner of the partition in this generation.
    pub epoch: i64,
}

/// An event that is reacted to.
#[derive(Debug, Clone, Copy)]
pub struct Trigger<'a> {
    pub recorded: &'a Recorded,
    pub event: &'a Event,
}

/// What is about to be committed.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The live generation's schema; its table is `rows`.
    pub schema: &'a str,
    /// The checkpoints that move, and where to.
    pub moves: &'a [(Partition, Position)],
    /// At most one in a partition, and then the last event of it that the rows include.
    pub triggers: &'a [Trigger<'a>],
}

/// Why a reaction could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReactionError {
    /// This trigger cannot be decided. Its partition stops before it until an operator retries or skips it.
    #[error("the event at position {position} cannot be decided: {error}")]
    Undecided {
        partition: Partition,
        position: Position,
        error: String,
    },
    /// Postgres is away or refused a statement. All of it is begun again.
    #[error("the database of the policies failed")]
    Postgres(#[from] tokio_postgres::Error),
    /// What was read is not what this program writes.
    #[error("a row cannot be read")]
    Unreadable(#[from] UnreadableRow),
    /// The log or a session of its database failed.
    #[error("the database of the policies is not available")]
    Log(#[from] LogError),
}

impl ReactionError {
    /// This trigger cannot be decided, for a reason.
    pub fn undecided(recorded: &Recorded, error: &dyn std::error::Error) -> Self {
        Self::Undecided {
            partition: recorded.partition,
            position: recorded.position,
            error: describe(error),
        }
    }

    /// Where a partition stops, if that is what it says.
    pub(crate) fn into_stop(self) -> Result<Stop, Self> {
        match self {
            Self::Undecided {
                partition,
                position,
                error,
            } => Ok(Stop {
                partition,
                position,
                error,
            }),
            other => Err(other),
        }
    }
}

/// What a projector does at triggers. Its calls come one after the other.
pub trait Reaction<M: ReadModel>: Send {
    /// Whether there are triggers at all.
    const REACTS: bool = true;

    /// Whether an event is reacted to. Pure: of the event alone.
    fn is_trigger(&self, recorded: &Recorded, event: &Event) -> bool;

    /// Writes what is to be done, in the transaction that is open; rows and checkpoints are written in
    /// it already. Called for every batch, also for one without triggers. May be called again with
    /// fewer events if it fails; only what is [committed](Self::committed) counts.
    fn react(
        &mut self,
        client: &Client,
        step: Step<'_>,
    ) -> impl Future<Output = Result<(), ReactionError>> + Send;

    /// What the last `react` wrote is committed. Answers the partitions that must wait.
    fn committed(&mut self) -> Vec<Partition>;

    /// These partitions are this instance's now, with nothing known of them. Answers those that must wait
    /// for what was written before.
    fn taken(
        &mut self,
        client: &Client,
        leases: &[(Partition, Lease)],
    ) -> impl Future<Output = Result<Vec<Partition>, ReactionError>> + Send;

    /// A partition is another's now, or stands still.
    fn lost(&mut self, partition: Partition);

    /// An operator has the projection paused, or go on. Told at each heartbeat.
    fn pause(&mut self, paused: bool);

    /// The next partition that needs to wait no longer. Cancel-safe.
    fn released(&mut self) -> impl Future<Output = Partition> + Send;

    /// Nothing is this instance's any more. Returns when nothing is under way.
    fn leave(&mut self) -> impl Future<Output = ()> + Send;
}

/// No reaction to anything: that of a read model.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Passive;

impl<M: ReadModel> Reaction<M> for Passive {
    const REACTS: bool = false;

    fn is_trigger(&self, _: &Recorded, _: &Event) -> bool {
        false
    }

    async fn react(&mut self, _: &Client, _: Step<'_>) -> Result<(), ReactionError> {
        Ok(())
    }

    fn committed(&mut self) -> Vec<Partition> {
        Vec::new()
    }

    async fn taken(
        &mut self,
        _: &Client,
        _: &[(Partition, Lease)],
    ) -> Result<Vec<Partition>, ReactionError> {
        Ok(Vec::new())
    }

    fn lost(&mut self, _: Partition) {}

    fn pause(&mut self, _: bool) {}

    async fn released(&mut self) -> Partition {
        pending().await
    }

    async fn leave(&mut self) {}
}

/// The lease by which a partition is held.
pub(crate) fn lease(generation: i32, held: &Held) -> Lease {
    Lease {
        generation,
        epoch: held.lease_epoch,
    }
}
