//! A server in memory that knows accounts and tasks just well enough for the command line, and notes what it was asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use handoff_proto::v1::{
    self, Account, CommandReceipt, Task, TaskStatus,
    account_command_service_server::{AccountCommandService, AccountCommandServiceServer},
    task_command_service_server::{TaskCommandService, TaskCommandServiceServer},
    task_query_service_server::{TaskQueryService, TaskQueryServiceServer},
};
use prost::Message;
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, transport::Server, transport::server::TcpIncoming};

pub(crate) const TOKEN: &str = "the-token";

/// What the server holds.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tasks: BTreeMap<String, Task>,
    /// The id of every request to complete a task, also of those that failed.
    pub(crate) completions: Vec<String>,
    /// Every other request about a task that is there, as it came.
    pub(crate) asked: Vec<String>,
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
            .add_service(TaskCommandServiceServer::new(self.clone()))
            .add_service(TaskQueryServiceServer::new(self.clone()));
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

    /// Does a command unless its id was seen; the receipt says which.
    fn command<M: Message>(
        &self,
        request_id: &str,
        request: &M,
        act: impl FnOnce(&mut State) -> Result<(), Status>,
    ) -> Result<Option<CommandReceipt>, Status> {
        let mut state = self.state.lock().unwrap();
        let receipt = |replayed| {
            Some(CommandReceipt {
                position: 1,
                epoch: 1,
                events_appended: 1,
                replayed,
            })
        };
        match state.receipts.get(request_id) {
            Some(first) if *first == request.encode_to_vec() => return Ok(receipt(true)),
            Some(_) => return Err(Status::invalid_argument("the request id was used")),
            None => act(&mut state)?,
        }
        state
            .receipts
            .insert(request_id.to_owned(), request.encode_to_vec());
        Ok(receipt(false))
    }
}

#[tonic::async_trait]
impl AccountCommandService for Fake {
    async fn create_account(
        &self,
        request: Request<v1::CreateAccountRequest>,
    ) -> Result<Response<v1::CreateAccountResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let name = format!("accounts/{}", request.account_id);
        let account = Account {
            name: name.clone(),
            ..request.account.clone().unwrap_or_default()
        };
        let receipt = self.command(&request.request_id, &request, |state| {
            if state.accounts.contains_key(&name) {
                return Err(Status::already_exists(format!("{name} exists already")));
            }
            state.accounts.insert(name, account.clone());
            Ok(())
        })?;
        Ok(Response::new(v1::CreateAccountResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn update_account(
        &self,
        _: Request<v1::UpdateAccountRequest>,
    ) -> Result<Response<v1::UpdateAccountResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn convert_lead(
        &self,
        _: Request<v1::ConvertLeadRequest>,
    ) -> Result<Response<v1::ConvertLeadResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn activate_account(
        &self,
        _: Request<v1::ActivateAccountRequest>,
    ) -> Result<Response<v1::ActivateAccountResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn pause_account(
        &self,
        _: Request<v1::PauseAccountRequest>,
    ) -> Result<Response<v1::PauseAccountResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn deactivate_account(
        &self,
        _: Request<v1::DeactivateAccountRequest>,
    ) -> Result<Response<v1::DeactivateAccountResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn assign_role(
        &self,
        _: Request<v1::AssignRoleRequest>,
    ) -> Result<Response<v1::AssignRoleResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn vacate_role(
        &self,
        _: Request<v1::VacateRoleRequest>,
    ) -> Result<Response<v1::VacateRoleResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn update_notes(
        &self,
        _: Request<v1::UpdateNotesRequest>,
    ) -> Result<Response<v1::UpdateNotesResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn log_interaction(
        &self,
        _: Request<v1::LogInteractionRequest>,
    ) -> Result<Response<v1::LogInteractionResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn record_question(
        &self,
        _: Request<v1::RecordQuestionRequest>,
    ) -> Result<Response<v1::RecordQuestionResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn set_monthly_report(
        &self,
        _: Request<v1::SetMonthlyReportRequest>,
    ) -> Result<Response<v1::SetMonthlyReportResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn select_task_types(
        &self,
        _: Request<v1::SelectTaskTypesRequest>,
    ) -> Result<Response<v1::SelectTaskTypesResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn set_support_team(
        &self,
        _: Request<v1::SetSupportTeamRequest>,
    ) -> Result<Response<v1::SetSupportTeamResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn create_contact(
        &self,
        _: Request<v1::CreateContactRequest>,
    ) -> Result<Response<v1::CreateContactResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn update_contact(
        &self,
        _: Request<v1::UpdateContactRequest>,
    ) -> Result<Response<v1::UpdateContactResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn delete_contact(
        &self,
        _: Request<v1::DeleteContactRequest>,
    ) -> Result<Response<v1::DeleteContactResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }
}

#[tonic::async_trait]
impl TaskCommandService for Fake {
    async fn create_task(
        &self,
        request: Request<v1::CreateTaskRequest>,
    ) -> Result<Response<v1::CreateTaskResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let name = format!("tasks/{}", request.task_id);
        let mut task = Task {
            name: name.clone(),
            ..request.task.clone().unwrap_or_default()
        };
        let receipt = self.command(&request.request_id, &request, |state| {
            if state.tasks.contains_key(&name) {
                return Err(Status::already_exists(format!("{name} exists already")));
            }
            task.number = format!("T-{}", state.tasks.len() + 1);
            state.tasks.insert(name, task.clone());
            Ok(())
        })?;
        Ok(Response::new(v1::CreateTaskResponse {
            task: Some(task),
            receipt,
        }))
    }

