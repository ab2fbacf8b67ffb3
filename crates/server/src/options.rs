//! What can be configured, once: flags, environment and file read the same options.
//!
//! Flags win over the environment, the environment over the file, the file over the defaults.

use std::{
    fs, io,
    net::SocketAddr,
    num::{NonZeroU64, NonZeroUsize},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use clap::Args;
use handoff_commands::GatewayConfig;
use handoff_documents::S3;
use serde::Deserialize;

const DEFAULT_LISTEN: &str = "127.0.0.1:7400";
/// What libraries say below a warning is of no use to an operator.
const DEFAULT_LOG: &str = "info,async_nats=warn,refinery_core=warn,tokio_postgres=warn";
const DEFAULT_HTTP_LISTEN: &str = "127.0.0.1:7401";
/// The directory of documents in the data directory.
const DOCUMENTS: &str = "documents";

/// Options of every role. In the file they have the same names, without the dashes in front.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Options {
    /// TOML file with any of these options
    #[arg(long, global = true, env = "HANDOFF_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,

    /// Where `up` keeps its servers, keys and token [default: /var/lib/handoff as root, else the user's data directory]
    #[arg(long, global = true, env = "HANDOFF_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Postgres to use, postgres://USER@HOST/DATABASE; a URL with a password belongs into the environment or a file
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) database_url: Option<String>,

    /// File with the Postgres URL
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DATABASE_URL_FILE",
        value_name = "FILE"
    )]
    database_url_file: Option<PathBuf>,

    /// NATS to use, nats://HOST:PORT; a URL with a password belongs into the environment or a file
    #[arg(
        long,
        global = true,
        env = "HANDOFF_NATS_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) nats_url: Option<String>,

    /// File with the NATS URL
    #[arg(
        long,
        global = true,
        env = "HANDOFF_NATS_URL_FILE",
        value_name = "FILE"
    )]
    nats_url_file: Option<PathBuf>,

    /// First word of all NATS subjects, and in upper case the name of the stream; one for each Handoff that shares a NATS [default: handoff]
    #[arg(long, global = true, env = "HANDOFF_NATS_PREFIX", value_name = "WORD")]
    nats_prefix: Option<String>,

    /// Address of the gRPC API [default: 127.0.0.1:7400]
    #[arg(long, global = true, env = "HANDOFF_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// Address of metrics and health over HTTP: /metrics, /livez, /readyz [default: 127.0.0.1:7401]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_HTTP_LISTEN",
        value_name = "ADDRESS"
    )]
    http_listen: Option<SocketAddr>,

    /// JWKS file with the public keys of tokens; read again when it changes [default: that of the data directory]
    #[arg(long, global = true, env = "HANDOFF_TOKEN_KEYS", value_name = "FILE")]
    token_keys: Option<PathBuf>,

    /// Issuer (`iss`) that tokens must name [default: any]
    #[arg(long, global = true, env = "HANDOFF_TOKEN_ISSUER", value_name = "TEXT")]
    pub(crate) token_issuer: Option<String>,

    /// Audience (`aud`) that tokens must name [default: any]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_TOKEN_AUDIENCE",
        value_name = "TEXT"
    )]
    pub(crate) token_audience: Option<String>,

    /// Directory of the documents' contents; several api processes share it [default: `documents` in the data directory]
    #[arg(long, global = true, env = "HANDOFF_DOCUMENT_DIR", value_name = "DIR")]
    document_dir: Option<PathBuf>,

    /// Bucket of the documents' contents instead, in S3 or what speaks its protocol
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DOCUMENT_BUCKET",
        value_name = "NAME"
    )]
    document_bucket: Option<String>,

    /// Region of the bucket [default: AWS_REGION, else us-east-1]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DOCUMENT_REGION",
        value_name = "NAME"
    )]
    document_region: Option<String>,

    /// Address of the service that has the bucket [default: that of AWS]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DOCUMENT_ENDPOINT",
        value_name = "URL"
    )]
    document_endpoint: Option<String>,

    /// What all keys in the bucket begin with, where others use it too
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DOCUMENT_PREFIX",
        value_name = "PATH"
    )]
    document_prefix: Option<String>,

    /// File with the id of the bucket's access key and, on a second line, its secret [default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else what the platform gives]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DOCUMENT_KEY_FILE",
        value_name = "FILE"
    )]
    document_key_file: Option<PathBuf>,

    /// Commands that may wait; one more is refused at once [default: 8192]
    #[arg(long, global = true, env = "HANDOFF_QUEUE_COMMANDS", value_name = "N")]
    queue_commands: Option<NonZeroUsize>,

    /// Commands decided and appended at once, at most [default: 2048]
    #[arg(long, global = true, env = "HANDOFF_BATCH_COMMANDS", value_name = "N")]
    batch_commands: Option<NonZeroUsize>,

    /// Streams whose state stays in memory, about 1 KiB each [default: 100000]
    #[arg(long, global = true, env = "HANDOFF_CACHED_STREAMS", value_name = "N")]
    cached_streams: Option<NonZeroUsize>,

    /// Postgres sessions for queries, at most [default: 16]
    #[arg(long, global = true, env = "HANDOFF_QUERY_SESSIONS", value_name = "N")]
    query_sessions: Option<NonZeroUsize>,

    /// Commands of one policy that are under way at once in a process, and as many of its jobs [default: 512]
    #[arg(long, global = true, env = "HANDOFF_POLICY_COMMANDS", value_name = "N")]
    policy_commands: Option<NonZeroUsize>,

    /// Jobs of one policy that a process does at once [default: 2]
    #[arg(long, global = true, env = "HANDOFF_POLICY_JOBS", value_name = "N")]
    policy_jobs: Option<NonZeroUsize>,

    /// Seconds without a sign of life after which others take a process's partitions and jobs, 2 to 60; the same in all processes [default: 5]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_LEASE_SECONDS",
        value_name = "SECONDS"
    )]
    lease_seconds: Option<LeaseSeconds>,

    /// Seconds that calls under way may take to finish when the process is told to stop [default: 20]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_DRAIN_SECONDS",
        value_name = "SECONDS"
    )]
    drain_seconds: Option<u64>,

    /// Seconds that the reader of a watch or of events may leave messages lying; then its stream ends and can be resumed [default: 30]
    #[arg(
        long,
        global = true,
        env = "HANDOFF_SLOW_READER_SECONDS",
        value_name = "SECONDS"
    )]
    slow_reader_seconds: Option<NonZeroU64>,

    /// What is logged, as `level` or `target=level,…` [default: info, libraries from warn]
    #[arg(long, global = true, env = "HANDOFF_LOG", value_name = "FILTER")]
    log: Option<String>,

    /// How it is logged [default: text]
    #[arg(long, global = true, env = "HANDOFF_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

