//! Tasks.

use handoff_proto::v1::{
    self, TaskStatus, task_command_service_server::TaskCommandService,
    task_query_service_server::TaskQueryService,
};
use tonic::{Request, Response, Status};

use super::{Fake, Task};

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
            Ok(true)
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
            Ok(true)
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

    /// Generates nothing: the account is paused.
    async fn generate_task(
        &self,
        request: Request<v1::GenerateTaskRequest>,
    ) -> Result<Response<v1::GenerateTaskResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let receipt = self.command(&request.request_id, &request, |_| Ok(true))?;
        let skip = v1::TaskGenerationSkip {
            account: Some(v1::Account {
                name: request.account,
                ..Default::default()
            }),
            reason: v1::TaskGenerationSkipReason::AccountPaused.into(),
        };
        Ok(Response::new(v1::GenerateTaskResponse {
            outcome: Some(v1::generate_task_response::Outcome::Skip(skip)),
            receipt,
        }))
    }

    async fn assign_task(
        &self,
        _: Request<v1::AssignTaskRequest>,
    ) -> Result<Response<v1::AssignTaskResponse>, Status> {
        Err(Status::unimplemented("no test assigns"))
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
                account_notes: String::new(),
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
