//! Instances share the partitions, and take over those of one that is gone.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use handoff_projections::{PartitionStatus, Projection};
use tokio::runtime::{self, Runtime};

use crate::{tallies::Tallies, world::World};

fn shares(projection: &Projection) -> Vec<(&str, usize)> {
    projection
        .instances
        .iter()
        .map(|instance| (&*instance.id, instance.partitions))
        .collect()
}

#[tokio::test]
async fn instances_share_the_partitions_fairly() {
    let world = World::new().await;
    let _one = world.projector::<Tallies<1>>("one").await;
    world
        .wait_for("tallies", "one has all", |tallies| {
            shares(tallies) == [("one", 64)]
        })
        .await;
    let two = world.projector::<Tallies<1>>("two").await;
    world
        .wait_for("tallies", "halves", |tallies| {
            shares(tallies) == [("one", 32), ("two", 32)]
        })
        .await;
    world.append_many(500).await;
    let _three = world.projector::<Tallies<1>>("three").await;
    world
        .wait_for("tallies", "thirds", |tallies| {
            let shares: Vec<_> = shares(tallies)
                .into_iter()
                .map(|(_, partitions)| partitions)
                .collect();
            shares.len() == 3
                && shares.iter().sum::<usize>() == 64
                && shares.iter().all(|n| (20..=22).contains(n))
        })
        .await;
    world.append_many(500).await;
    world.settled(1, &[]).await;
    // One that stops in order gives back at once, before its heartbeat expires.
    two.stop().await;
    let tallies = world.admin.get("tallies").await.unwrap();
    assert!(
        tallies
            .partitions
            .iter()
            .all(|partition| partition.owner.as_deref() != Some("two"))
    );
    world
        .wait_for("tallies", "halves again", |tallies| {
            shares(tallies) == [("one", 32), ("three", 32)]
        })
        .await;
    world.append_many(500).await;
    world.settled(1, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_partitions_of_one_that_died_are_taken_over() {
    let world = World::new().await;
    let one = world.projector::<Tallies<1>>("one").await;
    let _two = world.projector::<Tallies<1>>("two").await;
    world
        .wait_for("tallies", "halves", |tallies| {
            shares(tallies) == [("one", 32), ("two", 32)]
        })
        .await;
    world.append_many(500).await;
    one.kill().await;
    world.append_many(500).await;
    world
        .wait_for("tallies", "two has all", |tallies| {
            shares(tallies) == [("two", 64)]
        })
        .await;
    world.settled(1, &[]).await;
}

#[tokio::test]
async fn who_has_lost_a_lease_cannot_write_even_where_nothing_has_moved() {
    let mut world = World::new().await;
    // Long enough not to notice the loss by itself before it writes.
    world.settings.heartbeat = Duration::from_secs(4);
    world.settings.expiry = Duration::from_secs(8);
    let _one = world.projector::<Tallies<1>>("one").await;
    world.append_many(100).await;
    world
        .wait_for("tallies", "one has all", |tallies| {
            shares(tallies) == [("one", 64)]
        })
        .await;
    let before = world.settled(1, &[]).await;
    let client = world.test.connect().await;
    client
        .batch_execute(
            "insert into projections.instances values ('tallies', 'other', 1, clock_timestamp()); \
             update projections.checkpoints set owner = 'other', lease_epoch = lease_epoch + 1",
        )
        .await
        .unwrap();
    world.append_many(100).await;
    // It is refused, looks again, and finds that it owns nothing until the other one's heartbeat is old.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let tallies = world.admin.get("tallies").await.unwrap();
    assert_eq!(tallies.included, before.included);
    let moved = |status: &PartitionStatus| status.position > before.head;
    assert!(!tallies.partitions.iter().any(moved));
    world.settled(1, &[]).await;
}

/// One whose only thread stands still: it keeps its connections, its memory and its belief.
#[test]
fn one_that_was_frozen_cannot_write_what_others_took_over() {
    let here = Runtime::new().unwrap();
    let there = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (thaw, thawed) = mpsc::channel();
    let world = Arc::new(here.block_on(World::new()));
    let sleeper = {
        let world = world.clone();
        let start = async move { world.projector::<Tallies<1>>("sleeper").await };
        here.block_on(there.spawn(start)).unwrap()
    };
    here.block_on(async {
        world.append_many(300).await;
        world.settled(1, &[]).await;
        there.spawn(async move { thawed.recv() });
        world.append_many(300).await;
        let _awake = world.projector::<Tallies<1>>("awake").await;
        world
            .wait_for("tallies", "taken over", |tallies| {
                shares(tallies) == [("awake", 64)]
            })
            .await;
        world.append_many(300).await;
        world.settled(1, &[]).await;
        thaw.send(()).unwrap();
        world.append_many(600).await;
        world
            .wait_for("tallies", "shared again", |tallies| {
                shares(tallies) == [("awake", 32), ("sleeper", 32)]
            })
            .await;
        world.append_many(300).await;
        world.settled(1, &[]).await;
    });
    drop(sleeper);
}
