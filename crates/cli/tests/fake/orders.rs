//! Orders: notes what is asked, and answers with one.

use handoff_proto::v1::{
    self, Order, OrderTask, order_command_service_server::OrderCommandService,
    order_query_service_server::OrderQueryService,
};
use tonic::{Request, Response, Status};

use super::Fake;

impl Fake {
    /// Notes a request, and gives the order that every answer has.
    fn asked_of_order<M: std::fmt::Debug>(
        &self,
        request: Request<M>,
    ) -> Result<Option<Order>, Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        self.state.lock().unwrap().asked.push(asked);
        let brief = OrderTask {
            name: "orders/o1/tasks/brief".into(),
            title: "Fill in the brief".into(),
            tier: 1,
            visibility: v1::ChecklistVisibility::ClientAssigned.into(),
            current: true,
            ..OrderTask::default()
        };
        let report = OrderTask {
            name: "orders/o1/tasks/report".into(),
            title: "Report".into(),
            tier: 2,
            ..OrderTask::default()
        };
        Ok(Some(Order {
            name: "orders/o1".into(),
            etag: "7".into(),
            added_assignees: vec!["members/ana".into()],
            removed_assignees: vec!["members/ben".into()],
            account: "accounts/acme".into(),
            service: "services/seo".into(),
            title: "Acme on top".into(),
            status: v1::OrderStatus::Open.into(),
            tasks: vec![brief, report],
            ..Order::default()
        }))
    }
}

#[tonic::async_trait]
impl OrderCommandService for Fake {
    async fn place_order(
        &self,
        request: Request<v1::PlaceOrderRequest>,
    ) -> Result<Response<v1::PlaceOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::PlaceOrderResponse {
            order,
            receipt: None,
        }))
    }

    async fn update_order(
        &self,
        request: Request<v1::UpdateOrderRequest>,
    ) -> Result<Response<v1::UpdateOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::UpdateOrderResponse {
            order,
            receipt: None,
        }))
    }

    async fn add_order_task(
        &self,
        request: Request<v1::AddOrderTaskRequest>,
    ) -> Result<Response<v1::AddOrderTaskResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::AddOrderTaskResponse {
            order,
            receipt: None,
            task: "orders/o1/tasks/x".into(),
        }))
    }

    async fn update_order_task(
        &self,
        request: Request<v1::UpdateOrderTaskRequest>,
    ) -> Result<Response<v1::UpdateOrderTaskResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::UpdateOrderTaskResponse {
            order,
            receipt: None,
        }))
    }

    async fn remove_order_task(
        &self,
        request: Request<v1::RemoveOrderTaskRequest>,
    ) -> Result<Response<v1::RemoveOrderTaskResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::RemoveOrderTaskResponse {
            order,
            receipt: None,
        }))
    }

    async fn reorder_order_tasks(
        &self,
        request: Request<v1::ReorderOrderTasksRequest>,
    ) -> Result<Response<v1::ReorderOrderTasksResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::ReorderOrderTasksResponse {
            order,
            receipt: None,
        }))
    }

    async fn check_order_task(
        &self,
        request: Request<v1::CheckOrderTaskRequest>,
    ) -> Result<Response<v1::CheckOrderTaskResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::CheckOrderTaskResponse {
            order,
            receipt: None,
        }))
    }

    async fn uncheck_order_task(
        &self,
        request: Request<v1::UncheckOrderTaskRequest>,
    ) -> Result<Response<v1::UncheckOrderTaskResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::UncheckOrderTaskResponse {
            order,
            receipt: None,
        }))
    }

    async fn assign_order(
        &self,
        request: Request<v1::AssignOrderRequest>,
    ) -> Result<Response<v1::AssignOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::AssignOrderResponse {
            order,
            receipt: None,
        }))
    }

    async fn assign_order_task(
        &self,
        request: Request<v1::AssignOrderTaskRequest>,
    ) -> Result<Response<v1::AssignOrderTaskResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::AssignOrderTaskResponse {
            order,
            receipt: None,
        }))
    }

    async fn add_order_note(
        &self,
        request: Request<v1::AddOrderNoteRequest>,
    ) -> Result<Response<v1::AddOrderNoteResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::AddOrderNoteResponse {
            order,
            receipt: None,
        }))
    }

    async fn complete_order(
        &self,
        request: Request<v1::CompleteOrderRequest>,
    ) -> Result<Response<v1::CompleteOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::CompleteOrderResponse {
            order,
            receipt: None,
        }))
    }

    async fn cancel_order(
        &self,
        request: Request<v1::CancelOrderRequest>,
    ) -> Result<Response<v1::CancelOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::CancelOrderResponse {
            order,
            receipt: None,
        }))
    }

    async fn reopen_order(
        &self,
        request: Request<v1::ReopenOrderRequest>,
    ) -> Result<Response<v1::ReopenOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::ReopenOrderResponse {
            order,
            receipt: None,
        }))
    }

    async fn renew_order(
        &self,
        request: Request<v1::RenewOrderRequest>,
    ) -> Result<Response<v1::RenewOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::RenewOrderResponse {
            order,
            receipt: None,
        }))
    }
}

#[tonic::async_trait]
impl OrderQueryService for Fake {
    async fn get_order(
        &self,
        request: Request<v1::GetOrderRequest>,
    ) -> Result<Response<v1::GetOrderResponse>, Status> {
        let order = self.asked_of_order(request)?;
        let note = v1::OrderNote {
            parent: "orders/o1/tasks/brief".into(),
            note: "<b>Soon</b>".into(),
            internal: true,
            author: "members/ana".into(),
            ..v1::OrderNote::default()
        };
        let document = v1::Document {
            name: "documents/d1".into(),
            parent: "orders/o1/tasks/brief".into(),
            file_name: "brief.pdf".into(),
            size_bytes: 2_000,
            active: true,
            visibility: v1::DocumentVisibility::Portal.into(),
            ..v1::Document::default()
        };
        Ok(Response::new(v1::GetOrderResponse {
            order,
            display_names: [("members/ana".to_owned(), "Ana Lima".to_owned())].into(),
            notes: vec![note],
            account_notes: "Pays <i>late</i>".into(),
            documents: vec![document],
            ..v1::GetOrderResponse::default()
        }))
    }

    async fn get_order_task(
        &self,
        request: Request<v1::GetOrderTaskRequest>,
    ) -> Result<Response<v1::GetOrderTaskResponse>, Status> {
        let order = self.asked_of_order(request)?;
        Ok(Response::new(v1::GetOrderTaskResponse {
            order,
            ..v1::GetOrderTaskResponse::default()
        }))
    }

    async fn list_orders(
        &self,
        request: Request<v1::ListOrdersRequest>,
    ) -> Result<Response<v1::ListOrdersResponse>, Status> {
        let order = self.asked_of_order(request)?;
        let summary = v1::OrderSummary {
            order,
            task_count: 3,
            open_task_count: 1,
            overdue: true,
            ..v1::OrderSummary::default()
        };
        Ok(Response::new(v1::ListOrdersResponse {
            orders: vec![summary],
            ..v1::ListOrdersResponse::default()
        }))
    }

    async fn list_order_notes(
        &self,
        request: Request<v1::ListOrderNotesRequest>,
    ) -> Result<Response<v1::ListOrderNotesResponse>, Status> {
        self.asked_of_order(request)?;
        Ok(Response::new(v1::ListOrderNotesResponse::default()))
    }
}
