//! A rebuilt generation is row for row what the log says, and readers never see less than before.

use std::{sync::Arc, time::Duration};

use handoff_projections::{GenerationState, ReadError, Reads, Source, reading_pool};
use tokio_util::sync::CancellationToken;

use crate::{tallies::Tallies, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_during_writes_ends_and_equals_what_it_replaces() {
    let world = Arc::new(World::new().await);
    let _one = world.projector::<Tallies<1>>("one").await;
    let _two = world.projector::<Tallies<1>>("two").await;
    world.append_many(3_000).await;
    let before = world.settled(1, &[]).await.live().unwrap().number;

    let stop = CancellationToken::new();
    let writes = tokio::spawn({
        let (world, stop) = (world.clone(), stop.clone());
        async move {
            while !stop.is_cancelled() {
                world.append_many(200).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let building = world.admin.rebuild("tallies").await.unwrap();
    assert_eq!(
        world.admin.rebuild("tallies").await.unwrap(),
        building,
        "one at a time"
    );
    let reads = Reads::new(reading_pool(&world.database, 2));
    let mut last = before_reads(&reads).await;
    let mut switched = false;
    while !switched {
        let now = before_reads(&reads).await;
        assert!(now >= last, "events counted, then: {last}, {now}");
        last = now;
        let tallies = world.admin.get("tallies").await.unwrap();
        switched = tallies.live().unwrap().number == building;
    }
    stop.cancel();
    writes.await.unwrap();
    let tallies = world.settled(1, &[]).await;
    assert_eq!(tallies.live().unwrap().number, building);
    let old = tallies
        .generations
        .iter()
        .find(|generation| generation.number == before)
        .unwrap();
    assert_eq!(old.state, GenerationState::Retired);
}

/// How far the read model says it is.
async fn before_reads(reads: &Reads) -> i64 {
    let sources = [Source::of::<Tallies<1>>()];
    let sql = |schemas: &[String]| format!("select count(*) from {}.rows", schemas[0]);
    let answer = reads.read(&sources, None, sql, &[]).await.unwrap();
    assert!(
        answer.rows[0].get::<_, i64>(0) > 0,
        "readers never see an empty table"
    );
    answer.position.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_built_while_the_old_one_serves() {
    let world = World::new().await;
    let old = world.projector::<Tallies<1>>("old").await;
    world.append_many(1_000).await;
    let first = world.settled(1, &[]).await.live().unwrap().number;
    let reads = Reads::new(reading_pool(&world.database, 2));
    let sql = |schemas: &[String]| format!("select count(*) from {}.rows", schemas[0]);
    let new_rows = [Source::of::<Tallies<2>>()];
    assert!(matches!(
        reads.read(&new_rows, None, sql, &[]).await,
        Err(ReadError::Building {
            projection: "tallies"
        })
    ));

    let _new = world.projector::<Tallies<2>>("new").await;
    world.append_many(500).await;
    world.settled(2, &[]).await;
    // Both programs run: each has its rows, each up to date.
    let head = world.append_many(500).await;
    world.settled(2, &[]).await;
    let tallies = world
        .wait_for("tallies", "the old one goes on", |tallies| {
            tallies
                .generations
                .iter()
                .any(|old| old.number == first && old.included >= head)
        })
        .await;
    assert_eq!(tallies.live().unwrap().version, 2);
    assert_eq!(
        world.rows(first).await,
        crate::tallies::expected(&world.events().await, 1, &[])
    );
    assert!(
        reads
            .read(&new_rows, None, sql, &[])
            .await
            .unwrap()
            .position
            >= head
    );
    old.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_goes_when_nobody_uses_it_any_more() {
    let mut world = World::new().await;
    world.settings.kept = Duration::from_secs(2);
    let old = world.projector::<Tallies<1>>("old").await;
    world.append_many(200).await;
    world.settled(1, &[]).await;
    world.admin.rebuild("tallies").await.unwrap();
    let tallies = world
        .wait_for(
            "tallies",
            "the replaced one is dropped",
            |tallies| matches!(&tallies.generations[..], [live] if live.number == 2),
        )
        .await;
    assert_eq!(tallies.live().unwrap().number, 2);

    let _new = world.projector::<Tallies<2>>("new").await;
    world.settled(2, &[]).await;
    tokio::time::sleep(world.settings.kept * 2).await;
    assert_eq!(
        world.admin.get("tallies").await.unwrap().generations.len(),
        2,
        "the old program still runs"
    );
    old.stop().await;
    world
        .wait_for(
            "tallies",
            "the old version's is dropped",
            |tallies| matches!(&tallies.generations[..], [live] if live.version == 2),
        )
        .await;
    let client = world.test.connect().await;
    let schemas = client
        .query(
            "select nspname from pg_namespace where nspname like 'tallies%'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(
        schemas
            .iter()
            .map(|row| row.get(0))
            .collect::<Vec<String>>(),
        ["tallies_3"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_dies_is_begun_anew_by_another() {
    let world = World::new().await;
    world.append_many(20_000).await;
    for round in 0..4_u64 {
        let one = world.projector::<Tallies<1>>(&format!("one{round}")).await;
        tokio::time::sleep(Duration::from_millis(60 + round * 50)).await;
        one.kill().await;
    }
    let _two = world.projector::<Tallies<1>>("two").await;
    let tallies = world.settled(1, &[]).await;
    assert_eq!(tallies.generations.len(), 1);
}
