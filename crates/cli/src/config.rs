//! Which server is called, and with which token.
//!
//! Flags win over the environment, the environment over the configuration file, and that over a `handoffd up` on this machine.
//! A token that belongs to a context or to a local server is sent to that server only.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::args::ConnectionArgs;

/// A server, and who calls it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// `http://…` or `https://…`.
    pub(crate) server: String,
    pub(crate) token: Option<Token>,
    /// The only authority trusted for this server's certificate; none: those of the system.
    pub(crate) ca_file: Option<PathBuf>,
}

/// A bearer token. Its text appears in requests and nowhere else.
#[derive(PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why no server can be called.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} is not valid: {message}", path.display())]
    Malformed { path: PathBuf, message: String },
    #[error("there is no context {name:?} in {}", path.display())]
    UnknownContext { name: String, path: PathBuf },
    #[error("no server runs here: there is no {}", path.display())]
    NoLocalServer { path: PathBuf },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    /// Name of the context that is used where nothing else is said.
    context: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, Context>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    server: String,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

/// What `handoffd up` writes for clients on the same machine.
#[derive(Debug, Deserialize)]
struct LocalServer {
    server: String,
    token: String,
}

/// Finds the server and token that the arguments, `env` and the files say.
pub(crate) fn resolve(
    args: &ConnectionArgs,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Target, ConfigError> {
    // Set but empty is how a shell unsets a variable for one command.
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    let finder = Finder { args, env: &env };

    if let Some(server) = &args.server {
        return finder.explicit(server.clone());
    }
    if let Some(name) = &args.context {
        return finder.context(name, None);
    }
    if let Some(directory) = &args.data_dir {
        return finder.local(directory, None);
    }
    let given = finder.given_token()?;
    if let Some(server) = env("HANDOFF_SERVER") {
        return finder.explicit(server);
    }
    if let Some(name) = env("HANDOFF_CONTEXT") {
        return finder.context(&name, given);
    }
    if let Some(directory) = env("HANDOFF_DATA_DIR") {
        return finder.local(Path::new(&directory), given);
    }
    if let Some(name) = finder.default_context()? {
        return finder.context(&name, given);
    }
    finder.local(&default_data_dir(&env), given)
}

struct Finder<'a> {
    args: &'a ConnectionArgs,
    env: &'a dyn Fn(&str) -> Option<String>,
}

impl Finder<'_> {
    fn explicit(&self, server: String) -> Result<Target, ConfigError> {
        Ok(Target {
            server,
            token: self.given_token()?,
            ca_file: None,
        })
    }

    fn context(&self, name: &str, given: Option<Token>) -> Result<Target, ConfigError> {
        let path = self.config_path();
        let mut config = self.config_file()?.ok_or_else(|| ConfigError::Unreadable {
            path: path.clone(),
            error: io::ErrorKind::NotFound.into(),
        })?;
        let context = config
            .contexts
            .remove(name)
            .ok_or_else(|| ConfigError::UnknownContext {
                name: name.to_owned(),
                path: path.clone(),
            })?;
        // Paths in the file are relative to it, so that the directory can be moved.
        let beside = |file: PathBuf| path.parent().unwrap_or(Path::new("")).join(file);
        let own = context.token_file.map(|file| read_token(&beside(file)));
        let token = match self.flag_token()?.or(given) {
            Some(token) => Some(token),
            None => own.transpose()?,
        };
        Ok(Target {
            server: context.server,
            token,
            ca_file: context.ca_file.map(beside),
        })
    }

    fn local(&self, directory: &Path, given: Option<Token>) -> Result<Target, ConfigError> {
        let path = directory.join("client.json");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ConfigError::NoLocalServer { path });
            }
            Err(error) => return Err(ConfigError::Unreadable { path, error }),
            Ok(text) => text,
        };
        let LocalServer { server, token } =
            serde_json::from_str(&text).map_err(|error| ConfigError::Malformed {
                path,
                message: error.to_string(),
            })?;
        let token = self.flag_token()?.or(given).unwrap_or(Token(token));
        Ok(Target {
            server,
            token: Some(token),
            ca_file: None,
        })
    }

    fn default_context(&self) -> Result<Option<String>, ConfigError> {
        Ok(self.config_file()?.and_then(|config| config.context))
    }

    fn config_path(&self) -> PathBuf {
        self.args.config.clone().unwrap_or_else(|| {
            let base = (self.env)("XDG_CONFIG_HOME").map(PathBuf::from);
            base.unwrap_or_else(|| home(self.env).join(".config"))
                .join("handoff/config.toml")
        })
    }

    /// None if the file is not there and was not asked for.
    fn config_file(&self) -> Result<Option<ConfigFile>, ConfigError> {
        let path = self.config_path();
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map(Some)
                .map_err(|error| ConfigError::Malformed {
                    path,
                    message: error.to_string(),
                }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.args.config.is_none() => {
                Ok(None)
            }
            Err(error) => Err(ConfigError::Unreadable { path, error }),
        }
    }

    fn flag_token(&self) -> Result<Option<Token>, ConfigError> {
        self.args.token_file.as_deref().map(read_token).transpose()
    }

    fn given_token(&self) -> Result<Option<Token>, ConfigError> {
        if let Some(token) = self.flag_token()? {
            return Ok(Some(token));
        }
        if let Some(token) = (self.env)("HANDOFF_TOKEN") {
            return Ok(Some(Token(token.trim().to_owned())));
        }
        (self.env)("HANDOFF_TOKEN_FILE")
            .map(|path| read_token(Path::new(&path)))
            .transpose()
    }
}

fn read_token(path: &Path) -> Result<Token, ConfigError> {
    let text = fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: path.into(),
        error,
    })?;
    Ok(Token(text.trim().to_owned()))
}

fn home(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    env("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// The directory that `handoffd up` uses where none is given.
fn default_data_dir(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return "/var/lib/handoff".into();
    }
    if cfg!(target_os = "macos") {
        return home(env).join("Library/Application Support/handoff");
    }
    let base = env("XDG_DATA_HOME").map(PathBuf::from);
    base.unwrap_or_else(|| home(env).join(".local/share"))
        .join("handoff")
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
