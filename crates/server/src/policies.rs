//! The policies role: what acts on events with commands of its own.

use std::sync::Arc;

use handoff_bus::Precedence;
use handoff_commands::{Gateway, States, SystemClock, new_id};
use handoff_event_log::Role;
use handoff_policies::{Metrics, Operations, Ownership, Runtime, run_jobs, run_policy};
use handoff_projections::{Environment, Inclusion, ReadModel, reading_pool};
use handoff_read_models::Queries;

use crate::{api::ApiRole, error::ServerError, followers::Followers, roles::Process};

/// Starts a policy, and those who do its jobs if it has any: tasks that run until the followers are stopped.
/// The queries are for jobs.
type Start = fn(&mut Followers, &Environment, &Runtime, &Queries);

/// The policies there are.
const POLICIES: &[(&str, Start)] = &[(Ownership::NAME, start_ownership)];

fn start_ownership(
    followers: &mut Followers,
    environment: &Environment,
    runtime: &Runtime,
    queries: &Queries,
) {
    let operations = Arc::new(Operations::new(&environment.database, queries.clone()));
    let (policy, jobs) = (followers.stop(), followers.stop());
    followers.spawn(run_policy::<Ownership>(
        environment.clone(),
        runtime.clone(),
        policy,
    ));
    followers.spawn(run_jobs::<Ownership, _>(runtime.clone(), operations, jobs));
}

/// What the policies of the process need.
pub(crate) struct PoliciesRole {
    gateway: Gateway,
    /// The gateway is theirs alone, and ends with them.
    alone: bool,
    runtime: Runtime,
    queries: Queries,
}

impl PoliciesRole {
    /// With the gateway of the api where the process has one.
    pub(crate) async fn prepare(
        process: &mut Process<'_>,
        api: Option<&ApiRole>,
    ) -> Result<Self, ServerError> {
        let Process {
            options,
            database,
            notices,
            precedence,
            registry,
            ..
        } = process;
        let gateway = match api {
            Some(api) => api.gateway().clone(),
            None => {
                let states = States::new(database.pool(Role::Reader, "handoff states", "", 4));
                let metrics = handoff_commands::Metrics::new(registry);
                Gateway::start(database.clone(), states, options.gateway(), metrics)?
            }
        };
        let pool = reading_pool(database, options.query_sessions());
        let inclusion = Inclusion::new(pool.clone(), notices.clone()).calling(precedence.clone());
        let runtime = Runtime::new(
            database,
            gateway.clone(),
            Arc::new(SystemClock),
            new_id().to_string().into(),
            Metrics::register(registry),
            options.policies(),
        );
        Ok(Self {
            gateway,
            alone: api.is_none(),
            runtime,
            queries: Queries::open(pool, inclusion).await?,
        })
    }

    /// Where the policies' commands go.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Starts all of them.
    pub(crate) fn start(&self, followers: &mut Followers, environment: &Environment) {
        let environment = Environment {
            // The commands that would go first are their own too: they would wait for themselves.
            precedence: Precedence::default(),
            ..environment.clone()
        };
        for (name, start) in POLICIES {
            tracing::debug!(policy = name, "starting");
            start(followers, &environment, &self.runtime, &self.queries);
        }
    }

    /// Ends what is left once they have ended.
    pub(crate) async fn finish(self) {
        if self.alone {
            self.gateway.shutdown().await;
        }
    }
}
