//! Which servers are called, and with which token.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::LoadError;

/// Where to send the load. Without any of it: to the `handoffd up` on this machine.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TargetArgs {
    /// Address of an API, http://HOST:PORT; several, separated by commas, share the load. The token comes from HANDOFF_TOKEN or --token-file
    #[arg(long, global = true, env = "HANDOFF_SERVER", value_delimiter = ',')]
    pub server: Vec<String>,
    /// File with the token
    #[arg(long, global = true, env = "HANDOFF_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// File with a server's address and a token, as `handoffd up` writes it [default: that in the usual data directory]
    #[arg(long, global = true, env = "HANDOFF_CLIENT_FILE", value_name = "FILE")]
    pub client_file: Option<PathBuf>,
    /// Connections to each server, which the clients share
    #[arg(long, global = true, default_value_t = 8, value_name = "N")]
    pub connections: usize,
}

/// One or more servers of one log, and a token that all of them accept.
#[derive(Clone)]
pub struct Target {
    pub servers: Vec<String>,
    pub token: String,
    /// Connections to each server.
    pub connections: usize,
}

#[derive(Deserialize)]
struct ClientFile {
    server: String,
    token: String,
}

impl Target {
    /// The server that a client file names.
    pub fn from_client_file(path: &Path, connections: usize) -> Result<Self, LoadError> {
        let text = read(path)?;
        let file: ClientFile = serde_json::from_str(&text).map_err(|_| LoadError::ClientFile {
            path: path.to_owned(),
        })?;
        Ok(Self {
            servers: vec![file.server],
            token: file.token,
            connections,
        })
    }
}

impl TargetArgs {
    /// Finds the servers and the token.
    pub fn resolve(&self) -> Result<Target, LoadError> {
        if self.server.is_empty() {
            let path = self.client_file.clone().unwrap_or_else(local_client_file);
            return Target::from_client_file(&path, self.connections);
        }
        let token = match &self.token_file {
            Some(path) => read(path)?,
            None => env::var("HANDOFF_TOKEN").map_err(|_| LoadError::NoToken)?,
        };
        Ok(Target {
            servers: self.server.clone(),
            token: token.trim().to_owned(),
            connections: self.connections,
        })
    }
}

fn read(path: &Path) -> Result<String, LoadError> {
    fs::read_to_string(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The file that `handoffd up` writes where no data directory is named.
fn local_client_file() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let home = || PathBuf::from(set("HOME").unwrap_or_else(|| ".".into()));
    let directory = if let Some(directory) = set("HANDOFF_DATA_DIR") {
        directory.into()
    } else if rustix::process::geteuid().is_root() {
        PathBuf::from("/var/lib/handoff")
    } else if cfg!(target_os = "macos") {
        home().join("Library/Application Support/handoff")
    } else {
        set("XDG_DATA_HOME")
            .map_or_else(|| home().join(".local/share"), PathBuf::from)
            .join("handoff")
    };
    directory.join("client.json")
}
