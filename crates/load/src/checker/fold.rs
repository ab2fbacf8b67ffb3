//! Compares the log, event by event, with what callers were told: rules 1, 2 and 3.

use std::collections::HashMap;

use handoff_proto::v1::Event;
use uuid::Uuid;

use super::{
    History, Report, Rule,
    history::{Commanded, Told},
};

/// How far the log was read.
#[derive(Debug, Default)]
pub struct LogFold {
    position: i64,
    versions: HashMap<String, i32>,
}

impl LogFold {
    /// The last position seen; 0 before the first.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Takes the next event of the log.
    pub fn event(&mut self, event: &Event, history: &mut History, report: &mut Report) {
        if event.position != self.position + 1 {
            let before = self.position;
            report.broken(Rule::Log, || {
                format!("position {} follows position {before}", event.position)
            });
        }
        self.position = event.position;
        let version = match self.versions.get_mut(&event.stream) {
            Some(version) => version,
            None => self.versions.entry(event.stream.clone()).or_default(),
        };
        if event.version != *version + 1 {
            let before = *version;
            report.broken(Rule::Log, || {
                format!(
                    "position {}: version {} of {} follows version {before}",
                    event.position, event.version, event.stream
                )
            });
        }
        *version = event.version;
        let command = event
            .command_id
            .parse()
            .ok()
            .and_then(|id: Uuid| history.by_id.get_mut(&id));
        if let Some(command) = command {
            command.has(event, report);
        }
    }

    /// Takes the end of the log.
    pub fn end(self, history: &History, report: &mut Report) {
        for (id, command) in &history.by_id {
            command.compare(id, report);
        }
    }
}

impl Commanded {
    fn rule(&self) -> Rule {
        match self.told {
            Some(_) => Rule::Acknowledged,
            None => Rule::Unknown,
        }
    }

    /// An event of this command is in the log.
    fn has(&mut self, event: &Event, report: &mut Report) {
        let before = self.events;
        if event.command_index != before {
            report.broken(self.rule(), || {
                format!(
                    "{}: event {} of it is at position {}, after {before} others",
                    event.command_id, event.command_index, event.position
                )
            });
        } else if before > 0 && event.position != self.last_position + 1 {
            report.broken(self.rule(), || {
                format!(
                    "{}: its events are apart, at positions {} and {}",
                    event.command_id, self.last_position, event.position
                )
            });
        }
        self.events += 1;
        self.last_position = event.position;
        if *event.stream == *self.resource {
            self.version = event.version;
        }
    }

    /// Compares what the log has with what was told.
    fn compare(&self, id: &Uuid, report: &mut Report) {
        match self.told {
            Some(told) if told.events != self.events => {
                report.broken(Rule::Acknowledged, || {
                    format!(
                        "{id}: {} events were acknowledged, up to position {}; the log has {}",
                        told.events, told.position, self.events
                    )
                });
            }
            Some(Told { events: 0, .. }) => {}
            Some(told) if told.position != self.last_position => {
                report.broken(Rule::Acknowledged, || {
                    format!(
                        "{id}: acknowledged at position {}; the log has it at {}",
                        told.position, self.last_position
                    )
                });
            }
            // A task's etag counts its events.
            Some(Told {
                version: Some(version),
                ..
            }) if self.resource.starts_with("tasks/") && version != self.version => {
                report.broken(Rule::Acknowledged, || {
                    format!(
                        "{id}: acknowledged at version {version} of {}; the log has it at {}",
                        self.resource, self.version
                    )
                });
            }
            Some(_) => {}
            None if self.refused && self.events > 0 => {
                report.broken(Rule::Unknown, || {
                    format!(
                        "{id}: refused, yet the log has {} events of it, up to position {}",
                        self.events, self.last_position
                    )
                });
            }
            None => {}
        }
    }
}
