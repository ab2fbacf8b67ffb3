//! Finds the programs of Postgres and NATS on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::EmbeddedError;

/// The oldest major version of Postgres that is supported.
const POSTGRES_MINIMUM: u32 = 14;
/// The oldest nats-server that is supported.
const NATS_MINIMUM: (u32, u32, u32) = (2, 9, 10);

/// Directories that hold one directory per installed version, with the programs in its `bin`.
const POSTGRES_PLACES: [&str; 4] = [
    "/usr/lib/postgresql",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/Applications/Postgres.app/Contents/Versions",
];

/// Debian's package puts nats-server into a directory that is not on everybody's PATH.
const NATS_PLACES: [&str; 4] = [
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
];

/// The directory that holds `postgres` and `initdb`: the first on PATH, else the newest in the usual places.
///
/// # Errors
/// [`EmbeddedError::ProgramMissing`] or [`EmbeddedError::ProgramTooOld`], both for the user to act on.
pub fn find_postgres() -> Result<PathBuf, EmbeddedError> {
    choose_postgres(installed_postgres())
}

/// The first installation that is new enough.
fn choose_postgres(found: Vec<(PathBuf, u32)>) -> Result<PathBuf, EmbeddedError> {
    match found.iter().find(|(_, major)| *major >= POSTGRES_MINIMUM) {
        Some((directory, _)) => Ok(directory.clone()),
        None => match found.into_iter().next() {
            Some((directory, major)) => Err(EmbeddedError::ProgramTooOld {
                path: directory.join("postgres"),
                found: major.to_string(),
                minimum: POSTGRES_MINIMUM.to_string(),
            }),
            None => Err(EmbeddedError::ProgramMissing {
                program: "postgres",
                package: "postgresql",
                formula: "postgresql@17",
            }),
        },
    }
}

/// The programs of one major version, for a cluster that was made by it; none when it is not installed.
pub(crate) fn find_postgres_major(major: u32) -> Option<PathBuf> {
    installed_postgres()
        .into_iter()
        .find_map(|(directory, found)| (found == major).then_some(directory))
}

/// The path of `nats-server`: the first on PATH, else in the usual places.
///
/// # Errors
/// [`EmbeddedError::ProgramMissing`] or [`EmbeddedError::ProgramTooOld`], both for the user to act on.
pub fn find_nats() -> Result<PathBuf, EmbeddedError> {
    choose_nats(on_path().chain(NATS_PLACES.iter().map(PathBuf::from)))
}

fn choose_nats(directories: impl Iterator<Item = PathBuf>) -> Result<PathBuf, EmbeddedError> {
    let path = directories
        .map(|directory| directory.join("nats-server"))
        .find(|program| program.is_file())
        .ok_or(EmbeddedError::ProgramMissing {
            program: "nats-server",
            package: "nats-server",
            formula: "nats-server",
        })?;
    let numbers = version(&path);
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
    if (at(0), at(1), at(2)) < NATS_MINIMUM {
        let (major, minor, patch) = NATS_MINIMUM;
        return Err(EmbeddedError::ProgramTooOld {
            path,
            found: dotted(&numbers),
            minimum: dotted(&[major, minor, patch]),
        });
    }
    Ok(path)
}

/// Every installation, as (directory, major version): those on PATH first, then the newest first.
fn installed_postgres() -> Vec<(PathBuf, u32)> {
    let with_major = |directory: PathBuf| {
        let server = directory.join("postgres");
        // A link on PATH may stand without the other programs of its installation.
        let directory = fs::canonicalize(server).ok()?.parent()?.to_owned();
        if !directory.join("initdb").is_file() {
            return None;
        }
        let major = version(&directory.join("postgres")).first().copied()?;
        Some((directory, major))
    };
    let mut found: Vec<_> = on_path().filter_map(with_major).collect();
    let mut usual: Vec<_> = POSTGRES_PLACES
        .iter()
        .flat_map(|place| entries(Path::new(place)))
        .map(|version| version.join("bin"))
        .filter_map(with_major)
        .collect();
    usual.sort_by_key(|(_, major)| std::cmp::Reverse(*major));
    found.append(&mut usual);
    found
}

fn on_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .collect::<Vec<_>>()
        .into_iter()
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
}

/// What `program --version` says, as numbers; empty when it says nothing that looks like a version.
fn version(program: &Path) -> Vec<u32> {
    let output = Command::new(program).arg("--version").output();
    output.map_or_else(
        |_| Vec::new(),
        |output| version_in(&String::from_utf8_lossy(&output.stdout)),
    )
}

/// The first word of `text` that is a version such as `15.18`, `v2.9.10`, `18` or `19beta1`.
fn version_in(text: &str) -> Vec<u32> {
    text.split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(|word| {
            word.split(|c: char| !c.is_ascii_digit())
                .map_while(|number| number.parse().ok())
                .collect()
        })
        .unwrap_or_default()
}

fn dotted(numbers: &[u32]) -> String {
    let numbers: Vec<_> = numbers.iter().map(u32::to_string).collect();
    numbers.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_programs_say() {
        let postgres = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(version_in(postgres), [15, 18]);
        assert_eq!(version_in("postgres (PostgreSQL) 19beta1"), [19]);
        assert_eq!(version_in("nats-server: v2.9.10\n"), [2, 9, 10]);
        assert_eq!(version_in("nats-server: v2.11.0-RC.1\n"), [2, 11, 0]);
        assert_eq!(version_in("no version"), Vec::<u32>::new());
    }

    #[test]
    fn a_missing_program_says_how_to_get_it() {
        let empty = tempfile::tempdir().unwrap();
        let message = choose_nats([empty.path().to_owned()].into_iter())
            .unwrap_err()
            .to_string();
        assert!(message.contains("apt-get install nats-server"), "{message}");
        assert!(message.contains("make run"), "{message}");
        let message = choose_postgres(Vec::new()).unwrap_err().to_string();
        assert!(message.contains("apt-get install postgresql"), "{message}");
    }

    #[test]
    fn a_program_that_is_too_old_is_passed_over_or_named() {
        let old = (PathBuf::from("/old/bin"), 13);
        let new = (PathBuf::from("/new/bin"), 14);
        assert_eq!(
            choose_postgres(vec![old.clone(), new.clone()]).unwrap(),
            new.0
        );
        let message = choose_postgres(vec![old]).unwrap_err().to_string();
        assert_eq!(
            message,
            "/old/bin/postgres is version 13; 14 or newer is needed"
        );
    }
}
