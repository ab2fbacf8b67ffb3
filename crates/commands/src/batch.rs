//! The decisions of one group of commands, in order, each on the effects of those before it. No I/O.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet, hash_map::Entry},
};

use handoff_domain::{
    NewEvent, Rejection, Source, State, Stop, Unit, Version, Versioned, names::StreamName,
};
use lru::LruCache;

use crate::request::Request;

/// What was decided about one command.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// The answered resource as it is after the command, and how many of the batch's events are
    /// there once its own are; the last `events` of them are its own.
    Accepted {
        resource: StreamName,
        version: Version,
        state: State,
        events: u32,
        events_so_far: usize,
    },
    Rejected(Rejection),
    Contradiction(StreamName),
}

/// The states that a batch works on: as they stand in the log, and as its own events change them.
pub(crate) struct WorkingSet<'a> {
    cache: RefCell<&'a mut LruCache<StreamName, Versioned>>,
    /// As in the log; the versions are asserted under the lock.
    read: RefCell<HashMap<StreamName, Versioned>>,
    /// The versions of streams that commands rest on and do not read, as they take them to be. They are asserted
    /// under the lock as well.
    taken: RefCell<HashMap<StreamName, Version>>,
    /// After the events of the batch.
    changed: HashMap<StreamName, Versioned>,
    /// The log is locked: what was not read before it was has not been compared with it.
    locked: bool,
}

impl Source for WorkingSet<'_> {
    fn get(&self, stream: &StreamName) -> Option<Versioned> {
        if let Some(changed) = self.changed.get(stream) {
            return Some(changed.clone());
        }
        match self.read.borrow_mut().entry(stream.clone()) {
            Entry::Occupied(entry) => Some(entry.get().clone()),
            // Nothing that is remembered is believed any more: it is loaded.
            Entry::Vacant(_) if self.locked => None,
            Entry::Vacant(entry) => {
                let cached = self.cache.borrow_mut().get(stream)?.clone();
                Some(entry.insert(cached).clone())
            }
        }
    }

    fn version(&self, stream: &StreamName, expected: Version) -> Option<Version> {
        if let Some(versioned) = self.get(stream) {
            return Some(versioned.version);
        }
        match self.taken.borrow_mut().entry(stream.clone()) {
            Entry::Occupied(entry) => Some(*entry.get()),
            // It was not compared with the log: it is loaded.
            Entry::Vacant(_) if self.locked => None,
            Entry::Vacant(entry) => Some(*entry.insert(expected)),
        }
    }
}

impl<'a> WorkingSet<'a> {
    pub(crate) fn new(cache: &'a mut LruCache<StreamName, Versioned>) -> Self {
        Self {
            cache: RefCell::new(cache),
            read: RefCell::default(),
            taken: RefCell::default(),
            changed: HashMap::new(),
            locked: false,
        }
    }

    /// What was read so far is as in the log, which is locked.
    pub(crate) fn lock(&mut self) {
        self.locked = true;
    }

    /// Takes in streams that were loaded.
    pub(crate) fn add(&mut self, streams: Vec<StreamName>, loaded: Vec<Versioned>) {
        self.read.get_mut().extend(streams.into_iter().zip(loaded));
    }

    /// A stream that was only taken to be at a version is at this one.
    pub(crate) fn moved(&mut self, stream: &StreamName, version: Version) {
        if let Some(taken) = self.taken.get_mut().get_mut(stream) {
            *taken = version;
        }
    }

    /// The state in the log, if the batch has read it.
    pub(crate) fn read_mut(&mut self, stream: &StreamName) -> Option<&mut Versioned> {
        self.read.get_mut().get_mut(stream)
    }

    /// Every stream that was read, at the version in the log, and those that were taken to be at a version.
    pub(crate) fn versions(&self) -> Vec<(StreamName, Version)> {
        let (read, taken) = (self.read.borrow(), self.taken.borrow());
        let unread = taken
            .iter()
            .filter(|(stream, _)| !read.contains_key(*stream))
            .map(|(stream, version)| (stream.clone(), *version));
        read.iter()
            .map(|(stream, read)| (stream.clone(), read.version))
            .chain(unread)
            .collect()
    }

    /// The batch was appended: its states are those of the log now. Answers what changed.
    pub(crate) fn keep(self) -> Vec<(StreamName, Versioned)> {
        let Self {
            cache,
            read,
            taken: _,
            changed,
            locked: _,
        } = self;
        let cache = cache.into_inner();
        let changed: Vec<_> = changed.into_iter().collect();
        for (stream, versioned) in read.into_inner().into_iter().chain(changed.iter().cloned()) {
            cache.put(stream, versioned);
        }
        changed
    }
}

/// The verdicts on a batch, and its events in order, each with the index of its command.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) events: Vec<(usize, NewEvent)>,
}

/// Decides the commands in order on the states of the log.
///
/// # Errors
/// The streams that must be loaded first; then decide again.
pub(crate) fn decide(
    states: &mut WorkingSet<'_>,
    requests: &[&Request],
) -> Result<Decided, Vec<StreamName>> {
    states.changed.clear();
    let mut missing = HashSet::new();
    let mut decided = Decided::default();
    for (index, request) in requests.iter().enumerate() {
        let mut unit = Unit::new(states);
        let verdict = match request.command.decide(&request.context, &mut unit) {
            Err(Stop::Missing) => {
                missing.extend(unit.missing().iter().cloned());
                continue;
            }
            Err(Stop::Rejected(rejection)) => Verdict::Rejected(rejection),
            Err(Stop::Corrupt(stream)) => Verdict::Contradiction(stream),
            Ok(resource) => {
                let effects = unit.into_effects();
                let events = effects.events.len() as u32;
                states.changed.extend(effects.changed);
                decided
                    .events
                    .extend(effects.events.into_iter().map(|event| (index, event)));
                match states.get(&resource) {
                    Some(Versioned { version, state }) => Verdict::Accepted {
                        resource,
                        version,
                        state,
                        events,
                        events_so_far: decided.events.len(),
                    },
                    // A command answers with a resource that it has read.
                    None => Verdict::Contradiction(resource),
                }
            }
        };
        decided.verdicts.push(verdict);
    }
    if missing.is_empty() {
        Ok(decided)
    } else {
        Err(missing.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn a_stream_that_is_only_rested_on_is_not_loaded_and_its_version_is_asserted() {
        let mut cache = LruCache::new(NonZeroUsize::MIN);
        let mut working = WorkingSet::new(&mut cache);
        let [acme, other] =
            ["accounts/acme", "accounts/other"].map(|name| name.parse::<StreamName>().unwrap());
        let version = |working: &WorkingSet<'_>, stream| {
            let mut unit = Unit::new(working);
            unit.version(stream, Version(3)).ok()
        };
        assert_eq!(version(&working, &acme), Some(Version(3)));
        assert_eq!(working.versions(), [(acme.clone(), Version(3))]);
        // Under the lock it turns out that it moved, and what was not compared with the log is loaded.
        working.moved(&acme, Version(4));
        working.lock();
        assert_eq!(version(&working, &acme), Some(Version(4)));
        assert_eq!(version(&working, &other), None);
    }
}
