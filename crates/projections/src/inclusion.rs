//! What a read model includes, and waiting until it includes more.
//!
//! A partition includes position n when no event of it lies between its checkpoint and n. So the
//! *bound* of a partition is the position before its first event that was not applied, or the end of
//! the log where there is none. Everything up to the bound is included; of what lies behind it some
//! may be.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use deadpool_postgres::Pool;
use handoff_bus::Precedence;
use handoff_domain::{PARTITIONS, Partition};
use handoff_event_log::{LogError, Position};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout, timeout_at},
};
use tokio_postgres::Row;

use crate::{environment::Notices, model::ReadModel};

/// How often a projection that is waited for is asked, besides at each notice.
const POLL: Duration = Duration::from_millis(25);
/// Bounds older than this are not believed: a log that was put back to an earlier state may have lost them.
const FRESH: Duration = Duration::from_secs(1);

/// Reads one row for each of the projections `$1` in the versions `$2` that has a live generation: how
/// far its partitions `$3` are, or all of them if that is null.
pub(crate) const BOUNDS: &str = include_str!("sql/bounds.sql");

/// A read model in the version that this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    pub(crate) projection: &'static str,
    pub(crate) version: i32,
}

impl Source {
    /// The rows of `M`.
    pub const fn of<M: ReadModel>() -> Self {
        Self {
            projection: M::NAME,
            version: M::VERSION,
        }
    }

    /// The projection's id.
    pub fn name(&self) -> &'static str {
        self.projection
    }
}

/// How far a generation is, each partition by itself: of a partition everything up to its bound is included, and
/// nothing behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub(crate) generation: i32,
    pub(crate) head: Position,
    partitions: [Position; PARTITIONS as usize],
}

impl Bounds {
    /// From a row of [`BOUNDS`]. Partitions that were not asked for count as complete.
    pub(crate) fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let head = Position(row.try_get("head")?);
        let mut partitions = [head; PARTITIONS as usize];
        let numbers: Vec<i16> = row.try_get("partitions")?;
        for (number, bound) in numbers
            .into_iter()
            .zip(row.try_get::<_, Vec<i64>>("bounds")?)
        {
            // A constraint keeps the numbers below 64.
            partitions[usize::from(number.unsigned_abs()) % partitions.len()] = Position(bound);
        }
        Ok(Self {
            generation: row.try_get("generation")?,
            head,
            partitions,
        })
    }

    /// The bound of a partition.
    pub fn of(&self, partition: Partition) -> Position {
        self.partitions[usize::from(partition.number())]
    }

    /// The last position of which anything is included.
    pub fn latest(&self) -> Position {
        self.partitions
            .iter()
            .copied()
            .fold(self.head, Position::max)
    }

    /// Everything up to this position is included, of the partitions asked for; none asks for all.
    pub(crate) fn included(&self, partitions: Option<&[Partition]>) -> Position {
        let bound = |partition: &Partition| self.of(*partition);
        match partitions {
            None => self.partitions.iter().copied().min(),
            Some(partitions) => partitions.iter().map(bound).min(),
        }
        .unwrap_or(self.head)
    }
}

