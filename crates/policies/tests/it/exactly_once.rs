//! Each trigger is acted on once, whatever dies.

use std::{collections::BTreeMap, time::Duration};

use handoff_event_log::Recorded;
use handoff_testkit::eventually;
use uuid::Uuid;

use crate::{
    echo::{Echo, SAYS},
    world::{CEILING, World},
};

const ACCOUNTS: usize = 12;

/// Changes the assignee of all accounts, so many times.
async fn give_all(world: &World, rounds: usize) {
    for round in 0..rounds {
        for account in 0..ACCOUNTS {
            let holder = ["ana", "ben"][round % 2];
            world.give(&format!("a{account}"), holder).await;
        }
    }
}

async fn with_accounts() -> World {
    let world = World::new().await;
    for account in 0..ACCOUNTS {
        world
            .task(&format!("a{account}"), &format!("t{account}"), "ana")
            .await;
    }
    world
}

/// What was said about each trigger.
async fn said(world: &World) -> BTreeMap<Uuid, Vec<Recorded>> {
    let mut said = BTreeMap::<_, Vec<_>>::new();
    for (cause, event) in world.caused("account.interaction_logged").await {
        said.entry(cause.unwrap()).or_default().push(event);
    }
    said
}

/// What is wrong with what was said; nothing if each trigger was answered once, as of its place.
async fn wrong(world: &World) -> Vec<String> {
    let mut said = said(world).await;
    let mut counts = BTreeMap::<String, usize>::new();
    let mut wrong = Vec::new();
    for trigger in world.events().await {
        if trigger.event_type != "account.role_assigned" {
            continue;
        }
        let count = counts.entry(trigger.stream.to_string()).or_default();
        *count += 1;
        let said = said.remove(&trigger.event_id).unwrap_or_default();
        let (own, others): (Vec<_>, Vec<_>) = said
            .iter()
            .partition(|event| event.stream == trigger.stream);
        let as_of = own
            .iter()
            .all(|event| event.payload.contains(&format!("change {count},")));
        let sorry = others.len() == 1 && others[0].stream.as_str() == "accounts/sorry";
        let trace = trigger.metadata().unwrap().correlation_id;
        let traced = said
            .iter()
            .all(|event| event.metadata().unwrap().correlation_id == trace);
        if own.len() != SAYS || !as_of || !sorry || !traced {
            let others = others.len();
            wrong.push(format!(
                "{} at {}: {} said, {others} of others, as of it: {as_of}, traced: {traced}",
                trigger.stream,
                trigger.position,
                own.len()
            ));
        }
    }
    wrong
}

