//! What follows the log: the relay, the projectors, the policies, and what wakes them and those who wait for them.

use std::time::Duration;

use handoff_bus::{Feed, Link, Relay, RelayConfig};
use handoff_commands::{Gateway, new_id};
use handoff_event_log::Position;
use handoff_projections::{Environment, ReadModel, run_projector};
use handoff_read_models::{
    accounts::Accounts, activities::Activities, documents::Documents, history::History,
    members::Members, operation_items::OperationItems, operations::Operations,
    order_notes::OrderNotes, orders::Orders, portal::Portal, portal_notes::PortalNotes,
    services::Services, task_notes::TaskNotes, task_texts::TaskTexts, tasks::Tasks,
    timelines::Timelines,
};
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    api::ApiRole,
    error::ServerError,
    policies::PoliciesRole,
    roles::{PROJECTIONS, Process, Roles},
};

/// How long they may take to finish what they are about.
const DRAIN: Duration = Duration::from_secs(5);

/// Tasks that run until they are stopped together.
pub(crate) struct Followers {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Followers {
    /// Starts what the roles ask for.
    pub(crate) fn start(
        process: &mut Process<'_>,
        roles: &Roles,
        api: Option<&ApiRole>,
        policies: Option<&PoliciesRole>,
    ) -> Self {
        let mut followers = Self {
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
        };
        let follow = !roles.project.is_empty() || policies.is_some();
        let metrics = match roles.relay || follow {
            true => Some(handoff_bus::Metrics::register(&mut process.registry)),
            false => None,
        };
        let gateway = api
            .map(ApiRole::gateway)
            .or(policies.map(PoliciesRole::gateway));
        if let Some(gateway) = gateway {
            followers.start_for_gateway(process, gateway);
        }
        if let Some(api) = api {
            let (keys, stop) = (api.keys(), followers.stop());
            followers.spawn(async move { keys.watch(stop).await });
            if let Some(sweeper) = api.sweeper() {
                followers.spawn(sweeper.run(followers.stop()));
            }
        }
        if let Some(metrics) = metrics {
            let mut link = None;
            if follow {
                let environment = followers.environment(process, metrics.clone());
                link = Some(environment.feed.link());
                followers.start_projectors(&environment, &roles.project);
                if let Some(policies) = policies {
                    policies.start(&mut followers, &environment);
                }
            }
            if roles.relay {
                followers.start_relay(process, gateway, link, metrics);
            }
        }
        followers
    }

    /// What whoever submits commands also queries is waited for, and what they append is told.
    fn start_for_gateway(&mut self, process: &Process<'_>, gateway: &Gateway) {
        let announce = process.hints.clone();
        self.spawn(announce.announce(gateway.committed(), self.stop()));
        for name in PROJECTIONS {
            self.spawn(
                process
                    .notices
                    .clone()
                    .listen(process.hints.clone(), name, self.stop()),
            );
        }
    }

    fn start_relay(
        &mut self,
        process: &Process<'_>,
        gateway: Option<&Gateway>,
        link: Option<Link>,
        metrics: handoff_bus::Metrics,
    ) {
        let config = RelayConfig {
            subjects: process.subjects.clone(),
            ..RelayConfig::default()
        };
        // Without a gateway in this process there is nothing to watch: hints tell of what others append.
        let committed =
            gateway.map_or_else(|| watch::channel(Position::START).1, Gateway::committed);
        let mut relay = Relay::new(
            config,
            process.database.clone(),
            process.nats.clone(),
            committed,
            metrics,
        )
        .giving_way(process.precedence.clone());
        if let Some(link) = link {
            relay = relay.feeding(link);
        }
        self.spawn(relay.run(self.stop()));
    }

    /// What projectors and policies share, a feed among it.
    fn environment(&self, process: &mut Process<'_>, metrics: handoff_bus::Metrics) -> Environment {
        let (subjects, nats, log) = (
            process.subjects.clone(),
            process.nats.clone(),
            process.log.clone(),
        );
        Environment {
            database: process.database.clone(),
            feed: Feed::start(subjects, nats, log.clone(), metrics, &self.stop),
            log,
            hints: process.hints.clone(),
            notices: process.notices.clone(),
            precedence: process.precedence.clone(),
            metrics: handoff_projections::Metrics::register(&mut process.registry),
            instance: new_id().to_string().into(),
            settings: process.options.projections(),
        }
    }

    fn start_projectors(&mut self, environment: &Environment, names: &[String]) {
        for name in names {
            let (environment, stop) = (environment.clone(), self.stop());
            match name.as_str() {
                Accounts::NAME => self.spawn(run_projector::<Accounts>(environment, stop)),
                Members::NAME => self.spawn(run_projector::<Members>(environment, stop)),
                Tasks::NAME => self.spawn(run_projector::<Tasks>(environment, stop)),
                TaskTexts::NAME => self.spawn(run_projector::<TaskTexts>(environment, stop)),
                TaskNotes::NAME => self.spawn(run_projector::<TaskNotes>(environment, stop)),
                Activities::NAME => self.spawn(run_projector::<Activities>(environment, stop)),
                Services::NAME => self.spawn(run_projector::<Services>(environment, stop)),
                Orders::NAME => self.spawn(run_projector::<Orders>(environment, stop)),
                OrderNotes::NAME => self.spawn(run_projector::<OrderNotes>(environment, stop)),
                Portal::NAME => self.spawn(run_projector::<Portal>(environment, stop)),
                PortalNotes::NAME => self.spawn(run_projector::<PortalNotes>(environment, stop)),
                Timelines::NAME => self.spawn(run_projector::<Timelines>(environment, stop)),
                History::NAME => self.spawn(run_projector::<History>(environment, stop)),
                Documents::NAME => self.spawn(run_projector::<Documents>(environment, stop)),
                Operations::NAME => self.spawn(run_projector::<Operations>(environment, stop)),
                OperationItems::NAME => {
                    self.spawn(run_projector::<OperationItems>(environment, stop));
                }
                other => unreachable!("the command line takes no read model {other}"),
            }
        }
    }

    /// What stops them.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Adds a task. It should run until it is stopped.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Waits until one of them panics, which none should.
    pub(crate) async fn failed(&mut self) -> ServerError {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(panic) = ended {
                return ServerError::Panicked(panic);
            }
        }
        std::future::pending().await
    }

    /// Stops them. What does not end in time goes on from its checkpoint at the next start.
    pub(crate) async fn finish(mut self) {
        self.stop.cancel();
        let finished = timeout(DRAIN, async {
            while self.tasks.join_next().await.is_some() {}
        });
        if finished.await.is_err() {
            tracing::warn!("the relay, a projector or a policy did not finish in time");
        }
    }
}
