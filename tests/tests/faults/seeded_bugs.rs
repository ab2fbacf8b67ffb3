//! The checker finds the mistakes that it is there for: one planted for each rule.

use handoff_load::{
    Client, Command, Recorder, Sender, Tries,
    checker::{Report, Rule},
};
use handoff_testkit::TcpProxy;
use handoff_tests::{Deployment, Fleet, Mix};
use rustix::process::Signal;

use crate::{API, PROJECT, RELAY, freezes, links};

const BUG: &str = "HANDOFF_BUG";

/// A fleet whose api makes a mistake.
async fn api_with(bug: &str) -> Fleet {
    let roles = [API, RELAY, PROJECT];
    let mut fleet = Fleet::start(Deployment::shared().await, &roles).await;
    fleet.places[0].stop().await;
    fleet.places[0].set(BUG, bug);
    fleet.places[0].start(&fleet.deployment, &[]).await;
    fleet.within = 5;
    fleet
}

/// The report on a load of it.
async fn load_with(bug: &str) -> Report {
    let fleet = api_with(bug).await;
    let load = fleet.load(Mix::default());
    load.some_more(200).await;
    let (record, _) = load.stop().await;
    fleet.check(&record).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_the_commit_breaks_rule_1() {
    let mut fleet = api_with("answer_before_commit").await;
    let record = fleet.deployment.directory().join("one.jsonl");
    let (recorder, recording) = Recorder::create(&record).unwrap();
    let client = Client::first(&fleet.target()).unwrap();
    let sender = Sender::new(client, Tries::default(), Some(recorder));
    let command = Command::Create {
        task: "tasks/t1".to_owned(),
        subject: "accounts/acme".to_owned(),
    };
    let outcome = sender.send(&command).await;
    assert_eq!(outcome.code(), "OK", "{outcome}");
    fleet.places[0].kill().await;
    fleet.places[0].start(&fleet.deployment, &[]).await;
    drop(sender);
    recording.finish().await.unwrap();
    let report = fleet.check(&record).await;
    assert!(report.is_red(Rule::Acknowledged), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_is_not_recognised_breaks_rule_2() {
    let report = load_with("forget_receipts").await;
    assert!(report.is_red(Rule::Unknown), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_is_left_out_breaks_rule_3() {
    let report = load_with("leave_position_out").await;
    assert!(report.is_red(Rule::Log), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_chain_breaks_rule_3() {
    let report = load_with("break_chain").await;
    assert!(report.is_red(Rule::Log), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_a_projector_loses_breaks_rule_4() {
    let deployment = Deployment::shared().await;
    let mut fleet = Fleet::start(deployment, &[API, RELAY, PROJECT]).await;
    fleet.places[2].stop().await;
    fleet.places[2].set(BUG, "drop_event");
    fleet.places[2].start(&fleet.deployment, &[]).await;
    let load = fleet.load(Mix::default());
    load.some_more(200).await;
    let (record, _) = load.stop().await;
    fleet.within = 5;
    let report = fleet.check(&record).await;
    assert!(report.is_red(Rule::ReadModels), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_that_does_not_look_at_its_checkpoints_breaks_rule_4() {
    let deployment = Deployment::shared().await;
    let mut fleet = Fleet::start(deployment, freezes::ROLES).await;
    fleet.places[2].set(BUG, "ignore_checkpoints");
    let load = freezes::load_on_few_tasks(&fleet).await;
    freezes::fall_asleep(&mut fleet, &load).await;
    let (record, _) = load.stop().await;
    fleet.included().await;
    fleet.places[2].process().signal(Signal::CONT);
    // It writes once, then learns that it has lost everything.
    fleet.places[2].stop().await;
    fleet.within = 5;
    let report = fleet.check(&record).await;
    assert!(report.is_red(Rule::ReadModels), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn holes_in_the_feed_that_are_not_filled_break_rule_4() {
    let deployment = Deployment::shared().await;
    let mut fleet = Fleet::start(deployment, &[API, RELAY, PROJECT]).await;
    let link = TcpProxy::start(links::port(fleet.deployment.nats_url())).await;
    let by_link = format!("nats://127.0.0.1:{}", link.port());
    fleet.places[2].stop().await;
    fleet.places[2].set(BUG, "leave_holes");
    fleet.places[2].set("HANDOFF_NATS_URL", &by_link);
    fleet.places[2].start(&fleet.deployment, &[]).await;
    let load = fleet.load(Mix::default());
    for _ in 0..5 {
        load.some_more(200).await;
        fleet.relayed().await;
        // Shorter than it takes to miss a tick and ask the log.
        link.cut();
        load.some_more(50).await;
        link.resume();
    }
    load.some_more(100).await;
    let (record, _) = load.stop().await;
    fleet.within = 5;
    let report = fleet.check(&record).await;
    assert!(report.is_red(Rule::ReadModels), "{report}");
}
