//! Waits between tries.

use std::time::Duration;

/// Doubles from the shortest wait to the longest.
pub(super) struct Backoff {
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(super) fn new((shortest, longest): (Duration, Duration)) -> Self {
        Self {
            shortest,
            longest,
            next: shortest,
        }
    }

    pub(super) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        wait
    }

    /// Whether nothing was waited for since it was made or reset: the first error of a row, which is
    /// worth a line in the log.
    pub(super) fn is_fresh(&self) -> bool {
        self.next == self.shortest
    }

    pub(super) fn reset(&mut self) {
        self.next = self.shortest;
    }
}
