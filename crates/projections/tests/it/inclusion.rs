//! Waiting for a position, and knowing how far the rows are that were read.

use std::time::Duration;

use handoff_bus::Precedence;
use handoff_event_log::Position;
use handoff_projections::{Inclusion, Reads, Source, WaitError, reading_pool};
use postgres_types::Type;
use tokio::{sync::watch, time::Instant};

use crate::{
    tallies::{Journal, POISON, Tallies},
    world::{CEILING, Kind, Running, World, partition},
};

const TALLIES: [Source; 1] = [Source::of::<Tallies<1>>()];

fn soon() -> Instant {
    Instant::now() + CEILING
}

#[tokio::test]
async fn who_waits_for_a_position_reads_what_was_written() {
    let world = World::new().await;
    let environment = world.environment("one").await;
    let pool = reading_pool(&world.database, 4);
    let inclusion = Inclusion::new(pool.clone(), environment.notices.clone());
    let reads = Reads::new(pool);
    let _one = Running::start::<Tallies<1>>(environment);
    for n in 1..=30 {
        let wanted = world.append(5, Kind::Numbered(n + 100)).await;
        inclusion
            .wait(&TALLIES, None, wanted, soon())
            .await
            .unwrap();
        let sql = |schemas: &[String]| {
            format!(
                "select positions from {}.rows where account = $1",
                schemas[0]
            )
        };
        let account = "accounts/a5";
        let answer = reads
            .read(&TALLIES, None, sql, &[(&account, Type::TEXT)])
            .await
            .unwrap();
        let positions: Vec<i64> = answer.rows[0].get(0);
        assert_eq!(positions.last(), Some(&wanted.0));
        assert!(answer.position >= wanted, "{:?}", answer.position);
    }
}

#[tokio::test]
async fn who_waits_in_vain_learns_how_far_it_is() {
    let world = World::new().await;
    let environment = world.environment("one").await;
    let inclusion = Inclusion::new(
        reading_pool(&world.database, 4),
        environment.notices.clone(),
    );
    let wait = inclusion.wait(
        &TALLIES,
        None,
        Position(1),
        Instant::now() + Duration::from_millis(200),
    );
    assert!(matches!(
        wait.await,
        Err(WaitError::Building {
            projection: "tallies"
        })
    ));

    let _one = Running::start::<Tallies<1>>(environment);
    let head = world.append_many(100).await;
    inclusion.wait(&TALLIES, None, head, soon()).await.unwrap();
    let beyond = Position(head.0 + 1);
    let wait = inclusion.wait(
        &TALLIES,
        None,
        beyond,
        Instant::now() + Duration::from_millis(200),
    );
    match wait.await {
        Err(WaitError::Behind {
            projection: "tallies",
            wanted,
            included,
            head: seen,
        }) => {
            assert_eq!((wanted, included, seen), (beyond, head, head));
        }
        other => panic!("{other:?}"),
    }
    // And goes on waiting well afterwards.
    let wait = tokio::spawn({
        let inclusion = inclusion.clone();
        async move { inclusion.wait(&TALLIES, None, beyond, soon()).await }
    });
    world.append_many(1).await;
    wait.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stopped_partition_holds_up_only_who_asks_for_it() {
    let world = World::new().await;
    let environment = world.environment("one").await;
    let pool = reading_pool(&world.database, 4);
    let inclusion = Inclusion::new(pool.clone(), environment.notices.clone());
    let reads = Reads::new(pool);
    let _one = Running::start::<Tallies<1>>(environment);
    let poison = world.append(0, Kind::Numbered(POISON)).await;
    let head = world.append_many(200).await;
    inclusion
        .wait(&TALLIES, Some(&[partition(1)]), head, soon())
        .await
        .unwrap();
    let wait = |partitions| {
        inclusion.wait(
            &TALLIES,
            partitions,
            head,
            Instant::now() + Duration::from_millis(300),
        )
    };
    let (zero, two) = ([partition(0)], [partition(0), partition(1)]);
    for partitions in [None, Some(&zero[..]), Some(&two[..])] {
        match wait(partitions).await {
            Err(WaitError::Behind { included, .. }) => assert_eq!(included.0, poison.0 - 1),
            other => panic!("{other:?}"),
        }
    }
    let sql = |schemas: &[String]| format!("select from {}.rows", schemas[0]);
    let all = reads.read(&TALLIES, None, sql, &[]).await.unwrap();
    assert_eq!(all.position.0, poison.0 - 1);
    let one = reads
        .read(&TALLIES, Some(&[partition(1)]), sql, &[])
        .await
        .unwrap();
    assert!(one.position >= head);
}

#[tokio::test]
async fn a_query_that_joins_waits_for_both_and_is_as_far_as_the_slower() {
    let world = World::new().await;
    let environment = world.environment("one").await;
    let pool = reading_pool(&world.database, 4);
    let inclusion = Inclusion::new(pool.clone(), environment.notices.clone());
    let reads = Reads::new(pool);
    let sources = [Source::of::<Tallies<1>>(), Source::of::<Journal>()];
    let _tallies = Running::start::<Tallies<1>>(environment.clone());
    let _journal = Running::start::<Journal>(environment);
    let first = world.append_many(50).await;
    inclusion.wait(&sources, None, first, soon()).await.unwrap();
    world.admin.pause("journal").await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let second = world.append_many(50).await;
    inclusion
        .wait(&TALLIES, None, second, soon())
        .await
        .unwrap();
    let sql = |schemas: &[String]| {
        format!(
            "select count(*) from {}.rows tallies join {}.rows journal on journal.stream = tallies.account",
            schemas[0], schemas[1]
        )
    };
    assert_eq!(
        reads.read(&sources, None, sql, &[]).await.unwrap().position,
        first
    );
    let wait = inclusion.wait(
        &sources,
        None,
        second,
        Instant::now() + Duration::from_millis(200),
    );
    assert!(matches!(
        wait.await,
        Err(WaitError::Behind {
            projection: "journal",
            ..
        })
    ));
}

/// Commands press all the time, and a read model may be so far behind.
async fn pressed(world: &World, yields: Duration) -> (Inclusion, Running) {
    let ages = Instant::now() + Duration::from_secs(3_600);
    let mut environment = world.environment("one").await;
    let precedence = Precedence::of(watch::Sender::new(ages).subscribe());
    environment.precedence = precedence.clone();
    environment.settings.yields = yields;
    let pool = reading_pool(&world.database, 4);
    let inclusion = Inclusion::new(pool, environment.notices.clone()).calling(precedence);
    let one = Running::start::<Tallies<1>>(environment);
    world.settled(1, &[]).await;
    (inclusion, one)
}

#[tokio::test]
async fn while_commands_press_a_read_model_falls_behind_but_only_so_far() {
    let world = World::new().await;
    let yields = Duration::from_secs(1);
    let (_inclusion, _one) = pressed(&world, yields).await;
    let appended = Instant::now();
    world.append_many(10).await;
    world.settled(1, &[]).await;
    assert!(appended.elapsed() >= yields, "{:?}", appended.elapsed());
}

#[tokio::test]
async fn who_waits_for_a_position_is_served_while_commands_press() {
    let world = World::new().await;
    let (inclusion, _one) = pressed(&world, CEILING * 10).await;
    for n in 1..=10 {
        let wanted = world.append(n, Kind::Numbered(1)).await;
        inclusion
            .wait(&TALLIES, None, wanted, soon())
            .await
            .unwrap();
    }
}
