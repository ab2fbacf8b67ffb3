//! An event affects a read model exactly once, whatever dies between the steps.

use std::time::Duration;

use handoff_projections::ReadModel as _;

use handoff_testkit::eventually;

use crate::{
    tallies::{Journal, Tallies},
    world::{CEILING, Kind, World},
};

#[tokio::test]
async fn rows_are_the_fold_of_the_log() {
    let world = World::new().await;
    let _projector = world.projector::<Tallies<1>>("one").await;
    world.append_many(300).await;
    world.settled(1, &[]).await;
    world.append_many(700).await;
    world.settled(1, &[]).await;
}

/// A plan that was made for an empty table would read all rows for each batch.
#[tokio::test]
async fn rows_are_found_by_their_key_also_where_the_table_began_empty() {
    let world = World::new().await;
    let _projector = world.projector::<Tallies<1>>("one").await;
    world.settled(1, &[]).await;
    world.append_many(300).await;
    for account in 0..40 {
        world.append(account, Kind::Numbered(1)).await;
        world.settled(1, &[]).await;
    }
    let client = world.test.connect().await;
    let read = async || -> i64 {
        let sql = "select sum(idx_tup_read)::bigint from pg_stat_user_indexes where schemaname = 'tallies_1' and relname = 'rows'";
        client.query_one(sql, &[]).await.unwrap().get(0)
    };
    // Sessions report what they did with a delay.
    let read = eventually("the table was read", CEILING, async || match read().await {
        0 => Err(0),
        read => Ok(read),
    })
    .await;
    // One to load and one to write for each event; some 140 rows for each batch otherwise.
    assert!(read <= 2 * 340, "{read} rows were read");
}

#[tokio::test]
async fn rows_that_are_only_added_are_all_there() {
    let world = World::new().await;
    let head = world.append_many(100).await;
    let _projector = world.projector::<Journal>("one").await;
    world
        .wait_for(Journal::NAME, "built", |journal| journal.included >= head)
        .await;
    let head = world.append_many(300).await;
    let journal = world
        .wait_for(Journal::NAME, "followed", |journal| {
            journal.included >= head
        })
        .await;
    let generation = journal.live().unwrap().number;
    let row = world.test.connect().await;
    let row = row
        .query_one(
            &format!(
                "select count(*), count(*) filter (where e.stream = r.stream), min(position), max(position) \
                 from journal_{generation}.rows r join event_log.events e using (position, partition)"
            ),
            &[],
        )
        .await
        .unwrap();
    assert_eq!(
        [0, 1, 2, 3].map(|column| row.get::<_, i64>(column)),
        [head.0, head.0, 1, head.0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_killed_anywhere_loses_and_repeats_nothing() {
    let world = World::new().await;
    let mut projector = world.projector::<Tallies<1>>("one").await;
    world.settled(1, &[]).await;
    for round in 0..25_u64 {
        world.append_many(200).await;
        // Anywhere: before a load, in a transaction, before and after a commit.
        tokio::time::sleep(Duration::from_millis(3 + round * 7 % 60)).await;
        projector.kill().await;
        // Under the same name, as if it had been restarted at once: its leases are its own still.
        projector = world.projector::<Tallies<1>>("one").await;
    }
    world.settled(1, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_killed_by_the_database_loses_and_repeats_nothing() {
    let world = World::new().await;
    let _projector = world.projector::<Tallies<1>>("one").await;
    world.settled(1, &[]).await;
    let client = world.test.connect().await;
    for round in 0..15_u64 {
        world.append_many(200).await;
        tokio::time::sleep(Duration::from_millis(3 + round * 11 % 60)).await;
        client
            .execute(
                "select pg_terminate_backend(pid) from pg_stat_activity \
                 where datname = current_database() and application_name = 'handoff project tallies'",
                &[],
            )
            .await
            .unwrap();
    }
    world.settled(1, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_believe_to_be_the_same_instance_cannot_both_write() {
    let world = World::new().await;
    let _one = world.projector::<Tallies<1>>("same").await;
    let _two = world.projector::<Tallies<1>>("same").await;
    for _ in 0..10 {
        world.append_many(200).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    world.settled(1, &[]).await;
}