async fn assert_right(world: &World) {
    world.settled::<Echo<1>>().await;
    let wrong = wrong(world).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trigger_is_answered_once_as_of_its_place() {
    let world = with_accounts().await;
    // Some before anybody looks, some while it runs.
    give_all(&world, 2).await;
    let policy = world.policy::<Echo<1>>("one").await;
    give_all(&world, 3).await;
    assert_right(&world).await;
    // It acts as itself.
    let (_, first) = world.caused("account.interaction_logged").await.remove(0);
    let metadata = first.metadata().unwrap();
    assert_eq!(metadata.actor.as_str(), "service-accounts/policy-echo");
    assert_eq!(metadata.request, "Utter");
    policy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_state_includes_is_not_remembered() {
    let world = with_accounts().await;
    let _policy = world.policy::<Echo<1>>("one").await;
    give_all(&world, 2).await;
    world.settled::<Echo<1>>().await;
    // The checkpoint of each partition passes the last outcomes with the last interactions.
    for account in 0..ACCOUNTS {
        world
            .task(&format!("a{account}"), &format!("u{account}"), "ana")
            .await;
    }
    eventually("nothing is remembered", CEILING, async || {
        match world.number("select count(*) from policies.commands").await {
            0 => Ok(()),
            rows => Err(rows),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_random_acts_once() {
    let world = with_accounts().await;
    let mut process = world.process("echo", &[]);
    world.lives::<Echo<1>>().await;
    for round in 0..8_u64 {
        give_all(&world, 1).await;
        // Anywhere: while it takes leases, decides, submits, records.
        tokio::time::sleep(Duration::from_millis(20 + round * 137 % 400)).await;
        process.kill();
        process = world.process("echo", &[]);
    }
    assert_right(&world).await;
}

/// Kills a process at a place, and sees that the next one ends what it began.
async fn killed_at(place: &str) {
    let world = with_accounts().await;
    let process = world.process("echo", &[("HANDOFF_KILL_AT", place)]);
    give_all(&world, 2).await;
    assert!(!process.ended().await.success());
    let _next = world.process("echo", &[]);
    assert_right(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_before_it_stores_a_decision_acts_once() {
    killed_at("project_before_commit:3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_with_a_stored_decision_acts_once() {
    killed_at("project_after_commit:3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_before_it_submits_acts_once() {
    killed_at("policy_before_submit:20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_with_answers_that_are_not_recorded_acts_once() {
    killed_at("policy_after_submit:20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_after_recording_outcomes_acts_once() {
    killed_at("policy_after_record:2").await;
}

/// Freezes a process at a place until another has taken over and done everything, and wakes it.
async fn frozen_at(place: &str) {
    let world = with_accounts().await;
    let sleeper = world.process("echo", &[("HANDOFF_FREEZE_AT", place)]);
    give_all(&world, 2).await;
    sleeper.frozen().await;
    let other = world.policy::<Echo<1>>("other").await;
    world.settled::<Echo<1>>().await;
    sleeper.wake();
    // They share the partitions again, so it has found out.
    eventually("both hold a half", CEILING, async || {
        give_all(&world, 1).await;
        let policy = world.admin.get("echo").await.unwrap();
        match &policy.instances[..] {
            [one, two] if one.partitions == 32 && two.partitions == 32 => Ok(()),
            _ => Err(policy.instances),
        }
    })
    .await;
    give_all(&world, 2).await;
    assert_right(&world).await;
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_that_was_about_to_submit_acts_once() {
    frozen_at("policy_before_submit:20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_that_was_about_to_record_acts_once() {
    frozen_at("policy_after_submit:20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_that_was_about_to_decide_acts_once() {
    frozen_at("project_before_commit:3").await;
}

/// The tests above are worth something: they see what an id for each try does.
#[tokio::test(flavor = "multi_thread")]
async fn ids_that_differ_from_try_to_try_are_found() {
    let world = with_accounts().await;
    let process = world.process(
        "echo",
        &[
            ("HANDOFF_KILL_AT", "policy_after_submit:20"),
            ("HANDOFF_BUG", "new_id_per_try"),
        ],
    );
    give_all(&world, 2).await;
    assert!(!process.ended().await.success());
    let _next = world.process("echo", &[("HANDOFF_BUG", "new_id_per_try")]);
    world.settled::<Echo<1>>().await;
    assert!(!wrong(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_policy_under_the_same_name_acts_once() {
    let world = with_accounts().await;
    let mut policy = world.policy::<Echo<1>>("one").await;
    world.lives::<Echo<1>>().await;
    for round in 0..12_u64 {
        give_all(&world, 1).await;
        tokio::time::sleep(Duration::from_millis(5 + round * 31 % 120)).await;
        policy.kill().await;
        policy = world.policy::<Echo<1>>("one").await;
    }
    assert_right(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_share_the_partitions_and_hand_them_over() {
    let world = with_accounts().await;
    let one = world.policy::<Echo<1>>("one").await;
    world.lives::<Echo<1>>().await;
    give_all(&world, 2).await;
    let two = world.policy::<Echo<1>>("two").await;
    eventually("both hold a half", CEILING, async || {
        give_all(&world, 1).await;
        let policy = world.admin.get("echo").await.unwrap();
        match &policy.instances[..] {
            [one, two] if one.partitions == 32 && two.partitions == 32 => Ok(()),
            _ => Err(policy.instances),
        }
    })
    .await;
    one.stop().await;
    give_all(&world, 2).await;
    assert_right(&world).await;
    drop(two);
}
