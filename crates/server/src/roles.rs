//! Runs the roles of one process until it is told to stop.

use std::{path::PathBuf, time::Duration};

use handoff_bus::{Hints, Precedence, Subjects};
use handoff_documents::DocumentStore;
use handoff_event_log::{Database, Log, LogError, Role};
use handoff_projections::{Notices, ReadModel};
use handoff_read_models::{
    accounts::Accounts, activities::Activities, documents::Documents, history::History,
    members::Members, operation_items::OperationItems, operations::Operations,
    order_notes::OrderNotes, orders::Orders, portal::Portal, portal_notes::PortalNotes,
    services::Services, task_notes::TaskNotes, task_texts::TaskTexts, tasks::Tasks,
    timelines::Timelines,
};
use prometheus_client::registry::Registry;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    api::ApiRole,
    error::ServerError,
    followers::Followers,
    http::{self, Readiness},
    options::Options,
    policies::PoliciesRole,
};

/// The read models there are.
pub(crate) const PROJECTIONS: [&str; 16] = [
    Accounts::NAME,
    Members::NAME,
    Tasks::NAME,
    TaskTexts::NAME,
    TaskNotes::NAME,
    Activities::NAME,
    OrderNotes::NAME,
    Orders::NAME,
    Portal::NAME,
    PortalNotes::NAME,
    Services::NAME,
    Timelines::NAME,
    History::NAME,
    Documents::NAME,
    OperationItems::NAME,
    Operations::NAME,
];

/// The wait between two tries to reach Postgres at the start.
const RETRY: Duration = Duration::from_millis(500);

/// Which roles a process has.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    pub(crate) api: bool,
    pub(crate) relay: bool,
    pub(crate) project: Vec<String>,
    pub(crate) policies: bool,
}

impl Roles {
    pub(crate) fn api() -> Self {
        Self {
            api: true,
            ..Self::default()
        }
    }

    pub(crate) fn relay() -> Self {
        Self {
            relay: true,
            ..Self::default()
        }
    }

    pub(crate) fn project(names: Vec<String>) -> Self {
        Self {
            project: names,
            ..Self::default()
        }
    }

    pub(crate) fn policies() -> Self {
        Self {
            policies: true,
            ..Self::default()
        }
    }

    pub(crate) fn all() -> Self {
        Self {
            api: true,
            relay: true,
            project: PROJECTIONS.map(str::to_owned).into(),
            policies: true,
        }
    }
}

/// Where the servers are, the keys that the api checks tokens with, and where it keeps documents.
pub(crate) struct Endpoints {
    pub(crate) database_url: String,
    pub(crate) nats_url: String,
    pub(crate) token_keys: Option<PathBuf>,
    pub(crate) documents: Option<DocumentStore>,
}

/// What all roles of a process share.
pub(crate) struct Process<'a> {
    pub(crate) options: &'a Options,
    pub(crate) database: Database,
    pub(crate) log: Log,
    pub(crate) nats: async_nats::Client,
    pub(crate) subjects: Subjects,
    pub(crate) hints: Hints,
    pub(crate) notices: Notices,
    /// Of the api's commands, if there are any.
    pub(crate) precedence: Precedence,
    pub(crate) registry: Registry,
}

/// Runs roles until `shutdown`, or until one of them fails for good. `ready` is called once, when the
/// work has begun, with the address of the API where there is one.
pub(crate) async fn run(
    options: &Options,
    roles: Roles,
    endpoints: &Endpoints,
    shutdown: CancellationToken,
    ready: impl FnOnce(Option<&str>) -> Result<(), ServerError>,
) -> Result<(), ServerError> {
    // The addresses first: one that is taken is the likeliest thing to go wrong.
    let http = http::listen(options.http_listen(), "--http-listen").await?;
    let http_address = http::address(&http);
    let grpc = match roles.api {
        true => Some(http::listen(options.listen(), "--listen").await?),
        false => None,
    };
    let Some(process) = shutdown
        .run_until_cancelled(Process::start(options, endpoints))
        .await
    else {
        return Ok(());
    };
    let mut process = process?;
    let api = match grpc {
        Some(listener) => Some(ApiRole::prepare(&mut process, listener, endpoints).await?),
        None => None,
    };
    let policies = match roles.policies {
        true => Some(PoliciesRole::prepare(&mut process, api.as_ref()).await?),
        false => None,
    };
    // What follows the log stops after the api, so that what was appended last is still passed on.
    let mut followers = Followers::start(&mut process, &roles, api.as_ref(), policies.as_ref());
    let readiness = Readiness::default();
    let serving = http::serve(http, process.registry, readiness.clone(), followers.stop());
    followers.spawn(serving);

    let announce = |api: Option<&str>| {
        ready(api)?;
        readiness.set(true);
        tracing::info!(api, http = %http_address, "ready");
        Ok(())
    };
    let work = async {
        match api {
            Some(api) => api.serve(&shutdown, announce).await,
            None => {
                announce(None)?;
                shutdown.cancelled().await;
                Ok(())
            }
        }
    };
    let ran = tokio::select! {
        ran = work => ran,
        failed = followers.failed() => Err(failed),
    };
    readiness.set(false);
    shutdown.cancel();
    followers.finish().await;
    if let Some(policies) = policies {
        policies.finish().await;
    }
    ran
}

impl<'a> Process<'a> {
    /// Connects, and waits until the log can be read.
    async fn start(options: &'a Options, endpoints: &Endpoints) -> Result<Self, ServerError> {
        let database = Database::new(&endpoints.database_url).map_err(ServerError::DatabaseUrl)?;
        let log = Log::new(database.pool(Role::Reader, "handoff log", "", 8));
        wait_for(&log).await?;
        let subjects = Subjects::new(options.nats_prefix().to_uppercase(), options.nats_prefix());
        let nats = handoff_bus::connect(&endpoints.nats_url, "handoffd")
            .await
            .map_err(ServerError::Nats)?;
        Ok(Self {
            options,
            database,
            log,
            hints: Hints::new(nats.clone(), subjects.clone()),
            nats,
            subjects,
            notices: Notices::default(),
            precedence: Precedence::default(),
            registry: Registry::default(),
        })
    }
}

/// Postgres may still be starting, or be away; a database that was never brought up to date stays so.
async fn wait_for(log: &Log) -> Result<(), ServerError> {
    let mut told = false;
    loop {
        match log.head().await {
            Ok(head) => {
                tracing::info!(position = %head.position, epoch = %head.epoch, "the log can be read");
                return Ok(());
            }
            Err(error @ (LogError::Unavailable(_) | LogError::NoSession(_))) => {
                if !told {
                    tracing::warn!(error = crate::error::chain(&error), "waiting for Postgres");
                    told = true;
                }
                sleep(RETRY).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
