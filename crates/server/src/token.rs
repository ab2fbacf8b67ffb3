//! Keys and tokens of the data directory.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use chrono::TimeDelta;
use handoff_api::auth::{Grant, Issuer, Role};
use handoff_commands::{Clock, SystemClock};
use handoff_domain::{names::Actor, settings::Settings};

use crate::{args::TokenArgs, error::ServerError, options::Options};

/// How long the token of the local command line is valid; each start writes a new one.
const LOCAL_TOKEN_DAYS: i64 = 365;

/// The key pair of a data directory.
pub(crate) fn issuer(data_dir: &Path) -> Result<Issuer, ServerError> {
    Ok(Issuer::open_or_create(&data_dir.join("keys"))?)
}

/// Makes the token that `handoffd token` prints.
pub(crate) fn make(options: &Options, args: &TokenArgs) -> Result<String, ServerError> {
    let role = args.role.as_deref().map(|role| match role {
        "analyst" => Role::Analyst,
        "operator" => Role::Operator,
        _ => Role::ServiceAccount,
    });
    let grant = Grant {
        role,
        may_act_for_members: args.may_act_for_members,
        issuer: options.token_issuer.clone(),
        audience: options.token_audience.clone(),
        ..Grant::to(args.subject.clone())
    };
    let lifetime = TimeDelta::days(i64::from(args.days));
    Ok(issuer(&options.data_dir())?.token(&grant, SystemClock.now(), lifetime)?)
}

/// Writes what the command line needs to find this server and be its first member.
pub(crate) fn write_client_file(
    options: &Options,
    issuer: &Issuer,
    server: &str,
) -> Result<(), ServerError> {
    let grant = Grant {
        issuer: options.token_issuer.clone(),
        audience: options.token_audience.clone(),
        ..Grant::to(Actor::Member(Settings::first_member()))
    };
    let token = issuer.token(&grant, SystemClock.now(), TimeDelta::days(LOCAL_TOKEN_DAYS))?;
    let json = serde_json::json!({ "server": server, "token": token });
    let path = options.data_dir().join("client.json");
    // Written beside and renamed, so that nobody reads half of it.
    let beside = path.with_extension("json.new");
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| writeln!(file, "{json:#}"))
        .and_then(|()| std::fs::rename(&beside, &path))
        .map_err(|source| ServerError::Write {
            path: path.display().to_string(),
            source,
        })
}
