//! The way in for whoever asks: each answer says up to which position it includes everything.

mod accounts;
mod activities;
mod documents;
mod members;
mod operations;
mod orders;
mod portal;
mod services;
mod tasks;
mod todo;

use deadpool_postgres::Pool;
use handoff_domain::{Partition, names::StreamName};
use handoff_event_log::{LogError, Position};
use handoff_projections::{
    Inclusion, ReadError, ReadModel, Reads, Source, Take, UnreadableRow, WaitError,
};
use tokio::time::Instant;
use tokio_postgres::Row;
use uuid::Uuid;

pub use tasks::Count;

use crate::{
    filter::Viewer,
    history::{self, History, HistoryEntry},
    list::{InvalidList, ListRequest, Page, Place, Plan, Statement},
    page::PageTokens,
};

/// What an answer must include, and how long it may wait for that.
#[derive(Debug, Clone, Copy)]
pub struct Consistency {
    /// Everything up to this position; [`Position::START`] for whatever there is.
    pub min_position: Position,
    pub deadline: Instant,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    pub value: T,
    /// Everything up to this position is included; of what lies behind it some may be.
    pub position: Position,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The caller asks for what no list can answer.
    #[error(transparent)]
    Invalid(#[from] InvalidList),
    /// The read model did not come as far as was asked for in time. Ask again later, or for less.
    #[error("{projection} includes everything up to position {included}, not {wanted}")]
    Behind {
        projection: &'static str,
        wanted: Position,
        included: Position,
        head: Position,
    },
    /// The read model is being built for the first time. Ask again later.
    #[error("{projection} is being built")]
    Building { projection: &'static str },
    /// Postgres is away, too slow, or refuses work for now. Ask again later.
    #[error("the database of the read models is not available")]
    Unavailable(#[source] LogError),
    /// Postgres refused the query: a mistake in the program.
    #[error("the database of the read models refused a query")]
    Refused(#[source] LogError),
    /// A row is not what this program writes.
    #[error("a row of a read model cannot be read")]
    Unreadable(#[from] UnreadableRow),
}

impl From<WaitError> for QueryError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Behind {
                projection,
                wanted,
                included,
                head,
            } => Self::Behind {
                projection,
                wanted,
                included,
                head,
            },
            WaitError::Building { projection } => Self::Building { projection },
            WaitError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<ReadError> for QueryError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Building { projection } => Self::Building { projection },
            ReadError::Unavailable(error) => Self::Unavailable(error),
            ReadError::Refused(error) => Self::Refused(error),
        }
    }
}

impl From<LogError> for QueryError {
    fn from(error: LogError) -> Self {
        ReadError::from(error).into()
    }
}

// What each list reads, in the order of the schemas in its statements.
const HISTORY: &[Source] = &[Source::of::<History>()];

/// Answers queries from the live read models. One per process; cheap to clone.
#[derive(Clone)]
pub struct Queries {
    reads: Reads,
    inclusion: Inclusion,
    tokens: PageTokens,
}

impl Queries {
    /// Reads through a [`reading_pool`](handoff_projections::reading_pool). Fetches the key of page tokens,
    /// so the database must be there and migrated.
    pub async fn open(pool: Pool, inclusion: Inclusion) -> Result<Self, QueryError> {
        let client = pool.get().await.map_err(LogError::from)?;
        let row = client
            .query_one("select key from paging.token_key", &[])
            .await
            .map_err(LogError::from)?;
        let tokens = PageTokens::new(row.try_get(0).map_err(LogError::from)?);
        drop(client);
        Ok(Self {
            reads: Reads::new(pool),
            inclusion,
            tokens,
        })
    }

    /// Waits until a projection includes everything up to a position.
    pub async fn wait(&self, source: Source, consistency: Consistency) -> Result<(), QueryError> {
        self.wait_in(source, None, consistency).await
    }

    /// Waits until some partitions of a projection (none: all) include everything up to a position.
    pub async fn wait_in(
        &self,
        source: Source,
        partitions: Option<&[Partition]>,
        consistency: Consistency,
    ) -> Result<(), QueryError> {
        let Consistency {
            min_position,
            deadline,
        } = consistency;
        self.inclusion
            .wait(&[source], partitions, min_position, deadline)
            .await?;
        Ok(())
    }

    /// What happened to a resource, or to all; the newest first where nothing else is asked for. The
    /// history of an account or member has that of the tasks and activities about it.
    pub async fn list_history(
        &self,
        resource: Option<&StreamName>,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<HistoryEntry>>, QueryError> {
        let scope = resource.map_or("", StreamName::as_str);
        let plan = history::LISTING.plan(request, viewer, scope, &self.tokens)?;
        let answer = self
            .run(
                HISTORY,
                None,
                &history::page(&plan, resource),
                consistency,
                entry,
            )
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// The event of a resource's stream that has this id, if it is there.
    pub async fn get_event(
        &self,
        stream: &StreamName,
        event_id: Uuid,
        consistency: Consistency,
    ) -> Result<Answer<Option<HistoryEntry>>, QueryError> {
        let statement = history::one(stream, event_id);
        let answer = self
            .run(HISTORY, None, &statement, consistency, entry)
            .await?;
        Ok(answer.first())
    }

    /// Waits for all that the statement joins, then reads rows and bound in one snapshot.
    async fn run<T>(
        &self,
        sources: &[Source],
        partitions: Option<&[Partition]>,
        statement: &Statement,
        consistency: Consistency,
        read: fn(&Row) -> Result<T, UnreadableRow>,
    ) -> Result<Answer<Vec<Placed<T>>>, QueryError> {
        let answer = self
            .read(sources, partitions, statement, consistency)
            .await?;
        let rows = answer.rows.iter().map(|row| {
            let place = Place {
                values: row.try_get("place").map_err(UnreadableRow::Column)?,
                bytes: row.raw_size_bytes(),
            };
            Ok::<_, UnreadableRow>((read(row)?, place))
        });
        Ok(Answer {
            value: rows.collect::<Result<_, _>>()?,
            position: answer.position,
        })
    }

    /// The rows as Postgres answers them, and how far each of the sources is.
    async fn read(
        &self,
        sources: &[Source],
        partitions: Option<&[Partition]>,
        statement: &Statement,
        consistency: Consistency,
    ) -> Result<handoff_projections::Answer, QueryError> {
        let Consistency {
            min_position,
            deadline,
        } = consistency;
        self.inclusion
            .wait(sources, partitions, min_position, deadline)
            .await?;
        let parameters = statement.parameters.as_typed();
        let query = |schemas: &[String]| statement.in_schemas(schemas);
        let answer = self.reads.read(sources, partitions, query, &parameters);
        Ok(answer.await?)
    }

    fn page<T>(&self, plan: &Plan, answer: Answer<Vec<Placed<T>>>) -> Answer<Page<T>> {
        Answer {
            value: plan.page(answer.value, &self.tokens),
            position: answer.position,
        }
    }
}

/// An entry and its place in the order of its list.
type Placed<T> = (T, Place);

impl<T> Answer<Vec<Placed<T>>> {
    fn unplaced(self) -> Answer<Vec<T>> {
        Answer {
            value: self.value.into_iter().map(|(item, _)| item).collect(),
            position: self.position,
        }
    }

    fn first(self) -> Answer<Option<T>> {
        Answer {
            value: self.value.into_iter().next().map(|(item, _)| item),
            position: self.position,
        }
    }
}

/// The key and row of a read model, and what follows the place.
fn joined<M: ReadModel>(row: &Row) -> Result<(M::Key, M::Row, Take<'_>), UnreadableRow> {
    let (key, stored) = M::take(&mut Take::new(row, 0))?;
    let place = M::KEY.len() + M::COLUMNS.len();
    Ok((key, stored, Take::new(row, place + 1)))
}

fn entry(row: &Row) -> Result<HistoryEntry, UnreadableRow> {
    let (position, row, _) = joined::<History>(row)?;
    Ok(HistoryEntry { position, row })
}
