//! The rows that were not imported, as a file that can be corrected and imported.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use csv::StringRecord;

use super::{FileArgs, columns::plain};
use crate::error::Error;

/// Title of the column that says what is wrong; every import ignores it.
const PROBLEM: &str = "Problem";

/// Rows are written as they come, so that those of an import that broke off are there too.
pub(super) struct Rejects {
    file: csv::Writer<File>,
    path: PathBuf,
    /// Where an earlier file of rejects has its problems, which are replaced.
    earlier: Option<usize>,
}

impl Rejects {
    /// Begins the file with the first line of the one that is imported. It may not be that file itself.
    pub(super) fn create(path: &Path, of: &FileArgs, header: &StringRecord) -> Result<Self, Error> {
        if is_same(path, &of.file) {
            return Err(Error::usage(
                format!("{} is the file that is imported", path.display()),
                "Name another file for --rejects.",
            ));
        }
        let file = csv::WriterBuilder::new()
            .flexible(true)
            .delimiter(of.delimiter)
            .from_path(path)
            .map_err(|error| {
                Error::usage(
                    format!("cannot write {}: {error}", path.display()),
                    "Check the path of --rejects.",
                )
            })?;
        let earlier = header
            .iter()
            .position(|title| plain(title) == plain(PROBLEM));
        let mut rejects = Self {
            file,
            path: path.to_owned(),
            earlier,
        };
        rejects.write(header, PROBLEM)?;
        Ok(rejects)
    }

    /// Adds a row and what is wrong with it.
    pub(super) fn write(&mut self, row: &StringRecord, problem: &str) -> Result<(), Error> {
        let cells = row.iter().enumerate();
        let cells = cells.filter(|(index, _)| Some(*index) != self.earlier);
        let cells = cells.map(|(_, cell)| cell);
        let written = self.file.write_record(cells.chain([problem]));
        written.map_err(|error| self.failed(&error.into()))
    }

    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.file.flush().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::Failed(format!("cannot write {}: {error}", self.path.display()))
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
