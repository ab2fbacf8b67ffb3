//! A rebuilt generation is row for row what the log says, and readers never see less than before.

use std::{sync::Arc, time::Duration};

use handoff_event_log::Position;
use handoff_projections::{GenerationState, ReadError, ReadModel, Reads, Source, reading_pool};
use postgres_types::Type;
use tokio_util::sync::CancellationToken;

use crate::{
    tallies::{Journal, Tallies},
    world::{Kind, World},
};

const SOURCES: [Source; 1] = [Source::of::<Tallies<1>>()];

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_during_writes_ends_and_equals_what_it_replaces() {
    let world = Arc::new(World::new().await);
    let _one = world.projector::<Tallies<1>>("one").await;
    let _two = world.projector::<Tallies<1>>("two").await;
    world.append_many(3_000).await;
    let before = world.settled(1, &[]).await.live().unwrap().number;
    let client = world.test.connect().await;
    client.batch_execute(WITNESS).await.unwrap();

    let stop = CancellationToken::new();
    let writes = tokio::spawn({
        let (world, stop) = (world.clone(), stop.clone());
        async move {
            while !stop.is_cancelled() {
                // Slowly enough for what is live to keep up.
                world.append_many(50).await;
                tokio::time::sleep(Duration::from_millis(30)).await;
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
    let mut last = included(&reads).await;
    let mut switched = false;
    while !switched {
        let now = included(&reads).await;
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
        .find(|generation| generation.number == before);
    assert_eq!(old.map(|old| old.state), Some(GenerationState::Retired));
    // Whoever reads the old one's table still would find it complete, but nobody adds to it any more.
    let behind = client
        .query_one("select behind from witness.switches", &[])
        .await
        .unwrap();
    assert_eq!(
        behind.get::<_, i64>(0),
        0,
        "partitions that were not as far as the old one's"
    );
    let held = client
        .query(
            "select from projections.checkpoints where generation = $1 and owner is not null",
            &[&before],
        )
        .await
        .unwrap();
    assert!(held.is_empty());
    let wanted = world.append(5, Kind::Numbered(1)).await;
    world.settled(1, &[]).await;
    let sql =
        |schemas: &[String]| format!("select from {}.rows where $1 = any(positions)", schemas[0]);
    let answer = reads
        .read(&SOURCES, None, sql, &[(&wanted.0, Type::INT8)])
        .await
        .unwrap();
    assert!(answer.position >= wanted);
    assert_eq!(
        answer.rows.len(),
        1,
        "what was last read before the switch is read no more"
    );
}

/// Notes at each switch how many partitions of the new generation are behind those of the old one, and
/// has the build write so slowly that the log grows well between its last look and the switch.
const WITNESS: &str = "
    create schema witness;
    create table witness.switches (behind bigint not null);
    create function witness.see() returns trigger language plpgsql security definer as $$
    begin
        insert into witness.switches
        select count(*)
        from projections.checkpoints new_one
        join projections.checkpoints old_one using (projection, partition)
        where projection = new.projection and new_one.generation = new.generation
            and old_one.generation < new.generation and new_one.position < old_one.position;
        return null;
    end
    $$;
    create trigger see after update on projections.generations
        for each row when (new.state = 'live' and old.state = 'building') execute function witness.see();
    create function witness.dawdle() returns trigger language plpgsql as $$
    begin
        perform pg_sleep(0.3);
        return new;
    end
    $$;
    create trigger dawdle before update on projections.checkpoints
        for each row when (new.generation = 2 and new.partition = 0 and new.owner is null)
        execute function witness.dawdle();
";

/// How far the read model says it is.
async fn included(reads: &Reads) -> i64 {
    let sql = |schemas: &[String]| format!("select count(*) from {}.rows", schemas[0]);
    let answer = reads.read(&SOURCES, None, sql, &[]).await.unwrap();
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
    let head = world.append_many(25_000).await;
    for round in 0..3 {
        let one = world.projector::<Journal>(&format!("one{round}")).await;
        world
            .wait_for(Journal::NAME, "half built", |journal| {
                // On a fast machine it may be done before it is seen.
                matches!(&journal.generations[..], [half] if half.included > Position::START)
            })
            .await;
        one.kill().await;
    }
    let _two = world.projector::<Journal>("two").await;
    let journal = world
        .wait_for(Journal::NAME, "built", |journal| journal.included >= head)
        .await;
    let [live] = &journal.generations[..] else {
        panic!("{:?}", journal.generations)
    };
    let client = world.test.connect().await;
    let sql = format!("select count(*) from journal_{}.rows", live.number);
    let rows: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
    assert_eq!(rows, head.0);
}
