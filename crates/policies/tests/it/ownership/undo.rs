//! What was changed is taken back.

use handoff_domain::{
    member::Standing, operation::SkipReason, settings::OwnershipPolicy::AllOpen, task::Origin,
};
use handoff_policies::Ownership;

use super::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_at_once_gives_back_every_role_and_every_task() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 230).await;
    scene
        .task("shared", &["dan", "ana"], None, Origin::Portal)
        .await;
    scene
        .task("both", &["ana", "ben"], None, Origin::Portal)
        .await;
    let operation = scene.assign_role("assignee", "ben").await;
    assert_eq!(scene.counts(&operation).await, (233, 0, 0));
    assert_eq!(scene.assignees("both").await, ["ben"]);
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (233, 0, 0));
    scene.world.settled::<Ownership>().await;
    assert_eq!(scene.holder("acme", "assignee").await.unwrap(), "ana");
    for n in 0..230 {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["ana"], "{n}");
    }
    assert_eq!(scene.assignees("shared").await, ["dan", "ana"]);
    assert_eq!(scene.assignees("both").await, ["ben", "ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_leaves_what_was_touched_and_says_so() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 6).await;
    let operation = scene.assign_role("assignee", "ben").await;
    scene.finished(&operation).await;
    scene.complete("acme-1").await;
    scene.reassign("acme-2", "ben", "dan").await;
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (5, 0, 2));
    let skipped = ["acme-1", "acme-2"].map(|id| (id.to_owned(), SkipReason::Changed));
    assert_eq!(scene.skipped(&undo).await, skipped.into());
    assert_eq!(scene.assignees("acme-1").await, ["ben"]);
    assert_eq!(scene.assignees("acme-2").await, ["dan"]);
    assert_eq!(scene.assignees("acme-3").await, ["ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_a_disabling_enables_the_member_and_gives_everything_back() {
    let scene = Scene::new(AllOpen).await;
    let policy = scene.policy("one").await;
    scene.tasks("acme", "ben", 140).await;
    scene.assign_role("assignee", "ben").await;
    let operation = scene.disable("ben", "cleo").await;
    assert_eq!(scene.counts(&operation).await, (141, 0, 0));
    let undo = scene.undo(&operation).await;
    // Whoever does it may die.
    policy.kill().await;
    let _policy = scene.policy("two").await;
    assert_eq!(scene.counts(&undo).await, (141, 0, 0));
    assert_eq!(scene.standing("ben").await, Standing::Enabled);
    assert_eq!(scene.holder("acme", "assignee").await.unwrap(), "ben");
    for n in 0..140 {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["ben"], "{n}");
    }
}
