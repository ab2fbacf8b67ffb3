//! Operations of which something fails for good: they end, and say why.

use std::sync::Arc;

use handoff_commands::GatewayConfig;
use handoff_domain::{
    Holding,
    commands::{Accounts, MoveItems},
    settings::OwnershipPolicy,
    task::Origin,
};
use handoff_policies::{
    Executor, Issue, JobContext, JobError, Outcome, Ownership, Policy, run_jobs, run_policy,
};
use tokio::{sync::mpsc, time::timeout};

use super::scene::{Scene, TASK, task};
use crate::world::{CEILING, Running};

type Step = <Ownership as Policy>::Command;

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_whose_plan_fails_for_good_ends_with_the_reason_and_can_be_undone() {
    let scene = Scene::new(OwnershipPolicy::None).await;
    let _policy = scene.policy("one").await;
    // Only the API checks filters.
    let accounts = Accounts::Filter("shoe_size > 3".into());
    let operation = scene.batch("ben", accounts).await;
    let details = scene.finished(&operation).await;
    assert!(details.cancelled);
    let failure = details.failure.unwrap();
    assert!(failure.contains("shoe_size"), "{failure}");
    let undo = scene.undo(&operation).await;
    assert!(!scene.finished(&undo).await.cancelled);
}

/// Submits a chunk that is rejected for good, and one after it that is out of step as long as the operation goes on.
struct Rejected(mpsc::UnboundedSender<Vec<Outcome>>);

impl Executor<Ownership> for Rejected {
    async fn run(
        &self,
        _: &<Ownership as Policy>::Job,
        context: &JobContext<Ownership>,
    ) -> Result<(), JobError> {
        let of_job = |operation: &str, first| Issue {
            target: format!("{operation}/{first}"),
            command: Step::MoveItems(MoveItems {
                operation: operation.parse().expect("a name"),
                first,
                items: vec![Holding::OpenTask { task: task("a") }],
                cause: None,
            }),
        };
        let stream = OPERATION.get().expect("it was begun");
        let issues = [of_job("operations/none", 0), of_job(stream, 100)];
        let outcomes = context.submit(&issues).await?;
        self.0.send(outcomes).expect("the test waits for it");
        Err(JobError::Failed("enough".to_owned()))
    }
}

static OPERATION: std::sync::OnceLock<String> = std::sync::OnceLock::new();

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_is_rejected_for_good_ends_those_in_flight_after_it() {
    let scene = Scene::new(OwnershipPolicy::None).await;
    scene.task("a", &["ana"], None, Origin::Manual).await;
    let operation = scene.transfer("ana", "ben", [TASK]).await;
    OPERATION.set(operation.to_string()).expect("set once");
    let place = scene.world.place.clone();
    let environment = place.environment("one").await;
    let runtime = place.runtime("one", place.gateway(GatewayConfig::default()));
    let (tell, mut told) = mpsc::unbounded_channel();
    let _running = Running::start(|shutdown| async move {
        tokio::join!(
            run_policy::<Ownership>(environment, runtime.clone(), shutdown.clone()),
            run_jobs::<Ownership, _>(runtime, Arc::new(Rejected(tell)), shutdown),
        );
    });
    let outcomes = timeout(CEILING, told.recv()).await.unwrap().unwrap();
    assert!(
        matches!(outcomes[..], [Outcome::Rejected(_)]),
        "{outcomes:?}"
    );
}
