//! Whether the history is as it was written: the hash chain, the positions, the anchors.

use tokio_postgres::Row;

use crate::{
    error::LogError,
    hash::{Hash, Hashed},
    log::Log,
    recorded::{COLUMNS, Position},
};

/// How many events are read at once.
const BATCH: i64 = 5_000;

/// What is wrong, and where it was found first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub position: Position,
    pub kind: ProblemKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    #[error("the event is not there: the log goes on at position {next}")]
    Missing { next: Position },
    #[error(
        "the event, or one before it, is not what was written: its hash is {stored}, it should be {expected}"
    )]
    Changed { stored: Hash, expected: Hash },
    #[error(
        "the event is not what was noted when the log ended here: its hash is {stored}, the anchor's {anchored}"
    )]
    NotAnchored { stored: Hash, anchored: Hash },
    #[error("the log once ended here, and now ends at position {head}: its tail was cut off")]
    Cut { head: Position },
    #[error("the row cannot be read: {0}")]
    Unreadable(String),
}

/// How far a verification is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Everything after the start and through here is as it was written.
    pub verified: Position,
    /// The hash of the event at `verified`.
    pub hash: Hash,
    pub events: u64,
    pub anchors: u64,
    /// What was found, if anything; the verification ends with it.
    pub problem: Option<Problem>,
    /// Nothing is left to verify.
    pub done: bool,
}

/// Verifies the events after a position, a batch at a time.
pub struct Verifier {
    log: Log,
    through: Position,
    progress: Progress,
}

impl Verifier {
    /// Begins after `after`, whose hash is taken as it stands, and ends with `through`, or with the
    /// end of the log as it is now.
    pub async fn new(
        log: Log,
        after: Position,
        through: Option<Position>,
    ) -> Result<Self, LogError> {
        let head = log.head().await?.position;
        let hash = if after == Position::START {
            Hash::GENESIS
        } else {
            log.read(Position(after.0 - 1), 1)
                .await?
                .first()
                .map_or(Hash::GENESIS, |recorded| recorded.hash)
        };
        let progress = Progress {
            verified: after,
            hash,
            events: 0,
            anchors: 0,
            problem: None,
            done: false,
        };
        Ok(Self {
            log,
            through: through.map_or(head, |through| through.min(head)),
            progress,
        })
    }

    /// The last position that will be verified.
    pub fn through(&self) -> Position {
        self.through
    }

    /// Verifies the next batch.
    pub async fn next(&mut self) -> Result<Progress, LogError> {
        let progress = &mut self.progress;
        if progress.done {
            return Ok(progress.clone());
        }
        let first = progress.verified;
        let client = self.log.pool().get().await?;
        let statement = client
            .prepare_cached(&format!(
                "select {COLUMNS} from event_log.events where position > $1 and position <= $2 order by position limit $3"
            ))
            .await?;
        let rows = client
            .query(&statement, &[&first.0, &self.through.0, &BATCH])
            .await?;
        let read = rows.len();
        for row in &rows {
            match check(row, progress.verified, &progress.hash) {
                Ok(hash) => {
                    progress.verified = progress.verified.next();
                    progress.hash = hash;
                    progress.events += 1;
                }
                Err(problem) => {
                    progress.problem = Some(problem);
                    break;
                }
            }
        }
        let ended = (read as i64) < BATCH;
        if progress.problem.is_none() && ended && progress.verified < self.through {
            let next = self.through.next();
            progress.problem = Some(Problem {
                position: progress.verified.next(),
                kind: ProblemKind::Missing { next },
            });
        }
        let anchors = client
            .prepare_cached(
                "select a.position, a.hash, e.hash, (select coalesce(max(position), 0) from event_log.events) \
                 from event_log.anchors a left join event_log.events e using (position) \
                 where a.position > $1 and (a.position <= $2 or $3) order by a.position",
            )
            .await?;
        for row in client
            .query(
                &anchors,
                &[
                    &first.0,
                    &progress.verified.0,
                    &(ended && progress.problem.is_none()),
                ],
            )
            .await?
        {
            if let Some(problem) = check_anchor(&row)? {
                progress.problem.get_or_insert(problem);
                break;
            }
            progress.anchors += 1;
        }
        progress.done = ended || progress.problem.is_some();
        Ok(progress.clone())
    }
}

/// The hash of the event in `row`, which must follow the one at `previous`.
fn check(row: &Row, previous: Position, previous_hash: &Hash) -> Result<Hash, Problem> {
    let expected_position = previous.next();
    let unreadable = |error: tokio_postgres::Error| Problem {
        position: expected_position,
        kind: ProblemKind::Unreadable(error.to_string()),
    };
    let position: i64 = row.try_get(0).map_err(unreadable)?;
    if position != expected_position.0 {
        let kind = ProblemKind::Missing {
            next: Position(position),
        };
        return Err(Problem {
            position: expected_position,
            kind,
        });
    }
    let expected = Hashed {
        position,
        stream: row.try_get(1).map_err(unreadable)?,
        version: row.try_get(2).map_err(unreadable)?,
        event_type: row.try_get(3).map_err(unreadable)?,
        type_version: row.try_get(4).map_err(unreadable)?,
        partition: row.try_get(5).map_err(unreadable)?,
        event_id: row.try_get(6).map_err(unreadable)?,
        command_id: row.try_get(7).map_err(unreadable)?,
        command_index: row.try_get(8).map_err(unreadable)?,
        payload: row.try_get(9).map_err(unreadable)?,
        metadata: row.try_get(10).map_err(unreadable)?,
        recorded_at: row.try_get(11).map_err(unreadable)?,
    }
    .after(previous_hash);
    let stored: &[u8] = row.try_get(12).map_err(unreadable)?;
    let stored = Hash::try_from(stored).map_err(|_| Problem {
        position: expected_position,
        kind: ProblemKind::Unreadable(format!("its hash has {} bytes, not 32", stored.len())),
    })?;
    if stored == expected {
        Ok(stored)
    } else {
        Err(Problem {
            position: expected_position,
            kind: ProblemKind::Changed { stored, expected },
        })
    }
}

fn check_anchor(row: &Row) -> Result<Option<Problem>, LogError> {
    let position = Position(row.try_get(0)?);
    let corrupt = |_| LogError::Corrupt {
        position,
        what: "its hash has not 32 bytes".to_owned(),
    };
    let anchored = Hash::try_from(row.try_get::<_, &[u8]>(1)?).map_err(corrupt)?;
    Ok(
        match row
            .try_get::<_, Option<&[u8]>>(2)?
            .map(Hash::try_from)
            .transpose()
            .map_err(corrupt)?
        {
            Some(stored) if stored == anchored => None,
            Some(stored) => Some(Problem {
                position,
                kind: ProblemKind::NotAnchored { stored, anchored },
            }),
            None => Some(Problem {
                position,
                kind: ProblemKind::Cut {
                    head: Position(row.try_get(3)?),
                },
            }),
        },
    )
}
