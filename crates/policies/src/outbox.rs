//! The commands that were decided and are not in the state yet: the table `policies.commands`.

use std::collections::BTreeMap;

use handoff_domain::Partition;
use handoff_event_log::Position;
use handoff_projections::{Lease, ReactionError, UnreadableRow};
use tokio_postgres::{Client, GenericClient, Row};
use uuid::Uuid;

use crate::{
    policy::{Cause, Intent, Issued},
    submit::Outcome,
};

/// Rows are inserted so many at a time.
const INSERTED_AT_ONCE: usize = 5_000;

/// One row without its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Decided<C> {
    pub(crate) partition: Partition,
    pub(crate) index: i32,
    /// The command whose rejection this one answers.
    pub(crate) follows: Option<i32>,
    pub(crate) key: String,
    pub(crate) issued: Issued<C>,
    /// The command as it is stored.
    pub(crate) json: String,
}

/// The JSON of a command.
///
/// # Errors
/// It has a map whose keys are no text: a mistake in the policy.
pub(crate) fn encode<C: Intent>(command: &C) -> Result<String, serde_json::Error> {
    serde_json::to_string(command)
}

fn decode<C: Intent>(json: &str) -> Result<C, UnreadableRow> {
    serde_json::from_str(json).map_err(|error| UnreadableRow::Text {
        text: json.to_owned(),
        reason: error.to_string(),
    })
}

/// Adds rows, in the transaction that is open.
pub(crate) async fn insert<C>(
    client: &impl GenericClient,
    policy: &str,
    rows: &[Decided<C>],
) -> Result<(), tokio_postgres::Error> {
    for rows in rows.chunks(INSERTED_AT_ONCE) {
        let of = |row: &Decided<C>| i16::from(row.partition.number());
        let partitions: Vec<_> = rows.iter().map(of).collect();
        let triggers: Vec<_> = rows.iter().map(|row| row.issued.cause.position.0).collect();
        let indexes: Vec<_> = rows.iter().map(|row| row.index).collect();
        let follows: Vec<_> = rows.iter().map(|row| row.follows).collect();
        let keys: Vec<_> = rows.iter().map(|row| row.key.as_str()).collect();
        let events: Vec<_> = rows.iter().map(|row| row.issued.cause.event_id).collect();
        let correlations: Vec<_> = rows
            .iter()
            .map(|row| row.issued.cause.correlation_id)
            .collect();
        let ids: Vec<_> = rows.iter().map(|row| row.issued.command_id).collect();
        let targets: Vec<_> = rows.iter().map(|row| row.issued.target.as_str()).collect();
        let commands: Vec<_> = rows.iter().map(|row| row.json.as_str()).collect();
        client
            .execute(
                include_str!("sql/insert_commands.sql"),
                &[
                    &policy,
                    &partitions,
                    &triggers,
                    &indexes,
                    &follows,
                    &keys,
                    &events,
                    &correlations,
                    &ids,
                    &targets,
                    &commands,
                ],
            )
            .await?;
    }
    Ok(())
}

/// For each trigger, given as partition, position and key: the commands issued about its key before it
/// whose events come after it.
pub(crate) async fn pending<C: Intent>(
    client: &Client,
    policy: &str,
    triggers: &[(Partition, Position, &str)],
) -> Result<Vec<Vec<C>>, ReactionError> {
    let partitions: Vec<_> = triggers
        .iter()
        .map(|(partition, ..)| i16::from(partition.number()))
        .collect();
    let positions: Vec<_> = triggers.iter().map(|(_, position, _)| position.0).collect();
    let keys: Vec<_> = triggers.iter().map(|(.., key)| *key).collect();
    let rows = client
        .query(
            include_str!("sql/pending_commands.sql"),
            &[&policy, &partitions, &positions, &keys],
        )
        .await?;
    let mut pending: Vec<Vec<C>> = triggers.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let ordinal: i32 = row.try_get(0)?;
        if let Some(pending) = pending.get_mut(ordinal.unsigned_abs() as usize - 1) {
            pending.push(decode(row.try_get(1)?)?);
        }
    }
    Ok(pending)
}

/// The rows of partitions that have no outcome. A partition with a row that cannot be read has an error.
pub(crate) async fn unfinished<C: Intent>(
    client: &Client,
    policy: &str,
    partitions: &[Partition],
) -> Result<BTreeMap<Partition, Result<Vec<Decided<C>>, ReactionError>>, ReactionError> {
    let numbers = numbers(partitions);
    let rows = client
        .query(
            include_str!("sql/unfinished_commands.sql"),
            &[&policy, &numbers],
        )
        .await?;
    let mut unfinished = BTreeMap::new();
    for row in &rows {
        let Some(partition) = partition(row)? else {
            continue;
        };
        let of_partition = unfinished.entry(partition).or_insert(Ok(Vec::new()));
        if let Ok(before) = of_partition {
            match decided(row, partition) {
                Ok(decided) => before.push(decided),
                Err(error) => *of_partition = Err(error),
            }
        }
    }
    Ok(unfinished)
}

