//! The one way into the log: lock, check, insert, commit.
//!
//! Two round trips, each pipelined: {begin; lock; the end of the log; what moved; receipts}, then
//! {insert; commit}. The lock is a statement of its own before the checks, because under READ
//! COMMITTED a statement's snapshot is older than a lock that it waits for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::join;
use handoff_domain::{Partition, Version, Versioned, names::StreamName};
use handoff_failpoints::{Bug, Point, has_bug, pass};
use tokio_postgres::{Client, Statement, error::Error as PostgresError, types::ToSql};
use uuid::Uuid;

use crate::{
    database::{Database, Role},
    epochs,
    error::LogError,
    hash::{Hash, Hashed},
    log::Head,
    recorded::{COLUMNS, Epoch, Position, Recorded},
    snapshots::{self, Wanted},
};

/// What the appender's sessions are set to.
///
/// The plans must stay index look-ups: a statement that was planned while the table was empty would
/// otherwise keep a sequential scan. A session that hangs with the lock is ended after 2 seconds, so
/// that a frozen process cannot hold up the others for long.
const SETTINGS: &str = "-c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
     -c plan_cache_mode=force_generic_plan -c idle_in_transaction_session_timeout=2s -c lock_timeout=5s \
     -c statement_timeout=30s";

/// What is checked under the lock.
#[derive(Debug, Default)]
pub struct Check {
    /// Every stream that was read, each once, at the version read.
    pub streams: Vec<(StreamName, Version)>,
    /// The ids of the commands, each once.
    pub commands: Vec<Uuid>,
}

/// An event to append.
#[derive(Debug, Clone)]
pub struct NewRecord {
    pub stream: StreamName,
    pub version: Version,
    pub event_type: &'static str,
    pub type_version: i16,
    pub partition: Partition,
    pub event_id: Uuid,
    pub command_id: Uuid,
    pub command_index: i32,
    pub payload: String,
    /// Shared by the events of one command.
    pub metadata: Arc<str>,
}

/// What an append left behind.
#[derive(Debug, Clone, Copy)]
pub struct Appended {
    /// The position of the last event appended.
    pub last: Position,
    pub recorded_at: DateTime<Utc>,
}

/// A session that appends. Many may exist; the lock lets one at a time work.
pub struct Appender {
    client: Client,
    statements: Statements,
    /// A transaction was begun and neither committed nor rolled back.
    open: bool,
}

struct Statements {
    lock: Statement,
    head: Statement,
    tails: Statement,
    receipts: Statement,
    insert: Statement,
    anchor: Statement,
    load: snapshots::Statements,
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, PostgresError> {
        Ok(Self {
            lock: client.prepare("select from event_log.append_lock where id = 1 for update").await?,
            head: client.prepare(include_str!("sql/head_under_lock.sql")).await?,
            tails: client
                .prepare(&format!(
                    "select {COLUMNS} from unnest($1::text[], $2::integer[]) as seen (name, at_version) \
                     join event_log.events on stream = name and version > at_version order by position"
                ))
                .await?,
            receipts: client
                .prepare(&format!(
                    "select {COLUMNS} from event_log.events where command_id = any($1) order by position"
                ))
                .await?,
            insert: client.prepare(include_str!("sql/insert.sql")).await?,
            anchor: client
                .prepare(
                    "insert into event_log.anchors (position, hash) \
                     select position, hash from event_log.events order by position desc limit 1",
                )
                .await?,
            load: snapshots::Statements::prepare(client).await?,
        })
    }
}

impl Appender {
    /// Connects a session that appends. Begins a new epoch where the database has moved to another Postgres.
    pub async fn connect(database: &Database) -> Result<Self, LogError> {
        let client = database
            .connect(Role::Appender, "handoff appender", SETTINGS)
            .await?;
        epochs::begin_if_elsewhere(&client).await?;
        let statements = Statements::prepare(&client).await?;
        Ok(Self {
            client,
            statements,
            open: false,
        })
    }

