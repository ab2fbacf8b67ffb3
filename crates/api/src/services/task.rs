//! TaskCommandService and TaskQueryService.

use handoff_commands::new_id;
use handoff_domain::{
    commands::{AssignTask, CompleteTask, CreateTask, GenerateTask, ReopenTask},
    names::{Actor, TaskName},
    task::{Assignment, AssignmentCause, Draft, Due, OpenStatus, Origin, Priority, Visibility},
    text::{Html, Line},
};
use handoff_proto::v1::{
    self, task_command_service_server::TaskCommandService,
    task_query_service_server::TaskQueryService,
};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{
    caller::Caller,
    command::{CommandRequest, Commands},
    error::ApiError,
    fields::Fields,
    query::ReadSide,
    views,
};

/// Commands about tasks.
pub(crate) struct TaskCommands(pub(crate) Commands);

#[tonic::async_trait]
impl TaskCommandService for TaskCommands {
    async fn create_task(
        &self,
        request: Request<v1::CreateTaskRequest>,
    ) -> Result<Response<v1::CreateTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::CreateTaskResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn generate_task(
        &self,
        request: Request<v1::GenerateTaskRequest>,
    ) -> Result<Response<v1::GenerateTaskResponse>, Status> {
        let task_type = request.get_ref().task_type.parse().ok();
        let done = self.0.run(request).await?;
        let outcome = Some(done.generated(task_type.as_ref())?);
        Ok(Response::new(v1::GenerateTaskResponse {
            outcome,
            receipt: Some(done.receipt()),
        }))
    }

    async fn assign_task(
        &self,
        request: Request<v1::AssignTaskRequest>,
    ) -> Result<Response<v1::AssignTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::AssignTaskResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn complete_task(
        &self,
        request: Request<v1::CompleteTaskRequest>,
    ) -> Result<Response<v1::CompleteTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::CompleteTaskResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn reopen_task(
        &self,
        request: Request<v1::ReopenTaskRequest>,
    ) -> Result<Response<v1::ReopenTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::ReopenTaskResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }
}

/// Queries about tasks.
pub(crate) struct TaskQueries(pub(crate) ReadSide);

