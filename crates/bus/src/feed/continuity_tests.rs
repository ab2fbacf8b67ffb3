use std::collections::HashMap;

use handoff_domain::Version;
use handoff_event_log::Hash;
use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

/// A log in memory: the partition of every event.
#[derive(Default)]
struct MemoryLog(Vec<Partition>);

impl MemoryLog {
    fn head(&self) -> Position {
        Position(self.0.len() as i64)
    }

    fn partition(&self, position: Position) -> Partition {
        self.0[position.0 as usize - 1]
    }

    /// The last position of a partition at or before another.
    fn last(&self, partition: Partition, through: Position) -> Position {
        let found = self.0[..through.0 as usize]
            .iter()
            .rposition(|other| *other == partition);
        Position(found.map_or(0, |index| index as i64 + 1))
    }

    fn read(&self, repair: &Repair) -> Vec<Recorded> {
        assert!(
            repair.through <= self.head(),
            "nothing is read that is not in the log yet"
        );
        (repair.after.0 + 1..=repair.through.0)
            .map(Position)
            .filter(|position| repair.partitions.contains(&self.partition(*position)))
            .take(repair.limit)
            .map(|position| recorded(position, self.partition(position)))
            .collect()
    }
}

fn recorded(position: Position, partition: Partition) -> Recorded {
    Recorded {
        position,
        stream: "tasks/a".parse().unwrap(),
        version: Version(1),
        event_type: "task.completed".to_owned(),
        type_version: 1,
        partition,
        event_id: Default::default(),
        command_id: Default::default(),
        command_index: 0,
        payload: String::new(),
        metadata: String::new(),
        recorded_at: Default::default(),
        hash: Hash::GENESIS,
        reading: Default::default(),
    }
}

/// A subscriber, the log it follows, and what it was given.
#[derive(Default)]
struct Scene {
    log: MemoryLog,
    continuity: Continuity,
    delivered: HashMap<Partition, Vec<Position>>,
}

impl Scene {
    fn append(&mut self, partition: Partition) {
        self.log.0.push(partition);
    }

    fn send(&mut self, position: Position) -> Verdict {
        let partition = self.log.partition(position);
        let previous = self.log.last(partition, Position(position.0 - 1));
        let verdict = self.continuity.event(partition, previous, position);
        if verdict == Verdict::Deliver {
            self.delivered.entry(partition).or_default().push(position);
        }
        verdict
    }

    fn tick(&mut self, published: Position) -> usize {
        let mut last = LastPositions::default();
        for partition in Partition::all() {
            last[partition] = self.log.last(partition, published);
        }
        self.continuity.tick(published, &last)
    }

    fn repair(&mut self, limit: usize) -> bool {
        let Some(repair) = self.continuity.repair(limit) else {
            return false;
        };
        for event in self.continuity.repaired(&repair, self.log.read(&repair)) {
            self.delivered
                .entry(event.partition)
                .or_default()
                .push(event.position);
        }
        true
    }

    fn expected(&self, partition: Partition) -> Vec<Position> {
        (1..=self.log.head().0)
            .map(Position)
            .filter(|position| self.log.partition(*position) == partition)
            .collect()
    }
}

fn p(number: u8) -> Partition {
    Partition::new(number).unwrap()
}

/// Events in partitions 1, 2, 1, 2, 1, 2 … and a subscriber of partition 1 from the start.
fn scene(events: usize) -> Scene {
    let mut scene = Scene::default();
    for index in 0..events {
        scene.append(p(1 + (index % 2) as u8));
    }
    scene.continuity.assign(p(1), Position::START);
    scene
}

#[test]
fn events_that_follow_each_other_are_delivered_without_the_log() {
    let mut scene = scene(4);
    assert_eq!(scene.send(Position(1)), Verdict::Deliver);
    assert_eq!(
        scene.send(Position(2)),
        Verdict::Ignore,
        "its partition is not assigned"
    );
    assert_eq!(scene.send(Position(3)), Verdict::Deliver);
    assert_eq!(scene.send(Position(3)), Verdict::Ignore, "it was delivered");
    assert_eq!(scene.tick(Position(4)), 0);
    assert!(!scene.continuity.is_behind());
    assert_eq!(
        scene.continuity.through(p(1)),
        Some(Position(4)),
        "nothing more came by then"
    );
}

#[test]
fn a_hole_is_read_from_the_log_with_what_showed_it() {
    let mut scene = scene(6);
    scene.send(Position(1));
    assert_eq!(scene.send(Position(5)), Verdict::Missing { new: true });
    assert_eq!(
        scene.continuity.repair(100),
        Some(Repair {
            partitions: vec![p(1)],
            after: Position(1),
            through: Position(5),
            limit: 100
        })
    );
    assert_eq!(
        scene.send(Position(3)),
        Verdict::Deliver,
        "it came late, and before the log"
    );
    assert_eq!(scene.send(Position(5)), Verdict::Deliver);
    assert!(!scene.continuity.is_behind());
    assert_eq!(scene.delivered[&p(1)], scene.expected(p(1)));
}

