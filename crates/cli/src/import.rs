//! `handoff import`: members, accounts, contacts and tasks from CSV files, services from YAML or JSON.
//!
//! Ids and request ids are made from the rows, so that importing a file again, or going on after a failure, does nothing twice.
//! Rows are read as they are needed; memory does not grow with the length of texts, only by a few bytes for each row.

mod accounts;
mod cells;
mod columns;
mod contacts;
mod identity;
mod members;
mod rejects;
mod services;
mod tasks;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use csv::StringRecord;
use futures_util::{StreamExt, stream};
use handoff_proto::v1::CommandReceipt;
use indicatif::{ProgressBar, ProgressBarIter};
use serde_json::json;

use crate::{error::Error, output::Printer, session::Session};
use accounts::ImportAccounts;
use cells::{BadRow, Problem, Row};
use columns::{Columns, Field};
use contacts::ImportContacts;
use members::ImportMembers;
use rejects::Rejects;
use services::ImportServices;
use tasks::ImportTasks;

/// Rows being sent at a time.
const IN_FLIGHT: usize = 32;
/// Lines named at the end, of the rows that failed.
const LINES_NAMED: usize = 20;

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Creates members of the team; one that exists gets what its row says
    Members(ImportMembers),
    /// Creates accounts with their roles, teams and notes; one that exists gets what its row says
    Accounts(ImportAccounts),
    /// Adds contacts to accounts; one that exists gets what its row says
    Contacts(ImportContacts),
    /// Creates tasks, with the accounts they are about
    Tasks(ImportTasks),
    /// Creates services with the tasks of their templates; one that exists gets what its entry says
    Services(ImportServices),
}

impl ImportCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Members(import) => import.run(session, printer).await,
            Self::Accounts(import) => import.run(session, printer).await,
            Self::Contacts(import) => import.run(session, printer).await,
            Self::Tasks(import) => import.run(session, printer).await,
            Self::Services(import) => import.run(session, printer).await,
        }
    }
}

/// What every import takes.
#[derive(Debug, Args)]
struct FileArgs {
    /// The file; - is the standard input
    file: PathBuf,
    /// What separates the columns
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// Write the rows that are not imported to this file, each with what is wrong in a column Problem: correct it and import it
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ if text == "\\t" => Ok(b'\t'),
        _ => Err("write one character, such as ; or \\t".to_owned()),
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// There is something now that was not there before; also a task that is complete now and was not.
    Created,
    /// What it stands for was there, and is otherwise now.
    Changed,
    /// It was imported before.
    Unchanged,
}

/// Whether a command did something, rather than find it done.
fn changed(receipt: Option<CommandReceipt>) -> bool {
    receipt.is_some_and(|receipt| !receipt.replayed && receipt.events_appended > 0)
}

/// How many rows ended how.
#[derive(Debug, Default)]
struct Tally {
    created: u64,
    changed: u64,
    unchanged: u64,
    failed: u64,
    /// Where the first of those that failed are.
    failed_lines: Vec<u64>,
}

impl Tally {
    fn words(&self) -> String {
        let Self {
            created,
            changed,
            unchanged,
            failed,
            ..
        } = self;
        let changed = match changed {
            0 => String::new(),
            _ => format!("changed {changed}, "),
        };
        format!("created {created}, {changed}unchanged {unchanged}, failed {failed}")
    }

    fn json(&self) -> String {
        json!({
            "created": self.created, "changed": self.changed, "unchanged": self.unchanged,
            "failed": self.failed, "failed_lines": self.failed_lines,
        })
        .to_string()
    }

    fn fail(&mut self, line: u64) {
        self.failed += 1;
        if self.failed_lines.len() < LINES_NAMED {
            self.failed_lines.push(line);
        }
    }

    /// An error if rows failed.
    fn finish(&self) -> Result<(), Error> {
        if self.failed == 0 {
            return Ok(());
        }
        let lines: Vec<_> = self.failed_lines.iter().map(u64::to_string).collect();
        let lines = match self.failed - lines.len() as u64 {
            0 => lines.join(", "),
            more => format!("{} and {more} more", lines.join(", ")),
        };
        Err(Error::Failed(match self.failed {
            1 => format!(
                "1 row was not imported, on line {lines}; correct it and import the file again"
            ),
            failed => format!(
                "{failed} rows were not imported, on lines {lines}; correct them and import the file again"
            ),
        }))
    }
}

/// A file whose first line was understood.
struct Opened<F> {
    columns: Columns<F>,
    rows: csv::Reader<ProgressBarIter<Box<dyn Read>>>,
    bar: ProgressBar,
    rejects: Option<Rejects>,
}

