//! A server in memory that knows accounts, members, settings and tasks just well enough for the command line, and notes what it
//! was asked.

mod accounts;
mod activities;
mod catalog;
mod documents;
mod members;
mod operations;
mod orders;
mod portal;
mod settings;
mod shell;
mod tasks;
mod todo;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use handoff_proto::v1::{
    Account, CommandReceipt, Member, Operation, Service, Settings, Task, TimelineEntry,
    account_command_service_server::AccountCommandServiceServer,
    account_query_service_server::AccountQueryServiceServer,
    activity_command_service_server::ActivityCommandServiceServer,
    activity_query_service_server::ActivityQueryServiceServer,
    catalog_command_service_server::CatalogCommandServiceServer,
    catalog_query_service_server::CatalogQueryServiceServer,
    document_service_server::DocumentServiceServer,
    member_command_service_server::MemberCommandServiceServer,
    member_query_service_server::MemberQueryServiceServer,
    operation_command_service_server::OperationCommandServiceServer,
    operation_query_service_server::OperationQueryServiceServer,
    order_command_service_server::OrderCommandServiceServer,
    order_query_service_server::OrderQueryServiceServer,
    portal_service_server::PortalServiceServer,
    settings_command_service_server::SettingsCommandServiceServer,
    settings_query_service_server::SettingsQueryServiceServer,
    task_command_service_server::TaskCommandServiceServer,
    task_query_service_server::TaskQueryServiceServer,
    todo_query_service_server::TodoQueryServiceServer,
};
use prost::Message;
use tokio::net::TcpListener;
use tonic::{Request, Status, transport::Server, transport::server::TcpIncoming};

pub(crate) use shell::Shell;

const TOKEN: &str = "the-token";

/// What the server holds.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tasks: BTreeMap<String, Task>,
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) settings: Settings,
    /// The timeline of every account.
    pub(crate) timeline: Vec<TimelineEntry>,
    /// How many more times somebody else changes the settings as soon as they are read.
    pub(crate) racing_changes: u32,
    /// The id of every request to complete a task, also of those that failed.
    pub(crate) completions: Vec<String>,
    /// Every other request about a task that is there, and every one about activities, services, orders, documents, the portal and
    /// ownership changes, as it came.
    pub(crate) asked: Vec<String>,
    /// After how many bytes each of the next downloads breaks off, the last one first.
    pub(crate) breaks: Vec<usize>,
    /// The SHA-256 that every document is said to have, instead of the right one.
    pub(crate) sha256: Option<String>,
    /// Answers to the next requests, instead of the right ones.
    pub(crate) failures: Vec<Status>,
    /// The request behind each id that led to something.
    receipts: BTreeMap<String, Vec<u8>>,
}

/// A server on a port of its own, for as long as the runtime lives.
#[derive(Clone, Default)]
pub(crate) struct Fake {
    pub(crate) state: Arc<Mutex<State>>,
}

impl Fake {
    /// Starts the server and gives its address.
    pub(crate) async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder()
            .add_service(AccountCommandServiceServer::new(self.clone()))
            .add_service(AccountQueryServiceServer::new(self.clone()))
            .add_service(ActivityCommandServiceServer::new(self.clone()))
            .add_service(ActivityQueryServiceServer::new(self.clone()))
            .add_service(CatalogCommandServiceServer::new(self.clone()))
            .add_service(CatalogQueryServiceServer::new(self.clone()))
            .add_service(DocumentServiceServer::new(self.clone()))
            .add_service(MemberCommandServiceServer::new(self.clone()))
            .add_service(MemberQueryServiceServer::new(self.clone()))
            .add_service(OperationCommandServiceServer::new(self.clone()))
            .add_service(OperationQueryServiceServer::new(self.clone()))
            .add_service(OrderCommandServiceServer::new(self.clone()))
            .add_service(OrderQueryServiceServer::new(self.clone()))
            .add_service(PortalServiceServer::new(self.clone()))
            .add_service(SettingsCommandServiceServer::new(self.clone()))
            .add_service(SettingsQueryServiceServer::new(self.clone()))
            .add_service(TaskCommandServiceServer::new(self.clone()))
            .add_service(TaskQueryServiceServer::new(self.clone()))
            .add_service(TodoQueryServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        address
    }

    /// Notes a request about a task, and gives the task as it is.
    fn noted(&self, request: &impl std::fmt::Debug, name: &str) -> Result<Task, Status> {
        let mut state = self.state.lock().unwrap();
        let task = state.tasks.get(name).cloned();
        let task = task.ok_or_else(|| Status::not_found(format!("{name} does not exist")))?;
        state.asked.push(format!("{request:?}"));
        Ok(task)
    }

    fn check<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let token = request
            .metadata()
            .get("authorization")
            .map(|value| value.as_bytes());
        if token != Some(format!("Bearer {TOKEN}").as_bytes()) {
            return Err(Status::unauthenticated("the token is missing or wrong"));
        }
        self.state
            .lock()
            .unwrap()
            .failures
            .pop()
            .map_or(Ok(()), Err)
    }

    /// Does a command unless its id was seen; the receipt says which. `act` tells whether it changed anything: if not, nobody
    /// remembers the request.
    fn command<M: Message>(
        &self,
        request_id: &str,
        request: &M,
        act: impl FnOnce(&mut State) -> Result<bool, Status>,
    ) -> Result<Option<CommandReceipt>, Status> {
        let mut state = self.state.lock().unwrap();
        let receipt = |events_appended, replayed| {
            Some(CommandReceipt {
                position: 1,
                epoch: 1,
                events_appended,
                replayed,
            })
        };
        let changed = match state.receipts.get(request_id) {
            Some(first) if *first == request.encode_to_vec() => return Ok(receipt(1, true)),
            Some(_) => return Err(Status::invalid_argument("the request id was used")),
            None => act(&mut state)?,
        };
        if !changed {
            return Ok(receipt(0, false));
        }
        state
            .receipts
            .insert(request_id.to_owned(), request.encode_to_vec());
        Ok(receipt(1, false))
    }
}
