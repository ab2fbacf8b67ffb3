//! What wins over what.

use tempfile::TempDir;

use super::*;

/// A home directory with a configuration file of two contexts and the data directory of a local server.
struct Home {
    directory: TempDir,
    env: Vec<(&'static str, String)>,
    args: ConnectionArgs,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir_all(path("config/handoff")).unwrap();
        fs::create_dir_all(path("data")).unwrap();
        fs::write(
            path("data/client.json"),
            r#"{"server":"http://local","token":"local-token"}"#,
        )
        .unwrap();
        fs::write(path("config/handoff/prod.token"), "prod-token\n").unwrap();
        fs::write(path("flag.token"), "flag-token\n").unwrap();
        let env = vec![("XDG_CONFIG_HOME", path("config").display().to_string())];
        Self { directory, env, args: ConnectionArgs::default() }.config(
            "[contexts.prod]\nserver = 'https://prod'\ntoken_file = 'prod.token'\nca_file = 'ca.pem'\n\
             [contexts.test]\nserver = 'https://test'\n",
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn config(self, text: &str) -> Self {
        fs::write(self.path("config/handoff/config.toml"), text).unwrap();
        self
    }

    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    fn args(mut self, set: impl FnOnce(&mut ConnectionArgs)) -> Self {
        set(&mut self.args);
        self
    }

    fn resolve(&self) -> Result<Target, ConfigError> {
        resolve(&self.args, |name| {
            self.env
                .iter()
                .rev()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
        })
    }

    /// The server and its token.
    fn found(&self) -> (String, String) {
        let target = self.resolve().unwrap();
        (
            target.server,
            target.token.map(|token| token.0).unwrap_or_default(),
        )
    }
}

fn pair(server: &str, token: &str) -> (String, String) {
    (server.to_owned(), token.to_owned())
}

#[test]
fn a_local_server_is_found_by_its_data_directory() {
    let home = Home::new();
    let data = home.path("data");
    assert_eq!(
        home.args(|args| args.data_dir = Some(data)).found(),
        pair("http://local", "local-token")
    );

    let home = Home::new();
    let data = home.path("data").display().to_string();
    assert_eq!(
        home.env("HANDOFF_DATA_DIR", &data).found(),
        pair("http://local", "local-token")
    );
}

#[test]
fn flags_win_over_the_environment() {
    let home = Home::new()
        .env("HANDOFF_SERVER", "http://env")
        .env("HANDOFF_TOKEN", "env-token")
        .args(|args| args.context = Some("prod".to_owned()));
    assert_eq!(home.found(), pair("https://prod", "prod-token"));

    let home = home.args(|args| args.server = Some("http://flag".to_owned()));
    let token = home.path("flag.token");
    assert_eq!(
        home.args(|args| args.token_file = Some(token)).found(),
        pair("http://flag", "flag-token")
    );
}

#[test]
fn the_environment_wins_over_the_configuration_file() {
    let home = Home::new().config(
        "context = 'prod'\n[contexts.prod]\nserver = 'https://prod'\ntoken_file = 'prod.token'\n",
    );
    assert_eq!(home.found(), pair("https://prod", "prod-token"));
    let home = home.env("HANDOFF_SERVER", "http://env");
    assert_eq!(home.found(), pair("http://env", ""));
    assert_eq!(
        home.env("HANDOFF_TOKEN", "env-token").found(),
        pair("http://env", "env-token")
    );
}

#[test]
fn a_token_given_by_itself_goes_with_a_context_of_the_same_rank() {
    let home = Home::new()
        .env("HANDOFF_CONTEXT", "prod")
        .env("HANDOFF_TOKEN", "env-token");
    assert_eq!(home.found(), pair("https://prod", "env-token"));
}

#[test]
fn a_contexts_token_is_not_sent_to_another_server() {
    let home = Home::new()
        .config("context = 'prod'\n[contexts.prod]\nserver = 'https://prod'\ntoken_file = 'prod.token'\n")
        .args(|args| args.server = Some("http://elsewhere".to_owned()));
    assert_eq!(home.resolve().unwrap().token, None);
}

#[test]
fn files_of_a_context_are_beside_the_configuration_file() {
    let home = Home::new().args(|args| args.context = Some("prod".to_owned()));
    assert_eq!(
        home.resolve().unwrap().ca_file,
        Some(home.path("config/handoff/ca.pem"))
    );
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let home = Home::new()
        .env("HANDOFF_SERVER", "")
        .env("HANDOFF_CONTEXT", "test");
    assert_eq!(home.found(), pair("https://test", ""));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let error = |home: Home| home.resolve().unwrap_err().to_string();
    assert!(
        error(Home::new().env("HANDOFF_CONTEXT", "qa"))
            .starts_with("there is no context \"qa\" in ")
    );
    assert!(
        error(Home::new().env("HANDOFF_DATA_DIR", "/nonexistent"))
            .ends_with("there is no /nonexistent/client.json")
    );
    assert!(error(Home::new().config("contexts = 1")).contains("config.toml is not valid"));
    let home = Home::new()
        .args(|args| args.config = Some("/nonexistent/c.toml".into()))
        .env("HANDOFF_CONTEXT", "qa");
    assert!(error(home).starts_with("cannot read /nonexistent/c.toml"));
}

#[test]
fn a_token_is_not_printed() {
    assert_eq!(format!("{:?}", Token("secret".to_owned())), "Token(…)");
}
