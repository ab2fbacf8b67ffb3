//! Calls the API with a token.

use handoff_proto::v1::{
    CreateTaskRequest, Task, account_command_service_client::AccountCommandServiceClient,
    account_query_service_client::AccountQueryServiceClient,
    activity_command_service_client::ActivityCommandServiceClient,
    catalog_command_service_client::CatalogCommandServiceClient,
    history_query_service_client::HistoryQueryServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    order_command_service_client::OrderCommandServiceClient,
    projection_service_client::ProjectionServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient,
    todo_query_service_client::TodoQueryServiceClient,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use uuid::Uuid;

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

/// Calls one server as one caller. Clones share the connection.
#[derive(Clone)]
pub struct Client {
    pub accounts: AccountCommandServiceClient<Authenticated>,
    pub account_queries: AccountQueryServiceClient<Authenticated>,
    pub tasks: TaskCommandServiceClient<Authenticated>,
    pub task_queries: TaskQueryServiceClient<Authenticated>,
    pub activities: ActivityCommandServiceClient<Authenticated>,
    pub catalog: CatalogCommandServiceClient<Authenticated>,
    pub orders: OrderCommandServiceClient<Authenticated>,
    pub todo: TodoQueryServiceClient<Authenticated>,
    pub members: MemberCommandServiceClient<Authenticated>,
    pub history: HistoryQueryServiceClient<Authenticated>,
    pub projections: ProjectionServiceClient<Authenticated>,
}

impl Client {
    /// A client of the server at an `http://` address. Connects when it first calls, and again
    /// whenever the connection was lost.
    pub fn new(server: &str, token: &str) -> Self {
        let channel = Endpoint::from_shared(server.to_owned())
            .expect("an address")
            .connect_lazy();
        let bearer = Bearer(format!("Bearer {token}").parse().expect("a token"));
        let channel = InterceptedService::new(channel, bearer);
        Self {
            accounts: AccountCommandServiceClient::new(channel.clone()),
            account_queries: AccountQueryServiceClient::new(channel.clone()),
            tasks: TaskCommandServiceClient::new(channel.clone()),
            task_queries: TaskQueryServiceClient::new(channel.clone()),
            activities: ActivityCommandServiceClient::new(channel.clone()),
            catalog: CatalogCommandServiceClient::new(channel.clone()),
            orders: OrderCommandServiceClient::new(channel.clone()),
            todo: TodoQueryServiceClient::new(channel.clone()),
            members: MemberCommandServiceClient::new(channel.clone()),
            history: HistoryQueryServiceClient::new(channel.clone()),
            projections: ProjectionServiceClient::new(channel),
        }
    }
}

/// A new request id.
#[allow(
    clippy::disallowed_methods,
    reason = "tests have no part in the service's ids"
)]
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// A request for a task about an account.
pub fn task(task_id: &str, account: &str) -> CreateTaskRequest {
    CreateTaskRequest {
        task_id: task_id.to_owned(),
        task: Some(Task {
            subject: format!("accounts/{account}"),
            title: "Prepare the quarterly review".to_owned(),
            ..Task::default()
        }),
        request_id: new_id(),
    }
}
