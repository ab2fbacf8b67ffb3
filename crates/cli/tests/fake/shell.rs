//! A shell whose environment leads to a fake server.

use std::{fs, process::Stdio};

use tokio::process::Command;

use super::{Account, Fake, TOKEN, Task};

/// A shell whose environment leads to a fake server.
pub(crate) struct Shell {
    pub(crate) fake: Fake,
    server: String,
    directory: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Shell {
    pub(crate) async fn new() -> Self {
        let fake = Fake::default();
        let server = fake.start().await;
        Self {
            fake,
            server,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with_editor(arguments, "false").await
    }

    /// Runs a command that may start this editor.
    pub(crate) async fn run_with_editor(&self, arguments: &[&str], editor: &str) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_handoff"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("HANDOFF_SERVER", &self.server)
            .env("HANDOFF_TOKEN", TOKEN)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", self.directory.path())
            .env("EDITOR", editor)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Names and contents of the drafts that an editor left behind.
    pub(crate) fn drafts(&self) -> Vec<String> {
        let files = fs::read_dir(self.directory.path()).unwrap();
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|of| of == "html"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect()
    }

    pub(crate) fn add_account(&self, account: Account) {
        let mut state = self.fake.state.lock().unwrap();
        state.accounts.insert(account.name.clone(), account);
    }

    /// The account as the server has it.
    pub(crate) fn account(&self, name: &str) -> Account {
        self.fake.state.lock().unwrap().accounts[name].clone()
    }

    pub(crate) fn add_task(&self, id: &str, number: &str) {
        let name = format!("tasks/{id}");
        let task = Task {
            name: name.clone(),
            number: number.to_owned(),
            title: "Call".to_owned(),
            ..Task::default()
        };
        self.fake.state.lock().unwrap().tasks.insert(name, task);
    }
}
