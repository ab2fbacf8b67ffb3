//! The record, folded to what each command's caller was told.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use uuid::Uuid;

use super::{CheckError, Codes, Report, Rule};
use crate::{
    outcome::RESOURCE_EXHAUSTED,
    record::{Ended, Try},
};

/// An acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) position: i64,
    pub(super) events: i32,
    /// Of the resource after the command; none where the etag is no number.
    pub(super) version: Option<i32>,
    replayed: bool,
    /// When it was answered, in microseconds since the record began.
    answered_us: u64,
}

/// One command: what its caller was told, and what the log has of it.
#[derive(Debug)]
pub(super) struct Commanded {
    pub(super) resource: Box<str>,
    /// The first acknowledgement of events; where there is none, the last of nothing.
    pub(super) told: Option<Told>,
    /// Some try was refused in a way that says that none has happened.
    pub(super) refused: bool,
    unknown: bool,
    // Filled while the log is read.
    pub(super) events: i32,
    pub(super) last_position: i64,
    /// Version of the resource's own last event.
    pub(super) version: i32,
}

/// What every caller was told.
#[derive(Debug, Default)]
pub struct History {
    pub(super) by_id: HashMap<Uuid, Commanded>,
    codes: BTreeMap<String, u64>,
    tries: u64,
}

impl History {
    /// Reads a record.
    pub fn read(path: &Path, report: &mut Report) -> Result<Self, CheckError> {
        let unreadable = |source| CheckError::Read {
            path: path.to_owned(),
            source,
        };
        let mut history = Self::default();
        let lines = BufReader::new(File::open(path).map_err(unreadable)?).lines();
        for (line, text) in (1..).zip(lines) {
            let text = text.map_err(unreadable)?;
            let one = serde_json::from_str(&text).map_err(|source| CheckError::Malformed {
                path: path.to_owned(),
                line,
                source,
            })?;
            history.add(&one, report);
        }
        Ok(history)
    }

    /// Adds a try. Those of one command must come in their order.
    pub fn add(&mut self, one: &Try, report: &mut Report) {
        self.tries += 1;
        if one.outcome != Ended::Ok {
            *self.codes.entry(one.code.clone()).or_default() += 1;
        }
        let id = one.request_id;
        let command = self.by_id.entry(id).or_insert_with(|| Commanded {
            resource: one.resource.as_str().into(),
            told: None,
            refused: false,
            unknown: false,
            events: 0,
            last_position: 0,
            version: 0,
        });
        match one.outcome {
            Ended::Unknown => command.unknown = true,
            // A full queue speaks for this try alone.
            Ended::Refused if one.code == RESOURCE_EXHAUSTED => {}
            Ended::Refused => {
                command.refused = true;
                if let Some(told) = command.told.filter(|told| told.events > 0) {
                    report.broken(Rule::Unknown, || {
                        format!(
                            "{id} was acknowledged at position {}, then refused: {}",
                            told.position, one.code
                        )
                    });
                }
            }
            Ended::Ok => command.acknowledge(one, report),
        }
    }

    /// Rule 7.
    pub(super) fn check_codes(&self, expected: &Codes, report: &mut Report) {
        for (code, count) in &self.codes {
            if !expected.contains(code) {
                report.broken(Rule::Codes, || format!("{code}, {count} times"));
            }
        }
    }

    pub(super) fn commands(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn tries(&self) -> u64 {
        self.tries
    }

    /// Commands of which nobody learned what became of them.
    pub(super) fn unresolved(&self) -> usize {
        self.by_id.values().filter(|c| c.is_unresolved()).count()
    }

    /// Rule 2, for a load that tried until it knew.
    pub(super) fn check_resolved(&self, report: &mut Report) {
        for (id, command) in self.by_id.iter().filter(|(_, c)| c.is_unresolved()) {
            report.broken(Rule::Unknown, || {
                format!("{id}, on {}, was never resolved", command.resource)
            });
        }
    }
}

impl Commanded {
    fn is_unresolved(&self) -> bool {
        self.unknown && self.told.is_none() && !self.refused
    }

    fn acknowledge(&mut self, one: &Try, report: &mut Report) {
        let now = Told {
            position: one.position.unwrap_or_default(),
            events: one.events_appended.unwrap_or_default(),
            version: one.etag.as_ref().and_then(|etag| etag.parse().ok()),
            replayed: one.replayed.unwrap_or_default(),
            answered_us: one.answered_us,
        };
        let first = match self.told {
            // What appended nothing has no receipt: it is decided anew.
            None | Some(Told { events: 0, .. }) => {
                self.told = Some(now);
                return;
            }
            Some(first) => first,
        };
        let same = (now.position, now.events, now.version)
            == (first.position, first.events, first.version);
        // Tries that were under way at once may be one command of one batch, which is no replay.
        let at_once = one.sent_us < first.answered_us;
        if !same || !(now.replayed || at_once) {
            let id = one.request_id;
            report.broken(Rule::Unknown, || {
                format!(
                    "{id} was first told {}, then {}",
                    shown(&first),
                    shown(&now)
                )
            });
        }
    }
}

fn shown(told: &Told) -> String {
    let version = told
        .version
        .map_or_else(String::new, |version| format!(", version {version}"));
    format!(
        "{} events up to position {}{version}{}",
        told.events,
        told.position,
        if told.replayed { " (replayed)" } else { "" },
    )
}
