//! The names that Handoff uses in NATS.

use handoff_event_log::Recorded;

/// The stream's name and the subjects of one Handoff. Several share a NATS when their names differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    stream: String,
    prefix: String,
}

impl Default for Subjects {
    fn default() -> Self {
        Self::new("HANDOFF", "handoff")
    }
}

impl Subjects {
    /// A JetStream stream, and what all subjects begin with.
    pub fn new(stream: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            prefix: prefix.into(),
        }
    }

    /// The JetStream stream that holds the events and ticks.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Everything in the stream.
    pub fn all(&self) -> String {
        format!("{}.events.>", self.prefix)
    }

    /// The events in the stream, without the ticks.
    pub fn events(&self) -> String {
        format!("{}.events.*.>", self.prefix)
    }

    /// One event: `<prefix>.events.<partition>.<aggregate>.<event>`. An event's type has the last two.
    pub fn event(&self, recorded: &Recorded) -> String {
        format!(
            "{}.events.{}.{}",
            self.prefix, recorded.partition, recorded.event_type
        )
    }

    /// The ticks.
    pub fn tick(&self) -> String {
        format!("{}.events.tick", self.prefix)
    }

    /// Hints that somebody appended to the log.
    pub(crate) fn append_hint(&self) -> String {
        format!("{}.hint.append", self.prefix)
    }

    /// Hints that a projection has moved its checkpoints.
    pub(crate) fn checkpoint_hint(&self, projection: &str) -> String {
        format!("{}.hint.checkpoint.{projection}", self.prefix)
    }
}
