//! Building a generation from the log while another serves.
//!
//! One session does it all, and holds the lock that lets one instance build at a time: with the session
//! goes the right to write. Who begins makes the table anew, so a build that was interrupted leaves
//! nothing behind. The log is read by position, across all partitions; rows are gathered in memory
//! and written in bulk. Near the end of the log the indexes are made, then follows the [switch](crate::switch).

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use handoff_domain::{PARTITIONS, Partition};
use handoff_event_log::{Position, Recorded};
use tokio::{task::JoinHandle, time::sleep};
use tokio_postgres::Client;

use crate::{
    checkpoints::{self, Checkpoints},
    environment::Environment,
    error::ProjectorError,
    fold::{Decoded, Fold, Skips, Stop},
    generations,
    model::{Beginning, ReadModel, Succession},
    rows::Change,
    switch::Switched,
    table::{self, Table},
};

/// How many events are read from the log at once.
pub(crate) const READ: usize = 10_000;
/// Rows are written when so many are held,
const MOST_ROWS: usize = 100_000;
/// or when they came of so many bytes of events.
const MOST_BYTES: usize = 32 << 20;
/// The wait before looking again whether a stopped partition may go on.
const STOPPED: Duration = Duration::from_secs(1);

/// Builds a generation and makes it the live one of its version. Returns early where another instance
/// is at it, or where it is no longer wanted.
pub(crate) async fn rebuild<M: ReadModel>(
    environment: &Environment,
    generation: i32,
) -> Result<(), ProjectorError> {
    let mut client = environment.connect::<M>().await?;
    let lock = format!("{} {}", M::NAME, M::VERSION);
    let locked = client
        .query_one(
            "select pg_try_advisory_lock($1, hashtext($2))",
            &[&BUILD_LOCK, &lock],
        )
        .await?;
    // Looked at under the lock: who had it before may have finished.
    if !locked.try_get::<_, bool>(0)?
        || generations::standing::<M>(&client).await?.building != Some(generation)
    {
        return Ok(());
    }
    let started = Instant::now();
    tracing::info!(
        projection = M::NAME,
        generation,
        version = M::VERSION,
        "building a generation"
    );
    generations::create::<M>(&mut client, generation).await?;
    let mut build = Build::<M>::begin(environment, client, generation).await?;
    build.catch_up().await?;
    tracing::info!(
        projection = M::NAME, generation, through = %build.reached.through, elapsed = ?started.elapsed(),
        "the rows are there, making the indexes"
    );
    build.make_indexes().await?;
    loop {
        build.resume().await?;
        build.catch_up().await?;
        build.approach().await?;
        match build.switch().await? {
            Switched::Live => break,
            Switched::NotYet => {}
            Switched::Stopped => sleep(STOPPED).await,
            Switched::NotWanted => return Ok(()),
        }
    }
    tracing::info!(
        projection = M::NAME, generation, through = %build.reached.through, elapsed = ?started.elapsed(),
        "the generation is live"
    );
    environment.notices.moved(M::NAME);
    environment.hints.checkpoint(M::NAME, build.reached.through);
    Ok(())
}

/// The two-number advisory lock of builds. The second number is a hash of projection and version.
const BUILD_LOCK: i32 = 7_201_041;

/// How far a build is.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    /// The log was read up to this position. Single partitions may be further.
    pub(crate) through: Position,
    /// The last event applied or skipped, of each partition.
    positions: [Position; PARTITIONS as usize],
    /// Whether the table has rows.
    rows: bool,
}

impl Reached {
    pub(crate) fn at(&self, partition: Partition) -> Position {
        self.positions[usize::from(partition.number())]
    }

    fn advance(&mut self, partition: Partition, position: Position) {
        self.positions[usize::from(partition.number())] = position;
    }
}

/// A build under way.
pub(crate) struct Build<'a, M: ReadModel> {
    environment: &'a Environment,
    pub(crate) client: Client,
    table: Table<M>,
    checkpoints: Checkpoints,
    pub(crate) generation: i32,
    skips: Arc<Skips>,
    /// How far each partition may be folded, if that is limited.
    limits: Option<[Position; PARTITIONS as usize]>,
    /// Where partitions have stopped.
    pub(crate) stops: BTreeMap<Partition, Stop>,
    /// Those of `stops` that are not in the table of parked events yet.
    unreported: Vec<Stop>,
    fold: Fold<M>,
    /// Bytes of the events that are folded and not written.
    bytes: usize,
    /// What is folded, and what of it is written.
    pub(crate) reached: Reached,
    pub(crate) written: Reached,
}

/// Why a run over the log ended early.
pub(crate) enum Interrupted {
    /// An event cannot be applied. What was folded since the last write is to be folded again without it.
    Stop(Stop),
    Failed(ProjectorError),
}

