//! Tasks.

use futures_util::stream;
use handoff_proto::v1::{
    self, TaskStatus, task_command_service_server::TaskCommandService,
    task_query_service_server::TaskQueryService, task_result::Outcome,
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

    async fn create_task_from_call(
        &self,
        request: Request<v1::CreateTaskFromCallRequest>,
    ) -> Result<Response<v1::CreateTaskFromCallResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let mut state = self.state.lock().unwrap();
        let asked = format!("{request:?}");
        state.asked.push(asked);
        let task = Task {
            number: "ACME-TASK-1".to_owned(),
            subject: "accounts/acme".to_owned(),
            ..request.task.unwrap_or_default()
        };
        Ok(Response::new(v1::CreateTaskFromCallResponse {
            task: Some(task),
            receipt: None,
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
        request: Request<v1::BatchCompleteTasksRequest>,
    ) -> Result<Response<v1::BatchCompleteTasksResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        Ok(Response::new(v1::BatchCompleteTasksResponse {
            results: self.results(&request, &request.names),
            position: 1,
        }))
    }

    async fn batch_assign_tasks(
        &self,
        request: Request<v1::BatchAssignTasksRequest>,
    ) -> Result<Response<v1::BatchAssignTasksResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        Ok(Response::new(v1::BatchAssignTasksResponse {
            results: self.results(&request, &request.names),
            position: 1,
        }))
    }
}

impl Fake {
    /// Notes a request about many tasks; those whose title says so refuse it.
    fn results(&self, request: &impl std::fmt::Debug, names: &[String]) -> Vec<v1::TaskResult> {
        let mut state = self.state.lock().unwrap();
        state.asked.push(format!("{request:?}"));
        let result = |name: &String| {
            let task = state.tasks[name].clone();
            let outcome = if task.title == "Refuses" {
                Outcome::Error(v1::ItemError {
                    code: 9,
                    reason: "TASK_CLOSED".to_owned(),
                    message: format!("{name} is closed"),
                    ..Default::default()
                })
            } else {
                Outcome::Done(v1::TaskDone {
                    task: Some(task),
                    receipt: None,
                })
            };
            v1::TaskResult {
                name: name.clone(),
                outcome: Some(outcome),
            }
        };
        names.iter().map(result).collect()
    }
}

#[tonic::async_trait]
impl TaskQueryService for Fake {
    type WatchTasksStream =
        stream::Iter<std::vec::IntoIter<Result<v1::WatchTasksResponse, Status>>>;

    async fn explain_assignment(
        &self,
        request: Request<v1::ExplainAssignmentRequest>,
    ) -> Result<Response<v1::ExplainAssignmentResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        self.noted(&request, &request.task)?;
        let link = |event_type: &str, resource: &str, actor: &str| v1::AssignmentLink {
            event_type: event_type.into(),
            resource: resource.into(),
            actor: actor.into(),
            request: "TransferResources".into(),
            request_id: "0198".into(),
            left: vec!["members/ana".into()],
            joined: vec!["members/ben".into()],
            ..Default::default()
        };
        Ok(Response::new(v1::ExplainAssignmentResponse {
            assignees: vec!["members/ben".into(), "members/dan".into()],
            links: vec![
                link("task.assigned", &request.task, "system"),
                link("operation.started", "operations/o1", "members/admin"),
            ],
            position: 7,
            member: request.member,
        }))
    }

    /// Notes the filter, and counts all.
    async fn count_tasks(
        &self,
        request: Request<v1::CountTasksRequest>,
    ) -> Result<Response<v1::CountTasksResponse>, Status> {
        self.check(&request)?;
        let mut state = self.state.lock().unwrap();
        state.asked.push(request.into_inner().filter);
        Ok(Response::new(v1::CountTasksResponse {
            count: state.tasks.len() as i32,
            more: state.tasks.len() > 1,
            position: 1,
        }))
    }

    async fn list_task_notes(
        &self,
        _: Request<v1::ListTaskNotesRequest>,
    ) -> Result<Response<v1::ListTaskNotesResponse>, Status> {
        Err(Status::unimplemented("no test asks for notes"))
    }

    /// Tells one change after the position asked for, and breaks off.
    async fn watch_tasks(
        &self,
        request: Request<v1::WatchTasksRequest>,
    ) -> Result<Response<Self::WatchTasksStream>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let position = request.after_position.unwrap_or(100) + 1;
        self.state
            .lock()
            .unwrap()
            .asked
            .push(format!("{:?} {}", request.after_position, request.epoch));
        let changes = v1::watch_tasks_response::Changes {
            position,
            epoch: 3,
            event_type: "task.completed".into(),
            actor: "members/ana".into(),
            tasks: vec![v1::TaskChange {
                kind: v1::TaskChangeKind::Entered.into(),
                name: format!("tasks/t{position}"),
                task: None,
            }],
            ..Default::default()
        };
        let item = Some(v1::watch_tasks_response::Item::Changes(changes));
        Ok(Response::new(stream::iter(vec![
            Ok(v1::WatchTasksResponse { item }),
            Err(Status::unavailable("the server is stopping")),
        ])))
    }

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
                ..Default::default()
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
