//! TaskCommandService; [`queries`] has TaskQueryService.

pub(super) mod assign;
mod assignment;
mod batch;
mod call;
mod create;
mod explain;
mod fields;
mod note;
mod progress;
mod queries;
mod relate;
mod update;

use handoff_proto::v1::{self, task_command_service_server::TaskCommandService};
use tonic::{Request, Response, Status};

use crate::{command::Commands, services::task::batch::results};

pub(crate) use call::Calls;
pub(crate) use queries::TaskQueries;

/// Commands about tasks; those that telephone systems give look at read models first.
pub(crate) struct TaskCommands(pub(crate) Commands, pub(crate) Calls);

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

    async fn create_task_from_call(
        &self,
        request: Request<v1::CreateTaskFromCallRequest>,
    ) -> Result<Response<v1::CreateTaskFromCallResponse>, Status> {
        let done = self.1.create_task(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::CreateTaskFromCallResponse {
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

    async fn update_task(
        &self,
        request: Request<v1::UpdateTaskRequest>,
    ) -> Result<Response<v1::UpdateTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::UpdateTaskResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn set_task_status(
        &self,
        request: Request<v1::SetTaskStatusRequest>,
    ) -> Result<Response<v1::SetTaskStatusResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::SetTaskStatusResponse {
            task,
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

    async fn cancel_task(
        &self,
        request: Request<v1::CancelTaskRequest>,
    ) -> Result<Response<v1::CancelTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::CancelTaskResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn delete_task(
        &self,
        request: Request<v1::DeleteTaskRequest>,
    ) -> Result<Response<v1::DeleteTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        Ok(Response::new(v1::DeleteTaskResponse {
            receipt: Some(done.receipt()),
        }))
    }

    async fn undelete_task(
        &self,
        request: Request<v1::UndeleteTaskRequest>,
    ) -> Result<Response<v1::UndeleteTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::UndeleteTaskResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn set_notify(
        &self,
        request: Request<v1::SetNotifyRequest>,
    ) -> Result<Response<v1::SetNotifyResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::SetNotifyResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn add_note(
        &self,
        request: Request<v1::AddNoteRequest>,
    ) -> Result<Response<v1::AddNoteResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::AddNoteResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn add_internal_note(
        &self,
        request: Request<v1::AddInternalNoteRequest>,
    ) -> Result<Response<v1::AddInternalNoteResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::AddInternalNoteResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn mark_billed(
        &self,
        request: Request<v1::MarkBilledRequest>,
    ) -> Result<Response<v1::MarkBilledResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::MarkBilledResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn relate_tasks(
        &self,
        request: Request<v1::RelateTasksRequest>,
    ) -> Result<Response<v1::RelateTasksResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::RelateTasksResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn unrelate_tasks(
        &self,
        request: Request<v1::UnrelateTasksRequest>,
    ) -> Result<Response<v1::UnrelateTasksResponse>, Status> {
        let done = self.0.run(request).await?;
        let task = Some(done.task()?);
        Ok(Response::new(v1::UnrelateTasksResponse {
            task,
            receipt: Some(done.receipt()),
        }))
    }

    async fn batch_complete_tasks(
        &self,
        request: Request<v1::BatchCompleteTasksRequest>,
    ) -> Result<Response<v1::BatchCompleteTasksResponse>, Status> {
        let (results, position) = results(self.0.run_batch(request).await?);
        Ok(Response::new(v1::BatchCompleteTasksResponse {
            results,
            position,
        }))
    }

    async fn batch_assign_tasks(
        &self,
        request: Request<v1::BatchAssignTasksRequest>,
    ) -> Result<Response<v1::BatchAssignTasksResponse>, Status> {
        let (results, position) = results(self.0.run_batch(request).await?);
        Ok(Response::new(v1::BatchAssignTasksResponse {
            results,
            position,
        }))
    }
}