impl<E: Into<ProjectorError>> From<E> for Interrupted {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

type Read = JoinHandle<Result<Vec<Decoded<Recorded>>, handoff_event_log::LogError>>;

impl<'a, M: ReadModel> Build<'a, M> {
    async fn begin(
        environment: &'a Environment,
        client: Client,
        generation: i32,
    ) -> Result<Self, ProjectorError> {
        let start = Reached {
            through: Position::START,
            positions: [Position::START; PARTITIONS as usize],
            rows: false,
        };
        let mut build = Self {
            environment,
            table: Table::open(&client, &table::schema(M::NAME, generation)).await?,
            checkpoints: Checkpoints::open(&client, M::NAME, generation).await?,
            generation,
            skips: Arc::new(checkpoints::skips(&client, M::NAME).await?),
            client,
            limits: None,
            stops: BTreeMap::new(),
            unreported: Vec::new(),
            fold: Fold::default(),
            bytes: 0,
            reached: start.clone(),
            written: start,
        };
        build.limit().await?;
        Ok(build)
    }

    /// Where one generation is to take over from another at exactly its events: goes no further than
    /// that one is.
    async fn limit(&mut self) -> Result<(), ProjectorError> {
        let Succession::OneForAll(beginning) = M::SUCCESSION else {
            return Ok(());
        };
        let live = self.live_positions().await?;
        let mut limits = [Position::START; PARTITIONS as usize];
        for (partition, position) in &live {
            limits[usize::from(partition.number())] = *position;
        }
        self.limits = (!live.is_empty() || beginning == Beginning::Log).then_some(limits);
        Ok(())
    }

    /// Whether an event is to be folded now.
    fn is_due(&self, event: &Decoded<Recorded>) -> bool {
        let (partition, position) = (event.partition(), event.position());
        let number = usize::from(partition.number());
        !self.stops.contains_key(&partition)
            && position > self.reached.at(partition)
            && self.limits.is_none_or(|limits| position <= limits[number])
    }

    /// Nothing after this position is to be folded.
    fn end(&self) -> Position {
        let end = self.limits.and_then(|limits| limits.into_iter().max());
        end.unwrap_or(Position(i64::MAX))
    }

