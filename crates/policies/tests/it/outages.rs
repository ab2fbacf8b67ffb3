//! A gateway that is full or away, an operator who intervenes, an event that cannot be decided.

use handoff_commands::GatewayConfig;
use handoff_testkit::{TcpProxy, eventually};

use crate::{
    echo::{Echo, SAYS},
    world::{CEILING, World},
};

/// How many interactions were logged at an account.
async fn said(world: &World, account: &str) -> usize {
    let said = world.caused("account.interaction_logged").await;
    let account = format!("accounts/{account}");
    said.iter()
        .filter(|(_, event)| event.stream.as_str() == account)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_gateway_is_waited_for() {
    let world = World::new().await;
    let gateway = world.place.gateway(GatewayConfig {
        queue_commands: 2,
        ..GatewayConfig::default()
    });
    let _policy = world.policy_with::<Echo<1>>("one", gateway).await;
    for account in ["a", "b", "c", "d"] {
        world.task(account, &format!("t-{account}"), "ana").await;
        world.give(account, "ben").await;
    }
    world.settled::<Echo<1>>().await;
    for account in ["a", "b", "c", "d"] {
        assert_eq!(said(&world, account).await, SAYS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_away_is_waited_for() {
    let world = World::new().await;
    let port: u16 = world
        .number("select setting::bigint from pg_settings where name = 'port'")
        .await as u16;
    let link = TcpProxy::start(port).await;
    let mut place = world.place.clone();
    let by_link = format!(":{}/", link.port());
    place.database_url = place.database_url.replace(&format!(":{port}/"), &by_link);
    assert_ne!(place.database_url, world.place.database_url);
    let gateway = place.gateway(GatewayConfig::default());
    let _policy = world.policy_with::<Echo<1>>("one", gateway).await;
    world.task("acme", "t1", "ana").await;
    world.give("acme", "ben").await;
    world.settled::<Echo<1>>().await;
    link.cut();
    world.give("acme", "cleo").await;
    eventually("it is decided, and waits", CEILING, async || {
        let sql = "select count(*) from policies.commands where outcome is null";
        match world.number(sql).await {
            0 => Err("nothing waits"),
            _ => Ok(()),
        }
    })
    .await;
    assert_eq!(said(&world, "acme").await, SAYS);
    link.resume();
    world.settled::<Echo<1>>().await;
    assert_eq!(said(&world, "acme").await, 2 * SAYS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_an_outcome_and_what_follows_is_done_once() {
    let world = World::new().await;
    let _policy = world.policy::<Echo<1>>("one").await;
    world.task("acme", "t1", "ana").await;
    for holder in ["ben", "cleo", "ben"] {
        world.give("acme", holder).await;
    }
    world.settled::<Echo<1>>().await;
    // One for each trigger; and the rejection of what follows is the end of it.
    assert_eq!(said(&world, "sorry").await, 3);
    let policy = world.admin.get("echo").await.unwrap();
    assert!(
        policy
            .partitions
            .iter()
            .all(|partition| partition.parked.is_none())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_cannot_be_decided_parks_its_partition_until_it_is_skipped() {
    let world = World::new().await;
    let _policy = world.policy::<Echo<1>>("one").await;
    world.task("acme", "t1", "ana").await;
    world.task("other", "t2", "ana").await;
    world.give("acme", "ben").await;
    let poison = world.give("acme", "dan").await;
    world.give("acme", "cleo").await;
    world.give("other", "ben").await;
    let (partition, position) = eventually("it is parked", CEILING, async || {
        let Ok(policy) = world.admin.get("echo").await else {
            return Err("not there");
        };
        let mut parked = policy.partitions.into_iter();
        let parked = parked.find_map(|status| Some((status.partition, status.parked?.position)));
        parked.ok_or("not parked")
    })
    .await;
    assert_eq!(position, poison);
    eventually(
        "the other partition goes on",
        CEILING,
        async || match said(&world, "other").await {
            SAYS => Ok(()),
            said => Err(said),
        },
    )
    .await;
    assert_eq!(said(&world, "acme").await, SAYS);
    let skipped = world
        .admin
        .skip("echo", partition, position, "a test", "members/ana");
    skipped.await.unwrap();
    world.settled::<Echo<1>>().await;
    assert_eq!(said(&world, "acme").await, 2 * SAYS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_policy_does_nothing_until_it_is_resumed() {
    let world = World::new().await;
    let policy = world.policy::<Echo<1>>("one").await;
    world.task("acme", "t1", "ana").await;
    world.settled::<Echo<1>>().await;
    world.admin.pause("echo").await.unwrap();
    // Who starts now, starts paused.
    policy.stop().await;
    let _policy = world.policy::<Echo<1>>("two").await;
    eventually("it is there", CEILING, async || {
        let echo = world.admin.get("echo").await.unwrap();
        match echo
            .instances
            .iter()
            .any(|instance| instance.partitions == 64)
        {
            true => Ok(()),
            false => Err(echo.instances),
        }
    })
    .await;
    world.give("acme", "ben").await;
    let seen = world
        .number("select max(position) from projections.checkpoints where projection = 'echo'")
        .await;
    assert!(world.log.head().await.unwrap().position.0 > seen);
    assert_eq!(said(&world, "acme").await, 0);
    world.admin.resume("echo").await.unwrap();
    world.settled::<Echo<1>>().await;
    assert_eq!(said(&world, "acme").await, SAYS);
}
