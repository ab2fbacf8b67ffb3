//! `handoff import`: tasks from a CSV file.
//!
//! Ids and request ids are made from the rows, so that importing a file again, or going on after a failure, does nothing twice.
//! Rows are read as they are needed; memory does not grow with the length of texts, only by a few bytes for each row.

mod columns;
mod identity;
mod row;
mod send;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use serde_json::json;

use crate::{error::Error, output::Printer, session::Session};
use columns::Columns;
use identity::Identities;
use row::{Problem, TaskRow};
use send::{Outcome, Sender};

/// Rows being sent at a time.
const IN_FLIGHT: usize = 32;

const AFTER_HELP: &str = "\
The first line names the columns, in any order: Task Title and Customer, and any of Assigned To, Priority, Task Status,
Due Date, Description/Details, Category and Key. A customer that is not an account yet becomes one. Several assignees are
separated by semicolons. Dates are as in 2026-12-01 or \"2026-12-01 17:00\", in UTC.

A row is recognised by its key, or without one by all that it says: a row that was imported before is left as it is now.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportCommand {
    /// The file; - is the standard input
    file: PathBuf,
    /// The column that tells rows apart [default: Key or Id if there is one, else all columns]
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Create members that do not exist yet
    #[arg(long)]
    create_members: bool,
    /// What separates the columns
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter)]
    delimiter: u8,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ if text == "\\t" => Ok(b'\t'),
        _ => Err("write one character, such as ; or \\t".to_owned()),
    }
}

/// How many rows ended how.
#[derive(Debug, Default)]
struct Tally {
    created: u64,
    unchanged: u64,
    failed: u64,
}

impl ImportCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let (input, length) = open(&self.file)?;
        let template = if length > 0 {
            "{wide_bar} {percent}%  {msg}  {eta}"
        } else {
            "{spinner} {msg}"
        };
        let bar = printer.progress(length, template);
        let tally = self
            .import(bar.wrap_read(input), session, printer, &bar)
            .await;
        bar.finish_and_clear();
        let (tally, end) = tally?;
        let Tally {
            created,
            unchanged,
            failed,
        } = tally;
        if printer.is_json() {
            printer.line(
                &json!({ "created": created, "unchanged": unchanged, "failed": failed })
                    .to_string(),
            )?;
        } else {
            printer.line(&format!(
                "created {created}, unchanged {unchanged}, failed {failed}"
            ))?;
        }
        match (end, failed) {
            (Some(error), _) => Err(error),
            (None, 0) => Ok(()),
            (None, _) => Err(Error::Failed(format!(
                "{failed} rows were not imported; correct them and import the file again"
            ))),
        }
    }

    /// Imports every row, and stops early only at an error that all the others would meet too, which is given back with the tally.
    async fn import(
        &self,
        input: impl Read,
        session: &Session,
        printer: &Printer,
        bar: &ProgressBar,
    ) -> Result<(Tally, Option<Error>), Error> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(input);
        let header = reader.headers().map_err(|error| self.unreadable(&error))?;
        let columns = Columns::find(header, self.key.as_deref()).map_err(|error| {
            Error::usage(
                error.to_string(),
                "Correct the first line of the file, or --key.",
            )
        })?;
        if !columns.ignored().is_empty() {
            printer.note(&format!(
                "ignored columns: {}",
                columns.ignored().join(", ")
            ));
        }

        let sender = Sender::new(session, self.create_members);
        let mut identities = Identities::default();
        let rows = reader
            .into_records()
            .map(|record| row::read(&columns, record, &mut identities));
        // Given out in the order of the file, so that its problems are reported in that order.
        let mut outcomes = stream::iter(rows)
            .map(|row| import_row(&sender, row))
            .buffered(IN_FLIGHT);

        let mut tally = Tally::default();
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(Outcome::Created) => tally.created += 1,
                Ok(Outcome::Unchanged) => tally.unchanged += 1,
                Err(Failure::Row { line, problems }) => {
                    tally.failed += 1;
                    bar.suspend(|| report(line, &problems, &columns, printer))?;
                }
                Err(Failure::Everything(error)) => return Ok((tally, Some(error))),
            }
            bar.set_message(format!(
                "created {}, unchanged {}, failed {}",
                tally.created, tally.unchanged, tally.failed
            ));
        }
        Ok((tally, None))
    }

    fn unreadable(&self, error: &csv::Error) -> Error {
        Error::Failed(format!("cannot read {}: {error}", self.file.display()))
    }
}

/// Why a row was not imported.
enum Failure {
    /// Others may do better.
    Row { line: u64, problems: Vec<Problem> },
    /// No other would do better.
    Everything(Error),
}

async fn import_row(
    sender: &Sender<'_>,
    row: Result<TaskRow, row::BadRow>,
) -> Result<Outcome, Failure> {
    let row = row.map_err(|row::BadRow { line, problems }| Failure::Row { line, problems })?;
    sender.send(&row).await.map_err(|error| match error {
        error if error.is_of_all_requests() => Failure::Everything(error),
        error => Failure::Row {
            line: row.line,
            problems: send::problems(&error),
        },
    })
}

fn report(line: u64, problems: &[Problem], columns: &Columns, printer: &Printer) -> io::Result<()> {
    for Problem { field, message } in problems {
        let column = field.and_then(|field| columns.title(field));
        if printer.is_json() {
            printer
                .line(&json!({ "line": line, "column": column, "problem": message }).to_string())?;
        } else {
            let column = column
                .map(|column| format!("{column}: "))
                .unwrap_or_default();
            printer.note(&format!("line {line}: {column}{message}"));
        }
    }
    Ok(())
}

/// The file, and its length in bytes where it has one.
fn open(path: &Path) -> Result<(Box<dyn Read>, u64), Error> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), 0));
    }
    let failed = |error: io::Error| {
        Error::usage(
            format!("cannot read {}: {error}", path.display()),
            "Check the path.",
        )
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    Ok((Box::new(file), length))
}
