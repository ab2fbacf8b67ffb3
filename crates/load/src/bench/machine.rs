//! What was measured on, and with what.

use std::{fs, thread, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use super::{
    BenchError,
    programs::{find, output, postgres_program},
    service::Service,
};

/// Settings that rates depend on.
const SETTINGS: [&str; 7] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "max_connections",
];

/// Prints the machine, the versions and the settings.
pub(super) async fn print(service: &Service) -> Result<(), BenchError> {
    let cores = thread::available_parallelism().map_or(0, |cores| cores.get());
    let model = field("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    println!("machine   {cores} cores, {model}, {memory}");

    let mut handoffd = Command::new(service.program());
    handoffd.arg("--version");
    let handoffd = output(handoffd).await?;
    let client = service.private()?.connect("handoff").await?;
    let postgres: String = client
        .query_one("show server_version", &[])
        .await?
        .try_get(0)?;
    let nats = nats_version().await.unwrap_or_default();
    println!("versions  {}, Postgres {postgres}, {nats}", handoffd.trim());

    let settings = client
        .query(
            "select name || '=' || current_setting(name) from pg_settings where name = any($1) order by name",
            &[&&SETTINGS[..]],
        )
        .await?;
    let settings: Vec<String> = settings
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    println!("settings  {}", settings.join(" "));

    let file = service.data().with_file_name("fsync-test");
    let sync = sync_latency(&file).await;
    println!(
        "disk      pg_test_fsync: {}",
        sync.as_deref().unwrap_or("not available")
    );
    Ok(())
}

/// The first value of a name in a file of lines `name : value`.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

async fn nats_version() -> Result<String, BenchError> {
    let places = ["/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
    let mut nats = Command::new(find("nats-server", places.map(Into::into).into())?);
    nats.arg("--version");
    Ok(output(nats).await?.trim().to_owned())
}

/// What pg_test_fsync says of `fdatasync`, which is how Postgres syncs on Linux. It is stopped after
/// that, since all of its tests take half a minute.
async fn sync_latency(file: &std::path::Path) -> Option<String> {
    let mut command = Command::new(postgres_program("pg_test_fsync").ok()?);
    let mut child = command
        .args(["--secs-per-test", "1", "--filename"])
        .arg(file)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    let result = async {
        while let Ok(Some(line)) = lines.next_line().await {
            let words: Vec<_> = line.split_whitespace().collect();
            if words.len() > 2 && words[0] == "fdatasync" {
                return Some(words.join(" "));
            }
        }
        None
    };
    let found = timeout(Duration::from_secs(20), result)
        .await
        .ok()
        .flatten();
    let _ = child.kill().await;
    // Gone already if it came to its end.
    let _ = fs::remove_file(file);
    found
}
