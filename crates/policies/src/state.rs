//! A policy's state as of a trigger.

use handoff_domain::Partition;
use handoff_projections::ReactionError;
use postgres_types::{ToSql, Type};
use tokio_postgres::{Client, Row};

/// The rows of a policy, as of a trigger, within the transaction that stores the decision.
#[derive(Debug)]
pub struct State<'a> {
    client: &'a Client,
    table: String,
    partition: Partition,
}

impl<'a> State<'a> {
    pub(crate) fn new(client: &'a Client, schema: &str, partition: Partition) -> Self {
        Self {
            client,
            table: format!("{schema}.rows"),
            partition,
        }
    }

    /// The trigger's partition, as its column has it. The rows of the others may be of any time.
    pub fn partition(&self) -> i16 {
        i16::from(self.partition.number())
    }

    /// Runs a query. `query` is given the table and answers the SQL. Sequential scans are switched off.
    pub async fn query(
        &self,
        query: impl FnOnce(&str) -> String + Send,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, ReactionError> {
        let sql = query(&self.table);
        Ok(self.client.query_typed(&sql, params).await?)
    }
}
