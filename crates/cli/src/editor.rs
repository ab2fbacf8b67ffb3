//! The user's editor, for texts that are too long for the command line.

use std::{
    env, fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use crate::error::Error;

/// A text in a file that only the user may read. The file stays until [`Draft::discard`], so that nothing typed is lost.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Writes the text to a new file; `id` makes its name unlike all others.
    pub(crate) fn new(id: &str, text: &str) -> Result<Self, Error> {
        let path = env::temp_dir().join(format!("handoff-{id}.html"));
        let failed =
            |error: io::Error| Error::Failed(format!("cannot write {}: {error}", path.display()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        Ok(Self { path })
    }

    /// Lets the user edit the text, in VISUAL, else EDITOR, else vi, and gives what it is then.
    ///
    /// # Errors
    ///
    /// If there is no such editor, or it says that it failed.
    pub(crate) fn edit(&self) -> Result<String, Error> {
        let editor = ["VISUAL", "EDITOR"]
            .iter()
            .filter_map(|name| env::var(name).ok())
            .find(|editor| !editor.trim().is_empty())
            .unwrap_or_else(|| "vi".to_owned());
        // By the shell, since the variable may hold arguments too.
        let status = Command::new("sh")
            .arg("-c")
            .arg(format!("{editor} \"$1\""))
            .arg("sh")
            .arg(&self.path)
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => {
                return Err(Error::usage(
                    format!("the editor {editor:?} ended with {status}"),
                    "Name another with EDITOR; nothing was saved.",
                ));
            }
            Err(error) => {
                return Err(Error::usage(
                    format!("cannot start the editor {editor:?}: {error}"),
                    "Name another with EDITOR, or save a file with --file.",
                ));
            }
        }
        fs::read_to_string(&self.path)
            .map_err(|error| Error::Failed(format!("cannot read {}: {error}", self.path.display())))
    }

    /// Where the text is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the file. That it cannot be removed is no reason to fail.
    pub(crate) fn discard(self) {
        let _ = fs::remove_file(self.path);
    }
}
