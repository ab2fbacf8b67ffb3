//! Events that came while their partition waits for what an earlier event has caused. No I/O.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use handoff_domain::Partition;
use handoff_event_log::{Position, Recorded};

/// The events held back, by partition. A partition that is not in it goes on as its events come.
#[derive(Debug, Default)]
pub(crate) struct HeldBack(BTreeMap<Partition, Queue>);

#[derive(Debug, Default)]
struct Queue {
    waits: bool,
    events: VecDeque<Arc<Recorded>>,
    /// There were more events after these than are kept: they must be delivered again.
    cut: bool,
}

/// What became of an event that is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Yes,
    /// It and all after it are dropped: have no more delivered.
    Dropped,
}

/// Events that may go on, and the partitions of which the next ones must be delivered again, each from
/// after a position.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    pub(crate) events: Vec<Arc<Recorded>>,
    pub(crate) again: Vec<(Partition, Position)>,
}

impl HeldBack {
    /// Whether the events of a partition go behind others that are held back.
    pub(crate) fn holds(&self, partition: Partition) -> bool {
        self.0.contains_key(&partition)
    }

    /// Has a partition wait.
    pub(crate) fn wait(&mut self, partition: Partition) {
        self.0.entry(partition).or_default().waits = true;
    }

    /// Lets a partition go on.
    pub(crate) fn release(&mut self, partition: Partition) {
        if let Some(queue) = self.0.get_mut(&partition) {
            queue.waits = false;
        }
    }

    /// Forgets a partition.
    pub(crate) fn forget(&mut self, partition: Partition) {
        self.0.remove(&partition);
    }

    /// Holds an event back, unless `most` of its partition are held already.
    pub(crate) fn keep(&mut self, event: Arc<Recorded>, most: usize) -> Kept {
        let queue = self.0.entry(event.partition).or_default();
        if queue.cut || queue.events.len() >= most {
            queue.cut = true;
            return Kept::Dropped;
        }
        queue.events.push_back(event);
        Kept::Yes
    }

    /// Takes the events of all partitions that need not wait. `held` knows the checkpoints.
    pub(crate) fn ready(&mut self, held: impl Fn(Partition) -> Option<Position>) -> Ready {
        let mut ready = Ready::default();
        self.0.retain(|partition, queue| {
            if queue.waits {
                return true;
            }
            let last = queue.events.back().map(|event| event.position);
            if queue.cut
                && let Some(after) = last.or_else(|| held(*partition))
            {
                ready.again.push((*partition, after));
            }
            ready.events.extend(queue.events.drain(..));
            false
        });
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handoff_event_log::Hash;

    fn event(partition: u8, position: i64) -> Arc<Recorded> {
        Arc::new(Recorded {
            position: Position(position),
            stream: "settings".parse().unwrap(),
            version: handoff_domain::Version(1),
            event_type: String::new(),
            type_version: 1,
            partition: Partition::new(partition).unwrap(),
            event_id: Default::default(),
            command_id: Default::default(),
            command_index: 0,
            payload: String::new(),
            metadata: String::new(),
            recorded_at: Default::default(),
            hash: Hash::of(b""),
            reading: Default::default(),
        })
    }

    fn positions(ready: &Ready) -> Vec<i64> {
        ready.events.iter().map(|event| event.position.0).collect()
    }

    #[test]
    fn what_came_while_a_partition_waited_goes_on_in_order_once_it_is_released() {
        let one = Partition::new(1).unwrap();
        let mut back = HeldBack::default();
        back.wait(one);
        for position in [4, 6, 9] {
            assert_eq!(back.keep(event(1, position), 10), Kept::Yes);
        }
        assert!(back.ready(|_| None).events.is_empty());
        back.release(one);
        assert!(back.holds(one));
        let ready = back.ready(|_| None);
        assert_eq!(positions(&ready), [4, 6, 9]);
        assert!(ready.again.is_empty() && !back.holds(one));
    }

    #[test]
    fn what_is_too_much_is_delivered_again_after_the_last_that_was_kept() {
        let one = Partition::new(1).unwrap();
        let mut back = HeldBack::default();
        back.wait(one);
        assert_eq!(back.keep(event(1, 4), 1), Kept::Yes);
        assert_eq!(back.keep(event(1, 6), 1), Kept::Dropped);
        back.release(one);
        let ready = back.ready(|_| Some(Position(2)));
        assert_eq!(positions(&ready), [4]);
        assert_eq!(ready.again, [(one, Position(4))]);
    }
}