/// How long what a process holds stays its own after its last sign of life. Fewer seconds would take
/// partitions from processes that are idle; more leave work undone for that long after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct LeaseSeconds(u64);

impl LeaseSeconds {
    const ALLOWED: RangeInclusive<u64> = 2..=60;
}

impl TryFrom<u64> for LeaseSeconds {
    type Error = String;

    fn try_from(seconds: u64) -> Result<Self, String> {
        let (fewest, most) = (Self::ALLOWED.start(), Self::ALLOWED.end());
        match Self::ALLOWED.contains(&seconds) {
            true => Ok(Self(seconds)),
            false => Err(format!("{seconds} is not {fewest} to {most} seconds")),
        }
    }
}

impl FromStr for LeaseSeconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds: u64 = text
            .parse()
            .map_err(|error| format!("{text:?} is no number of seconds: {error}"))?;
        Self::try_from(seconds)
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not valid: {source}", path.display())]
    Malformed {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error(
        "{option} is missing: set it, or {option}-file, or use `handoffd up`, which brings its own"
    )]
    Missing { option: &'static str },
    #[error("--document-dir and --document-bucket exclude each other: name one of them")]
    TwoStores,
    #[error("{} is not the id of an access key and, on a second line, its secret", path.display())]
    AccessKey { path: PathBuf },
    #[error(
        "{option} has a password, which other users of this machine can read from the command line: \
         put the URL into {variable} or a file named by {option}-file"
    )]
    Secret {
        option: &'static str,
        variable: &'static str,
    },
}

macro_rules! fields_or {
    ($self:ident, $other:ident, $($field:ident),* $(,)?) => {
        Self { $($field: $self.$field.or($other.$field)),* }
    };
}

impl Options {
    /// Fills in from the file what neither flags nor environment say.
    pub(crate) fn with_file(self) -> Result<Self, OptionsError> {
        let Some(path) = self.config.clone() else {
            return Ok(self);
        };
        let text = read(&path)?;
        let file: Self = toml::from_str(&text).map_err(|source| OptionsError::Malformed {
            path,
            source: Box::new(source),
        })?;
        Ok(self.or(file))
    }

    fn or(self, other: Self) -> Self {
        fields_or!(
            self,
            other,
            config,
            data_dir,
            database_url,
            database_url_file,
            nats_url,
            nats_url_file,
            nats_prefix,
            listen,
            http_listen,
            token_keys,
            token_issuer,
            token_audience,
            document_dir,
            document_bucket,
            document_region,
            document_endpoint,
            document_prefix,
            document_key_file,
            queue_commands,
            batch_commands,
            cached_streams,
            query_sessions,
            policy_commands,
            policy_jobs,
            lease_seconds,
            drain_seconds,
            slow_reader_seconds,
            log,
            log_format,
        )
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(default_data_dir)
    }