#[tonic::async_trait]
impl TaskQueryService for TaskQueries {
    async fn get_task(
        &self,
        request: Request<v1::GetTaskRequest>,
    ) -> Result<Response<v1::GetTaskResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<TaskName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .0
            .queries
            .get_task(&name, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let now = query.viewer.now;
        let account_notes = answer
            .value
            .as_ref()
            .map(|entry| views::task::account_notes(query.view, entry));
        let task = answer
            .value
            .and_then(|entry| views::task::of_entry(query.view, entry, now));
        let task = Some(task.ok_or_else(|| ApiError::not_found(name.as_str()))?);
        Ok(Response::new(v1::GetTaskResponse {
            task,
            position: answer.position.0,
            account_notes: account_notes.unwrap_or_default(),
        }))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::ListTasksRequest>,
    ) -> Result<Response<v1::ListTasksResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let min_position = fields.position("min_position", request.min_position);
        let min_position = fields.finish(min_position)?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let answer = self
            .0
            .queries
            .list_tasks(&list, &query.viewer, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let now = query.viewer.now;
        let tasks = answer
            .value
            .items
            .into_iter()
            .filter_map(|entry| views::task::of_entry(query.view, entry, now));
        Ok(Response::new(v1::ListTasksResponse {
            tasks: tasks.collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }
}

impl CommandRequest for v1::CreateTaskRequest {
    type Command = CreateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, caller: &Caller, fields: &mut Fields) -> Option<CreateTask> {
        let name = fields.optional("task_id", &self.task_id, TaskName::from_id);
        let task = fields.present("task", self.task.as_ref())?;
        let subject = fields.name("task.subject", &task.subject);
        let title = fields.required("task.title", &task.title, Line::new);
        let description = fields.optional("task.description", &task.description, Html::new);
        let category = Some(task.category.as_str()).filter(|category| !category.is_empty());
        let status = open_status("task.status", task.status, fields);
        let priority = priority(task, fields);
        let visibility = visibility(task, fields);
        let assignees = fields.each("task.assignees", &task.assignees, str::parse);
        let start = fields.time("task.start_time", task.start_time.as_ref());
        let due = fields.time("task.due_time", task.due_time.as_ref());
        let percent = match task.percent_complete {
            0 => Some(()),
            percent => fields.violation(
                "task.percent_complete",
                format!("is {percent}; a new task has 0"),
            ),
        };
        percent?;
        Some(CreateTask {
            name: name?.unwrap_or_else(new_name),
            draft: Draft {
                subject: Some(subject?),
                title: Some(title?),
                description: description?,
                category: category.map(Box::from),
                status: status?,
                priority: priority?,
                visibility: visibility?,
                assignees: assignees?,
                start: start?,
                due: due?.map(Due::At),
                ..Draft::default()
            },
            origin: origin(caller),
        })
    }
}

impl CommandRequest for v1::GenerateTaskRequest {
    type Command = GenerateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<GenerateTask> {
        let account = fields.name("account", &self.account);
        let task_type = fields.required("task_type", &self.task_type, str::parse);
        let work_key = fields.required("work_key", &self.work_key, Line::new);
        let task = fields.present("task", self.task.as_ref())?;
        let title = fields.required("task.title", &task.title, Line::new);
        let description = fields.optional("task.description", &task.description, Html::new);
        let category = Some(task.category.as_str()).filter(|category| !category.is_empty());
        let priority = priority(task, fields);
        let visibility = visibility(task, fields);
        let assignees = fields.each("task.assignees", &task.assignees, str::parse);
        let start = fields.time("task.start_time", task.start_time.as_ref());
        let due = fields.time("task.due_time", task.due_time.as_ref());
        Some(GenerateTask {
            account: account?,
            task_type: task_type?,
            work_key: work_key?,
            title: title?,
            description: description?,
            category: category.map(Box::from),
            priority: priority?,
            visibility: visibility?,
            assignees: assignees?,
            start: start?,
            due: due?,
        })
    }
}

impl CommandRequest for v1::AssignTaskRequest {
    type Command = AssignTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AssignTask> {
        let name = fields.name("name", &self.name);
        let assignees = fields.each("assignees", &self.assignees, str::parse);
        Some(AssignTask {
            name: name?,
            assignment: Assignment::Set(assignees?),
            cause: AssignmentCause::default(),
        })
    }
}

impl CommandRequest for v1::CompleteTaskRequest {
    type Command = CompleteTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CompleteTask> {
        Some(CompleteTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::ReopenTaskRequest {
    type Command = ReopenTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<ReopenTask> {
        let name = fields.name("name", &self.name);
        let status = open_status("status", self.status, fields);
        Some(ReopenTask {
            name: name?,
            status: status?,
        })
    }
}

fn priority(task: &v1::Task, fields: &mut Fields) -> Option<Priority> {
    Some(match fields.known("task.priority", task.priority)? {
        v1::TaskPriority::Low => Priority::Low,
        v1::TaskPriority::Unspecified | v1::TaskPriority::Normal => Priority::Normal,
        v1::TaskPriority::High => Priority::High,
        v1::TaskPriority::Urgent => Priority::Urgent,
    })
}

fn visibility(task: &v1::Task, fields: &mut Fields) -> Option<Visibility> {
    Some(match fields.known("task.visibility", task.visibility)? {
        v1::TaskVisibility::Unspecified | v1::TaskVisibility::Internal => Visibility::Internal,
        v1::TaskVisibility::Portal => Visibility::Portal,
    })
}

/// An open status; not started if none is given.
fn open_status(field: &str, number: i32, fields: &mut Fields) -> Option<OpenStatus> {
    match fields.known(field, number)? {
        v1::TaskStatus::Unspecified | v1::TaskStatus::NotStarted => Some(OpenStatus::NotStarted),
        v1::TaskStatus::InProgress => Some(OpenStatus::InProgress),
        v1::TaskStatus::WaitingOnCustomer => Some(OpenStatus::WaitingOnCustomer),
        closed @ (v1::TaskStatus::Complete | v1::TaskStatus::Cancelled) => fields.violation(
            field,
            format!("is {}; an open status is wanted", closed.as_str_name()),
        ),
    }
}

/// A new task's name where the caller chose none.
fn new_name() -> TaskName {
    TaskName::from_id(&new_id().to_string()).expect("a UUID in lower case is an id")
}

/// Where a task comes from: a member's hand, also if a program lends it, or another program.
fn origin(caller: &Caller) -> Origin {
    match (&caller.actor, &caller.on_behalf_of) {
        (_, Some(_)) | (Actor::Member(_), None) => Origin::Manual,
        (Actor::Contact(_), None) => Origin::Portal,
        (Actor::ServiceAccount(_) | Actor::System, None) => Origin::Integration,
    }
}