    /// Whether the connection has ended; then connect another.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The newest states of some streams, in their order. Inside an append they are read under the lock.
    pub async fn load(&self, streams: &[StreamName]) -> Result<Vec<Versioned>, LogError> {
        let wanted: Vec<_> = streams.iter().map(Wanted::newest).collect();
        snapshots::load(&self.client, &self.statements.load, &wanted).await
    }

    /// Notes where the log ends. Does nothing while it is empty.
    pub async fn anchor(&self) -> Result<(), LogError> {
        self.client.execute(&self.statements.anchor, &[]).await?;
        Ok(())
    }

    /// Takes the lock and looks what is there. Finish with [`Locked::commit`] or [`Locked::release`];
    /// a `Locked` that is dropped is rolled back when the next one begins.
    pub async fn lock(&mut self, check: &Check) -> Result<Locked<'_>, LogError> {
        if self.open {
            let end = match has_bug(Bug::AnswerBeforeCommit) {
                true => "commit",
                false => "rollback",
            };
            self.client.batch_execute(end).await?;
            self.open = false;
        }
        let names: Vec<&str> = check
            .streams
            .iter()
            .map(|(stream, _)| stream.as_str())
            .collect();
        let versions: Vec<i32> = check
            .streams
            .iter()
            .map(|(_, version)| version.0 as i32)
            .collect();
        let Statements {
            lock,
            head,
            tails,
            receipts,
            ..
        } = &self.statements;
        let seen: [&(dyn ToSql + Sync); 2] = [&names, &versions];
        let commands: [&(dyn ToSql + Sync); 1] = [&check.commands];
        let client = &self.client;
        // Polled in this order, so sent in this order: `join!` of futures-util begins with the first.
        self.open = true;
        let (begun, locked, head, tails, receipts) = join!(
            client.batch_execute("begin"),
            client.execute(lock, &[]),
            client.query_one(head, &[]),
            client.query(tails, &seen),
            client.query(receipts, &commands),
        );
        begun?;
        locked?;
        pass(Point::AppendLocked);
        let row = head?;
        let position = Position(row.try_get::<_, Option<i64>>(0)?.unwrap_or_default());
        let hash = match row.try_get::<_, Option<&[u8]>>(1)? {
            None => Hash::GENESIS,
            Some(bytes) => Hash::try_from(bytes).map_err(|_| LogError::Corrupt {
                position,
                what: "its hash has not 32 bytes".to_owned(),
            })?,
        };
        let head = Head {
            position,
            hash,
            recorded_at: row.try_get(2)?,
            epoch: Epoch(row.try_get(3)?),
        };
        Ok(Locked {
            now: row.try_get(4)?,
            head,
            tails: tails?
                .iter()
                .map(Recorded::from_row)
                .collect::<Result<_, _>>()?,
            receipts: receipts?
                .iter()
                .filter(|_| !has_bug(Bug::ForgetReceipts))
                .map(Recorded::from_row)
                .collect::<Result<_, _>>()?,
            appender: self,
        })
    }
}

/// The lock is held: nothing moves until [`commit`](Locked::commit) or [`release`](Locked::release).
pub struct Locked<'a> {
    appender: &'a mut Appender,
    /// The end of the log.
    pub head: Head,
    /// When the events will be recorded: now, and never before the last event.
    now: DateTime<Utc>,
    /// The events of the checked streams after the versions that were read, by position.
    pub tails: Vec<Recorded>,
    /// The events of commands that were appended before, by position.
    pub receipts: Vec<Recorded>,
}

