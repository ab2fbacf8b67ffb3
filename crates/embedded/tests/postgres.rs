//! The private Postgres, with real servers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use handoff_embedded::{EmbeddedError, Postgres, PostgresOptions, Shutdown};
use support::{DIRECTORY, another_process, directory, is_running};
use tokio_postgres::NoTls;

fn options(directory: &Path) -> PostgresOptions {
    PostgresOptions::new(directory.join("postgres"))
}

async fn execute(postgres: &Postgres, statements: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(&postgres.url("handoff"), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let messages = client.simple_query(statements).await.unwrap();
    drop(client);
    connection.await.unwrap().ok();
    let values = messages.iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    values.collect()
}

#[tokio::test]
async fn a_second_start_finds_the_data() {
    let directory = directory();
    let postgres = Postgres::start(options(directory.path())).await.unwrap();
    execute(
        &postgres,
        "create table note (line text); insert into note values ('kept')",
    )
    .await;
    let pid = postgres.pid();
    postgres.stop(Shutdown::Fast).await;
    assert!(!is_running(pid));

    let postgres = Postgres::start(options(directory.path())).await.unwrap();
    assert_eq!(execute(&postgres, "select line from note").await, ["kept"]);
}

#[tokio::test]
async fn the_cluster_is_durable_utf8_and_sorts_by_code_point() {
    let directory = directory();
    let postgres = Postgres::start(options(directory.path())).await.unwrap();
    let settings = execute(
        &postgres,
        "select current_setting('fsync') union all select current_setting('synchronous_commit')
         union all select current_setting('server_encoding')
         union all select datcollate from pg_database where datname = 'handoff'",
    );
    assert_eq!(settings.await, ["on", "on", "UTF8", "C"]);
}

#[tokio::test]
async fn a_connection_needs_the_password() {
    let directory = directory();
    let postgres = Postgres::start(options(directory.path())).await.unwrap();
    let url = format!(
        "postgres://handoff:guess@127.0.0.1:{}/handoff",
        postgres.port()
    );
    let refused = tokio_postgres::connect(&url, NoTls).await.err().unwrap();
    assert_eq!(
        refused.code(),
        Some(&tokio_postgres::error::SqlState::INVALID_PASSWORD)
    );
}

#[tokio::test]
async fn a_directory_has_one_server_at_a_time() {
    let directory = directory();
    let _first = Postgres::start(options(directory.path())).await.unwrap();
    let refused = Postgres::start(options(directory.path()))
        .await
        .unwrap_err();
    let EmbeddedError::DirectoryInUse { pid, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(*pid, Some(std::process::id()));
    let message = refused.to_string();
    assert!(
        message.contains("in use by another handoffd (pid "),
        "{message}"
    );
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let directory = directory();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let wanted = PostgresOptions {
        port,
        ..options(directory.path())
    };
    let message = Postgres::start(wanted).await.unwrap_err().to_string();
    assert_eq!(
        message,
        format!("port {port} on 127.0.0.1, wanted for postgres, is in use")
    );
}

#[tokio::test]
async fn a_server_that_does_not_start_shows_its_log() {
    let directory = directory();
    let broken = PostgresOptions {
        settings: vec![("shared_buffers".to_owned(), "plenty".to_owned())],
        ..options(directory.path())
    };
    let message = Postgres::start(broken).await.unwrap_err().to_string();
    assert!(message.contains("shared_buffers"), "{message}");
}

#[tokio::test]
async fn a_dropped_server_is_gone_and_in_a_process_group_of_its_own_before() {
    let directory = directory();
    let postgres = Postgres::start(options(directory.path())).await.unwrap();
    let pid = postgres.pid();
    let group =
        rustix::process::getpgid(rustix::process::Pid::from_raw(pid.cast_signed())).unwrap();
    assert_eq!(group.as_raw_nonzero().get(), pid.cast_signed());
    drop(postgres);
    assert!(!is_running(pid));
}

#[tokio::test]
async fn what_a_killed_process_left_running_is_stopped_by_the_next_start() {
    let directory = directory();
    let mut killed = another_process("runs_until_killed", directory.path()).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = std::fs::read_to_string(directory.path().join("started")).unwrap();
    let left: u32 = left.parse().unwrap();
    assert!(is_running(left), "nothing was left behind");

    let postgres = Postgres::start(options(directory.path())).await.unwrap();
    assert!(!is_running(left));
    assert_eq!(execute(&postgres, "select line from note").await, ["kept"]);
}

/// Plays the process that is killed; not a test.
#[tokio::test]
#[ignore = "run by the test above in a process of its own"]
async fn runs_until_killed() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let postgres = Postgres::start(options(&directory)).await.unwrap();
    execute(
        &postgres,
        "create table note (line text); insert into note values ('kept')",
    )
    .await;
    std::fs::write(directory.join("starting"), postgres.pid().to_string()).unwrap();
    std::fs::rename(directory.join("starting"), directory.join("started")).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_server_is_recovered_by_the_next_start() {
    let directory = directory();
    let mut postgres = Postgres::start(options(directory.path())).await.unwrap();
    execute(
        &postgres,
        "create table note (line text); insert into note values ('kept')",
    )
    .await;
    let pid = rustix::process::Pid::from_raw(postgres.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert!(!postgres.exited().await.success());
    drop(postgres);

    // The pid file that was left behind names a process that is alive and is not Postgres.
    let pid_file = directory.path().join("postgres/data/postmaster.pid");
    let text = std::fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    std::fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();

    let postgres = Postgres::start(options(directory.path())).await.unwrap();
    assert_eq!(execute(&postgres, "select line from note").await, ["kept"]);
}
