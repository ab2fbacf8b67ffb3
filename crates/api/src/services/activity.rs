//! ActivityCommandService; [`queries`] has ActivityQueryService.

mod queries;
mod requests;

use handoff_proto::v1::{self, activity_command_service_server::ActivityCommandService};
use tonic::{Request, Response, Status};

use crate::command::Commands;

pub(crate) use queries::ActivityQueries;

/// Commands about activities.
pub(crate) struct ActivityCommands(pub(crate) Commands);

#[tonic::async_trait]
impl ActivityCommandService for ActivityCommands {
    async fn create_activity(
        &self,
        request: Request<v1::CreateActivityRequest>,
    ) -> Result<Response<v1::CreateActivityResponse>, Status> {
        let done = self.0.run(request).await?;
        let activity = Some(done.activity()?);
        Ok(Response::new(v1::CreateActivityResponse {
            activity,
            receipt: Some(done.receipt()),
        }))
    }

    async fn update_activity(
        &self,
        request: Request<v1::UpdateActivityRequest>,
    ) -> Result<Response<v1::UpdateActivityResponse>, Status> {
        let done = self.0.run(request).await?;
        let activity = Some(done.activity()?);
        Ok(Response::new(v1::UpdateActivityResponse {
            activity,
            receipt: Some(done.receipt()),
        }))
    }

    async fn assign_activity(
        &self,
        request: Request<v1::AssignActivityRequest>,
    ) -> Result<Response<v1::AssignActivityResponse>, Status> {
        let done = self.0.run(request).await?;
        let activity = Some(done.activity()?);
        Ok(Response::new(v1::AssignActivityResponse {
            activity,
            receipt: Some(done.receipt()),
        }))
    }

    async fn complete_activity(
        &self,
        request: Request<v1::CompleteActivityRequest>,
    ) -> Result<Response<v1::CompleteActivityResponse>, Status> {
        let done = self.0.run(request).await?;
        let activity = Some(done.activity()?);
        Ok(Response::new(v1::CompleteActivityResponse {
            activity,
            receipt: Some(done.receipt()),
        }))
    }

    async fn reopen_activity(
        &self,
        request: Request<v1::ReopenActivityRequest>,
    ) -> Result<Response<v1::ReopenActivityResponse>, Status> {
        let done = self.0.run(request).await?;
        let activity = Some(done.activity()?);
        Ok(Response::new(v1::ReopenActivityResponse {
            activity,
            receipt: Some(done.receipt()),
        }))
    }

    async fn delete_activity(
        &self,
        request: Request<v1::DeleteActivityRequest>,
    ) -> Result<Response<v1::DeleteActivityResponse>, Status> {
        let done = self.0.run(request).await?;
        Ok(Response::new(v1::DeleteActivityResponse {
            receipt: Some(done.receipt()),
        }))
    }
}
