//! OperationQueryService.

use std::time::Duration;

use handoff_commands::States;
use handoff_domain::{
    State, Version, Versioned,
    names::{OperationName, StreamName},
    operation,
};
use handoff_event_log::{Log, Position};
use handoff_proto::v1::{self, operation_query_service_server::OperationQueryService};
use handoff_read_models::ListRequest;
use tokio::time::{Instant, sleep};
use tonic::{Request, Response, Status};

use crate::{
    call::Call,
    error::ApiError,
    fields::Fields,
    query::ReadSide,
    views::{self, View},
};

/// The longest that a call waits for the end of an operation; it ends before the server's own deadline.
const LONGEST: Duration = Duration::from_secs(25);
/// What is left of the caller's deadline for the answer.
const MARGIN: Duration = Duration::from_millis(100);
/// How often it is looked whether an operation has ended.
const LOOK: Duration = Duration::from_millis(150);

/// Queries about operations.
pub(crate) struct OperationQueries {
    pub(crate) read_side: ReadSide,
    pub(crate) states: States,
    pub(crate) log: Log,
}

#[tonic::async_trait]
impl OperationQueryService for OperationQueries {
    async fn get_operation(
        &self,
        request: Request<v1::GetOperationRequest>,
    ) -> Result<Response<v1::GetOperationResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<OperationName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .read_side
            .queries
            .get_operation(&name, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let operation = answer
            .value
            .and_then(|entry| views::operation::of_entry(query.view, &entry));
        let operation = Some(operation.ok_or_else(|| ApiError::not_found(name.as_str()))?);
        Ok(Response::new(v1::GetOperationResponse {
            operation,
            position: answer.position.0,
        }))
    }

    async fn list_operations(
        &self,
        request: Request<v1::ListOperationsRequest>,
    ) -> Result<Response<v1::ListOperationsResponse>, Status> {
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
            .list_operations(&list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let operations = answer
            .value
            .items
            .iter()
            .filter_map(|entry| views::operation::of_entry(query.view, entry));
        Ok(Response::new(v1::ListOperationsResponse {
            operations: operations.collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn list_operation_items(
        &self,
        request: Request<v1::ListOperationItemsRequest>,
    ) -> Result<Response<v1::ListOperationItemsResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<OperationName>("operation", &request.operation);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let consistency = query.consistency(min_position);
        let answer = self
            .read_side
            .queries
            .list_operation_items(&name, &list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let page = answer
            .value
            .ok_or_else(|| ApiError::not_found(name.as_str()))?;
        let items = page.items.iter();
        Ok(Response::new(v1::ListOperationItemsResponse {
            items: items
                .map(|entry| views::operation::item(query.view, entry))
                .collect(),
            next_page_token: page.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn wait_operation(
        &self,
        request: Request<v1::WaitOperationRequest>,
    ) -> Result<Response<v1::WaitOperationResponse>, Status> {
        let (call, request) = Call::of(request)?;
        let view = View::of(&call.caller, call.method.path)?;
        let mut fields = Fields::new();
        let name = fields.name::<OperationName>("name", &request.name);
        let timeout = timeout(request.timeout.as_ref(), &mut fields);
        let (name, timeout) = fields.finish(name.zip(timeout))?;
        let now = Instant::now();
        let until = match call.deadline {
            None => now + timeout,
            Some(deadline) => {
                let last = deadline.0.checked_sub(MARGIN).unwrap_or(now);
                last.min(now + timeout)
            }
        };
        let Versioned { version, state } = self.wait(&name, until).await?;
        let operation = match &state {
            State::Operation(operation) => {
                views::operation::of_state(view, name.as_str(), operation)
            }
            State::Account(_)
            | State::Task(_)
            | State::Member(_)
            | State::Settings(_)
            | State::Document(_)
            | State::Activity(_)
            | State::Service(_)
            | State::Order(_) => None,
        };
        let operation = operation.ok_or_else(|| ApiError::not_found(name.as_str()))?;
        Ok(Response::new(v1::WaitOperationResponse {
            operation: Some(operation),
            position: self.position(&(&name).into(), version).await?.0,
        }))
    }
}

impl OperationQueries {
    /// The operation when it is finished, or as it is at `until`.
    async fn wait(&self, name: &OperationName, until: Instant) -> Result<Versioned, ApiError> {
        loop {
            let versioned = self.states.fresh(&name.into(), Duration::ZERO).await?;
            if ended(&versioned.state) || Instant::now() + LOOK > until {
                return Ok(versioned);
            }
            sleep(LOOK).await;
        }
    }

    /// Where the event that made a version is.
    async fn position(&self, stream: &StreamName, version: Version) -> Result<Position, ApiError> {
        let before = Version(version.0.saturating_sub(1));
        let end = Position(i64::MAX);
        let events = self.log.read_stream(stream, before, end, 1).await?;
        Ok(events
            .first()
            .map_or(Position::START, |event| event.position))
    }
}

/// Whether nothing more comes; also of one that is not there.
fn ended(state: &State) -> bool {
    match state {
        State::Operation(operation) => operation
            .details()
            .is_none_or(|details| details.status == operation::Status::Finished),
        State::Account(_)
        | State::Task(_)
        | State::Member(_)
        | State::Settings(_)
        | State::Document(_)
        | State::Activity(_)
        | State::Service(_)
        | State::Order(_) => true,
    }
}

fn timeout(asked: Option<&prost_types::Duration>, fields: &mut Fields) -> Option<Duration> {
    match asked {
        None => Some(LONGEST),
        Some(asked) => match Duration::try_from(*asked) {
            Ok(timeout) => Some(timeout.min(LONGEST)),
            Err(_) => fields.violation(
                "timeout",
                "is negative or no duration; 0 to 25 s are allowed",
            ),
        },
    }
}