    async fn complete_task(
        &self,
        request: Request<v1::CompleteTaskRequest>,
    ) -> Result<Response<v1::CompleteTaskResponse>, Status> {
        let failure = self.check(&request);
        let request = request.into_inner();
        self.state
            .lock()
            .unwrap()
            .completions
            .push(request.request_id.clone());
        failure?;
        let name = request.name.clone();
        let receipt = self.command(&request.request_id, &request, |state| {
            let task = state
                .tasks
                .get_mut(&name)
                .ok_or_else(|| Status::not_found(format!("{name} does not exist")))?;
            task.set_status(TaskStatus::Complete);
            Ok(())
        })?;
        let task = self.state.lock().unwrap().tasks.get(&name).cloned();
        Ok(Response::new(v1::CompleteTaskResponse { task, receipt }))
    }

    async fn reopen_task(
        &self,
        _: Request<v1::ReopenTaskRequest>,
    ) -> Result<Response<v1::ReopenTaskResponse>, Status> {
        Err(Status::unimplemented("no test reopens"))
    }

    async fn generate_task(
        &self,
        _: Request<v1::GenerateTaskRequest>,
    ) -> Result<Response<v1::GenerateTaskResponse>, Status> {
        Err(Status::unimplemented("no test generates"))
    }

    async fn assign_task(
        &self,
        _: Request<v1::AssignTaskRequest>,
    ) -> Result<Response<v1::AssignTaskResponse>, Status> {
        Err(Status::unimplemented("no test assigns"))
    }

    async fn update_task(
        &self,
        request: Request<v1::UpdateTaskRequest>,
    ) -> Result<Response<v1::UpdateTaskResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.task.clone().unwrap_or_default().name)?;
        Ok(Response::new(v1::UpdateTaskResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn set_task_status(
        &self,
        request: Request<v1::SetTaskStatusRequest>,
    ) -> Result<Response<v1::SetTaskStatusResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::SetTaskStatusResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn cancel_task(
        &self,
        request: Request<v1::CancelTaskRequest>,
    ) -> Result<Response<v1::CancelTaskResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::CancelTaskResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn delete_task(
        &self,
        request: Request<v1::DeleteTaskRequest>,
    ) -> Result<Response<v1::DeleteTaskResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        self.noted(&request, &request.name)?;
        Ok(Response::new(v1::DeleteTaskResponse::default()))
    }

    async fn undelete_task(
        &self,
        request: Request<v1::UndeleteTaskRequest>,
    ) -> Result<Response<v1::UndeleteTaskResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::UndeleteTaskResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn set_notify(
        &self,
        request: Request<v1::SetNotifyRequest>,
    ) -> Result<Response<v1::SetNotifyResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::SetNotifyResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn add_note(
        &self,
        request: Request<v1::AddNoteRequest>,
    ) -> Result<Response<v1::AddNoteResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::AddNoteResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn add_internal_note(
        &self,
        request: Request<v1::AddInternalNoteRequest>,
    ) -> Result<Response<v1::AddInternalNoteResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::AddInternalNoteResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn mark_billed(
        &self,
        request: Request<v1::MarkBilledRequest>,
    ) -> Result<Response<v1::MarkBilledResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::MarkBilledResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn relate_tasks(
        &self,
        request: Request<v1::RelateTasksRequest>,
    ) -> Result<Response<v1::RelateTasksResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::RelateTasksResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn unrelate_tasks(
        &self,
        request: Request<v1::UnrelateTasksRequest>,
    ) -> Result<Response<v1::UnrelateTasksResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let task = self.noted(&request, &request.name)?;
        Ok(Response::new(v1::UnrelateTasksResponse {
            task: Some(task),
            receipt: None,
        }))
    }

    async fn batch_complete_tasks(
        &self,
        _: Request<v1::BatchCompleteTasksRequest>,
    ) -> Result<Response<v1::BatchCompleteTasksResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn batch_assign_tasks(
        &self,
        _: Request<v1::BatchAssignTasksRequest>,
    ) -> Result<Response<v1::BatchAssignTasksResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }
}

#[tonic::async_trait]
impl TaskQueryService for Fake {
    async fn get_task(
        &self,
        request: Request<v1::GetTaskRequest>,
    ) -> Result<Response<v1::GetTaskResponse>, Status> {
        self.check(&request)?;
        let name = request.into_inner().name;
        match self.state.lock().unwrap().tasks.get(&name) {
            Some(task) => Ok(Response::new(v1::GetTaskResponse {
                task: Some(task.clone()),
                position: 1,
            })),
            None => Err(Status::not_found(format!("{name} does not exist"))),
        }
    }

    /// Knows the filter for a number, and otherwise lists all.
    async fn list_tasks(
        &self,
        request: Request<v1::ListTasksRequest>,
    ) -> Result<Response<v1::ListTasksResponse>, Status> {
        self.check(&request)?;
        let filter = request.into_inner().filter;
        let number = filter
            .strip_prefix("number = ")
            .map(|number| number.trim_matches('"').to_owned());
        let state = self.state.lock().unwrap();
        let tasks = state
            .tasks
            .values()
            .filter(|task| number.as_ref().is_none_or(|number| task.number == *number));
        Ok(Response::new(v1::ListTasksResponse {
            tasks: tasks.cloned().collect(),
            next_page_token: String::new(),
            position: 1,
        }))
    }
}
