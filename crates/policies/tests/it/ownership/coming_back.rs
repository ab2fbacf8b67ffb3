//! What comes back after those who had it were disabled with successors.

use handoff_domain::{
    Event,
    commands::{DeleteTask, ReopenTask, UndeleteTask},
    member::Standing,
    settings::OwnershipPolicy::{AllOpen, None as Nothing},
    task::{self, AssignmentSource, OpenStatus, Origin},
};

use super::scene::{Scene, member, task};

/// Disables `ana` for `ben` and `ben` for `cleo`; both hold work that moves.
async fn leave_one_after_the_other(scene: &Scene) {
    for (leaves, successor) in [("ana", "ben"), ("ben", "cleo")] {
        let operation = scene.disable(leaves, successor).await;
        scene.finished(&operation).await;
        let successor = Some(member(successor));
        assert_eq!(
            scene.standing(leaves).await,
            Standing::Disabled { successor }
        );
    }
}

/// Who left and who joined by the last assignment of a task, and what gave it.
async fn last_assignment(scene: &Scene, id: &str) -> (usize, usize, AssignmentSource) {
    let stream = task(id).to_string();
    let events = scene.world.events().await.into_iter().rev();
    let mut assignments = events
        .filter(|recorded| recorded.stream.to_string() == stream)
        .filter_map(|recorded| match recorded.event().unwrap() {
            Event::Task(task::Event::Assigned {
                left,
                joined,
                cause,
                ..
            }) => Some((left.len(), joined.len(), cause.source)),
            _ => None,
        });
    assignments.next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_task_of_a_disabled_member_is_that_of_their_successors_successor() {
    for policy in [Nothing, AllOpen] {
        let scene = Scene::new(policy).await;
        let _policy = scene.policy("one").await;
        scene.tasks("acme", "ana", 20).await;
        scene
            .task("shared", &["dan", "ana"], None, Origin::Portal)
            .await;
        for id in ["acme-3", "shared"] {
            scene.complete(id).await;
        }
        leave_one_after_the_other(&scene).await;
        assert_eq!(scene.assignees("acme-3").await, ["ana"]);
        assert_eq!(scene.assignees("acme-4").await, ["cleo"]);
        for id in ["acme-3", "shared"] {
            let reopen = ReopenTask {
                name: task(id),
                status: OpenStatus::NotStarted,
            };
            scene.world.submit(reopen).await;
        }
        assert_eq!(scene.assignees("acme-3").await, ["cleo"]);
        assert_eq!(scene.assignees("shared").await, ["dan", "cleo"]);
        for id in ["acme-3", "shared"] {
            let expected = (1, 1, AssignmentSource::Successor);
            assert_eq!(last_assignment(&scene, id).await, expected, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undeleted_task_of_a_disabled_member_is_that_of_their_successors_successor() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 20).await;
    scene
        .world
        .submit(DeleteTask {
            name: task("acme-3"),
        })
        .await;
    leave_one_after_the_other(&scene).await;
    scene
        .world
        .submit(UndeleteTask {
            name: task("acme-3"),
        })
        .await;
    assert_eq!(scene.assignees("acme-3").await, ["cleo"]);
    let expected = (1, 1, AssignmentSource::Successor);
    assert_eq!(last_assignment(&scene, "acme-3").await, expected);
}
