//! kill -9 of every process: at every named point, and at any moment.

use handoff_failpoints::Point;
use handoff_proto::v1::RebuildProjectionRequest;
use handoff_tests::{Client, Deployment, Fleet, Mix, Place};
use rustix::process::Signal;

use crate::{API, POLICIES, PROJECT, RELAY, UP, seed};

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_named_point_nothing_is_lost_or_doubled() {
    let mut fleet = Fleet::start(Deployment::shared().await, &[API, API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(100).await;
    let client = fleet.client(0);
    let Fleet {
        places, deployment, ..
    } = &mut fleet;
    let [_, api, relay, project] = &mut places[..] else {
        unreachable!("there are four")
    };
    tokio::join!(
        at_each(api, deployment, &client, "append_"),
        at_each(relay, deployment, &client, "relay_"),
        async {
            at_each(project, deployment, &client, "project_").await;
            at_each(project, deployment, &client, "lease_").await;
            at_each(project, deployment, &client, "switch_").await;
        }
    );
    load.some_more(100).await;
    fleet.stop_and_check(load).await;
}

/// Lets the process in a place die at each of the points whose name begins so, and another follow it.
async fn at_each(place: &mut Place, deployment: &Deployment, client: &Client, prefix: &str) {
    for point in Point::ALL.iter().map(|point| point.name()) {
        if !point.starts_with(prefix) {
            continue;
        }
        // In order, so that what it held is free at once for the one that is to die.
        place.stop().await;
        // Not the first time: that is the first member's creation, or the takeover.
        let times = match prefix {
            "append_" => 5,
            "project_" => 3,
            _ => 1,
        };
        let kill_at = format!("{point}:{times}");
        place.begin(deployment, &[("HANDOFF_KILL_AT", kill_at.as_str())]);
        match prefix {
            "append_" => place.ready().await,
            "switch_" => {
                let request = RebuildProjectionRequest {
                    name: "projections/tasks".to_owned(),
                };
                let mut projections = client.projections.clone();
                projections.rebuild_projection(request).await.unwrap();
            }
            _ => {}
        }
        place.killed().await;
        place.start(deployment, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_nothing_is_lost_or_doubled() {
    let roles = [API, API, RELAY, RELAY, PROJECT, PROJECT, POLICIES];
    let mut fleet = Fleet::start(Deployment::shared().await, &roles).await;
    let seed = seed();
    let mut choices = fastrand::Rng::with_seed(seed);
    let load = fleet.load(Mix {
        seed,
        ..Mix::default()
    });
    for _ in 0..8 {
        load.some_more(choices.u64(1..200)).await;
        let Fleet {
            places, deployment, ..
        } = &mut fleet;
        let place = choices.choice(places.iter_mut()).unwrap();
        place.kill().await;
        place.start(deployment, &[]).await;
    }
    fleet.stop_and_check(load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_everything_may_be_killed_too() {
    let mut fleet = Fleet::start(Deployment::shared().await, &[UP, UP]).await;
    let seed = seed();
    let mut choices = fastrand::Rng::with_seed(seed);
    let load = fleet.load(Mix {
        seed,
        ..Mix::default()
    });
    for cycle in 0..6 {
        load.some_more(choices.u64(1..300)).await;
        let Fleet {
            places, deployment, ..
        } = &mut fleet;
        let place = &mut places[cycle % 2];
        place.kill().await;
        place.start(deployment, &[]).await;
    }
    load.some_more(100).await;
    fleet.stop_and_check(load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_stop_loses_nothing_either() {
    let mut fleet = Fleet::start(Deployment::shared().await, &[API, API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(100).await;
    let Fleet {
        places, deployment, ..
    } = &mut fleet;
    for place in places {
        place.process().signal(Signal::TERM);
        place.stop().await;
        place.start(deployment, &[]).await;
        load.some_more(50).await;
    }
    fleet.stop_and_check(load).await;
}
