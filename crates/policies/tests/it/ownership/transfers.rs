//! Many holdings go from one member to another, whatever dies.

use handoff_domain::{
    Holding, HoldingKind,
    commands::SetSupportTeam,
    member::Standing,
    operation::{Details, Outcome, Status},
    settings::OwnershipPolicy::{AllOpen, None as Nothing},
    task::Origin,
};
use handoff_testkit::eventually;

use super::scene::{Scene, TASK, member};
use crate::world::CEILING;

#[tokio::test(flavor = "multi_thread")]
async fn disabling_passes_on_everything_and_ends() {
    let scene = Scene::new(Nothing).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ben", 130).await;
    scene
        .task("of-three", &["ana", "dan", "ben"], None, Origin::Portal)
        .await;
    scene
        .task(
            "of-five",
            &["ana", "admin", "dan", "cleo", "ben"],
            None,
            Origin::Portal,
        )
        .await;
    scene.assign_role("sales-manager", "ben").await;
    let team = SetSupportTeam {
        account: "accounts/acme".parse().unwrap(),
        members: vec![member("ben"), member("dan")],
    };
    scene.world.submit(team).await;
    let operation = scene.disable("ben", "cleo").await;
    let details = scene.finished(&operation).await;
    let planned = scene.planned(&operation).await;
    assert!(planned.is_sorted(), "{planned:?}");
    assert_eq!(planned.len(), 134);
    assert_eq!(details.planned[&HoldingKind::Role], 1);
    assert_eq!(details.planned[&HoldingKind::SupportTeam], 1);
    assert_eq!(scene.counts(&operation).await, (134, 0, 0));
    let successor = Some(member("cleo"));
    assert_eq!(
        scene.standing("ben").await,
        Standing::Disabled { successor }
    );
    assert_eq!(scene.assignees("of-three").await, ["ana", "dan", "cleo"]);
    assert_eq!(
        scene.assignees("of-five").await,
        ["ana", "admin", "dan", "cleo"]
    );
    assert_eq!(scene.holder("acme", "sales-manager").await.unwrap(), "cleo");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_nothing_is_disabled_at_once_and_the_default_assignee_is_passed_on() {
    let scene = Scene::new(Nothing).await;
    let _policy = scene.policy("one").await;
    let nothing = scene.disable("dan", "cleo").await;
    assert_eq!(scene.counts(&nothing).await, (0, 0, 0));
    let default = scene.disable("admin", "ana").await;
    assert_eq!(scene.counts(&default).await, (1, 0, 0));
    assert_eq!(scene.planned(&default).await, [Holding::DefaultAssignee]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_of_roles_leaves_the_work_to_the_policy_and_one_of_work_does_not() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 120).await;
    let roles = scene.transfer("ana", "ben", [HoldingKind::Role]).await;
    assert_eq!(scene.counts(&roles).await, (121, 0, 0));
    assert_eq!(scene.details(&roles).await.planned_items(), 1);
    let work = scene
        .transfer("ben", "cleo", [HoldingKind::Role, TASK])
        .await;
    assert_eq!(scene.counts(&work).await, (121, 0, 0));
    assert_eq!(scene.details(&work).await.planned_items(), 121);
    assert_eq!(scene.assignees("acme-7").await, ["cleo"]);
    assert_eq!(scene.moves().await.values().sum::<usize>(), 240);
}

/// Everything moved, once, and with a result.
async fn all_moved_once(
    scene: &Scene,
    operation: &handoff_domain::names::OperationName,
    count: usize,
) {
    let details = scene.finished(operation).await;
    assert_eq!(
        (details.recorded, details.counts.moved),
        (count as u64, count as u64)
    );
    let results = scene.results(operation).await;
    assert_eq!(results.len(), count);
    let items: std::collections::BTreeSet<_> = results.iter().map(|result| &result.item).collect();
    assert_eq!(items.len(), count);
    assert!(
        results
            .iter()
            .all(|result| matches!(result.outcome, Outcome::Moved { .. }))
    );
    let moves = scene.moves().await;
    assert_eq!(moves.len(), count);
    assert!(moves.values().all(|moves| *moves == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_is_dropped_at_random_moves_each_task_once() {
    let scene = Scene::new(Nothing).await;
    scene.tasks("acme", "ana", 3_000).await;
    let operation = scene.transfer("ana", "ben", [TASK]).await;
    for round in 0.. {
        let policy = scene.policy(&format!("process {round}")).await;
        let before = scene.details(&operation).await;
        // In the plan or among the items, a different number of steps later each time.
        let steps = fastrand::u32(1..15);
        let steps_later = |now: &Details| now.revision.0 >= before.revision.0 + steps;
        eventually("it goes on", CEILING, async || {
            let now = scene.details(&operation).await;
            match steps_later(&now) || now.status == Status::Finished {
                true => Ok(()),
                false => Err(format!("{now:?}")),
            }
        })
        .await;
        policy.kill().await;
        if scene.details(&operation).await.status == Status::Finished {
            break;
        }
    }
    all_moved_once(&scene, &operation, 3_000).await;
}

/// Kills the process that transfers at a place, and lets the next one end it.
async fn killed_at(place: &str) {
    let scene = Scene::new(Nothing).await;
    scene.tasks("acme", "ana", 1_300).await;
    let operation = scene.transfer("ana", "ben", [TASK]).await;
    let process = scene
        .world
        .process("ownership", &[("HANDOFF_KILL_AT", place)]);
    assert!(!process.ended().await.success());
    let _next = scene.world.process("ownership", &[]);
    all_moved_once(&scene, &operation, 1_300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_within_the_plan_goes_on_with_it() {
    killed_at("policy_after_submit:1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_among_the_items_goes_on_with_them() {
    killed_at("policy_after_submit:7").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_before_it_submits_does_so_later() {
    killed_at("policy_before_submit:9").await;
}
