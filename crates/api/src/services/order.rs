//! OrderCommandService.

use handoff_proto::v1::{self, order_command_service_server::OrderCommandService};
use tonic::{Request, Response, Status};

use crate::{
    command::Commands,
    services::checklist::{identify, new_order_task},
};

/// Commands about orders.
pub(crate) struct OrderCommands(pub(crate) Commands);

#[tonic::async_trait]
impl OrderCommandService for OrderCommands {
    async fn place_order(
        &self,
        request: Request<v1::PlaceOrderRequest>,
    ) -> Result<Response<v1::PlaceOrderResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::PlaceOrderResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn update_order(
        &self,
        request: Request<v1::UpdateOrderRequest>,
    ) -> Result<Response<v1::UpdateOrderResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::UpdateOrderResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn add_order_task(
        &self,
        request: Request<v1::AddOrderTaskRequest>,
    ) -> Result<Response<v1::AddOrderTaskResponse>, Status> {
        let mut request = request;
        identify(&mut request.get_mut().request_id);
        let task = new_order_task(request.get_ref());
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::AddOrderTaskResponse {
            order,
            receipt: Some(done.receipt()),
            // A name that could not be read was refused.
            task: task.map(String::from).unwrap_or_default(),
        }))
    }

    async fn update_order_task(
        &self,
        request: Request<v1::UpdateOrderTaskRequest>,
    ) -> Result<Response<v1::UpdateOrderTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::UpdateOrderTaskResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn remove_order_task(
        &self,
        request: Request<v1::RemoveOrderTaskRequest>,
    ) -> Result<Response<v1::RemoveOrderTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::RemoveOrderTaskResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn reorder_order_tasks(
        &self,
        request: Request<v1::ReorderOrderTasksRequest>,
    ) -> Result<Response<v1::ReorderOrderTasksResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::ReorderOrderTasksResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn check_order_task(
        &self,
        request: Request<v1::CheckOrderTaskRequest>,
    ) -> Result<Response<v1::CheckOrderTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::CheckOrderTaskResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn uncheck_order_task(
        &self,
        request: Request<v1::UncheckOrderTaskRequest>,
    ) -> Result<Response<v1::UncheckOrderTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::UncheckOrderTaskResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn assign_order(
        &self,
        request: Request<v1::AssignOrderRequest>,
    ) -> Result<Response<v1::AssignOrderResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::AssignOrderResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn assign_order_task(
        &self,
        request: Request<v1::AssignOrderTaskRequest>,
    ) -> Result<Response<v1::AssignOrderTaskResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::AssignOrderTaskResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn add_order_note(
        &self,
        request: Request<v1::AddOrderNoteRequest>,
    ) -> Result<Response<v1::AddOrderNoteResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::AddOrderNoteResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn complete_order(
        &self,
        request: Request<v1::CompleteOrderRequest>,
    ) -> Result<Response<v1::CompleteOrderResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::CompleteOrderResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn cancel_order(
        &self,
        request: Request<v1::CancelOrderRequest>,
    ) -> Result<Response<v1::CancelOrderResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::CancelOrderResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn reopen_order(
        &self,
        request: Request<v1::ReopenOrderRequest>,
    ) -> Result<Response<v1::ReopenOrderResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::ReopenOrderResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }

    async fn renew_order(
        &self,
        request: Request<v1::RenewOrderRequest>,
    ) -> Result<Response<v1::RenewOrderResponse>, Status> {
        let done = self.0.run(request).await?;
        let order = Some(done.order()?);
        Ok(Response::new(v1::RenewOrderResponse {
            order,
            receipt: Some(done.receipt()),
        }))
    }
}
