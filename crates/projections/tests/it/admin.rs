//! What operators do: pause, retry, skip; and what an event that cannot be applied stops.

use std::time::Duration;

use handoff_projections::{AdminError, Projection};

use crate::{
    tallies::{POISON, Tallies},
    world::{Kind, World, partition},
};

fn parked(projection: &Projection) -> Vec<(u8, i64)> {
    let parked = |status: &handoff_projections::PartitionStatus| {
        status
            .parked
            .as_ref()
            .map(|parked| (status.partition.number(), parked.position.0))
    };
    projection.partitions.iter().filter_map(parked).collect()
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_stops_its_partition_alone() {
    let world = World::new().await;
    let one = world.projector::<Tallies<1>>("one").await;
    world.append_many(300).await;
    world.settled(1, &[]).await;
    // In the same batch: events before and after, in the same partition and in others.
    world.append(0, Kind::Numbered(1)).await;
    let poison = world.append(0, Kind::Numbered(POISON)).await;
    world.append(0, Kind::Numbered(2)).await;
    world.append(1, Kind::Numbered(1)).await;
    let unknown = world.append(1, Kind::Unknown).await;
    world.append_many(300).await;
    let head = world.append(2, Kind::Numbered(3)).await;
    let (zero, first, second) = (partition(0), partition(1), partition(2));
    assert!(
        zero != first && zero != second && first != second,
        "the accounts must be of partitions of their own"
    );

    let both = {
        let mut both = [(zero.number(), poison.0), (first.number(), unknown.0)];
        both.sort_unstable();
        both
    };
    let tallies = world
        .wait_for("tallies", "two are parked, the others go on", |tallies| {
            parked(tallies) == both
                && tallies.partitions[usize::from(second.number())].position == head
        })
        .await;
    assert_eq!(tallies.included.0, poison.0 - 1);
    let status = |number: u8| &tallies.partitions[usize::from(number)];
    // Rows of that partition from before are kept; what the fold had begun is not.
    assert!(status(zero.number()).position < poison);
    assert_eq!(
        status(zero.number()).parked.as_ref().unwrap().error,
        "poison"
    );
    assert!(
        status(first.number())
            .parked
            .as_ref()
            .unwrap()
            .error
            .contains("account.exploded")
    );
    let before: Vec<_> = world
        .events()
        .await
        .into_iter()
        .filter(|event| event.partition != zero || event.position < poison)
        .filter(|event| event.partition != first || event.position < unknown)
        .collect();
    let live = tallies.live().unwrap().number;
    assert_eq!(
        world.rows(live).await,
        crate::tallies::expected(&before, 1, &[])
    );

    // Another instance finds it parked, too; a retry does not help.
    one.stop().await;
    let _two = world.projector::<Tallies<1>>("two").await;
    let at = status(zero.number()).parked.as_ref().unwrap().at;
    assert_eq!(world.admin.retry("tallies", Some(zero)).await.unwrap(), 1);
    world
        .wait_for("tallies", "parked again", |tallies| {
            let status = &tallies.partitions[usize::from(zero.number())];
            parked(tallies) == both && status.parked.as_ref().is_some_and(|parked| parked.at > at)
        })
        .await;

    // A skip does, for this event and no other, and rebuilds honour it.
    assert!(matches!(
        world
            .admin
            .skip("tallies", zero, head, "no", "members/ana")
            .await,
        Err(AdminError::NotParked { .. })
    ));
    world
        .admin
        .skip("tallies", zero, poison, "broken by hand", "members/ana")
        .await
        .unwrap();
    world
        .admin
        .skip("tallies", first, unknown, "broken by hand", "members/ana")
        .await
        .unwrap();
    let incremental = world.settled(1, &[poison.0, unknown.0]).await;
    world.admin.rebuild("tallies").await.unwrap();
    let rebuilt = world
        .wait_for("tallies", "rebuilt", |tallies| {
            tallies.live().unwrap().number > incremental.live().unwrap().number
        })
        .await;
    assert_eq!(
        world.rows(rebuilt.live().unwrap().number).await,
        world.rows(incremental.live().unwrap().number).await
    );
    world.settled(1, &[poison.0, unknown.0]).await;
}

#[tokio::test]
async fn a_build_parks_too_and_becomes_live_when_it_may() {
    let world = World::new().await;
    world.append_many(500).await;
    let poison = world.append(0, Kind::Numbered(POISON)).await;
    world.append_many(500).await;
    // The first generation has nothing to replace: it serves, one partition stopped.
    let _one = world.projector::<Tallies<1>>("one").await;
    let only = [(partition(0).number(), poison.0)];
    let first = world
        .wait_for("tallies", "live and parked", |tallies| {
            parked(tallies) == only
        })
        .await;
    // The next one is no further, and may replace it.
    world.admin.rebuild("tallies").await.unwrap();
    world
        .wait_for("tallies", "rebuilt and parked", |tallies| {
            tallies.live().unwrap().number > first.live().unwrap().number && parked(tallies) == only
        })
        .await;
    world
        .admin
        .skip("tallies", partition(0), poison, "broken", "members/ana")
        .await
        .unwrap();
    world.settled(1, &[poison.0]).await;
}

#[tokio::test]
async fn a_build_that_stops_behind_what_is_live_waits_for_an_operator() {
    let world = World::new().await;
    world.append_many(500).await;
    let _one = world.projector::<Tallies<1>>("one").await;
    let before = world.settled(1, &[]).await;
    // Live has skipped it; then the skip is lost, which makes a build that cannot come as far.
    let poison = world.append(0, Kind::Numbered(POISON)).await;
    world
        .wait_for("tallies", "parked", |tallies| !parked(tallies).is_empty())
        .await;
    world
        .admin
        .skip("tallies", partition(0), poison, "broken", "members/ana")
        .await
        .unwrap();
    world.append_many(500).await;
    world.settled(1, &[poison.0]).await;
    let client = world.test.connect().await;
    client
        .execute("delete from projections.skips", &[])
        .await
        .unwrap();
    let building = world.admin.rebuild("tallies").await.unwrap();
    let is_parked = async || {
        let row = client
            .query_opt(
                "select from projections.parked where generation = $1",
                &[&building],
            )
            .await
            .unwrap();
        row.map(|_| ()).ok_or("not parked")
    };
    handoff_testkit::eventually("the build is parked", crate::world::CEILING, is_parked).await;
    world.append_many(100).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let tallies = world.admin.get("tallies").await.unwrap();
    assert_eq!(
        tallies.live().unwrap().number,
        before.live().unwrap().number
    );
    world
        .admin
        .skip("tallies", partition(0), poison, "broken", "members/ana")
        .await
        .unwrap();
    world
        .wait_for("tallies", "the build is live", |tallies| {
            tallies.live().unwrap().number == building
        })
        .await;
    world.settled(1, &[poison.0]).await;
}

#[tokio::test]
async fn a_paused_projection_stands_still_until_it_is_resumed() {
    let world = World::new().await;
    let _one = world.projector::<Tallies<1>>("one").await;
    world.append_many(100).await;
    let before = world.settled(1, &[]).await;
    world.admin.pause("tallies").await.unwrap();
    // A heartbeat, and the second that an idle one may take to come to it.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    world.append_many(100).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let tallies = world.admin.get("tallies").await.unwrap();
    assert!(tallies.paused);
    assert_eq!((tallies.included, tallies.lag_events()), (before.head, 100));
    assert!(
        tallies.lag > Duration::from_millis(400),
        "{:?}",
        tallies.lag
    );
    world.admin.resume("tallies").await.unwrap();
    assert_eq!(world.settled(1, &[]).await.lag_events(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    assert!(world.admin.list().await.unwrap().is_empty());
    assert!(matches!(
        world.admin.get("tallies").await,
        Err(AdminError::NotFound { .. })
    ));
    assert!(matches!(
        world.admin.rebuild("tallies").await,
        Err(AdminError::NotFound { .. })
    ));
    assert!(matches!(
        world.admin.pause("tallies").await,
        Err(AdminError::NotFound { .. })
    ));
    assert!(matches!(
        world.admin.retry("tallies", None).await,
        Err(AdminError::NotFound { .. })
    ));
}
