//! `handoffd up`: everything in one process, which cleans up after itself.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::{fs, path::Path, process::Command, time::Duration};

use handoff_proto::v1::GetTaskRequest;
use handoff_testkit::{eventually, program};
use handoff_tests::{Client, Process, task};
use rustix::process::Signal;
use tempfile::TempDir;

/// Starts `handoffd up` on any free ports; answers when it is up, with a client of its first member.
async fn up(directory: &Path) -> (Process, Client) {
    let data_dir = directory.to_str().unwrap();
    let environment = [
        ("HANDOFF_DATA_DIR", data_dir),
        ("HANDOFF_LISTEN", "127.0.0.1:0"),
        ("HANDOFF_HTTP_LISTEN", "127.0.0.1:0"),
    ];
    let mut process = Process::start(&directory.join(".."), "up", &["up"], &environment);
    process.logged("ready", "api").await;
    let file = fs::read_to_string(directory.join("client.json")).unwrap();
    let client: serde_json::Value = serde_json::from_str(&file).unwrap();
    let client = Client::new(
        client["server"].as_str().unwrap(),
        client["token"].as_str().unwrap(),
    );
    (process, client)
}

fn data_dir(parent: &TempDir) -> std::path::PathBuf {
    // Root's servers run under another account, which must be able to come here.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    fs::set_permissions(parent.path(), mode).unwrap();
    let directory = parent.path().join("data");
    fs::create_dir(&directory).unwrap();
    directory
}

/// The processes whose command line names the directory, but for the test itself.
fn processes_in(directory: &Path) -> Vec<String> {
    let wanted = directory.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(line) = fs::read(entry.path().join("cmdline")) else {
            continue;
        };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(wanted) {
            found.push(line);
        }
    }
    found
}

async fn nothing_left(directory: &Path) {
    eventually(
        "no process left",
        Duration::from_secs(20),
        async || match processes_in(directory) {
            left if left.is_empty() => Ok(()),
            left => Err(left),
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_no_child_and_the_next_start_finds_the_data() {
    let parent = TempDir::new().unwrap();
    let directory = data_dir(&parent);
    let (mut process, client) = up(&directory).await;
    client
        .tasks
        .clone()
        .create_task(task("t1", "acme"))
        .await
        .unwrap();
    assert!(processes_in(&directory).len() >= 2, "Postgres and NATS run");
    process.signal(Signal::INT);
    assert!(process.ended().await.success());
    nothing_left(&directory).await;

    let (process, client) = up(&directory).await;
    let request = GetTaskRequest {
        name: "tasks/t1".to_owned(),
        min_position: 1,
    };
    let found = client
        .task_queries
        .clone()
        .get_task(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.task.unwrap().number, "ACME-TASK-1");
    assert!(process.stop().await.success());
    nothing_left(&directory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_the_next_start_recovers() {
    let parent = TempDir::new().unwrap();
    let directory = data_dir(&parent);
    let (process, client) = up(&directory).await;
    let created = client
        .tasks
        .clone()
        .create_task(task("t1", "acme"))
        .await
        .unwrap()
        .into_inner();
    process.kill().await;
    assert!(
        !processes_in(&directory).is_empty(),
        "orphans are left, which the next start must stop"
    );

    let (process, client) = up(&directory).await;
    let min_position = created.receipt.unwrap().position;
    let request = GetTaskRequest {
        name: "tasks/t1".to_owned(),
        min_position,
    };
    assert!(client.task_queries.clone().get_task(request).await.is_ok());
    assert!(process.stop().await.success());
    nothing_left(&directory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_on_the_same_directory_is_refused() {
    let parent = TempDir::new().unwrap();
    let directory = data_dir(&parent);
    let (process, _) = up(&directory).await;
    let second = Command::new(program::handoffd())
        .args([
            "up",
            "--listen",
            "127.0.0.1:0",
            "--http-listen",
            "127.0.0.1:0",
            "--data-dir",
        ])
        .arg(&directory)
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("in use by another handoffd"), "{said}");
    assert!(said.contains(&process.pid().to_string()), "{said}");
    assert!(process.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_and_nothing_is_left_running() {
    let parent = TempDir::new().unwrap();
    let directory = data_dir(&parent);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = Command::new(program::handoffd())
        .args([
            "up",
            "--http-listen",
            "127.0.0.1:0",
            "--listen",
            &address,
            "--data-dir",
        ])
        .arg(&directory)
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains(&address) && said.contains("--listen"),
        "{said}"
    );
    nothing_left(&directory).await;
}

#[test]
fn a_password_on_the_command_line_is_refused() {
    let refused = Command::new(program::handoffd())
        .args([
            "migrate",
            "--database-url",
            "postgres://ana:secret@127.0.0.1/handoff",
        ])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("HANDOFF_DATABASE_URL") && !said.contains("secret@"),
        "{said}"
    );
}
