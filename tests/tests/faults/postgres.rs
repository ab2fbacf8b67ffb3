//! Postgres goes away in every way it can, under load.

use handoff_testkit::PrivatePostgres;
use handoff_tests::{Deployment, Fleet, Mix};

use handoff_testkit::Shutdown;

use crate::{API, PROJECT, RELAY};

#[tokio::test(flavor = "multi_thread")]
async fn backends_and_servers_that_die_under_load_lose_nothing() {
    let mut postgres = PrivatePostgres::start().await;
    let deployment = Deployment::on_postgres(&postgres).await;
    let fleet = Fleet::start(deployment, &[API, API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(100).await;

    for _ in 0..3 {
        end_sessions(&fleet, "handoff %").await;
        load.some_more(50).await;
    }
    // One that is killed makes Postgres end all and recover.
    kill_backend(&fleet, "handoff appender").await;
    load.some_more(100).await;
    postgres.stop(Shutdown::Immediate).await;
    postgres.start_again().await;
    load.some_more(100).await;
    postgres.kill().await;
    postgres.start_again().await;
    load.some_more(100).await;
    postgres.stop(Shutdown::Fast).await;
    postgres.start_again().await;
    load.some_more(100).await;
    fleet.stop_and_check(load).await;
}

/// Ends all sessions whose application has a name like this.
pub(crate) async fn end_sessions(fleet: &Fleet, like: &str) {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity \
         where application_name like $1 and datname = current_database() and pid <> pg_backend_pid()";
    let ended = fleet.deployment.connect().await.query(sql, &[&like]).await;
    assert!(!ended.unwrap().is_empty(), "nobody is {like:?}");
}

/// Kills a backend of the application with SIGKILL.
async fn kill_backend(fleet: &Fleet, application: &str) {
    let sql = "select pid from pg_stat_activity where application_name = $1 limit 1";
    let client = fleet.deployment.connect().await;
    let pid: i32 = client.query_one(sql, &[&application]).await.unwrap().get(0);
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
