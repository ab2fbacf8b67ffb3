//! A new generation or version of a policy takes over behind exactly what the one before has acted on.

use handoff_testkit::eventually;

use crate::{
    echo::{Echo, SAYS},
    world::{CEILING, World},
};

/// How many interactions each version has logged.
async fn said(world: &World) -> [usize; 2] {
    let said = world.caused("account.interaction_logged").await;
    [1, 2].map(|version| {
        let text = format!("version {version},");
        said.iter()
            .filter(|(_, event)| event.payload.contains(&text))
            .count()
    })
}

async fn give(world: &World, rounds: usize) -> usize {
    for round in 0..rounds {
        for account in ["a", "b", "c", "d", "e"] {
            world.give(account, ["ben", "cleo"][round % 2]).await;
        }
    }
    rounds * 5
}

async fn with_accounts() -> World {
    let world = World::new().await;
    for account in ["a", "b", "c", "d", "e"] {
        world.task(account, &format!("t-{account}"), "ana").await;
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_acts_on_nothing_again_and_misses_nothing() {
    let world = with_accounts().await;
    let _policy = world.policy::<Echo<1>>("one").await;
    let mut triggers = give(&world, 4).await;
    world.settled::<Echo<1>>().await;
    let before = world
        .admin
        .get("echo")
        .await
        .unwrap()
        .live()
        .unwrap()
        .number;
    let generation = world.admin.rebuild("echo").await.unwrap();
    assert!(generation > before);
    // While it is built and taken over.
    eventually("the new generation is live", CEILING, async || {
        triggers += give(&world, 2).await;
        let echo = world.admin.get("echo").await.unwrap();
        match echo.live().map(|live| live.number) {
            Some(number) if number == generation => Ok(()),
            other => Err(other),
        }
    })
    .await;
    triggers += give(&world, 2).await;
    world.settled::<Echo<1>>().await;
    assert_eq!(said(&world).await, [triggers * SAYS, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_acts_from_where_the_old_one_was_and_the_old_one_rests() {
    let world = with_accounts().await;
    let one = world.policy::<Echo<1>>("one").await;
    let first = give(&world, 4).await;
    world.settled::<Echo<1>>().await;
    let two = world.policy::<Echo<2>>("two").await;
    world.lives::<Echo<2>>().await;
    let second = give(&world, 2).await;
    world.settled::<Echo<2>>().await;
    // The state that it has built counts what came before.
    assert_eq!(said(&world).await, [first * SAYS, second * SAYS]);
    // Both run: the new one acts, the old one does not come back.
    let third = give(&world, 4).await;
    world.settled::<Echo<2>>().await;
    assert_eq!(said(&world).await, [first * SAYS, (second + third) * SAYS]);
    let texts = world.caused("account.interaction_logged").await;
    let changes = texts
        .iter()
        .filter(|(_, event)| event.payload.contains("change 10,"));
    assert_eq!(changes.count(), 5 * SAYS);
    // The release is taken back: once nobody has run the new version for a while, the old one goes on.
    two.stop().await;
    world.lives::<Echo<1>>().await;
    let fourth = give(&world, 1).await;
    world.settled::<Echo<1>>().await;
    assert_eq!(
        said(&world).await,
        [(first + fourth) * SAYS, (second + third) * SAYS]
    );
    drop(one);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_begins_at_present_knows_what_was_before_and_does_not_act_on_it() {
    let world = with_accounts().await;
    give(&world, 2).await;
    let _policy = world.policy::<Echo<1, true>>("one").await;
    world.lives::<Echo<1, true>>().await;
    let after = give(&world, 2).await;
    world.settled::<Echo<1, true>>().await;
    assert_eq!(said(&world).await, [after * SAYS, 0]);
    let texts = world.caused("account.interaction_logged").await;
    let last = texts
        .iter()
        .filter(|(_, event)| event.payload.contains("change 4,"));
    assert_eq!(last.count(), 5 * SAYS);
}
