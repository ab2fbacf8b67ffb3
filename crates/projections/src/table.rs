//! The table of one generation: its definition, and the statements that load and write its rows.
//!
//! Rows travel as one parameter, an array of the table's own row type, so that a batch is one
//! statement whatever its columns are; first loads travel by `copy`.

use std::{marker::PhantomData, pin::pin};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{SinkExt, try_join};
use handoff_domain::Partition;
use postgres_types::{IsNull, Kind, ToSql, Type};
use tokio_postgres::{Client, Statement};

use crate::{
    columns::{Form, Put, Take, UnreadableRow},
    error::ProjectorError,
    fold::Changed,
    model::{Gate, ReadModel},
    rows::Change,
    tally::{Growth, Tallies},
};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a `copy` that are sent at once.
const COPY_CHUNK: usize = 256 * 1024;

/// The schema of a generation.
pub(crate) fn schema(projection: &str, generation: i32) -> String {
    format!("{projection}_{generation}")
}

/// The table's definition, without its secondary indexes.
pub(crate) fn definition<M: ReadModel>(schema: &str) -> String {
    let columns = [&["partition smallint not null"], M::KEY, M::COLUMNS]
        .concat()
        .join(", ");
    let key = names(M::KEY).join(", ");
    // Rows that change leave room on their page, so that a change need not touch every index.
    let fill = if M::INSERT_ONLY { 100 } else { 85 };
    let (granted, gates) = (granted::<M>(), gates::<M>(schema));
    format!(
        "create table {schema}.rows ({columns}, constraint rows_pk primary key ({key}, partition)) \
         with (fillfactor = {fill}); \
         grant select{granted} on {schema}.rows to handoff_reader{gates}"
    )
}

/// Which columns readers may select, as in `grant`; empty for all.
fn granted<M: ReadModel>() -> String {
    if M::WITHHELD.is_empty() {
        return String::new();
    }
    let columns = [&["partition"], &names(M::KEY)[..], &names(M::COLUMNS)[..]].concat();
    let granted = columns.into_iter();
    let granted = granted.filter(|column| !M::WITHHELD.contains(column));
    format!(" ({})", granted.collect::<Vec<_>>().join(", "))
}

/// The gates' definitions, each after a semicolon. A function is for all from birth: that is taken back.
fn gates<M: ReadModel>(schema: &str) -> String {
    let gate = |Gate {
                    signature,
                    head,
                    body,
                }: &Gate| {
        format!(
            "; create function {schema}.{head} language plpgsql stable security definer \
             set search_path = pg_catalog, pg_temp as $gate${body}$gate$; \
             revoke execute on function {schema}.{signature} from public; \
             grant execute on function {schema}.{signature} to handoff_reader"
        )
    };
    let gates = M::GATES.iter().map(gate).collect::<String>();
    gates.replace("{schema}", schema)
}

/// The secondary indexes' definitions.
pub(crate) fn indexes<M: ReadModel>(schema: &str) -> Vec<String> {
    M::INDEXES
        .iter()
        .map(|index| format!("create index {} on {schema}.rows {}", index.name, index.on))
        .collect()
}

/// The names of columns that are defined as in `create table`.
fn names<'a>(definitions: &[&'a str]) -> Vec<&'a str> {
    definitions
        .iter()
        .filter_map(|definition| definition.split_whitespace().next())
        .collect()
}

/// The table of one generation, in one session.
pub(crate) struct Table<M> {
    types: Vec<Type>,
    load: Statement,
    write: Statement,
    delete: Statement,
    copy: String,
    tallies: Option<Tallies>,
    model: PhantomData<fn() -> M>,
}

