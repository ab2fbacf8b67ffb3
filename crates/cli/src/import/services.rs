//! `handoff import services`.

mod entry;
mod send;

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};

use super::{Outcome, open};
use crate::{error::Error, output::Printer, session::Session};
use entry::{ServiceEntry, Taken};

/// Bytes of the longest file: 16 MiB.
const LONGEST: u64 = 16 * 1024 * 1024;
/// Services of the longest file.
const MOST_SERVICES: usize = 1_000;
/// Paths named at the end, of the entries that failed.
const PATHS_NAMED: usize = 20;

const AFTER_HELP: &str = "\
The file is YAML or JSON: a list of services, or one under `services`. At most 16 MiB and 1,000 services.

  - name: Search engines              # required
    id: seo                           # default: made from the name
    description: <p>Up the ranks</p>
    tasks:
      - title: Fill in the brief      # required
        id: brief                     # default: made from the title
        description: <p>What do you sell?</p>
        deadline_hours: 48            # after an order's start
        assignees: [ana, Ben Okri]
        role: success-manager         # whose holder it follows
        tier: 1                       # default: after all that were before it
        visibility: client            # internal (the default), portal or client

What an entry created is left as it is now when the same entry is imported again. A service or task that was there before gets
what its entry says; what the entry does not say stays, and tasks that the file does not have stay too.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportServices {
    /// The file; - is the standard input
    file: PathBuf,
}

/// What is wrong with a part of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    /// Where: `services[0].tasks[2].tier`.
    path: String,
    /// What, and what to do.
    message: String,
}

impl Problem {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// How many services ended how.
#[derive(Debug, Default)]
struct Tally {
    created: u64,
    changed: u64,
    unchanged: u64,
    failed: u64,
    /// Where the first problems are.
    failed_paths: Vec<String>,
}

impl ImportServices {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let entries = entries(&self.file)?;
        let bar = printer.progress(entries.len() as u64, "{wide_bar} {pos}/{len}  {msg}");
        let mut taken = Taken::default();
        let mut tally = Tally::default();
        let mut end = Ok(());
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("services[{index}]");
            let (outcome, problems) = match ServiceEntry::read(entry, &path, &mut taken) {
                Err(problems) => (None, problems),
                Ok(service) => match service.send(session).await {
                    Ok((outcome, problems)) => (Some(outcome), problems),
                    Err(error) => {
                        end = Err(error);
                        break;
                    }
                },
            };
            tally.count(outcome, &problems);
            bar.suspend(|| report(&problems, printer))?;
            bar.set_message(tally.words());
            bar.inc(1);
        }
        bar.finish_and_clear();
        printer.line(&if printer.is_json() {
            tally.json()
        } else {
            tally.words()
        })?;
        end.and_then(|()| tally.finish())
    }
}

/// The entries of the file, whatever they say.
fn entries(path: &Path) -> Result<Vec<Value>, Error> {
    let (input, _) = open(path)?;
    let unreadable = |error: String| {
        let message = format!("cannot read {}: {error}", path.display());
        Error::usage(message, "Correct the file; --help shows what it may say.")
    };
    let mut text = String::new();
    let read = input.take(LONGEST + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > LONGEST {
        return Err(unreadable(format!(
            "it has more than {LONGEST} bytes; divide it"
        )));
    }
    // As in YAML 1.2: a service may be called Y.
    let options = serde_saphyr::options! { strict_booleans: true };
    let value: Value = serde_saphyr::from_str_with_options(&text, options)
        .map_err(|error| unreadable(error.to_string()))?;
    let list = match value {
        Value::Object(mut fields) if fields.len() == 1 => fields.remove("services"),
        value => Some(value),
    };
    match list {
        Some(Value::Array(entries)) if entries.len() <= MOST_SERVICES => Ok(entries),
        Some(Value::Array(entries)) => Err(unreadable(format!(
            "it has {} services; divide it, at most {MOST_SERVICES} are taken at once",
            entries.len()
        ))),
        _ => Err(unreadable(
            "it is neither a list of services nor has one under `services`".to_owned(),
        )),
    }
}

fn report(problems: &[Problem], printer: &Printer) -> std::io::Result<()> {
    for Problem { path, message } in problems {
        match printer.is_json() {
            true => printer.line(&json!({ "path": path, "problem": message }).to_string())?,
            false => printer.note(&format!("{path}: {message}")),
        }
    }
    Ok(())
}

impl Tally {
    /// Counts a service: failed, if anything of it was not imported.
    fn count(&mut self, outcome: Option<Outcome>, problems: &[Problem]) {
        let count = match outcome {
            Some(Outcome::Created) if problems.is_empty() => &mut self.created,
            Some(Outcome::Changed) if problems.is_empty() => &mut self.changed,
            Some(Outcome::Unchanged) if problems.is_empty() => &mut self.unchanged,
            Some(_) | None => &mut self.failed,
        };
        *count += 1;
        let room = PATHS_NAMED - self.failed_paths.len();
        let paths = problems.iter().map(|problem| problem.path.clone());
        self.failed_paths.extend(paths.take(room));
    }

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
            "failed": self.failed, "failed_paths": self.failed_paths,
        })
        .to_string()
    }

    fn finish(&self) -> Result<(), Error> {
        let paths = self.failed_paths.join(", ");
        match self.failed {
            0 => Ok(()),
            1 => Err(Error::Failed(format!(
                "1 service was not imported as a whole, see {paths}; correct it and import the file again"
            ))),
            failed => Err(Error::Failed(format!(
                "{failed} services were not imported as a whole, see {paths}; correct them and import the file again"
            ))),
        }
    }
}
