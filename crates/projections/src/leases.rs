//! Which partitions of a generation this instance works on.
//!
//! Every instance has one heartbeat row; whose row is older than the expiry, by the database's clock,
//! may lose its partitions. Each instance gives back what is above its fair share, and takes what is
//! free up to it. Each change of owner counts up the lease's epoch, which whoever moves a checkpoint
//! must know: so a sleeper that wakes up cannot write, whatever it believes to own.

use std::{collections::BTreeMap, time::Duration};

use futures_util::try_join;
use handoff_domain::{PARTITIONS, Partition};
use handoff_event_log::Position;
use handoff_failpoints::{Point, pass};
use tokio_postgres::{Client, Row};

use crate::{error::ProjectorError, generations::seconds, table};

/// A partition that this instance works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// The checkpoint.
    pub(crate) position: Position,
    pub(crate) lease_epoch: i64,
    /// The event at which the partition has stopped.
    pub(crate) parked: Option<Position>,
}

/// What changed in what this instance works on.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn {
    /// Apply the events after this position.
    Go(Partition, Position),
    /// Apply no more events.
    Halt(Partition),
}

/// The partitions of one generation that this instance holds.
#[derive(Debug)]
pub(crate) struct Leases {
    projection: &'static str,
    version: i32,
    pub(crate) generation: i32,
    instance: String,
    expiry: Duration,
    pub(crate) held: BTreeMap<Partition, Held>,
}

impl Leases {
    pub(crate) fn new(
        projection: &'static str,
        version: i32,
        generation: i32,
        instance: &str,
        expiry: Duration,
    ) -> Self {
        Self {
            projection,
            version,
            generation,
            instance: instance.to_owned(),
            expiry,
            held: BTreeMap::new(),
        }
    }

    /// Brings what is held in line with the table and with the fair share, and answers what changed.
    ///
    /// # Errors
    /// Also [`CheckpointMoved`](ProjectorError::CheckpointMoved) where the table has lost what this
    /// instance wrote: Postgres was restarted without its last transactions.
    pub(crate) async fn renew(&mut self, client: &Client) -> Result<Vec<Turn>, ProjectorError> {
        let mine = self.mine(client).await?;
        if self.held.iter().any(|(partition, held)| {
            mine.get(partition).is_some_and(|now| {
                now.lease_epoch == held.lease_epoch && now.position != held.position
            })
        }) {
            return Err(ProjectorError::CheckpointMoved {
                expected: 1,
                moved: 0,
            });
        }
        let mut turns = self.replace(mine);
        let share = self.share(client).await?;
        if self.held.len() > share {
            let excess: Vec<_> = self.held.keys().copied().skip(share).collect();
            self.give_back(client, &excess).await?;
            turns.extend(excess.into_iter().map(Turn::Halt));
        } else if self.held.len() < share {
            pass(Point::LeaseBeforeTake);
            let taken = self.take(client, share - self.held.len()).await?;
            pass(Point::LeaseAfterTake);
            let all = self.held.clone().into_iter().chain(taken).collect();
            turns.extend(self.replace(all));
        }
        Ok(turns)
    }

    /// Gives everything back, so that others need not wait for the expiry, and signs off.
    pub(crate) async fn release(&mut self, client: &Client) -> Result<(), ProjectorError> {
        let all: Vec<_> = self.held.keys().copied().collect();
        self.give_back(client, &all).await
    }

    /// The largest fair share: partitions divided by instances, rounded up.
    async fn share(&self, client: &Client) -> Result<usize, ProjectorError> {
        let row = client
            .query_one(
                "select count(*) from projections.instances where projection = $1 and version = $2 \
                     and heartbeat_at > clock_timestamp() - make_interval(secs => $3)",
                &[&self.projection, &self.version, &seconds(self.expiry)],
            )
            .await?;
        let instances = usize::try_from(row.try_get::<_, i64>(0)?)
            .unwrap_or_default()
            .max(1);
        Ok(usize::from(PARTITIONS).div_ceil(instances))
    }

    async fn mine(&self, client: &Client) -> Result<BTreeMap<Partition, Held>, ProjectorError> {
        client
            .query(
                "select c.partition, c.position, c.lease_epoch, p.position as parked \
                 from projections.checkpoints c left join projections.parked p using (projection, generation, partition) \
                 where projection = $1 and generation = $2 and owner = $3",
                &[&self.projection, &self.generation, &self.instance],
            )
            .await?
            .iter()
            .map(held)
            .collect()
    }

