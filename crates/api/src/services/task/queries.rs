//! TaskQueryService.

use handoff_domain::{document::Parent, names::TaskName};
use handoff_proto::v1::{self, task_query_service_server::TaskQueryService};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{error::ApiError, fields::Fields, query::ReadSide, views};

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
        let parent = Parent::Task(name.clone());
        let documents = self
            .0
            .queries
            .documents_of(&parent, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let position = answer.position.min(documents.position);
        let documents = documents
            .value
            .into_iter()
            .filter_map(|entry| views::document::of_entry(query.view, &entry));
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
            position: position.0,
            documents: documents.collect(),
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
