//! TodoQueryService.

use std::pin::Pin;

use futures_util::Stream;
use handoff_event_log::Position;
use handoff_proto::v1::{self, todo_query_service_server::TodoQueryService};
use handoff_read_models::{
    ListRequest, QueryError,
    todo::{CountedTodo, WatchedTodo},
};
use tonic::{Request, Response, Status};

use crate::{
    error::ApiError,
    query::{Query, ReadSide},
    services::watch::{TodoLists, Watches, watch_from},
    views,
};

/// Queries about all open work.
pub(crate) struct TodoQueries {
    pub(crate) read_side: ReadSide,
    pub(crate) watches: Watches,
}

impl TodoQueries {
    /// The counts at a position or later, from which a watch goes on. None where it would have to count by the
    /// time, or where the read models do not come so far in time: a watch needs the log alone.
    async fn counted(
        &self,
        filter: &str,
        todo: &WatchedTodo,
        query: &Query,
        position: Position,
    ) -> Result<Option<CountedTodo>, ApiError> {
        if todo.depends_on_time() {
            return Ok(None);
        }
        let (viewer, shown) = (&query.viewer, query.shown);
        let consistency = query.consistency(position);
        let queries = &self.read_side.queries;
        match queries
            .count_todo_to_follow(filter, viewer, shown, consistency)
            .await
        {
            Ok(counted) => Ok(Some(counted)),
            Err(
                error @ (QueryError::Behind { .. }
                | QueryError::Building { .. }
                | QueryError::Unavailable(_)),
            ) => {
                tracing::debug!(%error, "todo is watched without counts");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[tonic::async_trait]
impl TodoQueryService for TodoQueries {
    type WatchTodoStream =
        Pin<Box<dyn Stream<Item = Result<v1::WatchTodoResponse, Status>> + Send>>;

    async fn list_order_tasks(
        &self,
        request: Request<v1::ListOrderTasksRequest>,
    ) -> Result<Response<v1::ListOrderTasksResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let consistency = query.including(request.min_position)?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let answer = self
            .read_side
            .queries
            .list_todo_order_tasks(&list, &query.viewer, query.shown, consistency)
            .await
            .map_err(ApiError::from)?;
        let now = query.viewer.now;
        let items = answer.value.items.into_iter();
        Ok(Response::new(v1::ListOrderTasksResponse {
            order_tasks: items
                .filter_map(|entry| views::task::of_entry(query.view, entry, now))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn list_activities(
        &self,
        request: Request<v1::TodoQueryServiceListActivitiesRequest>,
    ) -> Result<Response<v1::TodoQueryServiceListActivitiesResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let consistency = query.including(request.min_position)?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let answer = self
            .read_side
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
        let (query, request) = self.read_side.begin(request)?;
        let consistency = query.including(request.min_position)?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let answer = self
            .read_side
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
        let (query, request) = self.read_side.begin(request)?;
        let consistency = query.including(request.min_position)?;
        let answer = self
            .read_side
            .queries
            .count_todo(&request.filter, &query.viewer, query.shown, consistency)
            .await
            .map_err(ApiError::from)?;
        Ok(Response::new(v1::GetCountsResponse {
            activity_count: answer.value.activities,
            task_count: answer.value.tasks,
            position: answer.position.0,
            order_task_count: answer.value.order_tasks,
        }))
    }

    async fn watch_todo(
        &self,
        request: Request<v1::WatchTodoRequest>,
    ) -> Result<Response<Self::WatchTodoStream>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let (after, epoch) = watch_from(request.after_position, request.epoch)?;
        let todo = WatchedTodo::new(&request.filter, &query.viewer, query.shown)
            .map_err(|invalid| ApiError::from(QueryError::from(invalid)))?;
        let follower = self.watches.follow(after, epoch).await?;
        let position = follower.position();
        let counted = self.counted(&request.filter, &todo, &query, position);
        let lists = TodoLists {
            counted: counted.await?,
            todo,
            view: query.view,
        };
        let changes = self.watches.clone().watch(follower, lists, query.patience);
        Ok(Response::new(Box::pin(changes)))
    }
}