    /// The JWKS file of the keys that tokens are checked with.
    pub(crate) fn token_keys(&self) -> Option<&Path> {
        self.token_keys.as_deref()
    }

    /// The Postgres URL, if one is given.
    pub(crate) fn given_database_url(&self) -> Result<Option<String>, OptionsError> {
        given(
            self.database_url.as_ref(),
            self.database_url_file.as_deref(),
        )
    }

    /// The Postgres URL, which must be given.
    pub(crate) fn database_url(&self) -> Result<String, OptionsError> {
        self.given_database_url()?.ok_or(OptionsError::Missing {
            option: "--database-url",
        })
    }

    /// The NATS URL, if one is given.
    pub(crate) fn given_nats_url(&self) -> Result<Option<String>, OptionsError> {
        given(self.nats_url.as_ref(), self.nats_url_file.as_deref())
    }

    /// The NATS URL, which must be given.
    pub(crate) fn nats_url(&self) -> Result<String, OptionsError> {
        self.given_nats_url()?.ok_or(OptionsError::Missing {
            option: "--nats-url",
        })
    }

    /// The bucket of documents, if one is named.
    pub(crate) fn document_bucket(&self) -> Result<Option<S3>, OptionsError> {
        let Some(bucket) = self.document_bucket.clone() else {
            return Ok(None);
        };
        if self.document_dir.is_some() {
            return Err(OptionsError::TwoStores);
        }
        let credentials = match &self.document_key_file {
            Some(path) => Some(access_key(path)?),
            None => None,
        };
        Ok(Some(S3 {
            bucket,
            region: self.document_region.clone(),
            endpoint: self.document_endpoint.clone(),
            prefix: self.document_prefix.clone(),
            credentials,
        }))
    }

    /// The directory of documents, if it or the data directory is named.
    pub(crate) fn document_dir(&self) -> Option<PathBuf> {
        let of_data = || self.data_dir.as_ref().map(|data| data.join(DOCUMENTS));
        self.document_dir.clone().or_else(of_data)
    }

    /// The directory of documents that `up` uses where none is named.
    pub(crate) fn own_document_dir(&self) -> PathBuf {
        self.document_dir
            .clone()
            .unwrap_or_else(|| self.data_dir().join(DOCUMENTS))
    }

    pub(crate) fn nats_prefix(&self) -> &str {
        self.nats_prefix.as_deref().unwrap_or("handoff")
    }

    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen
            .unwrap_or_else(|| DEFAULT_LISTEN.parse().expect("the default is an address"))
    }

    pub(crate) fn http_listen(&self) -> SocketAddr {
        self.http_listen.unwrap_or_else(|| {
            DEFAULT_HTTP_LISTEN
                .parse()
                .expect("the default is an address")
        })
    }

    pub(crate) fn gateway(&self) -> GatewayConfig {
        let default = GatewayConfig::default();
        GatewayConfig {
            queue_commands: self
                .queue_commands
                .map_or(default.queue_commands, NonZeroUsize::get),
            batch_commands: self
                .batch_commands
                .map_or(default.batch_commands, NonZeroUsize::get),
            cached_streams: self.cached_streams.unwrap_or(default.cached_streams),
            ..default
        }
    }

    pub(crate) fn query_sessions(&self) -> usize {
        self.query_sessions.map_or(16, NonZeroUsize::get)
    }

    pub(crate) fn policies(&self) -> handoff_policies::Settings {
        let default = handoff_policies::Settings::default();
        handoff_policies::Settings {
            in_flight: self.policy_commands.unwrap_or(default.in_flight),
            jobs: self.policy_jobs.unwrap_or(default.jobs),
            job_expiry: self.lease().unwrap_or(default.job_expiry),
            ..default
        }
    }

    /// How projectors and policies share partitions.
    pub(crate) fn projections(&self) -> handoff_projections::Settings {
        let default = handoff_projections::Settings::default();
        let expiry = self.lease().unwrap_or(default.expiry);
        handoff_projections::Settings {
            heartbeat: expiry / 5,
            expiry,
            ..default
        }
    }

    fn lease(&self) -> Option<Duration> {
        self.lease_seconds
            .map(|LeaseSeconds(seconds)| Duration::from_secs(seconds))
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.unwrap_or(20))
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.slow_reader_seconds.map_or(30, NonZeroU64::get))
    }

    pub(crate) fn log(&self) -> &str {
        self.log.as_deref().unwrap_or(DEFAULT_LOG)
    }

    pub(crate) fn log_format(&self) -> LogFormat {
        self.log_format.unwrap_or_default()
    }
}

