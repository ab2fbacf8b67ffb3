//! The unit of a decision: the streams that one command reads, and the events that it appends.

use std::{fmt, sync::Arc};

use crate::{
    account::{self, Account},
    activity::{self, Activity},
    context::Context,
    document::{self, Document},
    event::Event,
    limits,
    member::{self, Member},
    names::{
        AccountName, ActivityName, DocumentName, MemberName, OperationName, OrderName, ServiceName,
        StreamName, TaskName,
    },
    operation::{self, Operation},
    order::{self, Order},
    partition::Partition,
    rejection::Rejection,
    service::{self, Service},
    settings::{self, Settings},
    state::State,
    task::{self, Task},
    version::Version,
};

/// Something that a caller wants done.
pub trait Command: fmt::Debug + Send + Sync {
    /// Decides: reads through `unit`, appends to it, and names the resource that the answer shows.
    /// The last event appended is that resource's own.
    ///
    /// Pure: the same states give the same events. It may be called again with more streams loaded
    /// or with newer states; only the last call counts.
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop>;
}

/// A state and the version of its stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned {
    pub version: Version,
    pub state: State,
}

/// Where states come from.
pub trait Source {
    /// The newest known state of a stream; none if it is not loaded.
    fn get(&self, stream: &StreamName) -> Option<Versioned>;

    /// The version of a stream that a command takes to be at `expected`; none if it is not known. A source that
    /// compares versions before it appends may answer what is expected of a stream that is not loaded.
    fn version(&self, stream: &StreamName, expected: Version) -> Option<Version> {
        let _ = expected;
        self.get(stream).map(|versioned| versioned.version)
    }
}

/// Why a decision ended without a verdict to append.
#[derive(Debug)]
pub enum Stop {
    /// Streams must be loaded first; they are in [`Unit::missing`].
    Missing,
    /// The command is refused.
    Rejected(Rejection),
    /// A state refused an event that its own decision made: an error in the program.
    Corrupt(StreamName),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// An event that is to be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    pub stream: StreamName,
    pub version: Version,
    pub partition: Partition,
    pub event: Event,
    /// The event as it is stored.
    pub payload: String,
}

/// What one command read and appended so far.
pub struct Unit<'a> {
    source: &'a dyn Source,
    reads: Vec<(StreamName, Version)>,
    missing: Vec<StreamName>,
    changed: Vec<(StreamName, Versioned)>,
    events: Vec<NewEvent>,
}

/// What a finished decision leaves.
#[derive(Debug, Default)]
pub struct Effects {
    /// The states after the events, one for each stream that changed.
    pub changed: Vec<(StreamName, Versioned)>,
    /// In the order of appending.
    pub events: Vec<NewEvent>,
}

impl<'a> Unit<'a> {
    /// A unit that reads from `source`.
    pub fn new(source: &'a dyn Source) -> Self {
        Self {
            source,
            reads: Vec::new(),
            missing: Vec::new(),
            changed: Vec::new(),
            events: Vec::new(),
        }
    }

    /// What was read and appended.
    pub fn into_effects(self) -> Effects {
        Effects {
            changed: self.changed,
            events: self.events,
        }
    }

    /// The streams that were asked for and are not loaded.
    pub fn missing(&self) -> &[StreamName] {
        &self.missing
    }

    /// Says which streams will be read, so that all that are not loaded are loaded at once.
    pub fn need(&mut self, streams: impl IntoIterator<Item = StreamName>) -> Result<(), Stop> {
        for stream in streams {
            // Ignored here: what is missing is noted, and the check below reports it.
            let _ = self.read(&stream);
        }
        if self.missing.is_empty() {
            Ok(())
        } else {
            Err(Stop::Missing)
        }
    }

