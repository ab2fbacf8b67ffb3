//! Todo: every task that there is, one of an order, and two activities that nobody sees.

use futures_util::stream;
use handoff_proto::v1::{self, todo_query_service_server::TodoQueryService};
use tonic::{Request, Response, Status};

use super::Fake;

#[tonic::async_trait]
impl TodoQueryService for Fake {
    type WatchTodoStream = stream::Iter<std::vec::IntoIter<Result<v1::WatchTodoResponse, Status>>>;

    /// One change, and then the connection is lost.
    async fn watch_todo(
        &self,
        request: Request<v1::WatchTodoRequest>,
    ) -> Result<Response<Self::WatchTodoStream>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let position = request.after_position.unwrap_or(100) + 1;
        let asked = format!("{:?}", request);
        self.state.lock().unwrap().asked.push(asked);
        let changes = v1::watch_todo_response::Changes {
            position,
            epoch: 3,
            event_type: "activity.created".into(),
            actor: "members/ana".into(),
            items: vec![v1::TodoChange {
                kind: v1::TaskChangeKind::Entered.into(),
                name: format!("activities/c{position}"),
                item: None,
            }],
            ..Default::default()
        };
        let item = Some(v1::watch_todo_response::Item::Changes(changes));
        Ok(Response::new(stream::iter(vec![
            Ok(v1::WatchTodoResponse { item }),
            Err(Status::unavailable("the server is stopping")),
        ])))
    }

    async fn list_order_tasks(
        &self,
        request: Request<v1::ListOrderTasksRequest>,
    ) -> Result<Response<v1::ListOrderTasksResponse>, Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        self.state.lock().unwrap().asked.push(asked);
        let task = v1::Task {
            name: "orders/o/tasks/report".into(),
            kind: v1::TaskKind::Order.into(),
            title: "Write the report".into(),
            order_title: "Acme on top".into(),
            subject: "accounts/acme".into(),
            current: true,
            overdue: true,
            ..Default::default()
        };
        Ok(Response::new(v1::ListOrderTasksResponse {
            order_tasks: vec![task],
            ..Default::default()
        }))
    }

    async fn list_activities(
        &self,
        request: Request<v1::TodoQueryServiceListActivitiesRequest>,
    ) -> Result<Response<v1::TodoQueryServiceListActivitiesResponse>, Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        self.state.lock().unwrap().asked.push(asked);
        Ok(Response::new(
            v1::TodoQueryServiceListActivitiesResponse::default(),
        ))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::TodoQueryServiceListTasksRequest>,
    ) -> Result<Response<v1::TodoQueryServiceListTasksResponse>, Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        let mut state = self.state.lock().unwrap();
        state.asked.push(asked);
        let tasks = state.tasks.values().cloned().collect();
        Ok(Response::new(v1::TodoQueryServiceListTasksResponse {
            tasks,
            ..Default::default()
        }))
    }

    async fn get_counts(
        &self,
        request: Request<v1::GetCountsRequest>,
    ) -> Result<Response<v1::GetCountsResponse>, Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        let mut state = self.state.lock().unwrap();
        state.asked.push(asked);
        Ok(Response::new(v1::GetCountsResponse {
            order_task_count: 1,
            activity_count: 2,
            task_count: state.tasks.len() as i64,
            position: 1,
        }))
    }
}
