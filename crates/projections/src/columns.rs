//! Values of a row on their way to Postgres and back, column by column in the table's order.

use std::{fmt::Display, str::FromStr};

use bytes::{BufMut, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type};
use tokio_postgres::Row;

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// What precedes each value in the two binary forms of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A value of the table's row type: the column's type, then the length.
    Record,
    /// A tuple of `copy … with (format binary)`: the length.
    Copy,
}

/// Takes the values of one row, one column after the other.
#[derive(Debug)]
pub struct Put<'a> {
    types: std::slice::Iter<'a, Type>,
    form: Form,
    out: &'a mut BytesMut,
    error: Option<BoxedError>,
}

impl<'a> Put<'a> {
    pub(crate) fn new(types: &'a [Type], form: Form, out: &'a mut BytesMut) -> Self {
        match form {
            Form::Record => out.put_i32(types.len() as i32),
            Form::Copy => out.put_i16(types.len() as i16),
        }
        Self {
            types: types.iter(),
            form,
            out,
            error: None,
        }
    }

    /// Puts the next column's value. A value that does not fit the column's type fails the batch.
    pub fn put(&mut self, value: impl ToSql) -> &mut Self {
        if self.error.is_none() {
            self.error = self.try_put(&value).err();
        }
        self
    }

    fn try_put(&mut self, value: &dyn ToSql) -> Result<(), BoxedError> {
        let column = self.types.next().ok_or("more values than columns")?;
        if self.form == Form::Record {
            self.out.put_u32(column.oid());
        }
        let start = self.out.len();
        self.out.put_i32(-1);
        if let IsNull::No = value.to_sql_checked(column, self.out)? {
            let length = i32::try_from(self.out.len() - start - 4)?;
            self.out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }

    /// Leaves the columns that are left null.
    pub(crate) fn pad(mut self) -> Result<(), BoxedError> {
        while !self.types.as_slice().is_empty() && self.error.is_none() {
            self.put(Null);
        }
        self.finish()
    }

    pub(crate) fn finish(self) -> Result<(), BoxedError> {
        match self.error {
            Some(error) => Err(error),
            None if self.types.as_slice().is_empty() => Ok(()),
            None => Err("fewer values than columns".into()),
        }
    }
}

/// Null of whatever type the column has.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, BoxedError> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres_types::to_sql_checked!();
}

/// A stored row is not what this program writes.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableRow {
    /// A column is missing or has another type.
    #[error("a row of a read model has other columns than expected")]
    Column(#[source] tokio_postgres::Error),
    /// A text does not parse.
    #[error("a row of a read model holds {text:?}: {reason}")]
    Text { text: String, reason: String },
}

/// Gives the values of one row, one column after the other.
#[derive(Debug)]
pub struct Take<'a> {
    row: &'a Row,
    next: usize,
}

impl<'a> Take<'a> {
    /// Begins at column `first` of a query's row, counted from 0.
    pub fn new(row: &'a Row, first: usize) -> Self {
        Self { row, next: first }
    }

    /// The next column's value.
    pub fn take<T: FromSql<'a>>(&mut self) -> Result<T, UnreadableRow> {
        let value = self.row.try_get(self.next).map_err(UnreadableRow::Column)?;
        self.next += 1;
        Ok(value)
    }

    /// The next column's text as what it stands for, such as a resource name.
    pub fn parse<T: FromStr<Err: Display>>(&mut self) -> Result<T, UnreadableRow> {
        parse(self.take()?)
    }

    /// The next column's text as what it stands for, unless it is null.
    pub fn parse_optional<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>, UnreadableRow> {
        self.take::<Option<&str>>()?.map(parse).transpose()
    }
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, UnreadableRow> {
    text.parse().map_err(|error: T::Err| UnreadableRow::Text {
        text: text.to_owned(),
        reason: error.to_string(),
    })
}
