//! The account that the servers run under. Postgres refuses to run as root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::EmbeddedError;

const PASSWD: &str = "/etc/passwd";

/// An unprivileged account that root starts the servers under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// The account for servers that work in `directory`: none unless this process is root; then the
    /// directory's owner, or, where that is root too, `postgres` or `nobody`.
    pub(crate) fn for_servers(directory: &Path) -> Result<Option<Self>, EmbeddedError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let metadata =
            fs::metadata(directory).map_err(EmbeddedError::io("read the owner of", directory))?;
        if metadata.uid() != 0 {
            return Ok(Some(Self {
                name: format!("uid {}", metadata.uid()),
                uid: metadata.uid(),
                gid: metadata.gid(),
            }));
        }
        let passwd = fs::read_to_string(PASSWD)
            .map_err(EmbeddedError::io("read the accounts in", Path::new(PASSWD)))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| find(&passwd, name))
            .ok_or(EmbeddedError::AccountMissing)
            .map(Some)
    }

    /// Makes `command` run under this account, without root's supplementary groups.
    pub(crate) fn run(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Checks that this account may pass through every directory above `directory`.
    ///
    /// # Errors
    /// [`EmbeddedError::DirectoryClosed`] names the outermost one it may not enter.
    pub(crate) fn can_reach(&self, directory: &Path) -> Result<(), EmbeddedError> {
        let mut above: Vec<_> = directory.ancestors().skip(1).collect();
        above.reverse();
        for ancestor in above {
            let metadata = fs::metadata(ancestor)
                .map_err(EmbeddedError::io("read the permissions of", ancestor))?;
            let enter = if metadata.uid() == self.uid {
                0o100
            } else if metadata.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if metadata.mode() & enter == 0 {
                return Err(EmbeddedError::DirectoryClosed {
                    directory: ancestor.to_owned(),
                    account: self.name.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The account called `name` in the text of a passwd file.
fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        let [found, _, uid, gid, ..] = fields.as_slice() else {
            return None;
        };
        (*found == name).then_some(Account {
            name: name.to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n\
                      postgres2:x:7:7::/:/bin/sh\n\
                      postgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        let account = find(passwd, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (101, 104));
        assert_eq!(find(passwd, "nobody"), None);
    }

    #[test]
    fn a_directory_that_is_closed_to_the_account_is_named() {
        let closed = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .unwrap();
        let below = closed.path().join("data");
        fs::create_dir(&below).unwrap();
        let stranger = Account {
            name: "stranger".to_owned(),
            uid: 4_000_000,
            gid: 4_000_000,
        };
        let EmbeddedError::DirectoryClosed { directory, account } =
            stranger.can_reach(&below).unwrap_err()
        else {
            panic!("the wrong error");
        };
        assert_eq!(
            (directory.as_path(), account.as_str()),
            (closed.path(), "stranger")
        );
        stranger.can_reach(closed.path()).unwrap();
    }
}