/// From where on each partition has rows that its state will include.
pub(crate) async fn settled(
    client: &Client,
    policy: &str,
    partitions: &[Partition],
) -> Result<BTreeMap<Partition, Position>, ReactionError> {
    let rows = client
        .query(
            "select partition, min(case outcome when 'appended' then outcome_position else 0 end) as position \
             from policies.commands where policy = $1 and partition = any($2) and outcome is not null \
             group by partition",
            &[&policy, &numbers(partitions)],
        )
        .await?;
    positions(&rows)
}

/// Drops what the state includes at these checkpoints, in the transaction that moves them. Answers
/// from where on the partitions have more.
pub(crate) async fn delete_passed(
    client: &Client,
    policy: &str,
    moves: &[(Partition, Position)],
) -> Result<BTreeMap<Partition, Position>, ReactionError> {
    let partitions: Vec<_> = moves.iter().map(|(partition, _)| *partition).collect();
    let positions_passed: Vec<_> = moves.iter().map(|(_, position)| position.0).collect();
    let rows = client
        .query(
            include_str!("sql/delete_passed.sql"),
            &[&policy, &numbers(&partitions), &positions_passed],
        )
        .await?;
    positions(&rows)
}

/// Records what became of commands of a partition, in the transaction that is open. False where the
/// lease is another's: then nothing is recorded.
pub(crate) async fn record<C>(
    client: &impl GenericClient,
    policy: &str,
    partition: Partition,
    lease: Lease,
    outcomes: &[(Decided<C>, Outcome)],
) -> Result<bool, tokio_postgres::Error> {
    let triggers: Vec<_> = outcomes
        .iter()
        .map(|(row, _)| row.issued.cause.position.0)
        .collect();
    let indexes: Vec<_> = outcomes.iter().map(|(row, _)| row.index).collect();
    let words: Vec<_> = outcomes.iter().map(|(_, outcome)| outcome.word()).collect();
    let positions: Vec<_> = outcomes
        .iter()
        .map(|(_, outcome)| outcome.position().map(|position| position.0))
        .collect();
    // Postgres takes no text with a zero in it.
    let rejections: Vec<_> = outcomes
        .iter()
        .map(|(_, outcome)| match outcome {
            Outcome::Rejected(rejection) => Some(rejection.to_string().replace('\0', "\u{fffd}")),
            Outcome::Appended(_) | Outcome::Unchanged(_) | Outcome::IdReused => None,
        })
        .collect();
    let recorded = client
        .execute(
            include_str!("sql/record_outcomes.sql"),
            &[
                &policy,
                &lease.generation,
                &i16::from(partition.number()),
                &lease.epoch,
                &triggers,
                &indexes,
                &words,
                &positions,
                &rejections,
            ],
        )
        .await?;
    Ok(recorded == outcomes.len() as u64)
}

/// Whether a partition is held by this lease.
pub(crate) async fn is_held(
    client: &Client,
    policy: &str,
    partition: Partition,
    lease: Lease,
) -> Result<bool, tokio_postgres::Error> {
    let held = client
        .query_opt(
            "select from projections.checkpoints \
             where projection = $1 and generation = $2 and partition = $3 and lease_epoch = $4",
            &[
                &policy,
                &lease.generation,
                &i16::from(partition.number()),
                &lease.epoch,
            ],
        )
        .await?;
    Ok(held.is_some())
}

/// The first free index among the commands of a trigger.
pub(crate) async fn next_index(
    client: &impl GenericClient,
    policy: &str,
    partition: Partition,
    trigger: Position,
) -> Result<i32, tokio_postgres::Error> {
    let row = client
        .query_one(
            "select coalesce(max(command_index) + 1, 0) from policies.commands \
             where policy = $1 and partition = $2 and trigger_position = $3",
            &[&policy, &i16::from(partition.number()), &trigger.0],
        )
        .await?;
    row.try_get(0)
}

fn numbers(partitions: &[Partition]) -> Vec<i16> {
    partitions
        .iter()
        .map(|partition| i16::from(partition.number()))
        .collect()
}

fn partition(row: &Row) -> Result<Option<Partition>, tokio_postgres::Error> {
    let number: i16 = row.try_get("partition")?;
    // A constraint keeps the numbers below 64.
    Ok(u8::try_from(number).ok().and_then(Partition::new))
}

fn positions(rows: &[Row]) -> Result<BTreeMap<Partition, Position>, ReactionError> {
    let mut positions = BTreeMap::new();
    for row in rows {
        if let Some(partition) = partition(row)? {
            positions.insert(partition, Position(row.try_get("position")?));
        }
    }
    Ok(positions)
}

fn decided<C: Intent>(row: &Row, partition: Partition) -> Result<Decided<C>, ReactionError> {
    let json: String = row.try_get("command")?;
    Ok(Decided {
        partition,
        index: row.try_get("command_index")?,
        follows: row.try_get("follows")?,
        key: row.try_get("key")?,
        issued: Issued {
            cause: Cause {
                event_id: row.try_get("trigger_event_id")?,
                position: Position(row.try_get("trigger_position")?),
                correlation_id: row.try_get("correlation_id")?,
            },
            command_id: row.try_get::<_, Uuid>("command_id")?,
            target: row.try_get("target")?,
            command: decode(&json)?,
        },
        json,
    })
}