#[test]
fn a_last_event_that_was_lost_shows_at_the_next_tick() {
    let mut scene = scene(3);
    scene.send(Position(1));
    assert_eq!(scene.tick(Position(3)), 1);
    assert_eq!(scene.tick(Position(3)), 0, "it is the same hole");
    assert!(scene.repair(100));
    assert!(!scene.repair(100));
    assert_eq!(scene.delivered[&p(1)], scene.expected(p(1)));
}

#[test]
fn what_lies_beyond_the_end_of_the_log_is_forgotten() {
    let mut continuity = Continuity::default();
    continuity.assign(p(1), Position(3));
    assert_eq!(
        continuity.event(p(1), Position(90), Position(99)),
        Verdict::Missing { new: true }
    );
    continuity.limit(Position(5));
    assert_eq!(continuity.repair(10).unwrap().through, Position(5));
    continuity.limit(Position(3));
    assert!(!continuity.is_behind());
}

#[test]
fn a_read_is_as_wide_as_its_partitions_are_few() {
    let mut continuity = Continuity::default();
    for partition in Partition::all() {
        continuity.assign(partition, Position::START);
    }
    continuity.presume(Position(1_000_000));
    let all = continuity.repair(100).unwrap();
    assert_eq!((all.partitions.len(), all.through), (64, Position(100)));
    // All but one are near the end: that one is brought there first, alone.
    for partition in Partition::all().skip(1) {
        continuity.assign(partition, Position(900_000));
    }
    continuity.presume(Position(1_000_000));
    let one = continuity.repair(100).unwrap();
    assert_eq!((one.partitions, one.through), (vec![p(0)], Position(6_400)));
}

#[derive(Debug, Clone)]
enum Step {
    Append(Partition),
    /// Any event there is, at any time, as often as it comes.
    Send(Index),
    /// Any event not sent yet, in order: the usual case.
    SendNext,
    /// A tick as of any position.
    Tick(Index),
    Presume,
    Repair(usize),
    /// The partition goes away and comes back at its checkpoint.
    Reassign(Partition),
}

fn step() -> impl Strategy<Value = Step> {
    let partition = || (0..5_u8).prop_map(p);
    prop_oneof![
        6 => partition().prop_map(Step::Append),
        2 => any::<Index>().prop_map(Step::Send),
        5 => Just(Step::SendNext),
        1 => any::<Index>().prop_map(Step::Tick),
        1 => Just(Step::Presume),
        2 => (1..6_usize).prop_map(Step::Repair),
        1 => partition().prop_map(Step::Reassign),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is dropped, doubled, reordered or lost last: each partition's events are delivered
    /// once, in order, and in the end all of them.
    #[test]
    fn each_partition_is_delivered_exactly_as_it_stands_in_the_log(
        steps in vec(step(), 0..120),
        last_tick in any::<bool>(),
    ) {
        let mut scene = Scene::default();
        let assigned = [p(0), p(2), p(3)];
        for partition in assigned {
            scene.continuity.assign(partition, Position::START);
        }
        let mut next = 1;
        for step in steps {
            let head = scene.log.head();
            let any = |index: Index| Position(index.index(head.0 as usize) as i64 + 1);
            match step {
                Step::Append(partition) => scene.append(partition),
                Step::Send(index) if head > Position::START => {
                    scene.send(any(index));
                }
                Step::SendNext if next <= head.0 => {
                    scene.send(Position(next));
                    next += 1;
                }
                Step::Tick(index) if head > Position::START => {
                    scene.tick(any(index));
                }
                Step::Presume => scene.continuity.presume(head),
                Step::Repair(limit) => {
                    scene.repair(limit);
                }
                Step::Reassign(partition) if assigned.contains(&partition) => {
                    let checkpoint = scene.delivered.get(&partition).and_then(|seen| seen.last());
                    scene.continuity.revoke(partition);
                    scene.continuity.assign(partition, checkpoint.copied().unwrap_or_default());
                }
                _ => {}
            }
            for (partition, delivered) in &scene.delivered {
                let expected = scene.expected(*partition);
                prop_assert_eq!(&expected[..delivered.len()], &delivered[..]);
            }
        }
        // A tick or the end of the log is learnt sooner or later.
        let head = scene.log.head();
        if last_tick {
            scene.tick(head);
        } else {
            scene.continuity.presume(head);
        }
        let mut reads = 0;
        while scene.repair(3) {
            reads += 1;
            prop_assert!(reads <= 200, "the reads come to an end");
        }
        for partition in assigned {
            let delivered = scene.delivered.remove(&partition).unwrap_or_default();
            prop_assert_eq!(delivered, scene.expected(partition));
        }
    }
}
