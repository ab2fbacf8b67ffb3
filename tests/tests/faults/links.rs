//! Slow, held, half-open and cut links between the processes and their servers.

use std::time::Duration;

use handoff_testkit::TcpProxy;
use handoff_tests::{Deployment, Fleet, Mix};

use crate::{API, PROJECT, RELAY};

#[tokio::test(flavor = "multi_thread")]
async fn links_that_are_slow_held_half_open_or_cut_lose_nothing() {
    let mut deployment = Deployment::shared().await;
    let postgres = TcpProxy::start(port(&deployment.database_url)).await;
    let nats = TcpProxy::start(port(deployment.nats_url())).await;
    deployment.link(postgres.port(), nats.port());
    let mut fleet = Fleet::start(deployment, &[API, API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(100).await;

    for link in [&postgres, &nats] {
        link.slow_down(Duration::from_millis(5));
        load.some_more(30).await;
        link.cut();
        link.resume();
        load.some_more(50).await;
    }
    nats.pause();
    load.some_more(100).await;
    nats.resume();
    // What is asked of Postgres is done, and nobody learns it: then the connection breaks. Often enough
    // for a commit to be what was asked.
    let mut tries = 0;
    while !unknown_outcome(&mut fleet) {
        tries += 1;
        assert!(tries < 50, "a commit in a muted link");
        postgres.mute();
        load.stands_still().await;
        postgres.cut();
        postgres.resume();
        load.some_more(20).await;
    }
    fleet.stop_and_check(load).await;
}

/// Whether an api has lost its connection in a commit.
fn unknown_outcome(fleet: &mut Fleet) -> bool {
    let mut apis = fleet.places[..2].iter_mut();
    apis.any(|place| place.process().log().contains("outcome unknown"))
}

/// The port of a server on this machine.
pub(crate) fn port(url: &str) -> u16 {
    let (_, after) = url.split_once("127.0.0.1:").unwrap();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}
