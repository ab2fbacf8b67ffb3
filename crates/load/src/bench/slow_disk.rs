//! `slow_disk`: rates with Postgres on a disk whose every sync takes a millisecond longer.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tokio::process::Command;

use super::{
    BenchError, Setting,
    command_rate::{burst, rate},
    peers,
    pgbench::Floor,
    programs::{find, output},
    service::Service,
    table::{Row, Table},
};

const CLIENTS: usize = 128;
/// Times the rate of the best peer that keeps its events in Postgres.
const BAR: f64 = 3.0;

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let directory = tempfile::tempdir().map_err(BenchError::io("make a directory"))?;
    let shim = compile(directory.path()).await?;
    let preload = [("LD_PRELOAD".to_owned(), shim.clone())];
    let service = Service::up(setting.bench, &preload).await?;
    let floor = Floor::prepare(&service.private()?).await?;
    let floor = floor.run(CLIENTS, setting.bench.burst()).await?.rate;
    table.add(Row {
        system: "pgbench".into(),
        clients: Some(CLIENTS),
        ..Row::new("slow_disk", floor, "inserts/s")
    });
    let api = service.api_alone("bench_slow").await?;
    let seen = burst(setting.bench, api.target(), CLIENTS).await?;
    let alone = seen.rate();
    table.add(rate("slow_disk_api", CLIENTS, &seen).compared_with(floor));
    drop(api);
    let seen = burst(setting.bench, service.target(), CLIENTS).await?;
    table.add(rate("slow_disk", CLIENTS, &seen).compared_with(floor));
    let Some(directory) = &setting.bench.peers else {
        table.missing("slow_disk_peers", "no directory is named by --peers");
        return Ok(());
    };
    let private = service.private()?;
    let (peers, failed) =
        peers::run(directory, setting.bench, &private, &[CLIENTS], Some(&shim)).await?;
    for peer in &peers {
        table.add(peer.row("slow_disk_peers").ratio_of(alone));
    }
    let on_postgres = peers.iter().filter(|peer| peer.on_postgres());
    if let Some(best) = on_postgres.map(|peer| peer.rate).reduce(f64::max) {
        let row = Row {
            clients: Some(CLIENTS),
            ..Row::new("slow_disk_best_peer", alone, "commands/s")
        };
        table.add(row.compared_with(best).at_least(BAR));
    }
    if let Some(failed) = failed {
        table.failed("a peer", &failed);
    }
    Ok(())
}

/// Builds the library that slows syncing down; answers its path.
async fn compile(directory: &Path) -> Result<String, BenchError> {
    let io = || BenchError::io("prepare the library that slows the disk");
    // Whatever account Postgres runs under has to be able to read it.
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).map_err(io())?;
    let (source, library) = (
        directory.join("slow_fsync.c"),
        directory.join("slow_fsync.so"),
    );
    fs::write(&source, include_str!("../../bench/slow_fsync.c")).map_err(io())?;
    let mut cc = Command::new(find("cc", Vec::new())?);
    cc.args(["-shared", "-fPIC", "-O2", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl");
    output(cc).await?;
    fs::set_permissions(&library, fs::Permissions::from_mode(0o755)).map_err(io())?;
    Ok(library.display().to_string())
}
