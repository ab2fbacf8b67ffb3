//! The process dies with half of the work passed on, and what comes next is asked for before it is back.

use handoff_domain::{
    HoldingKind, commands::Accounts, member::Standing, names::OperationName,
    settings::OwnershipPolicy::AllOpen,
};

use super::{
    orders::of,
    scene::{Scene, TASK, member},
};

/// Tasks beside the order: seven chunks with it.
const TASKS: usize = 620;
/// Chunks after which the process dies.
const CHUNKS: usize = 3;

/// How a change of hands is asked for.
#[derive(Clone, Copy)]
enum Way {
    Role,
    Batch,
    /// Of roles: the policy decides about the work.
    Transfer,
    /// Of roles and work.
    TransferOfWork,
    Disabling,
}

impl Way {
    /// How many commands there are before the first chunk: a job plans, ends the plan and passes the roles.
    fn commands_before(self) -> usize {
        match self {
            Self::Role => 0,
            Self::Batch | Self::Transfer | Self::TransferOfWork | Self::Disabling => 3,
        }
    }

    async fn begin(self, scene: &Scene, from: &str, to: &str) -> OperationName {
        let work = [
            HoldingKind::Role,
            TASK,
            HoldingKind::OpenOrderTask,
            HoldingKind::Order,
            HoldingKind::OpenActivity,
        ];
        match self {
            Self::Role => scene.assign_role("assignee", to).await,
            Self::Batch => {
                let acme = "accounts/acme".parse().unwrap();
                scene.batch(to, Accounts::Listed([acme].into())).await
            }
            Self::Transfer => scene.transfer(from, to, [HoldingKind::Role]).await,
            Self::TransferOfWork => scene.transfer(from, to, work).await,
            Self::Disabling => scene.disable(from, to).await,
        }
    }
}

/// `ana` passes on to `ben`, who has half of it when the process dies; `ben` passes on to `cleo`; then it is
/// back, and all ends with `cleo`.
async fn ends_with_cleo(first: Way, second: Way) {
    let scene = Scene::with_order(AllOpen).await;
    scene.tasks("acme", "ana", TASKS).await;
    let to_ben = first.begin(&scene, "ana", "ben").await;
    let dies = first.commands_before() + CHUNKS;
    let place = format!("policy_after_submit:{dies}");
    let process = scene
        .world
        .process("ownership", &[("HANDOFF_KILL_AT", &place)]);
    assert!(!process.ended().await.success());
    let moved: usize = scene.moves().await.values().sum();
    assert!((1..TASKS).contains(&moved), "not in the middle: {moved}");

    let to_cleo = second.begin(&scene, "ben", "cleo").await;
    let _policy = scene.policy("the next").await;
    scene.finished(&to_ben).await;
    scene.finished(&to_cleo).await;
    scene.world.settled::<handoff_policies::Ownership>().await;
    assert_eq!(scene.holder("acme", "assignee").await.unwrap(), "cleo");
    for n in 0..TASKS {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["cleo"], "{n}");
    }
    for task in ["audit", "report"] {
        let all = of([&["cleo", "dan"], &["cleo"], &["cleo"]]);
        assert_eq!(scene.work(task).await, all, "{task}");
    }
    if matches!(second, Way::Disabling) {
        let successor = Some(member("cleo"));
        assert_eq!(
            scene.standing("ben").await,
            Standing::Disabled { successor }
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_passed_on_while_half_of_the_work_has_followed_takes_all_of_it_along() {
    ends_with_cleo(Way::Role, Way::Role).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_with_half_of_the_work_passes_on_all_of_it() {
    ends_with_cleo(Way::Role, Way::Disabling).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_after_half_of_a_batch_takes_all_of_the_work_along() {
    ends_with_cleo(Way::Batch, Way::Batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_after_half_of_a_transfer_takes_all_of_the_work_along() {
    ends_with_cleo(Way::Transfer, Way::Transfer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_of_work_after_half_of_a_batch_takes_all_of_the_work_along() {
    ends_with_cleo(Way::Batch, Way::TransferOfWork).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_after_half_of_a_transfer_passes_on_all_of_the_work() {
    ends_with_cleo(Way::Transfer, Way::Disabling).await;
}
