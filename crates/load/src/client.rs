//! A connection that carries a token.

use handoff_proto::v1::{
    history_query_service_client::HistoryQueryServiceClient,
    projection_service_client::ProjectionServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use tonic_health::pb::health_client::HealthClient;

use crate::{LoadError, Target};

/// Adds the token to each call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Authenticated = InterceptedService<Channel, Bearer>;

/// Calls one server as one caller. Clones share the connection, which is made at the first call and
/// again whenever it was lost.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    bearer: Bearer,
}

impl Client {
    /// Connections to all the servers of a target, one server after the other.
    pub fn connect(target: &Target) -> Result<Vec<Self>, LoadError> {
        let bearer = format!("Bearer {}", target.token)
            .parse()
            .map_err(|_| LoadError::Token)?;
        let bearer = Bearer(bearer);
        let mut clients = Vec::new();
        for _ in 0..target.connections.max(1) {
            for server in &target.servers {
                let address = || LoadError::Address {
                    server: server.clone(),
                };
                let endpoint = Endpoint::from_shared(server.clone()).map_err(|_| address())?;
                clients.push(Self {
                    channel: endpoint.tcp_nodelay(true).connect_lazy(),
                    bearer: bearer.clone(),
                });
            }
        }
        Ok(clients)
    }

    /// One connection to the first server of a target.
    pub fn first(target: &Target) -> Result<Self, LoadError> {
        let one = Target {
            connections: 1,
            ..target.clone()
        };
        let no_server = LoadError::Address {
            server: String::new(),
        };
        Self::connect(&one)?.into_iter().next().ok_or(no_server)
    }

    pub fn tasks(&self) -> TaskCommandServiceClient<Authenticated> {
        TaskCommandServiceClient::new(self.authenticated())
    }

    pub fn task_queries(&self) -> TaskQueryServiceClient<Authenticated> {
        TaskQueryServiceClient::new(self.authenticated())
    }

    pub fn history(&self) -> HistoryQueryServiceClient<Authenticated> {
        HistoryQueryServiceClient::new(self.authenticated())
    }

    pub fn projections(&self) -> ProjectionServiceClient<Authenticated> {
        ProjectionServiceClient::new(self.authenticated())
    }

    /// Health wants no token.
    pub fn health(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }

    fn authenticated(&self) -> Authenticated {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }
}