impl<M: ReadModel> Table<M> {
    /// Prepares the statements. The table must be there.
    pub(crate) async fn open(client: &Client, schema: &str) -> Result<Self, ProjectorError> {
        let (key, columns) = (names(M::KEY), names(M::COLUMNS));
        let all = [&["partition"], &key[..], &columns[..]].concat().join(", ");
        let keys = [&["partition"], &key[..]].concat();
        let same_key: Vec<_> = keys
            .iter()
            .map(|name| format!("rows.{name} = given.{name}"))
            .collect();
        let same_key = same_key.join(" and ");
        let set: Vec<_> = columns
            .iter()
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let on_conflict = if M::INSERT_ONLY || set.is_empty() {
            // A row that is there already means that an event was applied twice: let it fail.
            String::new()
        } else {
            format!(
                " on conflict ({}, partition) do update set {}",
                key.join(", "),
                set.join(", ")
            )
        };
        let load = client
            .prepare(&format!(
                "select rows.* from unnest($1::{schema}.rows[]) given join {schema}.rows on {same_key}"
            ))
            .await?;
        let Some(types) = load.params().first().and_then(row_types) else {
            return Err(ProjectorError::Encode(
                "the table's row type is not composite".into(),
            ));
        };
        Ok(Self {
            types,
            load,
            write: client
                .prepare(&format!(
                    "insert into {schema}.rows ({all}) select {all} from unnest($1::{schema}.rows[]){on_conflict}"
                ))
                .await?,
            delete: client
                .prepare(&format!("delete from {schema}.rows using unnest($1::{schema}.rows[]) given where {same_key}"))
                .await?,
            tallies: match M::TALLIES {
                true => Some(Tallies::open(client, schema).await?),
                false => None,
            },
            copy: format!("copy {schema}.rows ({all}) from stdin with (format binary)"),
            model: PhantomData,
        })
    }

    /// The rows of these keys that exist.
    pub(crate) async fn load(
        &self,
        client: &Client,
        keys: &[(Partition, M::Key)],
    ) -> Result<Vec<(Partition, M::Key, M::Row)>, ProjectorError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut given = Records::default();
        for (partition, key) in keys {
            given.push_key::<M>(&self.types, *partition, key)?;
        }
        let rows = client.query(&self.load, &[&given]).await?;
        let rows = rows.iter().map(|row| {
            let mut from = Take::new(row, 0);
            let partition = partition(from.take()?)?;
            let (key, row) = M::take(&mut from)?;
            Ok::<_, UnreadableRow>((partition, key, row))
        });
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Encodes changes for [`write`](Self::write).
    pub(crate) fn encode<'a>(
        &self,
        changes: impl IntoIterator<Item = Changed<'a, M>>,
    ) -> Result<Encoded, ProjectorError> {
        let mut encoded = Encoded::default();
        for (partition, key, change) in changes {
            match change {
                Change::Insert(row) | Change::Update(row) => {
                    encoded
                        .written
                        .push_row::<M>(&self.types, partition, key, row)?;
                }
                Change::Delete => encoded.deleted.push_key::<M>(&self.types, partition, key)?,
            }
        }
        Ok(encoded)
    }

    /// Writes the changes in the transaction that is open; its statements are sent without waiting.
    ///
    /// # Errors
    /// Postgres refused, or counted other rows than were given: roll back.
    pub(crate) async fn write(
        &self,
        client: &Client,
        changes: &Encoded,
    ) -> Result<(), ProjectorError> {
        try_join!(
            changes.written.send(client, &self.write),
            changes.deleted.send(client, &self.delete)
        )?;
        Ok(())
    }

    /// Adds to the tallies, as [`write`](Self::write) writes rows.
    pub(crate) async fn tally(
        &self,
        client: &Client,
        growth: &Growth,
    ) -> Result<(), ProjectorError> {
        match &self.tallies {
            Some(tallies) => tallies.write(client, growth).await,
            None => Ok(()),
        }
    }

    /// Writes rows that the table does not have, in the transaction that is open.
    pub(crate) async fn copy<'a>(
        &self,
        client: &Client,
        rows: impl Iterator<Item = (Partition, &'a M::Key, &'a M::Row)>,
    ) -> Result<(), ProjectorError> {
        let mut sink = pin!(client.copy_in::<_, Bytes>(&self.copy).await?);
        let mut out = BytesMut::with_capacity(COPY_CHUNK * 2);
        // Signature, flags and length of an extension, as the format wants them.
        out.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        let mut expected = 0;
        for (partition, key, row) in rows {
            put_row::<M>(
                Put::new(&self.types, Form::Copy, &mut out),
                partition,
                key,
                row,
            )
            .map_err(ProjectorError::Encode)?;
            expected += 1;
            if out.len() >= COPY_CHUNK {
                sink.feed(out.split().freeze()).await?;
            }
        }
        out.put_i16(-1);
        sink.feed(out.freeze()).await?;
        match sink.finish().await? {
            written if written == expected => Ok(()),
            written => Err(ProjectorError::RowCount { expected, written }),
        }
    }
}

