//! ActivityQueryService.

use handoff_domain::names::ActivityName;
use handoff_proto::v1::{self, activity_query_service_server::ActivityQueryService};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{error::ApiError, fields::Fields, query::ReadSide, views};

/// Queries about activities.
pub(crate) struct ActivityQueries(pub(crate) ReadSide);

#[tonic::async_trait]
impl ActivityQueryService for ActivityQueries {
    async fn get_activity(
        &self,
        request: Request<v1::GetActivityRequest>,
    ) -> Result<Response<v1::GetActivityResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<ActivityName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .0
            .queries
            .get_activity(&name, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let activity = answer
            .value
            .and_then(|entry| views::activity::of_entry(query.view, entry, query.viewer.now));
        let activity = Some(activity.ok_or_else(|| ApiError::not_found(name.as_str()))?);
        Ok(Response::new(v1::GetActivityResponse {
            activity,
            position: answer.position.0,
        }))
    }

    async fn list_activities(
        &self,
        request: Request<v1::ListActivitiesRequest>,
    ) -> Result<Response<v1::ListActivitiesResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let consistency = query.including(request.min_position)?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let answer = self
            .0
            .queries
            .list_activities(&list, &query.viewer, query.shown, consistency)
            .await
            .map_err(ApiError::from)?;
        let now = query.viewer.now;
        let items = answer.value.items.into_iter();
        Ok(Response::new(v1::ListActivitiesResponse {
            activities: items
                .filter_map(|entry| views::activity::of_entry(query.view, entry, now))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }
}