    /// The account; absent if it was never created.
    pub fn account(&mut self, name: &AccountName) -> Result<Arc<Account>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Account(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The task; absent if it was never created.
    pub fn task(&mut self, name: &TaskName) -> Result<Arc<Task>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Task(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The member; absent if never created.
    pub fn member(&mut self, name: &MemberName) -> Result<Arc<Member>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Member(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The document; absent if it was never uploaded.
    pub fn document(&mut self, name: &DocumentName) -> Result<Arc<Document>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Document(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The settings.
    pub fn settings(&mut self) -> Result<Arc<Settings>, Stop> {
        let stream = StreamName::settings();
        match self.read(&stream)? {
            State::Settings(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The operation; absent if it was never started.
    pub fn operation(&mut self, name: &OperationName) -> Result<Arc<Operation>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Operation(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The service; absent if it was never created.
    pub fn service(&mut self, name: &ServiceName) -> Result<Arc<Service>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Service(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The activity; absent if it was never created.
    pub fn activity(&mut self, name: &ActivityName) -> Result<Arc<Activity>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Activity(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The order; absent if it was never placed.
    pub fn order(&mut self, name: &OrderName) -> Result<Arc<Order>, Stop> {
        let stream = name.into();
        match self.read(&stream)? {
            State::Order(state) => Ok(state),
            _ => Err(Stop::Corrupt(stream)),
        }
    }

    /// The version of a stream that is taken to be at `expected`, without its state: so a command can rest on
    /// thousands of streams. Asking makes the append fail where it is or gets another one.
    pub fn version(&mut self, stream: &StreamName, expected: Version) -> Result<Version, Stop> {
        let version = self.source.version(stream, expected);
        version.ok_or_else(|| {
            self.missing.push(stream.clone());
            Stop::Missing
        })
    }

    /// Appends to an account.
    pub fn append_account(
        &mut self,
        name: &AccountName,
        event: account::Event,
    ) -> Result<(), Stop> {
        self.append(name.into(), Event::Account(event))
    }

    /// Appends to a task.
    pub fn append_task(&mut self, name: &TaskName, event: task::Event) -> Result<(), Stop> {
        self.append(name.into(), Event::Task(event))
    }

    /// Appends to a member.
    pub fn append_member(&mut self, name: &MemberName, event: member::Event) -> Result<(), Stop> {
        self.append(name.into(), Event::Member(event))
    }

    /// Appends to a document.
    pub fn append_document(
        &mut self,
        name: &DocumentName,
        event: document::Event,
    ) -> Result<(), Stop> {
        self.append(name.into(), Event::Document(event))
    }

    /// Appends to the settings.
    pub fn append_settings(&mut self, event: settings::Event) -> Result<(), Stop> {
        self.append(StreamName::settings(), Event::Settings(event))
    }

    /// Appends to an operation.
    pub fn append_operation(
        &mut self,
        name: &OperationName,
        event: operation::Event,
    ) -> Result<(), Stop> {
        self.append(name.into(), Event::Operation(event))
    }

    /// Appends to an activity.
    pub fn append_activity(
        &mut self,
        name: &ActivityName,
        event: activity::Event,
    ) -> Result<(), Stop> {
        self.append(name.into(), Event::Activity(event))
    }

    /// Appends to a service.
    pub fn append_service(
        &mut self,
        name: &ServiceName,
        event: service::Event,
    ) -> Result<(), Stop> {
        self.append(name.into(), Event::Service(event))
    }

    /// Appends to an order.
    pub fn append_order(&mut self, name: &OrderName, event: order::Event) -> Result<(), Stop> {
        self.append(name.into(), Event::Order(event))
    }

    fn read(&mut self, stream: &StreamName) -> Result<State, Stop> {
        if let Some((_, changed)) = self.changed.iter().find(|(name, _)| name == stream) {
            return Ok(changed.state.clone());
        }
        let Some(Versioned { version, state }) = self.source.get(stream) else {
            if !self.missing.contains(stream) {
                self.missing.push(stream.clone());
            }
            return Err(Stop::Missing);
        };
        if !self.reads.iter().any(|(name, _)| name == stream) {
            self.reads.push((stream.clone(), version));
        }
        Ok(state)
    }

    fn append(&mut self, stream: StreamName, event: Event) -> Result<(), Stop> {
        let before = self.read(&stream)?;
        let payload = event.encode();
        if payload.len() > limits::EVENT_BYTES {
            return Err(Rejection::invalid(
                "",
                format!(
                    "the event would have {} bytes; at most {} are allowed",
                    payload.len(),
                    limits::EVENT_BYTES
                ),
            )
            .into());
        }
        let state = before
            .evolve(&event)
            .map_err(|_| Stop::Corrupt(stream.clone()))?;
        let partition = Partition::of(state.owner().unwrap_or(stream.as_str()));
        let version = match self.changed.iter_mut().find(|(name, _)| *name == stream) {
            Some((_, changed)) => {
                *changed = Versioned {
                    version: changed.version.next(),
                    state,
                };
                changed.version
            }
            None => {
                // `read` noted the version that the stream had.
                let read = self.reads.iter().find(|(name, _)| *name == stream);
                let version = read.map_or(Version(0), |(_, version)| *version).next();
                self.changed
                    .push((stream.clone(), Versioned { version, state }));
                version
            }
        };
        self.events.push(NewEvent {
            stream,
            version,
            partition,
            event,
            payload,
        });
        Ok(())
    }
}
