//! What is in flight: published and not acknowledged. Pure.

use std::collections::VecDeque;

use handoff_domain::Partition;
use handoff_event_log::Position;
use tokio::time::Instant;

use super::cursor::Cursor;

/// Events in flight, by position, which counts without a gap.
pub(super) struct Window {
    in_flight: VecDeque<InFlight>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
    /// Everything before what is in flight was acknowledged.
    cursor: Cursor,
}

struct InFlight {
    position: Position,
    partition: Partition,
    bytes: usize,
    sent: Instant,
    acknowledged: bool,
}

impl Window {
    pub(super) fn new(cursor: Cursor, max_events: usize, max_bytes: usize) -> Self {
        Self {
            in_flight: VecDeque::new(),
            bytes: 0,
            max_events,
            max_bytes,
            cursor,
        }
    }

    /// Whether an event of this size may be sent now. One that is too large for the window may go
    /// alone.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.in_flight.is_empty()
            || (self.in_flight.len() < self.max_events && self.bytes + bytes <= self.max_bytes)
    }

    /// Takes an event that was sent.
    pub(super) fn sent(&mut self, position: Position, partition: Partition, bytes: usize) {
        self.bytes += bytes;
        let sent = Instant::now();
        self.in_flight.push_back(InFlight {
            position,
            partition,
            bytes,
            sent,
            acknowledged: false,
        });
    }

    /// Counts an event as acknowledged, and moves the cursor to before the first one that is not.
    /// False if it is not in flight or was acknowledged before.
    pub(super) fn acknowledge(&mut self, position: Position) -> bool {
        let Some(first) = self.in_flight.front() else {
            return false;
        };
        let index = usize::try_from(position.0 - first.position.0).ok();
        let Some(event) = index.and_then(|index| self.in_flight.get_mut(index)) else {
            return false;
        };
        if event.acknowledged {
            return false;
        }
        event.acknowledged = true;
        while let Some(event) = self.in_flight.front()
            && event.acknowledged
        {
            self.bytes -= event.bytes;
            self.cursor.pass(event.partition, event.position);
            self.in_flight.pop_front();
        }
        true
    }

    /// The event that waits longest, and since when.
    pub(super) fn oldest(&self) -> Option<(Position, Instant)> {
        self.in_flight
            .front()
            .map(|event| (event.position, event.sent))
    }

    pub(super) fn cursor(&self) -> &Cursor {
        &self.cursor
    }
}

#[cfg(test)]
mod tests {
    use handoff_event_log::Epoch;

    use super::*;
    use crate::last_positions::LastPositions;

    fn partition(number: u8) -> Partition {
        Partition::new(number).unwrap()
    }

    fn window(max_events: usize, max_bytes: usize) -> Window {
        let cursor = Cursor {
            epoch: Epoch(1),
            position: Position(10),
            last: LastPositions::default(),
        };
        Window::new(cursor, max_events, max_bytes)
    }

    #[test]
    fn the_cursor_never_passes_an_event_that_was_not_acknowledged() {
        let mut window = window(10, 1_000);
        for position in 11..=14 {
            window.sent(Position(position), partition(position as u8 % 2), 10);
        }
        assert!(window.acknowledge(Position(12)));
        assert!(window.acknowledge(Position(13)));
        assert_eq!(window.cursor().position, Position(10));
        assert_eq!(window.oldest().unwrap().0, Position(11));
        assert!(window.acknowledge(Position(11)));
        assert_eq!(window.cursor().position, Position(13));
        assert_eq!(window.cursor().last[partition(0)], Position(12));
        assert_eq!(window.cursor().last[partition(1)], Position(13));
    }

    #[test]
    fn an_answer_that_nobody_waits_for_changes_nothing() {
        let mut window = window(10, 1_000);
        assert!(!window.acknowledge(Position(11)));
        window.sent(Position(11), partition(0), 10);
        for stranger in [Position(10), Position(12), Position(-1), Position(i64::MAX)] {
            assert!(!window.acknowledge(stranger), "{stranger}");
        }
        assert!(window.acknowledge(Position(11)));
        assert!(!window.acknowledge(Position(11)));
        assert_eq!(window.cursor().position, Position(11));
    }

    #[test]
    fn what_is_in_flight_is_bounded_by_count_and_by_bytes() {
        let mut window = window(2, 100);
        assert!(
            window.has_room(1_000),
            "an event larger than the window goes alone"
        );
        window.sent(Position(11), partition(0), 60);
        assert!(window.has_room(40));
        assert!(!window.has_room(41));
        window.sent(Position(12), partition(0), 10);
        assert!(!window.has_room(1));
        window.acknowledge(Position(11));
        assert!(window.has_room(90));
    }
}
