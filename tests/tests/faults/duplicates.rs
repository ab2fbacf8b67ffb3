//! One request id, many times: at once, after a restart, and with another body.

use std::collections::HashSet;

use handoff_load::{Client, Command, Outcome, Recorder, Sender, Tries};
use handoff_tests::{Deployment, Fleet};
use tokio::task::JoinSet;

use crate::{API, PROJECT, RELAY};

const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn one_request_id_fifty_times_is_one_command_also_after_a_restart() {
    let roles = [API, API, RELAY, PROJECT];
    let mut fleet = Fleet::start(Deployment::shared().await, &roles).await;
    let record = fleet.deployment.directory().join("duplicates.jsonl");
    let (recorder, recording) = Recorder::create(&record).unwrap();
    let senders: Vec<_> = Client::connect(&fleet.target())
        .unwrap()
        .into_iter()
        .map(|client| Sender::new(client, Tries::default(), Some(recorder.clone())))
        .collect();
    drop(recorder);
    let id = handoff_tests::new_id().parse().unwrap();
    let create = |task: &str| Command::Create {
        task: format!("tasks/{task}"),
        subject: "accounts/acme".to_owned(),
    };

    let mut sending = JoinSet::new();
    for sender in senders.iter().cycle().take(AT_ONCE) {
        let (sender, command) = (sender.clone(), create("t1"));
        sending.spawn(async move { sender.send_as(id, &command).await });
    }
    let answers: HashSet<_> = sending.join_all().await.into_iter().map(told).collect();
    assert_eq!(answers.len(), 1, "all got one answer: {answers:?}");

    let Fleet {
        places, deployment, ..
    } = &mut fleet;
    for place in &mut places[..2] {
        place.kill().await;
        place.start(deployment, &[]).await;
    }
    for sender in &senders {
        let again = sender.send_as(id, &create("t1")).await;
        assert!(
            matches!(&again, Outcome::Done(answer) if answer.replayed),
            "{again}"
        );
        assert_eq!(Some(&told(again)), answers.iter().next());
    }

    // Unrecorded: the checker expects no refusal of what was acknowledged.
    let sender = Sender::new(
        Client::first(&fleet.target()).unwrap(),
        Tries::default(),
        None,
    );
    let other = sender.send_as(id, &create("t2")).await;
    assert_eq!(other.code(), "INVALID_ARGUMENT", "{other}");
    drop((sender, senders));
    recording.finish().await.unwrap();
    let report = fleet.check(&record).await;
    assert!(report.is_green(), "{report}");
}

/// Position, version and number of events that a caller was told.
fn told(outcome: Outcome) -> (i64, String, i32) {
    match outcome {
        Outcome::Done(answer) => (answer.position, answer.etag, answer.events_appended),
        other => panic!("{other}"),
    }
}