/// Changes on their way into the table.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    written: Records,
    deleted: Records,
}

impl Encoded {
    pub(crate) fn is_empty(&self) -> bool {
        self.written.count == 0 && self.deleted.count == 0
    }
}

/// An array of the table's row type, in Postgres' binary form.
#[derive(Debug, Default)]
struct Records {
    elements: BytesMut,
    count: i32,
}

impl Records {
    fn push(
        &mut self,
        put: impl FnOnce(&mut BytesMut) -> Result<(), BoxedError>,
    ) -> Result<(), ProjectorError> {
        let start = self.elements.len();
        self.elements.put_i32(0);
        put(&mut self.elements).map_err(ProjectorError::Encode)?;
        let length = i32::try_from(self.elements.len() - start - 4)
            .map_err(|e| ProjectorError::Encode(e.into()))?;
        self.elements[start..start + 4].copy_from_slice(&length.to_be_bytes());
        self.count += 1;
        Ok(())
    }

    /// Runs a statement that is to have an effect for each record.
    async fn send(&self, client: &Client, statement: &Statement) -> Result<(), ProjectorError> {
        let expected = u64::from(self.count.unsigned_abs());
        if expected == 0 {
            return Ok(());
        }
        match client.execute(statement, &[self]).await? {
            written if written == expected => Ok(()),
            written => Err(ProjectorError::RowCount { expected, written }),
        }
    }

    /// Adds a record with the key only.
    fn push_key<M: ReadModel>(
        &mut self,
        types: &[Type],
        partition: Partition,
        key: &M::Key,
    ) -> Result<(), ProjectorError> {
        self.push(|out| {
            let mut put = Put::new(types, Form::Record, out);
            put.put(i16::from(partition.number()));
            M::put_key(key, &mut put);
            put.pad()
        })
    }

    fn push_row<M: ReadModel>(
        &mut self,
        types: &[Type],
        partition: Partition,
        key: &M::Key,
        row: &M::Row,
    ) -> Result<(), ProjectorError> {
        self.push(|out| put_row::<M>(Put::new(types, Form::Record, out), partition, key, row))
    }
}

impl ToSql for Records {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxedError> {
        let Kind::Array(element) = ty.kind() else {
            return Err("not an array".into());
        };
        // Dimensions, whether there are nulls, the element's type; then elements and first index.
        for header in [1, 0, element.oid() as i32, self.count, 1] {
            out.put_i32(header);
        }
        out.put_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(ty.kind(), Kind::Array(_))
    }

    postgres_types::to_sql_checked!();
}

fn put_row<M: ReadModel>(
    mut put: Put<'_>,
    partition: Partition,
    key: &M::Key,
    row: &M::Row,
) -> Result<(), BoxedError> {
    put.put(i16::from(partition.number()));
    M::put_key(key, &mut put);
    M::put_row(row, &mut put);
    put.finish()
}

/// The types of the columns of the row type that `array` has as its element.
fn row_types(array: &Type) -> Option<Vec<Type>> {
    let Kind::Array(element) = array.kind() else {
        return None;
    };
    let Kind::Composite(fields) = element.kind() else {
        return None;
    };
    Some(fields.iter().map(|field| field.type_().clone()).collect())
}

/// The partition of a stored number.
pub(crate) fn partition(number: i16) -> Result<Partition, UnreadableRow> {
    u8::try_from(number)
        .ok()
        .and_then(Partition::new)
        .ok_or_else(|| UnreadableRow::Text {
            text: number.to_string(),
            reason: "a partition is 0 to 63".to_owned(),
        })
}
