//! The api role: the gateway, the queries, and the gRPC server over both.

use std::sync::Arc;

use handoff_api::{
    Api, Backend, Limits,
    auth::{Authenticator, Expectations, KeyFile},
};
use handoff_bus::Precedence;
use handoff_commands::{Clock, Gateway, States, SystemClock};
use handoff_event_log::Role;
use handoff_policies::UnderWay;
use handoff_projections::{Admin, Inclusion, reading_pool};
use handoff_read_models::Queries;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    documents::Sweeper,
    error::ServerError,
    first_member, http,
    roles::{Endpoints, Process},
};

/// An api that is put together and listens, but does not answer yet.
pub(crate) struct ApiRole {
    api: Api,
    gateway: Gateway,
    keys: Arc<KeyFile>,
    listener: TcpListener,
    limits: Limits,
    sweeper: Option<Sweeper>,
}

impl ApiRole {
    pub(crate) async fn prepare(
        process: &mut Process<'_>,
        listener: TcpListener,
        endpoints: &Endpoints,
    ) -> Result<Self, ServerError> {
        let Process {
            options,
            database,
            log,
            notices,
            precedence,
            registry,
            ..
        } = process;
        let path = endpoints.token_keys.as_ref().ok_or(ServerError::NoKeys)?;
        let expectations = Expectations {
            issuer: options.token_issuer.clone(),
            audience: options.token_audience.clone(),
        };
        let keys = Arc::new(KeyFile::open(path, expectations)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let states = States::new(database.pool(Role::Reader, "handoff states", "", 4));
        let metrics = handoff_commands::Metrics::new(registry);
        let gateway = Gateway::start(database.clone(), states.clone(), options.gateway(), metrics)?;
        *precedence = Precedence::of(gateway.pressing());
        let pool = reading_pool(database, options.query_sessions());
        let inclusion = Inclusion::new(pool.clone(), notices.clone()).calling(precedence.clone());
        let queries = Queries::open(pool.clone(), inclusion).await?;
        let backend = Backend {
            gateway: gateway.clone(),
            states: states.clone(),
            log: log.clone(),
            clock: clock.clone(),
            under_way: UnderWay::new(pool, queries.clone()),
            queries,
            projections: Admin::new(database, &options.projections()),
            documents: endpoints.documents.clone(),
        };
        if endpoints.documents.is_none() {
            tracing::warn!(
                "documents cannot be uploaded or downloaded: name a --document-dir or a --document-bucket"
            );
        }
        let sweeper = endpoints.documents.clone().map(|store| Sweeper {
            store,
            states: states.clone(),
            clock: clock.clone(),
        });
        let authenticator = Authenticator::new(keys.clone(), states, clock);
        let api = Api::new(backend, authenticator, handoff_api::Metrics::new(registry)).await;
        let limits = Limits {
            patience: options.patience(),
            drain: options.drain(),
            ..Limits::default()
        };
        Ok(Self {
            api,
            gateway,
            keys,
            listener,
            limits,
            sweeper,
        })
    }

    /// Where the process's commands go.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What removes the leftovers of uploads, where there is a store.
    pub(crate) fn sweeper(&self) -> Option<Sweeper> {
        self.sweeper.clone()
    }

    pub(crate) fn keys(&self) -> Arc<KeyFile> {
        self.keys.clone()
    }

    /// Answers calls until `shutdown`, then those in flight, as far as the drain allows. `announce` is
    /// called once the first member is there, when health says SERVING.
    pub(crate) async fn serve(
        self,
        shutdown: &CancellationToken,
        announce: impl FnOnce(Option<&str>) -> Result<(), ServerError>,
    ) -> Result<(), ServerError> {
        let address = http::address(&self.listener);
        let health = self.api.health();
        let serving = handoff_api::serve(self.listener, self.api, self.limits, shutdown.clone());
        let warm_up = async {
            let created = shutdown
                .run_until_cancelled(first_member::ensure(&self.gateway))
                .await;
            let warmed_up = created
                .unwrap_or(Ok(()))
                .and_then(|()| announce(Some(&address)));
            match warmed_up {
                Ok(()) if !shutdown.is_cancelled() => health.set_serving(true).await,
                // Without a first member there is nothing to serve.
                _ => shutdown.cancel(),
            }
            warmed_up
        };
        let work = async { tokio::join!(serving, warm_up).1 };
        tokio::select! {
            served = work => {
                self.gateway.shutdown().await;
                served
            }
            () = self.gateway.ended() => Err(ServerError::SequencerEnded),
        }
    }
}