/// Why a read model does not include a position in time.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The deadline came first. Ask again later, or for less.
    #[error("{projection} includes everything up to position {included}, not {wanted}")]
    Behind {
        projection: &'static str,
        wanted: Position,
        included: Position,
        head: Position,
    },
    /// There are no rows of this version yet: they are being built. Ask again later.
    #[error("{projection} is being built")]
    Building { projection: &'static str },
    /// Postgres is away or refuses work for now. Ask again later.
    #[error("the database of the projections is not available")]
    Unavailable(#[source] LogError),
}

/// Waits until read models include a position. One per process; cheap to clone. However many wait for
/// a projection, one query at a time asks for all of them.
#[derive(Clone)]
pub struct Inclusion {
    pool: Pool,
    notices: Notices,
    precedence: Precedence,
    known: Arc<StdMutex<HashMap<Source, Shared>>>,
}

/// What is known of one source; locked while it is asked for.
type Shared = Arc<Mutex<Option<Known>>>;

/// What the last query answered.
#[derive(Debug, Clone, Copy)]
struct Known {
    bounds: Option<Bounds>,
    begun: Instant,
}

impl Inclusion {
    /// Asks through a pool whose role may read, and listens to `notices` of projections that move.
    pub fn new(pool: Pool, notices: Notices) -> Self {
        Self {
            pool,
            notices,
            precedence: Precedence::default(),
            known: Arc::default(),
        }
    }

    /// Calls those who would let others go first while anybody waits.
    pub fn calling(mut self, precedence: Precedence) -> Self {
        self.precedence = precedence;
        self
    }

    /// Waits until every source includes `min`, as far as the partitions asked for go (none: all).
    ///
    /// # Errors
    /// See [`WaitError`]; `Behind` and `Building` come at the deadline and not before.
    pub async fn wait(
        &self,
        sources: &[Source],
        partitions: Option<&[Partition]>,
        min: Position,
        deadline: Instant,
    ) -> Result<(), WaitError> {
        if min == Position::START {
            return Ok(());
        }
        // One after the other takes no longer than the slowest.
        for source in sources {
            let mut last = None;
            let wait = self.wait_for(source, partitions, min, &mut last);
            match timeout_at(deadline, wait).await {
                Ok(result) => result.map_err(WaitError::Unavailable)?,
                Err(_) => return Err(late(source, partitions, min, last)),
            }
        }
        Ok(())
    }

    async fn wait_for(
        &self,
        source: &Source,
        partitions: Option<&[Partition]>,
        min: Position,
        last: &mut Option<Bounds>,
    ) -> Result<(), LogError> {
        let mut notices = self.notices.subscribe(source.projection);
        // Told only once it turns out that there is something to wait for.
        let mut waiting = None;
        let known = self.known(source);
        loop {
            notices.borrow_and_update();
            let arrived = Instant::now();
            let bounds = {
                let mut known = known.lock().await;
                let enough = known.is_some_and(|Known { bounds, begun }| {
                    // Who asked after this one came asked for this one too.
                    let old = bounds.is_some_and(|bounds| bounds.included(partitions) >= min);
                    begun >= arrived || (old && begun.elapsed() < FRESH)
                });
                if !enough {
                    let begun = Instant::now();
                    *known = Some(Known {
                        bounds: self.ask(source).await?,
                        begun,
                    });
                }
                known.and_then(|known| known.bounds)
            };
            if bounds.is_some_and(|bounds| bounds.included(partitions) >= min) {
                return Ok(());
            }
            *last = bounds;
            waiting.get_or_insert_with(|| self.precedence.wait());
            // The sender lives in `notices`' map; were it gone, the poll alone would do.
            let _ = timeout(POLL, notices.changed()).await;
        }
    }

    async fn ask(&self, source: &Source) -> Result<Option<Bounds>, LogError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(BOUNDS).await?;
        let (names, versions) = (vec![source.projection], vec![source.version]);
        let row = client
            .query_opt(&statement, &[&names, &versions, &None::<Vec<i16>>])
            .await?;
        Ok(row.map(|row| Bounds::from_row(&row)).transpose()?)
    }

    fn known(&self, source: &Source) -> Shared {
        // The map is whole whatever a thread that panicked was about.
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(*source)
            .or_default()
            .clone()
    }
}

fn late(
    source: &Source,
    partitions: Option<&[Partition]>,
    wanted: Position,
    last: Option<Bounds>,
) -> WaitError {
    match last {
        Some(bounds) => WaitError::Behind {
            projection: source.projection,
            wanted,
            included: bounds.included(partitions),
            head: bounds.head,
        },
        None => WaitError::Building {
            projection: source.projection,
        },
    }
}