    /// Comes so near to the generation that is to be replaced that little is left for the switch.
    async fn approach(&mut self) -> Result<(), ProjectorError> {
        if self.limits.is_none() {
            return Ok(());
        }
        for (partition, position) in self.live_positions().await? {
            loop {
                self.client.batch_execute("begin").await?;
                match self.step_towards(partition, position).await {
                    Ok(more) => {
                        self.client.batch_execute("commit").await?;
                        self.unreported.clear();
                        if !more {
                            break;
                        }
                    }
                    Err(Interrupted::Stop(stop)) => {
                        self.client.batch_execute("rollback").await?;
                        self.go_back(stop);
                        break;
                    }
                    Err(Interrupted::Failed(error)) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Folds the next events of one partition up to a position, in the transaction that is open. False
    /// once it is there, or has stopped.
    pub(crate) async fn step_towards(
        &mut self,
        partition: Partition,
        through: Position,
    ) -> Result<bool, Interrupted> {
        let after = self.reached.at(partition);
        if after >= through || self.stops.contains_key(&partition) {
            return Ok(false);
        }
        if let Some(limits) = &mut self.limits {
            limits[usize::from(partition.number())] = through;
        }
        let events = self
            .environment
            .log
            .read_partitions(&[partition], after, through, READ as i64)
            .await?;
        let more = events.len() == READ;
        let decoded = events
            .into_iter()
            .map(|event| Decoded::new(event, &self.skips));
        let decoded = decoded.collect();
        self.apply(decoded).await?;
        self.write().await?;
        Ok(more)
    }

    /// Folds and writes the log up to its end, or nearly.
    async fn catch_up(&mut self) -> Result<(), ProjectorError> {
        loop {
            match self.run_to_end().await {
                Ok(()) => return Ok(()),
                Err(Interrupted::Stop(stop)) => self.go_back(stop),
                Err(Interrupted::Failed(error)) => return Err(error),
            }
        }
    }

    async fn run_to_end(&mut self) -> Result<(), Interrupted> {
        // The next events are read and decoded while those before are folded and written.
        let mut ahead = self.read(self.reached.through);
        loop {
            let events = ahead.await.map_err(ProjectorError::from)??;
            let mut more = events.len() == READ;
            if let Some(last) = events.last() {
                self.reached.through = last.position();
                more &= last.position() < self.end();
            }
            ahead = self.read(self.reached.through);
            self.apply(events).await?;
            let full = M::INSERT_ONLY || self.fold.len() >= MOST_ROWS || self.bytes >= MOST_BYTES;
            if full || !more {
                self.client.batch_execute("begin").await?;
                self.write().await?;
                self.client.batch_execute("commit").await?;
                self.unreported.clear();
            }
            if !more {
                ahead.abort();
                return Ok(());
            }
        }
    }

    /// Begins to read and decode the events after a position.
    fn read(&self, after: Position) -> Read {
        let (log, skips) = (self.environment.log.clone(), self.skips.clone());
        tokio::spawn(async move {
            let events = log.read(after, READ as i64).await?;
            Ok(events
                .into_iter()
                .map(|event| Decoded::new(event, &skips))
                .collect())
        })
    }

    /// Reads and folds the next events within a transaction that is open. False at the end of the log.
    pub(crate) async fn step(&mut self) -> Result<bool, Interrupted> {
        let events = self
            .read(self.reached.through)
            .await
            .map_err(ProjectorError::from)??;
        let Some(last) = events.last() else {
            return Ok(false);
        };
        self.reached.through = last.position();
        self.apply(events).await?;
        self.write().await?;
        Ok(true)
    }

    /// Folds events, those of stopped partitions left out.
    async fn apply(&mut self, mut events: Vec<Decoded<Recorded>>) -> Result<(), Interrupted> {
        events.retain(|event| self.is_due(event));
        let keys = self.fold.touch(&events);
        if self.written.rows {
            self.fold
                .stored(self.table.load(&self.client, &keys).await?);
        }
        for event in &events {
            self.fold.apply(event).map_err(Interrupted::Stop)?;
            self.reached.advance(event.partition(), event.position());
            self.bytes += event.recorded.payload.len();
        }
        Ok(())
    }

    /// Writes what is folded, in the transaction that is open.
    async fn write(&mut self) -> Result<(), ProjectorError> {
        let positions: Vec<_> = self
            .reached
            .positions
            .iter()
            .map(|position| position.0)
            .collect();
        let moved = self
            .client
            .execute(
                include_str!("sql/set_checkpoints.sql"),
                &[&M::NAME, &self.generation, &positions],
            )
            .await?;
        let expected = u64::from(PARTITIONS);
        if moved != expected {
            return Err(ProjectorError::CheckpointMoved { expected, moved });
        }
        self.checkpoints
            .park(&self.client, &self.unreported.iter().collect::<Vec<_>>())
            .await?;
        let (new, others): (Vec<_>, Vec<_>) = self
            .fold
            .changes()
            .into_iter()
            .partition(|(_, _, change)| matches!(change, Change::Insert(_)));
        let new = new
            .into_iter()
            .filter_map(|(partition, key, change)| match change {
                Change::Insert(row) => Some((partition, key, row)),
                Change::Update(_) | Change::Delete => None,
            });
        self.table.copy(&self.client, new).await?;
        let others = self.table.encode(others)?;
        self.table.write(&self.client, &others).await?;
        self.table.tally(&self.client, &self.fold.growth()).await?;

        let events = self.reached.through.0 - self.written.through.0;
        self.environment
            .metrics
            .of(M::NAME)
            .events
            .inc_by(events.unsigned_abs());
        self.reached.rows |= self.fold.len() > 0;
        self.fold = Fold::default();
        self.bytes = 0;
        self.written = self.reached.clone();
        Ok(())
    }

    /// Forgets what is not written, because an event in it cannot be applied.
    pub(crate) fn go_back(&mut self, stop: Stop) {
        tracing::error!(
            projection = M::NAME, generation = self.generation, partition = %stop.partition,
            position = %stop.position, error = stop.error,
            "an event cannot be applied: its partition waits until an operator retries or skips it"
        );
        self.fold = Fold::default();
        self.bytes = 0;
        self.reached = self.written.clone();
        self.unreported.push(stop.clone());
        self.stops.insert(stop.partition, stop);
    }

    /// Takes up the partitions that an operator has freed.
    async fn resume(&mut self) -> Result<(), ProjectorError> {
        if self.stops.is_empty() {
            return Ok(());
        }
        let parked = self
            .client
            .query(
                "select partition from projections.parked where projection = $1 and generation = $2",
                &[&M::NAME, &self.generation],
            )
            .await?;
        let parked: Vec<_> = parked
            .iter()
            .map(|row| Ok(table::partition(row.try_get(0)?)?))
            .collect::<Result<_, ProjectorError>>()?;
        let freed: Vec<_> = self
            .stops
            .keys()
            .copied()
            .filter(|partition| !parked.contains(partition))
            .collect();
        self.skips = Arc::new(checkpoints::skips(&self.client, M::NAME).await?);
        for partition in freed {
            self.stops.remove(&partition);
            if let Err(interrupted) = self.bring_forward(partition).await {
                match interrupted {
                    Interrupted::Stop(stop) => self.go_back(stop),
                    Interrupted::Failed(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Brings one partition to where the others are.
    async fn bring_forward(&mut self, partition: Partition) -> Result<(), Interrupted> {
        loop {
            let after = self.reached.at(partition);
            let through = self.reached.through;
            let events = self
                .environment
                .log
                .read_partitions(&[partition], after, through, READ as i64)
                .await?;
            let more = events.len() == READ;
            self.apply(
                events
                    .into_iter()
                    .map(|event| Decoded::new(event, &self.skips))
                    .collect(),
            )
            .await?;
            self.client.batch_execute("begin").await?;
            self.write().await?;
            self.client.batch_execute("commit").await?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Makes the secondary indexes, and has the planner know the table.
    async fn make_indexes(&self) -> Result<(), ProjectorError> {
        let schema = table::schema(M::NAME, self.generation);
        for index in table::indexes::<M>(&schema) {
            self.client.batch_execute(&index).await?;
        }
        // An empty table that was analysed would be planned for as one that stays empty.
        if self.written.rows {
            self.client
                .batch_execute(&format!("analyze {schema}.rows"))
                .await?;
        }
        Ok(())
    }
}
