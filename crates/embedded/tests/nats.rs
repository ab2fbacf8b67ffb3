//! The private nats-server, with real servers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use async_nats::jetstream::{self, stream};
use handoff_embedded::{EmbeddedError, Nats, NatsOptions};
use support::{DIRECTORY, another_process, directory, is_running};

fn options(directory: &Path) -> NatsOptions {
    NatsOptions::new(directory.join("nats"))
}

async fn connect(nats: &Nats) -> jetstream::Context {
    let address: async_nats::ServerAddr = nats.url().parse().unwrap();
    let user = address.username().unwrap().to_owned();
    let password = address.password().unwrap().to_owned();
    let options = async_nats::ConnectOptions::with_user_and_password(user, password);
    jetstream::new(options.connect(address).await.unwrap())
}

async fn store_one_message(nats: &Nats) {
    let jetstream = connect(nats).await;
    let notes = stream::Config {
        name: "notes".to_owned(),
        subjects: vec!["notes".to_owned()],
        ..stream::Config::default()
    };
    jetstream.create_stream(notes).await.unwrap();
    let published = jetstream.publish("notes", "kept".into()).await.unwrap();
    published.await.unwrap();
}

async fn stored_messages(nats: &Nats) -> u64 {
    let jetstream = connect(nats).await;
    let stream = jetstream.get_stream("notes").await.unwrap();
    stream.cached_info().state.messages
}

#[tokio::test]
async fn a_second_start_finds_the_streams() {
    let directory = directory();
    let nats = Nats::start(options(directory.path())).await.unwrap();
    store_one_message(&nats).await;
    let pid = nats.pid();
    nats.stop().await;
    assert!(!is_running(pid));

    let nats = Nats::start(options(directory.path())).await.unwrap();
    assert_eq!(stored_messages(&nats).await, 1);
}

#[tokio::test]
async fn a_connection_needs_the_password() {
    let directory = directory();
    let nats = Nats::start(options(directory.path())).await.unwrap();
    let refused = async_nats::connect(format!("127.0.0.1:{}", nats.port())).await;
    assert_eq!(
        refused.unwrap_err().kind(),
        async_nats::ConnectErrorKind::AuthorizationViolation
    );
}

#[tokio::test]
async fn a_directory_has_one_server_at_a_time() {
    let directory = directory();
    let _first = Nats::start(options(directory.path())).await.unwrap();
    let refused = Nats::start(options(directory.path())).await.unwrap_err();
    assert!(
        matches!(refused, EmbeddedError::DirectoryInUse { .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let directory = directory();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let wanted = NatsOptions {
        port,
        ..options(directory.path())
    };
    let message = Nats::start(wanted).await.unwrap_err().to_string();
    assert_eq!(
        message,
        format!("port {port} on 127.0.0.1, wanted for nats-server, is in use")
    );
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let directory = directory();
    let nats = Nats::start(options(directory.path())).await.unwrap();
    let pid = nats.pid();
    drop(nats);
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

    let nats = Nats::start(options(directory.path())).await.unwrap();
    assert!(!is_running(left));
    assert_eq!(stored_messages(&nats).await, 1);
}

/// Plays the process that is killed; not a test.
#[tokio::test]
#[ignore = "run by the test above in a process of its own"]
async fn runs_until_killed() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let nats = Nats::start(options(&directory)).await.unwrap();
    store_one_message(&nats).await;
    std::fs::write(directory.join("starting"), nats.pid().to_string()).unwrap();
    std::fs::rename(directory.join("starting"), directory.join("started")).unwrap();
    std::future::pending::<()>().await;
}