/// A URL from an option, or from the file that another names. The file wins: it is there for secrets.
fn given(url: Option<&String>, file: Option<&Path>) -> Result<Option<String>, OptionsError> {
    match file {
        Some(path) => read(path).map(|url| Some(url.trim().to_owned())),
        None => Ok(url.cloned()),
    }
}

/// The id and the secret of an access key, each on a line of its own.
fn access_key(path: &Path) -> Result<(String, String), OptionsError> {
    let text = read(path)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(id), Some(secret), None) => Ok((id.to_owned(), secret.to_owned())),
        _ => Err(OptionsError::AccessKey {
            path: path.to_owned(),
        }),
    }
}

fn read(path: &Path) -> Result<String, OptionsError> {
    fs::read_to_string(path).map_err(|source| OptionsError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Whether a URL holds a password: `scheme://user:password@host`.
pub(crate) fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    let in_query = url.contains("password=");
    in_query
        || authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
}

fn default_data_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/handoff");
    }
    let from = |variable: &str| {
        std::env::var_os(variable)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = from("HOME").unwrap_or_else(|| PathBuf::from("."));
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/handoff");
    }
    from("XDG_DATA_HOME")
        .unwrap_or_else(|| home.join(".local/share"))
        .join("handoff")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_first_wins_over_the_file() {
        let said = Options {
            log: Some("debug".to_owned()),
            ..Options::default()
        };
        let file: Options =
            toml::from_str("log = 'warn'\ndrain-seconds = 3\nlisten = '127.0.0.1:1'").unwrap();
        let options = said.or(file);
        assert_eq!(
            (options.log(), options.drain()),
            ("debug", Duration::from_secs(3))
        );
        assert_eq!(options.listen(), "127.0.0.1:1".parse().unwrap());
        assert_eq!(options.http_listen(), DEFAULT_HTTP_LISTEN.parse().unwrap());
    }

    #[test]
    fn an_unknown_option_in_the_file_is_an_error() {
        assert!(toml::from_str::<Options>("lissten = '127.0.0.1:1'").is_err());
    }

    #[test]
    fn a_lease_is_long_enough_for_an_idle_process_and_holds_for_partitions_and_jobs() {
        let options = |text: &str| toml::from_str::<Options>(text);
        let default = options("").unwrap();
        let five = Duration::from_secs(5);
        assert_eq!(
            (default.policies().job_expiry, default.projections().expiry),
            (five, five)
        );
        let short = options("lease-seconds = 2").unwrap();
        let two = Duration::from_secs(2);
        assert_eq!(
            (short.policies().job_expiry, short.projections().expiry),
            (two, two)
        );
        assert_eq!(short.projections().heartbeat, Duration::from_millis(400));
        for refused in ["lease-seconds = 1", "lease-seconds = 61"] {
            let error = options(refused).unwrap_err().to_string();
            assert!(error.contains("2 to 60 seconds"), "{error}");
        }
        assert!("soon".parse::<LeaseSeconds>().is_err());
        assert_eq!("60".parse(), Ok(LeaseSeconds(60)));
    }

    #[test]
    fn documents_lie_in_one_place() {
        let options = |text: &str| toml::from_str::<Options>(text).unwrap();
        assert_eq!(options("").document_dir(), None);
        assert!(options("").own_document_dir().ends_with("documents"));
        let beside = options("data-dir = '/srv'");
        assert_eq!(beside.document_dir(), Some("/srv/documents".into()));
        let named = options("data-dir = '/srv'\ndocument-dir = '/docs'");
        assert_eq!(named.document_dir(), Some("/docs".into()));
        assert!(named.document_bucket().unwrap().is_none());
        let bucket = options("data-dir = '/srv'\ndocument-bucket = 'b'\ndocument-prefix = 'p'");
        let bucket = bucket.document_bucket().unwrap().unwrap();
        assert_eq!(
            (bucket.bucket.as_str(), bucket.prefix.as_deref()),
            ("b", Some("p"))
        );
        let both = options("document-dir = '/docs'\ndocument-bucket = 'b'");
        assert!(matches!(
            both.document_bucket(),
            Err(OptionsError::TwoStores)
        ));
    }

    #[test]
    fn a_password_in_a_url_is_seen() {
        for secret in [
            "postgres://ana:x@h/d",
            "postgres://h/d?user=ana&password=x",
            "nats://a:b@h:4222",
        ] {
            assert!(has_password(secret), "{secret}");
        }
        for plain in [
            "postgres://ana@h:5432/d",
            "nats://127.0.0.1:4222",
            "postgres://h/a:b@c",
        ] {
            assert!(!has_password(plain), "{plain}");
        }
    }
}
