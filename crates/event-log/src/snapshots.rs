//! States of streams: the newest snapshot at or below the version wanted, and the events after it.

use std::collections::HashMap;

use deadpool_postgres::Pool;
use futures_util::join;
use handoff_domain::{State, Version, Versioned, names::StreamName};
use tokio_postgres::{Client, Statement, error::Error as PostgresError, types::ToSql};

use crate::{
    error::LogError,
    recorded::{Position, Recorded},
};

const TAILS: &str = include_str!("sql/load_tails.sql");
const SNAPSHOTS: &str = include_str!("sql/load_snapshots.sql");

/// A stream and the version up to which it is wanted.
pub(crate) struct Wanted<'a> {
    stream: &'a StreamName,
    through: i32,
}

impl<'a> Wanted<'a> {
    pub(crate) fn newest(stream: &'a StreamName) -> Self {
        Self {
            stream,
            through: i32::MAX,
        }
    }
}

pub(crate) struct Statements {
    tails: Statement,
    snapshots: Statement,
}

impl Statements {
    pub(crate) async fn prepare(client: &Client) -> Result<Self, PostgresError> {
        Ok(Self {
            tails: client.prepare(TAILS).await?,
            snapshots: client.prepare(SNAPSHOTS).await?,
        })
    }
}

/// Loads streams, in their order; one without events is absent at version 0.
pub(crate) async fn load(
    client: &Client,
    statements: &Statements,
    wanted: &[Wanted<'_>],
) -> Result<Vec<Versioned>, LogError> {
    let names: Vec<&str> = wanted.iter().map(|wanted| wanted.stream.as_str()).collect();
    let fingerprints: Vec<i64> = wanted
        .iter()
        .map(|wanted| State::fingerprint(wanted.stream.kind()))
        .collect();
    let through: Vec<i32> = wanted.iter().map(|wanted| wanted.through).collect();
    // The tails first: a snapshot that is made in between only repeats events that follow.
    let params: [&(dyn ToSql + Sync); 3] = [&names, &fingerprints, &through];
    let (tails, snapshots) = join!(
        client.query(&statements.tails, &params),
        client.query(&statements.snapshots, &params),
    );
    let mut loaded: HashMap<String, Versioned> = HashMap::new();
    for row in snapshots? {
        // One that cannot be read is not of this program's making; the events are the truth.
        if let Ok(state) = serde_json::from_str(row.try_get(2)?) {
            let version = Version(row.try_get::<_, i32>(1)? as u32);
            loaded.insert(row.try_get(0)?, Versioned { version, state });
        }
    }
    for row in tails? {
        let recorded = Recorded::from_row(&row)?;
        let versioned = loaded
            .entry(recorded.stream.as_str().to_owned())
            .or_insert_with(|| absent(&recorded.stream));
        evolve(versioned, &recorded)?;
    }
    Ok(wanted
        .iter()
        .map(|wanted| {
            loaded
                .get(wanted.stream.as_str())
                .cloned()
                .unwrap_or_else(|| absent(wanted.stream))
        })
        .collect())
}

fn absent(stream: &StreamName) -> Versioned {
    Versioned {
        version: Version::default(),
        state: State::absent(stream.kind()),
    }
}

/// Applies the next event of a stream to its state; one that the state includes already changes nothing.
///
/// # Errors
/// [`LogError::Corrupt`] where the event cannot be read, is not the next one, or cannot follow the state.
pub fn evolve(versioned: &mut Versioned, recorded: &Recorded) -> Result<(), LogError> {
    if recorded.version <= versioned.version {
        return Ok(());
    }
    let corrupt = |what: String| LogError::Corrupt {
        position: recorded.position,
        what,
    };
    if recorded.version != versioned.version.next() {
        return Err(corrupt(format!(
            "{} goes from version {} to {}",
            recorded.stream, versioned.version, recorded.version
        )));
    }
    let event = recorded
        .event()
        .map_err(|error| corrupt(error.to_string()))?;
    let state = versioned
        .state
        .clone()
        .evolve(&event)
        .map_err(|error| corrupt(error.to_string()))?;
    *versioned = Versioned {
        version: recorded.version,
        state,
    };
    Ok(())
}

/// A state to keep.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub stream: StreamName,
    pub versioned: Versioned,
}

/// Loads and keeps states, each call in a session of its own. Cheap to clone.
#[derive(Clone)]
pub struct Snapshots {
    pool: Pool,
}

impl Snapshots {
    /// Works through a pool whose role may read the log; to [`save`](Self::save) it must be the appender's.
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// The newest state of a stream.
    pub async fn newest(&self, stream: &StreamName) -> Result<Versioned, LogError> {
        self.load(Wanted::newest(stream)).await
    }

    /// The state of a stream at a version.
    pub async fn at_version(
        &self,
        stream: &StreamName,
        version: Version,
    ) -> Result<Versioned, LogError> {
        self.load(Wanted {
            stream,
            through: version.0 as i32,
        })
        .await
    }

    /// The state of a stream as the events through a position make it.
    pub async fn at_position(
        &self,
        stream: &StreamName,
        through: Position,
    ) -> Result<Versioned, LogError> {
        let client = self.pool.get().await?;
        let statement = client
            .prepare_cached(
                "select version from event_log.events where stream = $1 and position <= $2 \
                 order by version desc limit 1",
            )
            .await?;
        let row = client
            .query_opt(&statement, &[&stream.as_str(), &through.0])
            .await?;
        let version = row.map_or(Ok(0), |row| row.try_get::<_, i32>(0))?;
        drop(client);
        self.at_version(stream, Version(version as u32)).await
    }

    async fn load(&self, wanted: Wanted<'_>) -> Result<Versioned, LogError> {
        let client = self.pool.get().await?;
        let statements = Statements {
            tails: client.prepare_cached(TAILS).await?,
            snapshots: client.prepare_cached(SNAPSHOTS).await?,
        };
        let stream = wanted.stream;
        Ok(load(&client, &statements, &[wanted])
            .await?
            .pop()
            .unwrap_or_else(|| absent(stream)))
    }

    /// Keeps a state; one that is kept already stays.
    pub async fn save(&self, Snapshot { stream, versioned }: &Snapshot) -> Result<(), LogError> {
        let state = serde_json::to_string(&versioned.state)
            .expect("states have string keys and finite numbers only");
        let client = self.pool.get().await?;
        let statement = client
            .prepare_cached(
                "insert into event_log.snapshots (stream, version, fingerprint, state) \
                 values ($1, $2, $3, $4::text::json) on conflict do nothing",
            )
            .await?;
        let fingerprint = State::fingerprint(stream.kind());
        client
            .execute(
                &statement,
                &[
                    &stream.as_str(),
                    &(versioned.version.0 as i32),
                    &fingerprint,
                    &state,
                ],
            )
            .await?;
        Ok(())
    }
}
