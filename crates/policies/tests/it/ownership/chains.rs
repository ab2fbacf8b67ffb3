//! Changes that follow each other at once lose nothing.

use handoff_domain::{member::Standing, settings::OwnershipPolicy::AllOpen, task::Origin};

use super::scene::{Scene, member};

/// Does `changes` while the policy runs, or while it is down; then sees that all the work is `cleo`'s.
async fn end_with_cleo(runs: bool, changes: impl AsyncFn(&Scene)) {
    let scene = Scene::new(AllOpen).await;
    let mut policy = None;
    if runs {
        policy = Some(scene.policy("one").await);
        scene.world.lives::<handoff_policies::Ownership>().await;
    }
    scene.tasks("acme", "ana", 250).await;
    scene
        .task("shared", &["ana", "dan"], None, Origin::Portal)
        .await;
    scene
        .task("both", &["ana", "cleo"], None, Origin::Portal)
        .await;
    changes(&scene).await;
    let policy = match policy {
        Some(policy) => policy,
        None => scene.policy("one").await,
    };
    scene.world.settled::<handoff_policies::Ownership>().await;
    for n in 0..250 {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["cleo"], "{n}");
    }
    assert_eq!(scene.assignees("shared").await, ["dan", "cleo"]);
    assert_eq!(scene.assignees("both").await, ["cleo"]);
    assert_eq!(scene.holder("acme", "assignee").await.unwrap(), "cleo");
    policy.stop().await;
}

async fn passed_on_twice(scene: &Scene) {
    let first = scene.begin_to("ben").await;
    let second = scene.begin_to("cleo").await;
    scene.begun(&[first, second]).await;
}

async fn passed_on_and_disabled(scene: &Scene) {
    let first = scene.begin_to("ben").await;
    let second = scene.disable("ben", "cleo").await;
    scene.begun(&[first, second]).await;
}

impl Scene {
    async fn begin_to(&self, holder: &str) -> handoff_domain::names::OperationName {
        self.assign_role("assignee", holder).await
    }

    /// Each of them is an operation.
    async fn begun(&self, operations: &[handoff_domain::names::OperationName]) {
        for operation in operations {
            self.details(operation).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_on_twice_at_once_ends_with_the_last() {
    end_with_cleo(true, passed_on_twice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_on_twice_while_the_policy_is_down_ends_with_the_last() {
    end_with_cleo(false, passed_on_twice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_on_to_who_is_disabled_at_once_ends_with_the_successor() {
    end_with_cleo(true, passed_on_and_disabled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_on_to_who_is_disabled_while_the_policy_is_down_ends_with_the_successor() {
    end_with_cleo(false, passed_on_and_disabled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_from_who_was_disabled_meanwhile_is_taken_from_their_successor() {
    let scene = Scene::new(AllOpen).await;
    scene.tasks("acme", "ana", 30).await;
    let operations = [
        scene.assign_role("assignee", "ben").await,
        scene.disable("ben", "dan").await,
        scene.assign_role("assignee", "cleo").await,
    ];
    let _policy = scene.policy("one").await;
    for operation in &operations {
        scene.finished(operation).await;
    }
    for n in 0..30 {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["cleo"], "{n}");
    }
    let successor = Some(member("dan"));
    assert_eq!(
        scene.standing("ben").await,
        Standing::Disabled { successor }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_through_everybody_and_back_ends_where_it_began() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 120).await;
    let mut last = None;
    for holder in ["ben", "cleo", "dan", "ana", "ben", "ana"] {
        last = Some(scene.assign_role("assignee", holder).await);
    }
    scene.finished(&last.unwrap()).await;
    scene.world.settled::<handoff_policies::Ownership>().await;
    for n in 0..120 {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["ana"], "{n}");
    }
    let moves = scene.moves().await;
    assert!(moves.values().all(|moves| *moves == 6), "{moves:?}");
}