impl<F: Field> Opened<F> {
    /// Opens the file and reads its first line. `key` names the column that tells rows apart, if the user said.
    fn new(args: &FileArgs, key: Option<&str>, printer: &Printer) -> Result<Self, Error> {
        let (input, length) = open(&args.file)?;
        let template = if length > 0 {
            "{wide_bar} {percent}%  {msg}  {eta}"
        } else {
            "{spinner} {msg}"
        };
        let bar = printer.progress(length, template);
        let mut rows = csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(args.delimiter)
            .from_reader(bar.wrap_read(input));
        let header = rows.headers().map_err(|error| {
            Error::Failed(format!("cannot read {}: {error}", args.file.display()))
        })?;
        let columns = Columns::find(header, key).map_err(header_error)?;
        let rejects = match &args.rejects {
            Some(path) => Some(Rejects::create(path, args, header)?),
            None => None,
        };
        Ok(Self {
            columns,
            rows,
            bar,
            rejects,
        })
    }

    /// Imports every row and tells how it went. Stops early only at an error that all other rows would meet too.
    async fn import<R: Row>(
        self,
        printer: &Printer,
        mut read: impl FnMut(&Columns<F>, Result<StringRecord, csv::Error>) -> Result<R, BadRow<F>>,
        send: impl AsyncFn(&R) -> Result<Outcome, Error>,
    ) -> Result<(), Error> {
        let Self {
            columns,
            rows,
            bar,
            mut rejects,
        } = self;
        if !columns.ignored().is_empty() {
            bar.suspend(|| {
                printer.note(&format!(
                    "ignored columns: {}",
                    columns.ignored().join(", ")
                ));
            });
        }
        let keeps_rows = rejects.is_some();
        let rows = rows.into_records().map(|record| {
            let kept = record.as_ref().ok().filter(|_| keeps_rows).cloned();
            (kept, read(&columns, record))
        });
        // Given out in the order of the file, so that its problems are reported in that order.
        let mut outcomes = stream::iter(rows)
            .map(async |(kept, row)| (kept, import_row(&send, row).await))
            .buffered(IN_FLIGHT);

        let mut tally = Tally::default();
        let mut end = Ok(());
        while let Some((kept, outcome)) = outcomes.next().await {
            match outcome {
                Ok(Outcome::Created) => tally.created += 1,
                Ok(Outcome::Changed) => tally.changed += 1,
                Ok(Outcome::Unchanged) => tally.unchanged += 1,
                Err(Failure::Row(BadRow { line, problems })) => {
                    tally.fail(line);
                    bar.suspend(|| report(line, &problems, &columns, printer))?;
                    if let (Some(rejects), Some(row)) = (&mut rejects, kept) {
                        rejects.write(&row, &words(&problems, &columns))?;
                    }
                }
                Err(Failure::Everything(error)) => {
                    end = Err(error);
                    break;
                }
            }
            bar.set_message(tally.words());
        }
        bar.finish_and_clear();
        if let Some(rejects) = rejects {
            rejects.finish()?;
        }
        printer.line(&if printer.is_json() {
            tally.json()
        } else {
            tally.words()
        })?;
        end.and_then(|()| tally.finish())
    }
}

fn header_error(error: columns::HeaderError) -> Error {
    Error::usage(
        error.to_string(),
        "Correct the first line of the file; --help tells which columns there are.",
    )
}

/// Why a row was not imported.
enum Failure<F> {
    /// Others may do better.
    Row(BadRow<F>),
    /// No other would do better.
    Everything(Error),
}

async fn import_row<F: Field, R: Row>(
    send: &impl AsyncFn(&R) -> Result<Outcome, Error>,
    row: Result<R, BadRow<F>>,
) -> Result<Outcome, Failure<F>> {
    let row = row.map_err(Failure::Row)?;
    send(&row).await.map_err(|error| match error {
        error if error.is_of_all_requests() => Failure::Everything(error),
        error => Failure::Row(BadRow {
            line: row.line(),
            problems: cells::problems(&error),
        }),
    })
}

fn report<F: Field>(
    line: u64,
    problems: &[Problem<F>],
    columns: &Columns<F>,
    printer: &Printer,
) -> io::Result<()> {
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

/// What is wrong with a row, in one text.
fn words<F: Field>(problems: &[Problem<F>], columns: &Columns<F>) -> String {
    let words = problems.iter().map(|Problem { field, message }| {
        match field.and_then(|field| columns.title(field)) {
            Some(column) => format!("{column}: {message}"),
            None => message.clone(),
        }
    });
    words.collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_effect_counts_as_a_change() {
        let receipt = |events_appended, replayed| {
            Some(CommandReceipt {
                events_appended,
                replayed,
                ..Default::default()
            })
        };
        assert!(changed(receipt(2, false)));
        assert!(!changed(receipt(2, true)));
        assert!(!changed(receipt(0, false)));
    }

    #[test]
    fn the_end_names_the_lines_that_failed_but_not_thousands() {
        let mut tally = Tally::default();
        assert!(tally.finish().is_ok());
        (2..=3).for_each(|line| tally.fail(line));
        assert_eq!(
            tally.finish().unwrap_err().to_string(),
            "2 rows were not imported, on lines 2, 3; correct them and import the file again"
        );
        (4..100).for_each(|line| tally.fail(line));
        let error = tally.finish().unwrap_err().to_string();
        assert!(error.contains("20, 21 and 78 more;"), "{error}");
    }
}
