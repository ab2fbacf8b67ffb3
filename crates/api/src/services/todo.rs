//! TodoQueryService.

use handoff_proto::v1::{self, todo_query_service_server::TodoQueryService};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{error::ApiError, fields::Fields, query::ReadSide, views};

/// Queries about all open work.
pub(crate) struct TodoQueries(pub(crate) ReadSide);

#[tonic::async_trait]
impl TodoQueryService for TodoQueries {
    async fn list_activities(
        &self,
        request: Request<v1::TodoQueryServiceListActivitiesRequest>,
    ) -> Result<Response<v1::TodoQueryServiceListActivitiesResponse>, Status> {
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
        let consistency = query.consistency(min_position);
        let answer = self
            .0
            .queries
            .list_todo_activities(&list, &query.viewer, query.shown, consistency)
            .await
            .map_err(ApiError::from)?;
        let now = query.viewer.now;
        let items = answer.value.items.into_iter();
        Ok(Response::new(v1::TodoQueryServiceListActivitiesResponse {
            activities: items
                .filter_map(|entry| views::activity::of_entry(query.view, entry, now))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::TodoQueryServiceListTasksRequest>,
    ) -> Result<Response<v1::TodoQueryServiceListTasksResponse>, Status> {
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
        let consistency = query.consistency(min_position);
        let answer = self
            .0
            .queries
            .list_todo_tasks(&list, &query.viewer, query.shown, consistency)
            .await
            .map_err(ApiError::from)?;
        let now = query.viewer.now;
        let items = answer.value.items.into_iter();
        Ok(Response::new(v1::TodoQueryServiceListTasksResponse {
            tasks: items
                .filter_map(|entry| views::task::of_entry(query.view, entry, now))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn get_counts(
        &self,
        request: Request<v1::GetCountsRequest>,
    ) -> Result<Response<v1::GetCountsResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let min_position = fields.position("min_position", request.min_position);
        let min_position = fields.finish(min_position)?;
        let consistency = query.consistency(min_position);
        let answer = self
            .0
            .queries
            .count_todo(&request.filter, &query.viewer, query.shown, consistency)
            .await
            .map_err(ApiError::from)?;
        Ok(Response::new(v1::GetCountsResponse {
            activity_count: answer.value.activities,
            task_count: answer.value.tasks,
            position: answer.position.0,
        }))
    }
}
