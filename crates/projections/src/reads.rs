//! Reading rows together with how far they are: one snapshot, one round trip.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use deadpool_postgres::Pool;
use futures_util::join;
use handoff_domain::Partition;
use handoff_event_log::{Database, LogError, Position, Role};
use postgres_types::{ToSql, Type};
use tokio_postgres::{Row, error::SqlState};

use crate::{
    inclusion::{BOUNDS, Bounds, Source},
    table,
};

/// What reading sessions are set to. A page is read by an index, and so is how far it is, however small
/// the tables were when that was planned. A query that takes this long is not one that a page is made of.
const SETTINGS: &str = "-c default_transaction_read_only=on -c jit=off -c enable_seqscan=off \
     -c statement_timeout=10s";
/// How often a read is begun again because a generation was switched meanwhile.
const TRIES: usize = 3;

/// Rows, and what they include.
#[derive(Debug)]
pub struct Answer {
    pub rows: Vec<Row>,
    /// Everything up to this position is in the rows, as far as the partitions asked for go; of what
    /// lies behind it some may be.
    pub position: Position,
    /// How far each partition is, of each source in their order.
    pub bounds: Vec<Bounds>,
}

/// Why there are no rows.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There are no rows of this version yet: they are being built. Ask again later.
    #[error("{projection} is being built")]
    Building { projection: &'static str },
    /// Postgres is away, too slow, or refuses work for now. Ask again later.
    #[error("the database of the projections is not available")]
    Unavailable(#[source] LogError),
    /// Postgres refused the query: a mistake in the program.
    #[error("the database of the projections refused a query")]
    Refused(#[source] LogError),
}

impl From<LogError> for ReadError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(_) | LogError::NoSession(_) => Self::Unavailable(error),
            LogError::OutcomeUnknown(_) | LogError::Refused(_) | LogError::Corrupt { .. } => {
                Self::Refused(error)
            }
        }
    }
}

/// A pool of sessions that read, of at most `size`.
pub fn reading_pool(database: &Database, size: usize) -> Pool {
    database.pool(Role::Reader, "handoff read", SETTINGS, size)
}

/// Reads from the live generations. One per process; cheap to clone.
#[derive(Clone)]
pub struct Reads {
    pool: Pool,
    /// The live generation of each source when it was last looked at.
    live: Arc<Mutex<HashMap<Source, i32>>>,
}

impl Reads {
    /// Reads through a [`reading_pool`].
    pub fn new(pool: Pool) -> Self {
        Self {
            pool,
            live: Arc::default(),
        }
    }

    /// Runs a query on the tables of `sources`, and finds how far they are in the same snapshot.
    ///
    /// `query` is given the sources' schemas in their order, and answers the SQL; a table is
    /// `SCHEMA.rows`. The position is for `partitions`, of which there must be one at least, or for all.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read(
        &self,
        sources: &[Source],
        partitions: Option<&[Partition]>,
        query: impl Fn(&[String]) -> String,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Answer, ReadError> {
        let mut refused = None;
        for _ in 0..TRIES {
            let generations = self.generations(sources).await?;
            let schemas: Vec<_> = sources
                .iter()
                .zip(&generations)
                .map(|(source, generation)| table::schema(source.projection, *generation))
                .collect();
            match self
                .read_from(sources, &generations, partitions, &query(&schemas), params)
                .await
            {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                // A generation that was live a moment ago is gone: nobody had read for long.
                Err(LogError::Refused(error)) if is_undefined(&error) => refused = Some(error),
                Err(error) => return Err(error.into()),
            }
            self.forget(sources);
        }
        match refused {
            Some(error) => Err(ReadError::Refused(LogError::Refused(error))),
            None => Err(ReadError::Building {
                projection: sources.first().map_or("", Source::name),
            }),
        }
    }

    /// None where one of the generations is not the live one.
    async fn read_from(
        &self,
        sources: &[Source],
        generations: &[i32],
        partitions: Option<&[Partition]>,
        query: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Option<Answer>, LogError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(BOUNDS).await?;
        let (names, versions) = names_and_versions(sources);
        let numbers = partitions.map(|partitions| {
            partitions
                .iter()
                .map(|partition| i16::from(partition.number()))
                .collect::<Vec<_>>()
        });
        let of_bounds: [&(dyn ToSql + Sync); 3] = [&names, &versions, &numbers];
        // All sent at once, the end included: whoever stops waiting leaves no transaction behind.
        let (begun, bounds, rows, ended) = join!(
            client.batch_execute("begin isolation level repeatable read, read only"),
            client.query(&statement, &of_bounds),
            client.query_typed(query, params),
            client.batch_execute("commit"),
        );
        begun?;
        let (bounds, rows) = (bounds?, rows?);
        ended?;
        let mut position = None;
        let mut of_sources = Vec::with_capacity(sources.len());
        for (source, generation) in sources.iter().zip(generations) {
            let mut of_source = bounds
                .iter()
                .filter(|row| row.get::<_, &str>("projection") == source.projection);
            let Some(row) = of_source.next() else {
                return Ok(None);
            };
            let bounds = Bounds::from_row(row)?;
            if bounds.generation != *generation {
                return Ok(None);
            }
            let included = bounds.included(partitions);
            of_sources.push(bounds);
            position = Some(position.map_or(included, |position: Position| position.min(included)));
        }
        Ok(Some(Answer {
            rows,
            position: position.unwrap_or_default(),
            bounds: of_sources,
        }))
    }

    /// The live generations, as they were last seen.
    async fn generations(&self, sources: &[Source]) -> Result<Vec<i32>, ReadError> {
        let cached = |source| {
            self.live
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(source)
                .copied()
        };
        if let Some(generations) = sources.iter().map(cached).collect() {
            return Ok(generations);
        }
        let find = async {
            let client = self.pool.get().await?;
            let (names, versions) = names_and_versions(sources);
            let rows = client
                .query(
                    "select g.projection, g.generation from unnest($1::text[], $2::integer[]) as source (projection, version) \
                     join projections.generations g on g.projection = source.projection \
                         and g.version = source.version and g.state = 'live'",
                    &[&names, &versions],
                )
                .await?;
            rows.iter()
                .map(|row| Ok((row.try_get::<_, String>(0)?, row.try_get::<_, i32>(1)?)))
                .collect::<Result<HashMap<_, _>, LogError>>()
        };
        let found = find.await?;
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        sources
            .iter()
            .map(|source| {
                let generation = *found.get(source.projection).ok_or(ReadError::Building {
                    projection: source.projection,
                })?;
                live.insert(*source, generation);
                Ok(generation)
            })
            .collect()
    }

    fn forget(&self, sources: &[Source]) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        for source in sources {
            live.remove(source);
        }
    }
}

fn names_and_versions(sources: &[Source]) -> (Vec<&'static str>, Vec<i32>) {
    sources
        .iter()
        .map(|source| (source.projection, source.version))
        .unzip()
}

fn is_undefined(error: &tokio_postgres::Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::UNDEFINED_TABLE) || code == Some(&SqlState::INVALID_SCHEMA_NAME)
}
