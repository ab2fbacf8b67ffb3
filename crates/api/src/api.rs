//! Puts the services together: what they work on, what they are mounted as, and their health.

use std::{collections::BTreeSet, sync::Arc};

use handoff_commands::{Clock, Gateway, States};
use handoff_documents::DocumentStore;
use handoff_event_log::Log;
use handoff_policies::UnderWay;
use handoff_projections::Admin;
use handoff_proto::v1::{
    account_command_service_server::AccountCommandServiceServer,
    account_query_service_server::AccountQueryServiceServer,
    activity_command_service_server::ActivityCommandServiceServer,
    activity_query_service_server::ActivityQueryServiceServer,
    catalog_command_service_server::CatalogCommandServiceServer,
    catalog_query_service_server::CatalogQueryServiceServer,
    document_service_server::DocumentServiceServer,
    history_query_service_server::HistoryQueryServiceServer,
    member_command_service_server::MemberCommandServiceServer,
    member_query_service_server::MemberQueryServiceServer,
    operation_command_service_server::OperationCommandServiceServer,
    operation_query_service_server::OperationQueryServiceServer,
    order_command_service_server::OrderCommandServiceServer,
    order_query_service_server::OrderQueryServiceServer,
    portal_service_server::PortalServiceServer, projection_service_server::ProjectionServiceServer,
    settings_command_service_server::SettingsCommandServiceServer,
    settings_query_service_server::SettingsQueryServiceServer,
    task_command_service_server::TaskCommandServiceServer,
    task_query_service_server::TaskQueryServiceServer,
    todo_query_service_server::TodoQueryServiceServer,
};
use handoff_read_models::Queries;
use tonic::service::Routes;
use tonic_health::{
    ServingStatus,
    server::{HealthReporter, HealthService},
};

use crate::{
    auth::Authenticator,
    callers::{Access, METHODS},
    command::Commands,
    ownership::Ownership,
    query::ReadSide,
    services::{
        account::AccountCommands,
        account_queries::AccountQueries,
        activity::{ActivityCommands, ActivityQueries},
        catalog::CatalogCommands,
        catalog_queries::CatalogQueries,
        disabling::Disabling,
        document::{Contents, Documents},
        follow::Events,
        history::HistoryQueries,
        member::MemberCommands,
        member_queries::MemberQueries,
        operation::OperationCommands,
        operation_queries::OperationQueries,
        order::OrderCommands,
        order_queries::OrderQueries,
        portal::Portal,
        projection::Projections,
        settings::SettingsCommands,
        settings_queries::SettingsQueries,
        task::{Calls, TaskCommands, TaskQueries},
        todo::TodoQueries,
        watch::Watches,
    },
    telemetry::Metrics,
};

/// Bytes of the largest message that is read.
const LARGEST_REQUEST: usize = 2 * 1024 * 1024;

/// What the services work on.
pub struct Backend {
    pub gateway: Gateway,
    pub states: States,
    pub log: Log,
    pub clock: Arc<dyn Clock>,
    pub queries: Queries,
    /// Of the ownership policy: plans wait for it.
    pub under_way: UnderWay,
    pub projections: Admin,
    /// Where contents of documents are kept; none: they are neither taken nor given.
    pub documents: Option<DocumentStore>,
}

/// The services, ready to be served.
pub struct Api {
    pub(crate) health: Health,
    pub(crate) routes: Routes,
    pub(crate) authenticator: Authenticator,
    pub(crate) metrics: Metrics,
}

