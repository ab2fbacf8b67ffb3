//! Changes that follow each other at once lose nothing.

use futures_util::StreamExt;
use handoff_domain::commands::CompleteTask;

use crate::{handover::Handover, world::World};

const TASKS: usize = 40;

/// Who has the tasks, by their last events.
async fn assignees(world: &World, tasks: usize) -> Vec<String> {
    let mut assignees = vec![String::new(); tasks];
    for event in world.events().await {
        let Some(task) = event.stream.as_str().strip_prefix("tasks/t") else {
            continue;
        };
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
        let of = match event.event_type.as_str() {
            "task.created" => &payload["assignees"],
            "task.assigned" => &payload["joined"],
            _ => continue,
        };
        assignees[task.parse::<usize>().unwrap()] = of[0].as_str().unwrap().to_owned();
    }
    assignees
}

async fn with_tasks() -> World {
    let world = World::new().await;
    for task in 0..TASKS {
        world.task("acme", &format!("t{task}"), "ana").await;
    }
    world
}

/// Gives the account to one after the other while nobody acts.
async fn give_to(world: &World, holders: &[&str]) {
    for holder in holders {
        world.give("acme", holder).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_while_the_process_is_down_end_with_the_last() {
    let world = with_tasks().await;
    give_to(&world, &["ana", "ben", "cleo", "ana", "ben"]).await;
    let done = CompleteTask {
        name: "tasks/t7".parse().unwrap(),
    };
    world.submit(done).await;
    give_to(&world, &["cleo"]).await;
    let _policy = world.policy::<Handover>("one").await;
    world.settled::<Handover>().await;
    let mut expected = vec!["members/cleo".to_owned(); TASKS];
    // As of the last change it was complete, and its last move is to the one before. Its moves before that are
    // done, however late.
    expected[7] = "members/ben".to_owned();
    assert_eq!(assignees(&world, TASKS).await, expected);
    // Each move follows from the change that asked for it.
    let moves = world.caused("task.assigned").await;
    let changes = world.caused("account.role_assigned").await;
    for (cause, event) in moves {
        let (_, change) = changes
            .iter()
            .find(|(_, change)| Some(change.event_id) == cause)
            .unwrap();
        assert!(change.position < event.position);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_while_the_policy_is_at_it_end_with_the_last() {
    let world = with_tasks().await;
    world.give("acme", "ana").await;
    let _policy = world.policy::<Handover>("one").await;
    for _ in 0..5 {
        give_to(&world, &["ben", "cleo", "ana"]).await;
    }
    give_to(&world, &["ben"]).await;
    world.settled::<Handover>().await;
    assert_eq!(assignees(&world, TASKS).await, vec!["members/ben"; TASKS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_across_a_kill_end_with_the_last() {
    let world = with_tasks().await;
    give_to(&world, &["ana", "ben", "cleo"]).await;
    let process = world.process("handover", &[("HANDOFF_KILL_AT", "policy_after_submit:15")]);
    assert!(!process.ended().await.success());
    give_to(&world, &["ana"]).await;
    let _next = world.process("handover", &[]);
    world.settled::<Handover>().await;
    assert_eq!(assignees(&world, TASKS).await, vec!["members/ana"; TASKS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_thousand_tasks_is_handed_over_whole() {
    const MANY: usize = 1_000;
    let world = World::new().await;
    world.task("acme", "t0", "ana").await;
    let rest = (1..MANY).map(|task| format!("t{task}"));
    futures_util::stream::iter(rest)
        .for_each_concurrent(200, async |task| world.task("acme", &task, "ana").await)
        .await;
    give_to(&world, &["ana", "ben", "cleo"]).await;
    let started = std::time::Instant::now();
    let _policy = world.policy::<Handover>("one").await;
    world.settled::<Handover>().await;
    println!("{} moves in {:?}", 2 * MANY, started.elapsed());
    assert_eq!(assignees(&world, MANY).await, vec!["members/cleo"; MANY]);
}

/// The tests above are worth something.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_does_not_know_of_moves_under_way_is_found() {
    let world = with_tasks().await;
    give_to(&world, &["ana", "ben", "cleo"]).await;
    let _process = world.process("handover", &[("HANDOFF_BUG", "forget_pending")]);
    world.settled::<Handover>().await;
    assert_ne!(assignees(&world, TASKS).await, vec!["members/cleo"; TASKS]);
}
