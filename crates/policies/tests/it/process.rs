//! Policies in a process of their own, which can be killed at any place: this test binary, run for one test that
//! is none.

use std::{
    env,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
};

use handoff_commands::GatewayConfig;
use handoff_policies::{run_jobs, run_policy};
use handoff_testkit::eventually;
use tokio_util::sync::CancellationToken;

use crate::{
    echo::Echo,
    handover::Handover,
    ownership,
    paging::{Pager, Paging},
    world::{CEILING, Place, World},
};

/// A process that runs one policy.
pub(crate) struct PolicyProcess(Child);

impl World {
    /// Starts a process that runs a policy; `environment` is for failpoints.
    pub(crate) fn process(&self, policy: &str, environment: &[(&str, &str)]) -> PolicyProcess {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "process::a_process", "--ignored", "--nocapture"])
            .env("TEST_POLICY", policy)
            .env("TEST_DATABASE_URL", &self.place.database_url)
            .env("TEST_NATS_URL", &self.place.nats_url)
            .env("TEST_PREFIX", &self.place.prefix)
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        PolicyProcess(child)
    }
}

impl PolicyProcess {
    /// As `kill -9`.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits until it has stopped in its sleep, as `HANDOFF_FREEZE_AT` has it.
    pub(crate) async fn frozen(&self) {
        let stat = format!("/proc/{}/stat", self.0.id());
        eventually("the process is frozen", CEILING, async || {
            let stat = std::fs::read_to_string(&stat).unwrap();
            match stat.rsplit(") ").next() {
                Some(state) if state.starts_with('T') => Ok(()),
                state => Err(format!("{state:?}")),
            }
        })
        .await;
    }

    /// Has it go on.
    pub(crate) fn wake(&self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        eventually("the process ends", CEILING, async || {
            self.0.try_wait().unwrap().ok_or("it runs")
        })
        .await
    }
}

impl Drop for PolicyProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "not a test: the process that others kill"]
async fn a_process() {
    let Ok(policy) = env::var("TEST_POLICY") else {
        return;
    };
    let place = Place {
        database_url: env::var("TEST_DATABASE_URL").unwrap(),
        nats_url: env::var("TEST_NATS_URL").unwrap(),
        prefix: env::var("TEST_PREFIX").unwrap(),
    };
    let instance = format!("process {}", std::process::id());
    let environment = place.environment(&instance).await;
    let runtime = place.runtime(&instance, place.gateway(GatewayConfig::default()));
    let forever = CancellationToken::new();
    match policy.as_str() {
        "echo" => run_policy::<Echo<1>>(environment, runtime, forever).await,
        "handover" => run_policy::<Handover>(environment, runtime, forever).await,
        "ownership" => ownership::run(place, environment, runtime, forever).await,
        "paging" => {
            tokio::join!(
                run_policy::<Paging>(environment, runtime.clone(), forever.clone()),
                run_jobs::<Paging, _>(runtime, Arc::new(Pager), forever),
            );
        }
        other => panic!("no policy {other}"),
    }
}
