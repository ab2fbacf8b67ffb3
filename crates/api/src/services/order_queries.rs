//! OrderQueryService.

use std::collections::HashMap;

use handoff_domain::{
    Invalid,
    document::Parent,
    names::{OrderName, OrderTaskName},
    quoted,
};
use handoff_event_log::Position;
use handoff_proto::v1::{self, order_query_service_server::OrderQueryService};
use handoff_read_models::{
    Answer, ListRequest, Page,
    documents::DocumentEntry,
    order_notes::{NotesOf, OrderNoteEntry},
    orders::OrderEntry,
};
use tonic::{Request, Response, Status};

use crate::{
    error::ApiError,
    fields::Fields,
    query::{Query, ReadSide},
    views,
};

/// The newest notes that come with an order or a task.
const NEWEST_NOTES: i32 = 20;

/// Queries about orders.
pub(crate) struct OrderQueries(pub(crate) ReadSide);

/// An order and the newest notes on it or on one of its tasks.
struct WithNotes {
    entry: OrderEntry,
    notes: Page<OrderNoteEntry>,
    position: Position,
}

impl OrderQueries {
    /// What is asked for, which must be there.
    async fn with_notes(
        &self,
        query: &Query,
        of: &NotesOf,
        min_position: Position,
    ) -> Result<WithNotes, ApiError> {
        let newest = ListRequest {
            page_size: NEWEST_NOTES,
            ..ListRequest::default()
        };
        let order = of.order();
        let queries = &self.0.queries;
        let (order_answer, notes) = tokio::try_join!(
            queries.get_order(&order, query.consistency(min_position)),
            queries.list_order_notes(of, &newest, &query.viewer, query.consistency(min_position)),
        )?;
        let Answer { value, position } = notes;
        let entry = order_answer.value;
        let both = entry.zip(value);
        let (entry, notes) = both.ok_or_else(|| {
            ApiError::not_found(match of {
                NotesOf::Order(name) => name.as_str(),
                NotesOf::Task(name) => name.as_str(),
            })
        })?;
        Ok(WithNotes {
            entry,
            notes,
            position: position.min(order_answer.position),
        })
    }
}

/// An order or one of its tasks.
pub(super) fn order_or_task(name: &str) -> Result<NotesOf, Invalid> {
    let of_order = name.parse().map(NotesOf::Order);
    let of_task = || name.parse().map(NotesOf::Task);
    of_order.or_else(|_: Invalid| of_task()).map_err(|_| {
        Invalid::new(format!(
            "{} is not a name of the form orders/ID or orders/ID/tasks/ID",
            quoted(name)
        ))
    })
}

fn shown(query: &Query, notes: Vec<OrderNoteEntry>) -> Vec<v1::OrderNote> {
    let notes = notes.into_iter();
    notes
        .map(|note| views::orders::note(query.view, note))
        .collect()
}

/// Documents in the caller's view.
fn of_view(query: &Query, documents: Answer<Vec<DocumentEntry>>) -> Answer<Vec<v1::Document>> {
    let entries = documents.value.iter();
    let shown = entries.filter_map(|entry| views::document::of_entry(query.view, entry));
    Answer {
        value: shown.collect(),
        position: documents.position,
    }
}

#[tonic::async_trait]
impl OrderQueryService for OrderQueries {
    async fn get_order(
        &self,
        request: Request<v1::GetOrderRequest>,
    ) -> Result<Response<v1::GetOrderResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<OrderName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let of = NotesOf::Order(name.clone());
        let found = self.with_notes(&query, &of, min_position).await?;
        let order = views::orders::of_entry(query.view, &found.entry, query.viewer.now);
        let order = order.ok_or_else(|| ApiError::not_found(name.as_str()))?;
        let documents = self
            .0
            .queries
            .documents_of_order(&name, query.consistency(min_position));
        let documents = of_view(&query, documents.await.map_err(ApiError::from)?);
        Ok(Response::new(v1::GetOrderResponse {
            order: Some(order.order),
            due_time: order.due.map(crate::time::to_proto),
            overdue: order.overdue,
            display_names: order.display_names,
            notes: shown(&query, found.notes.items),
            next_notes_page_token: found.notes.next_page_token,
            account_notes: order.account_notes,
            position: found.position.min(documents.position).0,
            documents: documents.value,
        }))
    }

    async fn get_order_task(
        &self,
        request: Request<v1::GetOrderTaskRequest>,
    ) -> Result<Response<v1::GetOrderTaskResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<OrderTaskName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let of = NotesOf::Task(name.clone());
        let found = self.with_notes(&query, &of, min_position).await?;
        let task = views::orders::of_task(query.view, &found.entry, &name, query.viewer.now);
        let (task, order) = task.ok_or_else(|| ApiError::not_found(name.as_str()))?;
        let parent = Parent::OrderTask(name);
        let documents = self
            .0
            .queries
            .documents_of(&parent, query.consistency(min_position));
        let documents = of_view(&query, documents.await.map_err(ApiError::from)?);
        Ok(Response::new(v1::GetOrderTaskResponse {
            task: Some(task),
            order: Some(order.order),
            display_names: order.display_names,
            notes: shown(&query, found.notes.items),
            next_notes_page_token: found.notes.next_page_token,
            position: found.position.min(documents.position).0,
            documents: documents.value,
        }))
    }

    async fn list_orders(
        &self,
        request: Request<v1::ListOrdersRequest>,
    ) -> Result<Response<v1::ListOrdersResponse>, Status> {
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
            .list_orders(&list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let (mut display_names, now) = (HashMap::new(), query.viewer.now);
        let orders = answer.value.items.into_iter();
        let orders = orders
            .map(|summary| views::orders::of_summary(query.view, summary, &mut display_names, now));
        let orders = orders.collect();
        Ok(Response::new(v1::ListOrdersResponse {
            orders,
            display_names,
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn list_order_notes(
        &self,
        request: Request<v1::ListOrderNotesRequest>,
    ) -> Result<Response<v1::ListOrderNotesResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let of = fields.required("parent", &request.parent, order_or_task);
        let min_position = fields.position("min_position", request.min_position);
        let (of, min_position) = fields.finish(of.zip(min_position))?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            ..ListRequest::default()
        };
        let consistency = query.consistency(min_position);
        let answer = self
            .0
            .queries
            .list_order_notes(&of, &list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let missing = || ApiError::not_found(&request.parent);
        let page = answer.value.ok_or_else(missing)?;
        Ok(Response::new(v1::ListOrderNotesResponse {
            notes: shown(&query, page.items),
            next_page_token: page.next_page_token,
            position: answer.position.0,
        }))
    }
}
