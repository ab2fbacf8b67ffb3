//! CatalogCommandService.

use handoff_proto::v1::{self, catalog_command_service_server::CatalogCommandService};
use tonic::{Request, Response, Status};

use crate::{
    command::Commands,
    services::checklist::{identify, new_template_task},
};

/// Commands about services and their templates.
pub(crate) struct CatalogCommands(pub(crate) Commands);

#[tonic::async_trait]
impl CatalogCommandService for CatalogCommands {
    async fn create_service(
        &self,
        request: Request<v1::CreateServiceRequest>,
    ) -> Result<Response<v1::CreateServiceResponse>, Status> {
        let done = self.0.run(request).await?;
        let service = Some(done.service()?);
        Ok(Response::new(v1::CreateServiceResponse {
            service,
            receipt: Some(done.receipt()),
        }))
    }

    async fn update_service(
        &self,
        request: Request<v1::UpdateServiceRequest>,
    ) -> Result<Response<v1::UpdateServiceResponse>, Status> {
        let done = self.0.run(request).await?;
        let service = Some(done.service()?);
        Ok(Response::new(v1::UpdateServiceResponse {
            service,
            receipt: Some(done.receipt()),
        }))
    }

    async fn retire_service(
        &self,
        request: Request<v1::RetireServiceRequest>,
    ) -> Result<Response<v1::RetireServiceResponse>, Status> {
        let done = self.0.run(request).await?;
        let service = Some(done.service()?);
        Ok(Response::new(v1::RetireServiceResponse {
            service,
            receipt: Some(done.receipt()),
        }))
    }

    async fn add_template_task(
        &self,
        request: Request<v1::AddTemplateTaskRequest>,
    ) -> Result<Response<v1::AddTemplateTaskResponse>, Status> {
        let mut request = request;
        identify(&mut request.get_mut().request_id);
        let task = new_template_task(request.get_ref());
        let done = self.0.run(request).await?;
        let service = Some(done.service()?);
        Ok(Response::new(v1::AddTemplateTaskResponse {
            service,
            receipt: Some(done.receipt()),
            // A name that could not be read was refused.
            task: task.map(String::from).unwrap_or_default(),
        }))
    }

    async fn update_template_task(
        &self,
        request: Request<v1::UpdateTemplateTaskRequest>,
    ) -> Result<Response<v1::UpdateTemplateTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let service = Some(done.service()?);
        Ok(Response::new(v1::UpdateTemplateTaskResponse {
            service,
            receipt: Some(done.receipt()),
        }))
    }

    async fn remove_template_task(
        &self,
        request: Request<v1::RemoveTemplateTaskRequest>,
    ) -> Result<Response<v1::RemoveTemplateTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let service = Some(done.service()?);
        Ok(Response::new(v1::RemoveTemplateTaskResponse {
            service,
            receipt: Some(done.receipt()),
        }))
    }

    async fn reorder_template_tasks(
        &self,
        request: Request<v1::ReorderTemplateTasksRequest>,
    ) -> Result<Response<v1::ReorderTemplateTasksResponse>, Status> {
        let done = self.0.run(request).await?;
        let service = Some(done.service()?);
        Ok(Response::new(v1::ReorderTemplateTasksResponse {
            service,
            receipt: Some(done.receipt()),
        }))
    }
}