impl Api {
    /// Mounts every service. Health says NOT_SERVING until it is told otherwise.
    pub async fn new(backend: Backend, authenticator: Authenticator, metrics: Metrics) -> Self {
        let reporter = HealthReporter::new();
        let health = Health {
            reporter: reporter.clone(),
        };
        health.set_serving(false).await;
        let Backend {
            gateway,
            states,
            log,
            clock,
            queries,
            under_way,
            projections,
            documents,
        } = backend;
        let read_side = ReadSide::new(queries, clock.clone());
        let committed = gateway.committed();
        let commands = Commands::new(gateway, clock.clone());
        let (operators, operators_log) = (commands.clone(), log.clone());
        let settings = SettingsQueries {
            log: log.clone(),
            states: states.clone(),
        };
        let ownership = Ownership {
            commands: commands.clone(),
            queries: read_side.queries.clone(),
            under_way,
            states: states.clone(),
            log: log.clone(),
        };
        let operations = OperationQueries {
            read_side: read_side.clone(),
            states: states.clone(),
            log: log.clone(),
        };
        let members = MemberCommands {
            ownership: ownership.clone(),
            commands: commands.clone(),
            disabling: Disabling {
                commands: commands.clone(),
                queries: read_side.queries.clone(),
                log: log.clone(),
            },
        };
        let calls = Calls {
            commands: commands.clone(),
            queries: read_side.queries.clone(),
        };
        let events = Events::new(log.clone(), states.clone(), committed);
        let watches = Watches::new(events.clone());
        let tasks = TaskQueries {
            read_side: read_side.clone(),
            watches: watches.clone(),
        };
        let todo = TodoQueries {
            read_side: read_side.clone(),
            watches,
        };
        let contents = Contents::new(commands.clone(), states.clone(), documents);
        let documents = Documents::new(contents.clone(), read_side.clone());
        let portal = Portal {
            read_side: read_side.clone(),
            commands: commands.clone(),
            contents,
        };
        let member_queries = MemberQueries(read_side.clone(), states.clone());
        let account_commands = AccountCommands(commands.clone(), ownership.clone());
        let history = HistoryQueries {
            read_side: read_side.clone(),
            events,
            log,
            states,
            clock,
        };
        let routes = Routes::default()
            .add_service(
                AccountCommandServiceServer::new(account_commands)
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                TaskCommandServiceServer::new(TaskCommands(commands.clone(), calls))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                MemberCommandServiceServer::new(members).max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                ActivityCommandServiceServer::new(ActivityCommands(commands.clone()))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                CatalogCommandServiceServer::new(CatalogCommands(commands.clone()))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                OrderCommandServiceServer::new(OrderCommands(commands.clone()))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                SettingsCommandServiceServer::new(SettingsCommands(commands))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                AccountQueryServiceServer::new(AccountQueries(read_side.clone()))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                TaskQueryServiceServer::new(tasks).max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                ActivityQueryServiceServer::new(ActivityQueries(read_side.clone()))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                TodoQueryServiceServer::new(todo).max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                CatalogQueryServiceServer::new(CatalogQueries(read_side.clone()))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                OrderQueryServiceServer::new(OrderQueries(read_side.clone()))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                PortalServiceServer::new(portal).max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                MemberQueryServiceServer::new(member_queries)
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                SettingsQueryServiceServer::new(settings)
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                DocumentServiceServer::new(documents).max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                ProjectionServiceServer::new(Projections {
                    admin: projections,
                    commands: operators,
                    log: operators_log,
                })
                .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                HistoryQueryServiceServer::new(history).max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                OperationCommandServiceServer::new(OperationCommands(ownership))
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(
                OperationQueryServiceServer::new(operations)
                    .max_decoding_message_size(LARGEST_REQUEST),
            )
            .add_service(tonic_health::pb::health_server::HealthServer::new(
                HealthService::from_health_reporter(reporter),
            ))
            .add_service(
                reflection()
                    .build_v1()
                    .expect("the descriptors were made by the build"),
            )
            .add_service(
                reflection()
                    .build_v1alpha()
                    .expect("the descriptors were made by the build"),
            )
            .prepare();
        Self {
            health,
            routes,
            authenticator,
            metrics,
        }
    }

    /// Says to clients and orchestrators whether calls are welcome.
    pub fn health(&self) -> Health {
        self.health.clone()
    }
}

/// Clients see the protos with their comments.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(handoff_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// What health checks answer: for the server as a whole (`""`) and for each of its services.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// Says SERVING or NOT_SERVING.
    pub async fn set_serving(&self, serving: bool) {
        let status = if serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        let services: BTreeSet<&str> = METHODS
            .iter()
            .filter(|method| method.access != Access::Public)
            .map(|method| method.service())
            .collect();
        for service in services.into_iter().chain([""]) {
            self.reporter.set_service_status(service, status).await;
        }
    }
}
