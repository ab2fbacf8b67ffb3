//! Tallies: how many rows there are of a kind, kept instead of counted.
//!
//! A read model says of each row in which tallies it counts; what changes there is worked out from the rows
//! before and after a batch, and written with them in the same transaction. So tallies always agree with the
//! rows of the same snapshot, cost no look at rows that did not change, and are as good a fold of the log as
//! the rows are. Nothing is loaded for them: a change is added to what is there.

use std::collections::BTreeMap;

use futures_util::try_join;
use handoff_domain::Partition;
use tokio_postgres::{Client, Statement};

use crate::error::ProjectorError;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tally {
    /// Whose rows, such as a member's name; the read model says what stands for all.
    pub whose: Box<str>,
    /// Which of them, such as a status.
    pub label: Box<str>,
}

/// How much each tally of each partition grows; in order, so that sessions write in the same one.
pub(crate) type Growth = BTreeMap<(Tally, Partition), i64>;

/// The definition of a generation's tallies. A count is never below 0, and none is kept that is 0.
pub(crate) fn definition(schema: &str) -> String {
    format!(
        "create table {schema}.tallies (partition smallint not null, whose text collate \"C\" not null, \
             label text collate \"C\" not null, count bigint not null, \
             constraint tallies_pk primary key (whose, label, partition), \
             constraint tallies_count check (count >= 0)) with (fillfactor = 50); \
         grant select on {schema}.tallies to handoff_reader"
    )
}

/// The tallies of one generation, in one session.
pub(crate) struct Tallies {
    grow: Statement,
    shrink: Statement,
    clear: Statement,
}

impl Tallies {
    /// Prepares the statements. The table must be there.
    pub(crate) async fn open(client: &Client, schema: &str) -> Result<Self, ProjectorError> {
        let given = "unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[]) \
             given (partition, whose, label, by)";
        let same =
            "t.whose = given.whose and t.label = given.label and t.partition = given.partition";
        Ok(Self {
            grow: client
                .prepare(&format!(
                    "insert into {schema}.tallies as t (partition, whose, label, count) \
                     select * from {given} \
                     on conflict (whose, label, partition) do update set count = t.count + excluded.count"
                ))
                .await?,
            // Not by the statement above: what it would insert is checked before it finds what is there.
            shrink: client
                .prepare(&format!(
                    "update {schema}.tallies t set count = t.count + given.by from {given} where {same}"
                ))
                .await?,
            clear: client
                .prepare(&format!(
                    "delete from {schema}.tallies t \
                     using unnest($1::smallint[], $2::text[], $3::text[]) given (partition, whose, label) \
                     where {same} and t.count = 0"
                ))
                .await?,
        })
    }

    /// Adds the growth in the transaction that is open; the statements are sent without waiting.
    ///
    /// # Errors
    /// Postgres refused, or counted other tallies than were given: roll back.
    pub(crate) async fn write(
        &self,
        client: &Client,
        growth: &Growth,
    ) -> Result<(), ProjectorError> {
        let grown = Columns::of(growth.iter().filter(|(_, by)| **by > 0));
        let shrunk = Columns::of(growth.iter().filter(|(_, by)| **by < 0));
        try_join!(
            grown.send(client, &self.grow),
            shrunk.send(client, &self.shrink),
            async {
                if !shrunk.by.is_empty() {
                    let Columns {
                        partitions,
                        whose,
                        labels,
                        ..
                    } = &shrunk;
                    client
                        .execute(&self.clear, &[partitions, whose, labels])
                        .await?;
                }
                Ok(())
            },
        )?;
        Ok(())
    }
}

/// Tallies as Postgres takes them: an array for each column.
#[derive(Default)]
struct Columns<'a> {
    partitions: Vec<i16>,
    whose: Vec<&'a str>,
    labels: Vec<&'a str>,
    by: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn of(growth: impl Iterator<Item = (&'a (Tally, Partition), &'a i64)>) -> Self {
        let mut columns = Self::default();
        for ((tally, partition), by) in growth {
            columns.partitions.push(partition.number().into());
            columns.whose.push(&tally.whose);
            columns.labels.push(&tally.label);
            columns.by.push(*by);
        }
        columns
    }

    /// Runs a statement that is to have an effect for each tally.
    async fn send(&self, client: &Client, statement: &Statement) -> Result<(), ProjectorError> {
        let expected = self.by.len() as u64;
        if expected == 0 {
            return Ok(());
        }
        let Self {
            partitions,
            whose,
            labels,
            by,
        } = self;
        match client
            .execute(statement, &[partitions, whose, labels, by])
            .await?
        {
            written if written == expected => Ok(()),
            written => Err(ProjectorError::RowCount { expected, written }),
        }
    }
}