    async fn take(
        &self,
        client: &Client,
        most: usize,
    ) -> Result<BTreeMap<Partition, Held>, ProjectorError> {
        client
            .query(
                include_str!("sql/take_leases.sql"),
                &[
                    &self.projection,
                    &self.generation,
                    &self.instance,
                    &self.version,
                    &seconds(self.expiry),
                    &(most as i64),
                ],
            )
            .await?
            .iter()
            .map(held)
            .collect()
    }

    async fn give_back(
        &mut self,
        client: &Client,
        partitions: &[Partition],
    ) -> Result<(), ProjectorError> {
        let numbers: Vec<_> = partitions
            .iter()
            .map(|partition| i16::from(partition.number()))
            .collect();
        client
            .execute(
                "update projections.checkpoints set owner = null, lease_epoch = lease_epoch + 1 \
                 where projection = $1 and generation = $2 and owner = $3 and partition = any($4)",
                &[&self.projection, &self.generation, &self.instance, &numbers],
            )
            .await?;
        for partition in partitions {
            self.held.remove(partition);
        }
        Ok(())
    }

    /// Takes the table's word for what is held.
    fn replace(&mut self, now: BTreeMap<Partition, Held>) -> Vec<Turn> {
        let before = std::mem::replace(&mut self.held, now);
        let mut turns = Vec::new();
        for partition in Partition::all() {
            match (before.get(&partition), self.held.get(&partition)) {
                (Some(before), Some(now)) if before == now => {}
                (_, Some(now)) if now.parked.is_none() => {
                    turns.push(Turn::Go(partition, now.position))
                }
                (Some(_), _) => turns.push(Turn::Halt(partition)),
                (None, _) => {}
            }
        }
        turns
    }
}

/// Says that this instance is there.
pub(crate) async fn heartbeat(
    client: &Client,
    projection: &str,
    instance: &str,
    version: i32,
) -> Result<(), ProjectorError> {
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&projection, &instance, &version];
    let there = client.execute(
        "insert into projections.instances (projection, instance, version, heartbeat_at) \
         values ($1, $2, $3, clock_timestamp()) on conflict (projection, instance) \
         do update set version = excluded.version, heartbeat_at = excluded.heartbeat_at",
        &params,
    );
    // Those who went without a word.
    let gone = client.execute(
        "delete from projections.instances where projection = $1 \
             and heartbeat_at < clock_timestamp() - interval '10 minutes'",
        &params[..1],
    );
    try_join!(there, gone)?;
    Ok(())
}

/// Says that this instance is no longer there.
pub(crate) async fn sign_off(
    client: &Client,
    projection: &str,
    instance: &str,
) -> Result<(), ProjectorError> {
    client
        .execute(
            "delete from projections.instances where projection = $1 and instance = $2",
            &[&projection, &instance],
        )
        .await?;
    Ok(())
}

fn held(row: &Row) -> Result<(Partition, Held), ProjectorError> {
    let held = Held {
        position: Position(row.try_get("position")?),
        lease_epoch: row.try_get("lease_epoch")?,
        parked: row.try_get::<_, Option<i64>>("parked")?.map(Position),
    };
    Ok((table::partition(row.try_get("partition")?)?, held))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leases(held: &[(u8, i64, Option<i64>)]) -> BTreeMap<Partition, Held> {
        held.iter()
            .map(|(partition, position, parked)| {
                let held = Held {
                    position: Position(*position),
                    lease_epoch: 1,
                    parked: parked.map(Position),
                };
                (Partition::new(*partition).unwrap(), held)
            })
            .collect()
    }

    #[test]
    fn a_partition_halts_when_it_is_lost_or_parked_and_goes_when_it_is_taken_or_freed() {
        let mut holder = Leases::new("test", 1, 1, "a", Duration::from_secs(1));
        holder.held = leases(&[(0, 5, None), (1, 5, None), (2, 5, Some(6)), (3, 5, None)]);
        let turns = holder.replace(leases(&[
            (0, 5, None),
            (1, 5, Some(6)),
            (2, 6, None),
            (4, 7, None),
            (5, 1, Some(2)),
        ]));
        let partition = |number| Partition::new(number).unwrap();
        assert_eq!(
            turns,
            [
                Turn::Halt(partition(1)),
                Turn::Go(partition(2), Position(6)),
                Turn::Halt(partition(3)),
                Turn::Go(partition(4), Position(7)),
            ]
        );
    }
}
