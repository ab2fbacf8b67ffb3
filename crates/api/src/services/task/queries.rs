//! TaskQueryService.

use std::{pin::Pin, str::FromStr};

use futures_util::Stream;
use handoff_domain::{
    document::Parent,
    names::{MemberName, TaskName},
};
use handoff_proto::v1::{self, task_query_service_server::TaskQueryService};
use handoff_read_models::{
    ListRequest, QueryError,
    tasks::{TaskKey, WatchedTasks},
};
use tonic::{Request, Response, Status};

use crate::{
    error::ApiError,
    fields::Fields,
    query::ReadSide,
    services::watch::{TaskList, Watches, watch_from},
    views,
};

/// The newest notes that come with a task.
const NEWEST_NOTES: i32 = 20;

/// Queries about tasks.
pub(crate) struct TaskQueries {
    pub(crate) read_side: ReadSide,
    pub(crate) watches: Watches,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl TaskQueryService for TaskQueries {
    type WatchTasksStream = Answers<v1::WatchTasksResponse>;

    async fn get_task(
        &self,
        request: Request<v1::GetTaskRequest>,
    ) -> Result<Response<v1::GetTaskResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.required("name", &request.name, TaskKey::of_task);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .read_side
            .queries
            .get_task_with_notes(
                &name,
                query.view.shows_internal_notes(),
                NEWEST_NOTES,
                &query.viewer,
                query.consistency(min_position),
            )
            .await
            .map_err(ApiError::from)?;
        let missing = || ApiError::not_found(name.as_str());
        let (entry, notes) = answer.value.ok_or_else(missing)?;
        let account_notes = views::task::account_notes(query.view, &entry);
        let task = views::task::of_entry(query.view, entry, query.viewer.now);
        let newest = notes.items.into_iter();
        let parent = name.as_str().parse::<Parent>();
        let parent = parent.map_err(|_| ApiError::not_found(name.as_str()))?;
        let documents = self
            .read_side
            .queries
            .documents_of(&parent, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let position = answer.position.min(documents.position);
        let documents = documents
            .value
            .into_iter()
            .filter_map(|entry| views::document::of_entry(query.view, &entry));
        Ok(Response::new(v1::GetTaskResponse {
            task: Some(task.ok_or_else(missing)?),
            position: position.0,
            documents: documents.collect(),
            account_notes,
            notes: newest
                .filter_map(|entry| views::task::note(query.view, entry))
                .collect(),
            next_notes_page_token: notes.next_page_token,
        }))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::ListTasksRequest>,
    ) -> Result<Response<v1::ListTasksResponse>, Status> {
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
            .list_tasks(&list, &query.viewer, consistency)
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

    async fn count_tasks(
        &self,
        request: Request<v1::CountTasksRequest>,
    ) -> Result<Response<v1::CountTasksResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let consistency = query.including(request.min_position)?;
        let answer = self
            .read_side
            .queries
            .count_tasks(&request.filter, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        Ok(Response::new(v1::CountTasksResponse {
            count: i32::try_from(answer.value.counted).unwrap_or(i32::MAX),
            more: answer.value.more,
            position: answer.position.0,
        }))
    }

    async fn list_task_notes(
        &self,
        request: Request<v1::ListTaskNotesRequest>,
    ) -> Result<Response<v1::ListTaskNotesResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<TaskName>("task", &request.task);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            ..ListRequest::default()
        };
        let internal_too = query.view.shows_internal_notes();
        let consistency = query.consistency(min_position);
        let answer = self
            .read_side
            .queries
            .list_task_notes(&name, internal_too, &list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let page = answer
            .value
            .ok_or_else(|| ApiError::not_found(name.as_str()))?;
        let notes = page.items.into_iter();
        Ok(Response::new(v1::ListTaskNotesResponse {
            notes: notes
                .filter_map(|entry| views::task::note(query.view, entry))
                .collect(),
            next_page_token: page.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn explain_assignment(
        &self,
        request: Request<v1::ExplainAssignmentRequest>,
    ) -> Result<Response<v1::ExplainAssignmentResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.required("task", &request.task, TaskKey::of_task);
        let member = fields.optional("member", &request.member, MemberName::from_str);
        let min_position = fields.position("min_position", request.min_position);
        let all = name.zip(member).zip(min_position);
        let ((name, member), min_position) = fields.finish(all)?;
        let answer = self
            .read_side
            .explain(&query, &name, member, min_position)
            .await?;
        Ok(Response::new(answer))
    }

    async fn watch_tasks(
        &self,
        request: Request<v1::WatchTasksRequest>,
    ) -> Result<Response<Self::WatchTasksStream>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let (after, epoch) = watch_from(request.after_position, request.epoch)?;
        let tasks = WatchedTasks::new(&request.filter, &query.viewer)
            .map_err(|invalid| ApiError::from(QueryError::from(invalid)))?;
        let view = query.view;
        let follower = self.watches.follow(after, epoch).await?;
        let list = TaskList { tasks, view };
        let changes = self.watches.clone().watch(follower, list, query.patience);
        Ok(Response::new(Box::pin(changes)))
    }
}
