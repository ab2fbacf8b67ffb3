//! Todo: every task that there is, and two activities that nobody sees.

use handoff_proto::v1::{self, todo_query_service_server::TodoQueryService};
use tonic::{Request, Response, Status};

use super::Fake;

#[tonic::async_trait]
impl TodoQueryService for Fake {
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
            activity_count: 2,
            task_count: state.tasks.len() as i64,
            position: 1,
        }))
    }
}
