//! Directories that belong to one process at a time and to one account.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::OFlags;

use crate::EmbeddedError;
use crate::account::Account;

/// Holds a data directory for this process: an advisory lock on the file `lock` in it, which the kernel
/// gives back however the process ends.
#[derive(Debug)]
pub struct DirectoryLock {
    file: File,
}

impl DirectoryLock {
    /// Takes `directory`, which is made if it is missing (root's can be passed through, not listed, by
    /// the account the servers run under; anybody else's is closed to others).
    ///
    /// # Errors
    /// [`EmbeddedError::DirectoryInUse`] when another process holds it.
    pub fn acquire(directory: &Path) -> Result<Self, EmbeddedError> {
        let mode = if rustix::process::geteuid().is_root() {
            0o711
        } else {
            0o700
        };
        make_directory(directory, mode)?;
        let path = directory.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(EmbeddedError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid)
                    .map_err(EmbeddedError::io("read", &path))?;
                return Err(EmbeddedError::DirectoryInUse {
                    directory: directory.to_owned(),
                    pid: pid.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(EmbeddedError::io("lock", &path)(error));
            }
        }
        // The pid is for people; the lock is what counts.
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(EmbeddedError::io("write", &path))?;
        Ok(Self { file })
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // Closing would not do: a child that another thread is just starting holds a copy of the file
        // until it executes its program.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "cannot unlock a data directory");
        }
    }
}

/// A directory that only the account of the servers (and root) can enter.
#[derive(Debug)]
pub(crate) struct PrivateDirectory {
    path: PathBuf,
    account: Option<Account>,
}

impl PrivateDirectory {
    /// Makes `directory` where it is missing, gives it to the servers' account and closes it to others.
    pub(crate) fn prepare(directory: &Path) -> Result<Self, EmbeddedError> {
        make_directory(directory, 0o700)?;
        let path = fs::canonicalize(directory)
            .map_err(EmbeddedError::io("find the real path of", directory))?;
        let account = Account::for_servers(&path)?;
        if let Some(account) = &account {
            account.can_reach(&path)?;
            chown(&path, Some(account.uid), Some(account.gid))
                .map_err(EmbeddedError::io("change the owner of", &path))?;
        }
        fs::set_permissions(&path, Permissions::from_mode(0o700))
            .map_err(EmbeddedError::io("change the permissions of", &path))?;
        Ok(Self { path, account })
    }

    /// The absolute path, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs `program` here, under the directory's account and in a process group of its own.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.path).process_group(0);
        if let Some(account) = &self.account {
            account.run(&mut command);
        }
        command
    }

    /// Writes `text` to the new file `name`, readable by the directory's account alone. What was there
    /// before is replaced.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), EmbeddedError> {
        let path = self.path.join(name);
        remove(&path)?;
        // As root, a link that the account has put here must not be followed: hence a new file.
        let mut file = new_file(&path)?;
        if let Some(account) = &self.account {
            fchown(&file, Some(account.uid), Some(account.gid))
                .map_err(EmbeddedError::io("change the owner of", &path))?;
        }
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(EmbeddedError::io("write", &path))
    }

    /// The secret kept in the file `name`; made there, of 256 random bits in hexadecimal, where it is missing.
    pub(crate) fn secret(&self, name: &str) -> Result<String, EmbeddedError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(secret) if !secret.trim().is_empty() => Ok(secret.trim().to_owned()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(EmbeddedError::io("read", &path)(error))
            }
            _ => {
                let secret = random_hex()?;
                self.write(name, &secret)?;
                Ok(secret)
            }
        }
    }

    /// Begins a new log file called `name` and keeps the one before it as `name.old`.
    pub(crate) fn new_log(&self, name: &str) -> Result<(PathBuf, File), EmbeddedError> {
        let path = self.path.join(name);
        match fs::rename(&path, self.path.join(format!("{name}.old"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(EmbeddedError::io("rename", &path)(error));
            }
            _ => {}
        }
        let file = new_file(&path)?;
        Ok((path, file))
    }
}

fn make_directory(directory: &Path, mode: u32) -> Result<(), EmbeddedError> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent).map_err(EmbeddedError::io("make the directory", parent))?;
    }
    match DirBuilder::new().mode(mode).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(EmbeddedError::io("make the directory", directory)(error))
        }
        _ => Ok(()),
    }
}

fn new_file(path: &Path) -> Result<File, EmbeddedError> {
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(EmbeddedError::io("make the file", path))
}

fn remove(path: &Path) -> Result<(), EmbeddedError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EmbeddedError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn random_hex() -> Result<String, EmbeddedError> {
    const SOURCE: &str = "/dev/urandom";
    let mut bytes = [0_u8; 32];
    File::open(SOURCE)
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(EmbeddedError::io(
            "read random bytes from",
            Path::new(SOURCE),
        ))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
