//! The disk is full under Postgres, then under NATS. A small tmpfs is the disk, which takes root.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use handoff_testkit::{PrivateNats, PrivatePostgres, temporary_directory};
use handoff_tests::{Deployment, Fleet, Mix};
use tempfile::TempDir;

use crate::{API, PROJECT, RELAY};

/// A file system in memory that is soon full. Unmounted with this value.
struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts one of so many MiB; none, with the reason printed, where that is not allowed.
    fn mount(at: &TempDir, mib: u32) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root may mount a file system");
            return None;
        }
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={mib}m,mode=0711"),
                "tmpfs",
            ])
            .arg(at.path())
            .output()
            .unwrap();
        if !mounted.status.success() {
            let reason = String::from_utf8_lossy(&mounted.stderr);
            println!("skipped: cannot mount a file system: {reason}");
            return None;
        }
        Some(Self {
            path: at.path().to_owned(),
        })
    }

    /// Fills what is left; answers the file that does.
    fn fill(&self) -> Ballast {
        let path = self.path.join("ballast");
        let mut file = File::create(&path).unwrap();
        let chunk = vec![1; 64 * 1024];
        while file.write_all(&chunk).is_ok() {}
        Ballast(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server may be at it for a moment.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

struct Ballast(PathBuf);

impl Ballast {
    fn remove(self) {
        fs::remove_file(self.0).unwrap();
    }
}

/// A directory on the disk.
fn on(disk: &Path) -> TempDir {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    tempfile::Builder::new()
        .permissions(mode)
        .tempdir_in(disk)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_postgres_loses_nothing() {
    let at = temporary_directory();
    let Some(disk) = Disk::mount(&at, 200) else {
        return;
    };
    // Small files of its log, so that the disk is full soon, and little room that is taken ahead.
    let settings = [("max_wal_size", "32MB"), ("min_wal_size", "32MB")];
    let mut postgres = PrivatePostgres::start_in(on(&disk.path), &settings).await;
    let deployment = Deployment::on_postgres(&postgres).await;
    let fleet = Fleet::start(deployment, &[API, API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(200).await;

    let ballast = disk.fill();
    load.stands_still().await;
    ballast.remove();
    // As an operator does who finds it stopped; it may also have recovered by itself.
    postgres.kill().await;
    postgres.start_again().await;
    load.some_more(200).await;
    fleet.stop_and_check(load).await;
    drop((fleet, postgres));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_nats_costs_time_only() {
    let at = temporary_directory();
    let Some(disk) = Disk::mount(&at, 24) else {
        return;
    };
    let mut nats = PrivateNats::start_in(on(&disk.path)).await;
    let deployment = Deployment::on_nats(&nats).await;
    let fleet = Fleet::start(deployment, &[API, API, RELAY, PROJECT]).await;
    let load = fleet.load(Mix::default());
    load.some_more(200).await;
    fleet.relayed().await;

    let ballast = disk.fill();
    // Commands go on, and so do the read models.
    load.some_more(500).await;
    fleet.included().await;
    ballast.remove();
    // A nats-server that was short of room takes nothing more until it is started again.
    nats.stop().await;
    nats.start_again().await;
    load.some_more(200).await;
    fleet.relayed().await;
    fleet.stop_and_check(load).await;
    drop((fleet, nats));
}
