//! What operators see of projections.

use std::time::Duration;

use chrono::{DateTime, Utc};
use handoff_domain::Partition;
use handoff_event_log::{LogError, Position};
use tokio_postgres::{Row, Transaction};

use crate::{columns::UnreadableRow, generations::seconds, table};

/// A read model being kept up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    pub name: String,
    /// An operator stopped it.
    pub paused: bool,
    /// The end of the log.
    pub head: Position,
    /// The live generation includes everything up to this position; `START` if none is live.
    pub included: Position,
    /// Age of the first event that is not included; zero if there is none.
    pub lag: Duration,
    /// The processes that work on it, by id.
    pub instances: Vec<Instance>,
    /// The live generation's partitions, by number; empty if none is live.
    pub partitions: Vec<PartitionStatus>,
    /// Newest first.
    pub generations: Vec<Generation>,
}

impl Projection {
    /// The generation that answers. Where programs of two versions run, the later one's.
    pub fn live(&self) -> Option<&Generation> {
        let live = |generation: &&Generation| generation.state == GenerationState::Live;
        self.generations
            .iter()
            .filter(live)
            .max_by_key(|generation| generation.version)
    }

    /// The events after `included`. Of some of them the read model may be ahead.
    pub fn lag_events(&self) -> i64 {
        self.head.0 - self.included.0
    }
}

/// A process that works on a projection.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub id: String,
    /// How many partitions of the live generation it holds.
    pub partitions: usize,
    pub heartbeat_at: DateTime<Utc>,
}

/// One of the live generation's 64 partitions.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionStatus {
    pub partition: Partition,
    /// The checkpoint.
    pub position: Position,
    /// The instance that holds it.
    pub owner: Option<String>,
    pub parked: Option<Parked>,
}

/// The event at which a partition has stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    pub position: Position,
    pub error: String,
    pub at: DateTime<Utc>,
}

/// One table of a read model's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    pub number: i32,
    pub version: i32,
    pub state: GenerationState,
    /// It includes everything up to this position.
    pub included: Position,
    pub created_at: DateTime<Utc>,
}

/// What a generation is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationState {
    Building,
    Live,
    Retired,
}

/// Reads one projection within a snapshot; none if there is none of this name.
pub(crate) async fn read(
    snapshot: &Transaction<'_>,
    projection: &str,
    expiry: Duration,
) -> Result<Option<Projection>, LogError> {
    let row = snapshot
        .query_opt(
            "select paused, (select coalesce(max(position), 0) from event_log.events) as head \
             from projections.projections where projection = $1",
            &[&projection],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let generations = snapshot
        .query(include_str!("sql/status_generations.sql"), &[&projection])
        .await?;
    let mut read = Projection {
        name: projection.to_owned(),
        paused: row.try_get("paused")?,
        head: Position(row.try_get("head")?),
        included: Position::START,
        lag: Duration::ZERO,
        instances: Vec::new(),
        partitions: Vec::new(),
        generations: generations
            .iter()
            .map(generation)
            .collect::<Result<_, _>>()?,
    };
    let live = read.live().cloned();
    let number = live.as_ref().map(|live| live.number);
    let instances = snapshot
        .query(
            include_str!("sql/status_instances.sql"),
            &[&projection, &number, &seconds(expiry)],
        )
        .await?;
    read.instances = instances.iter().map(instance).collect::<Result<_, _>>()?;
    let partitions = snapshot
        .query(
            include_str!("sql/status_partitions.sql"),
            &[&projection, &number],
        )
        .await?;
    read.partitions = partitions.iter().map(partition).collect::<Result<_, _>>()?;
    read.included = live.map_or(Position::START, |live| live.included);
    let lag = snapshot
        .query_opt(
            "select extract(epoch from clock_timestamp() - recorded_at)::float8 from event_log.events where position = $1",
            &[&read.included.next().0],
        )
        .await?;
    if let Some(lag) = lag {
        read.lag = Duration::try_from_secs_f64(lag.try_get(0)?).unwrap_or_default();
    }
    Ok(Some(read))
}

fn generation(row: &Row) -> Result<Generation, tokio_postgres::Error> {
    Ok(Generation {
        number: row.try_get("generation")?,
        version: row.try_get("version")?,
        state: match row.try_get("state")? {
            "live" => GenerationState::Live,
            "building" => GenerationState::Building,
            // A constraint allows no others.
            _ => GenerationState::Retired,
        },
        included: Position(row.try_get("included")?),
        created_at: row.try_get("created_at")?,
    })
}

fn instance(row: &Row) -> Result<Instance, tokio_postgres::Error> {
    Ok(Instance {
        id: row.try_get("instance")?,
        partitions: row.try_get::<_, i64>("partitions")?.unsigned_abs() as usize,
        heartbeat_at: row.try_get("heartbeat_at")?,
    })
}

fn partition(row: &Row) -> Result<PartitionStatus, LogError> {
    let position = Position(row.try_get("position")?);
    let unreadable = |error: UnreadableRow| LogError::Corrupt {
        position,
        what: error.to_string(),
    };
    let parked = match row.try_get::<_, Option<i64>>("parked")? {
        None => None,
        Some(parked) => Some(Parked {
            position: Position(parked),
            error: row.try_get("error")?,
            at: row.try_get("at")?,
        }),
    };
    Ok(PartitionStatus {
        partition: table::partition(row.try_get("partition")?).map_err(unreadable)?,
        position,
        owner: row.try_get("owner")?,
        parked,
    })
}