impl Locked<'_> {
    /// The newest states of more streams.
    pub async fn load(&self, streams: &[StreamName]) -> Result<Vec<Versioned>, LogError> {
        self.appender.load(streams).await
    }

    /// Ends without appending.
    pub async fn release(self) -> Result<(), LogError> {
        self.appender.client.batch_execute("rollback").await?;
        self.appender.open = false;
        Ok(())
    }

    /// Appends the events after the end of the log and commits. They are durable when this returns.
    ///
    /// # Errors
    /// [`LogError::OutcomeUnknown`]: submit the same commands again. Anything else: nothing was appended.
    pub async fn commit(self, records: &[NewRecord]) -> Result<Appended, LogError> {
        let columns = Columns::of(records, &self.head, self.now);
        let values: [&(dyn ToSql + Sync); 13] = [
            &columns.positions,
            &columns.streams,
            &columns.versions,
            &columns.types,
            &columns.type_versions,
            &columns.partitions,
            &columns.event_ids,
            &columns.command_ids,
            &columns.command_indexes,
            &columns.payloads,
            &columns.metadata,
            &columns.hashes,
            &self.now,
        ];
        let client = &self.appender.client;
        pass(Point::AppendBeforeCommit);
        let (inserted, committed) = join!(
            client.execute(&self.appender.statements.insert, &values),
            async {
                match has_bug(Bug::AnswerBeforeCommit) {
                    true => Ok(()),
                    false => client.batch_execute("commit").await,
                }
            },
        );
        // COMMIT of a failed transaction answers ROLLBACK, which reads as success: the count of
        // inserted rows is what tells.
        let inserted = inserted.map_err(|error| match error.code() {
            Some(_) => LogError::from(error),
            None => LogError::OutcomeUnknown(error),
        })?;
        committed.map_err(LogError::OutcomeUnknown)?;
        pass(Point::AppendAfterCommit);
        self.appender.open = has_bug(Bug::AnswerBeforeCommit);
        if inserted != records.len() as u64 {
            let what = format!("{inserted} of {} rows were inserted", records.len());
            return Err(LogError::Corrupt {
                position: self.head.position,
                what,
            });
        }
        let last = Position(self.head.position.0 + records.len() as i64);
        Ok(Appended {
            last,
            recorded_at: self.now,
        })
    }
}

/// The records as one array a column.
#[derive(Default)]
struct Columns<'a> {
    positions: Vec<i64>,
    streams: Vec<&'a str>,
    versions: Vec<i32>,
    types: Vec<&'a str>,
    type_versions: Vec<i16>,
    partitions: Vec<i16>,
    event_ids: Vec<Uuid>,
    command_ids: Vec<Uuid>,
    command_indexes: Vec<i32>,
    payloads: Vec<&'a str>,
    metadata: Vec<&'a str>,
    hashes: Vec<Vec<u8>>,
}

impl<'a> Columns<'a> {
    /// Gives each record the next position and its hash.
    fn of(records: &'a [NewRecord], head: &Head, recorded_at: DateTime<Utc>) -> Self {
        let mut columns = Self::default();
        let mut position = head.position;
        let mut hash = match has_bug(Bug::BreakChain) {
            true => Hash::GENESIS,
            false => head.hash,
        };
        if has_bug(Bug::LeavePositionOut) && records.len().is_multiple_of(2) {
            position = position.next();
        }
        for record in records {
            position = position.next();
            let hashed = Hashed {
                position: position.0,
                stream: record.stream.as_str(),
                version: record.version.0 as i32,
                event_type: record.event_type,
                type_version: record.type_version,
                partition: i16::from(record.partition.number()),
                event_id: record.event_id,
                command_id: record.command_id,
                command_index: record.command_index,
                recorded_at,
                payload: &record.payload,
                metadata: &record.metadata,
            };
            hash = hashed.after(&hash);
            columns.positions.push(hashed.position);
            columns.streams.push(hashed.stream);
            columns.versions.push(hashed.version);
            columns.types.push(hashed.event_type);
            columns.type_versions.push(hashed.type_version);
            columns.partitions.push(hashed.partition);
            columns.event_ids.push(hashed.event_id);
            columns.command_ids.push(hashed.command_id);
            columns.command_indexes.push(hashed.command_index);
            columns.payloads.push(hashed.payload);
            columns.metadata.push(hashed.metadata);
            columns.hashes.push(hash.as_bytes().to_vec());
        }
        columns
    }
}
