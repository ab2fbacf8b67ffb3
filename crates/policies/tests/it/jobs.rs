//! Jobs are done once, from where they were, whatever dies.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use handoff_policies::{Executor, JobContext, JobError, run_jobs};
use handoff_testkit::eventually;

use crate::{
    paging::{A_PAGE, PAGES, Pager, Pages, Paging},
    world::{CEILING, Running, World},
};

/// Every page of every job is there once.
async fn assert_done(world: &World, jobs: usize) {
    world.settled::<Paging>().await;
    let said = world.caused("account.interaction_logged").await;
    assert_eq!(said.len(), jobs * (PAGES * A_PAGE) as usize);
    let ids: BTreeSet<_> = said.iter().map(|(_, event)| event.command_id).collect();
    assert_eq!(ids.len(), said.len());
    let triggers = world.caused("account.role_assigned").await;
    let triggers: BTreeSet<_> = triggers
        .iter()
        .map(|(_, event)| Some(event.event_id))
        .collect();
    assert!(said.iter().all(|(cause, _)| triggers.contains(cause)));
}

async fn jobs<E: Executor<Paging>>(world: &World, instance: &str, executor: Arc<E>) -> Running {
    let runtime = world.place.runtime(instance, world.gateway.clone());
    Running::start(|shutdown| run_jobs::<Paging, E>(runtime, executor, shutdown))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_not_hold_up_its_partition_and_is_done_once() {
    let world = World::new().await;
    let _policy = world.policy::<Paging>("one").await;
    for account in ["a", "b", "c"] {
        world.task(account, &format!("t-{account}"), "ana").await;
        world.give(account, "ben").await;
    }
    // Nobody does jobs yet, and the policy goes on.
    let head = world.log.head().await.unwrap().position;
    eventually("the policy goes on", CEILING, async || {
        match world.admin.get("paging").await {
            Ok(policy) if policy.included >= head => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(world.number("select count(*) from policies.jobs").await, 3);
    let one = jobs(&world, "one", Arc::new(Pager)).await;
    let two = jobs(&world, "two", Arc::new(Pager)).await;
    assert_done(&world, 3).await;
    one.stop().await;
    two.stop().await;
}

/// Kills a process at a place, and sees that the next one ends its jobs.
async fn killed_at(place: &str) {
    let world = World::new().await;
    world.task("acme", "t1", "ana").await;
    world.give("acme", "ben").await;
    let process = world.process("paging", &[("HANDOFF_KILL_AT", place)]);
    assert!(!process.ended().await.success());
    let _next = world.process("paging", &[]);
    assert_done(&world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_with_a_job_that_it_just_claimed_leaves_it_to_another() {
    killed_at("job_claimed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_within_a_page_leaves_it_to_another() {
    killed_at("policy_after_submit:60").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_after_it_saved_leaves_the_rest_to_another() {
    killed_at("job_saved:3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_stopped_in_order_goes_on_at_once_elsewhere() {
    let world = World::new().await;
    let _policy = world.policy::<Paging>("one").await;
    world.task("acme", "t1", "ana").await;
    world.give("acme", "ben").await;
    let stuck = Arc::new(Stuck(AtomicU32::new(0)));
    let one = jobs(&world, "one", stuck.clone()).await;
    eventually("the job is begun", CEILING, async || {
        match stuck.0.load(Ordering::Relaxed) {
            0 => Err("nobody is at it"),
            _ => Ok(()),
        }
    })
    .await;
    one.stop().await;
    let free = "select count(*) from policies.jobs where leased_until is null and owner is null";
    assert_eq!(world.number(free).await, 1);
    let _two = jobs(&world, "two", Arc::new(Pager)).await;
    assert_done(&world, 1).await;
}

/// Never ends.
struct Stuck(AtomicU32);

impl Executor<Paging> for Stuck {
    async fn run(&self, _: &Pages, _: &JobContext<Paging>) -> Result<(), JobError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::future::pending().await
    }
}

/// Fails at first: for now, then by a panic.
struct Moody(AtomicU32);

impl Executor<Paging> for Moody {
    async fn run(&self, job: &Pages, context: &JobContext<Paging>) -> Result<(), JobError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(JobError::Later("a read model is behind".to_owned())),
            1 => panic!("a mistake"),
            _ => Pager.run(job, context).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_for_now_is_tried_again() {
    let world = World::new().await;
    let _policy = world.policy::<Paging>("one").await;
    world.task("acme", "t1", "ana").await;
    world.give("acme", "ben").await;
    let moody = Arc::new(Moody(AtomicU32::new(0)));
    let _jobs = jobs(&world, "one", moody.clone()).await;
    assert_done(&world, 1).await;
    assert_eq!(moody.0.load(Ordering::Relaxed), 3);
}

/// Cannot be done.
struct Refusing;

impl Executor<Paging> for Refusing {
    async fn run(&self, _: &Pages, _: &JobContext<Paging>) -> Result<(), JobError> {
        Err(JobError::Failed("there is no such page".to_owned()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_done_is_finished_with_its_error() {
    let world = World::new().await;
    let _policy = world.policy::<Paging>("one").await;
    world.task("acme", "t1", "ana").await;
    world.give("acme", "ben").await;
    let _jobs = jobs(&world, "one", Arc::new(Refusing)).await;
    eventually("it is finished", CEILING, async || {
        let sql = "select count(*) from policies.jobs where finished_at is not null and error = 'there is no such page'";
        match world.number(sql).await {
            1 => Ok(()),
            other => Err(other),
        }
    })
    .await;
}
