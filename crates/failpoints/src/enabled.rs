//! What tests get: reads the environment once, and does what it asks for.

use std::{
    env,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process};

use crate::{Bug, Point};

const KILL_AT: &str = "HANDOFF_KILL_AT";
const FREEZE_AT: &str = "HANDOFF_FREEZE_AT";
const BUG: &str = "HANDOFF_BUG";

static STOPS: LazyLock<Vec<Stop>> = LazyLock::new(|| {
    [(KILL_AT, Signal::KILL), (FREEZE_AT, Signal::STOP)]
        .into_iter()
        .filter_map(|(variable, signal)| Stop::read(variable, signal))
        .collect()
});
static PLANTED: LazyLock<Option<Bug>> = LazyLock::new(|| {
    let name = set(BUG)?;
    let known = Bug::ALL.iter().find(|bug| bug.name() == name);
    Some(*known.unwrap_or_else(|| panic!("{BUG}: there is no bug {name:?}")))
});

/// The signal that the process sends itself at a place.
struct Stop {
    point: Point,
    signal: Signal,
    /// How often the place must still be passed.
    left: AtomicU32,
}

impl Stop {
    /// Reads `point` or `point:times`.
    fn read(variable: &str, signal: Signal) -> Option<Self> {
        let text = set(variable)?;
        let (name, times) = text.split_once(':').unwrap_or((&text, "1"));
        let known = Point::ALL.iter().find(|point| point.name() == name);
        let times = times.parse().ok().filter(|times| *times > 0);
        let (Some(point), Some(times)) = (known, times) else {
            panic!("{variable}: {text:?} is not POINT or POINT:TIMES");
        };
        Some(Self {
            point: *point,
            signal,
            left: AtomicU32::new(times),
        })
    }
}

fn set(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Comes by a place where the process may be stopped.
pub fn pass(point: Point) {
    for stop in STOPS.iter().filter(|stop| stop.point == point) {
        let left = stop
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        if left == Ok(1) {
            kill_process(getpid(), stop.signal).expect("a process may signal itself");
            // Another thread may be the first to get it: this one must not go on meanwhile.
            #[expect(
                clippy::disallowed_methods,
                reason = "there is no condition to wait for: this thread is stopped in its sleep"
            )]
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Whether a mistake is planted.
pub fn has_bug(bug: Bug) -> bool {
    *PLANTED == Some(bug)
}

/// What the environment asks for, to be told in the log; none where it asks for nothing.
///
/// # Panics
/// When it asks for what there is not.
pub fn planted() -> Option<String> {
    let stops = STOPS
        .iter()
        .map(|stop| format!("{:?} at {}", stop.signal, stop.point.name()));
    let bug = PLANTED.iter().map(|bug| bug.name().to_owned());
    let all: Vec<_> = stops.chain(bug).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let points = Point::ALL.iter().map(|point| point.name());
        let bugs = Bug::ALL.iter().map(|bug| bug.name());
        let names: Vec<_> = points.chain(bugs).collect();
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn where_nothing_is_asked_for_nothing_happens() {
        for point in Point::ALL {
            pass(*point);
        }
        assert!(!Bug::ALL.iter().any(|bug| has_bug(*bug)));
        assert_eq!(planted(), None);
    }
}
