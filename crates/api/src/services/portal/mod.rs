//! PortalService: what contacts ask and do, about their own account only.
//!
//! Who calls is a contact whose portal access the log confirmed for this call. Queries are answered from the
//! read models `portal` and `portal_notes`, of which queries can select nothing that is not for contacts, and from
//! `documents`, the team's, by a condition that leaves what is shown to them at that moment; commands are decided by the domain with the contact as caller.

mod documents;
mod requests;

use std::pin::Pin;

use futures_util::Stream;
use handoff_domain::names::{OrderName, StreamName, TaskName};
use handoff_event_log::Position;
use handoff_proto::v1::{self, portal_service_server::PortalService};
use handoff_read_models::{Answer, ListRequest, Page, portal_notes::PortalNoteEntry};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    command::Commands,
    error::ApiError,
    fields::Fields,
    query::{ContactQuery, ReadSide},
    services::document::Contents,
    views::portal as view,
};

/// What contacts may.
pub(crate) struct Portal {
    pub(crate) read_side: ReadSide,
    pub(crate) commands: Commands,
    pub(crate) contents: Contents,
}

impl Portal {
    /// The notes on a task or order that contacts read.
    async fn notes(
        &self,
        query: &ContactQuery,
        of: &StreamName,
        page_token: &str,
        min_position: Position,
    ) -> Result<Answer<Page<PortalNoteEntry>>, ApiError> {
        let request = ListRequest {
            page_token,
            ..ListRequest::default()
        };
        let consistency = query.consistency(min_position);
        let queries = &self.read_side.queries;
        let notes =
            queries.list_portal_notes(&query.account, of, &request, &query.viewer, consistency);
        notes.await.map_err(|error| match ApiError::from(error) {
            // The only field of the list that the caller gives has another name here.
            ApiError::Rejected(_) => ApiError::invalid(
                "notes_page_token",
                "is not the token of a page of these notes",
            ),
            error => error,
        })
    }
}

fn shown(notes: Vec<PortalNoteEntry>) -> Vec<v1::PortalNote> {
    notes.into_iter().map(view::note).collect()
}

#[tonic::async_trait]
impl PortalService for Portal {
    async fn list_orders(
        &self,
        request: Request<v1::PortalServiceListOrdersRequest>,
    ) -> Result<Response<v1::PortalServiceListOrdersResponse>, Status> {
        let (query, request) = self.read_side.begin_for_contact(request)?;
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
            .list_portal_orders(&query.account, &list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let orders = answer.value.items.into_iter().map(|entry| {
            let name = entry.name.as_str();
            view::order(
                name,
                &entry.order,
                entry.service_display_name,
                query.viewer.now,
            )
        });
        Ok(Response::new(v1::PortalServiceListOrdersResponse {
            orders: orders.collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn get_order(
        &self,
        request: Request<v1::PortalServiceGetOrderRequest>,
    ) -> Result<Response<v1::PortalServiceGetOrderResponse>, Status> {
        let (query, request) = self.read_side.begin_for_contact(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<OrderName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let consistency = query.consistency(min_position);
        let answer = self
            .read_side
            .queries
            .get_portal_order(&query.account, &name, consistency)
            .await
            .map_err(ApiError::from)?;
        let missing = || ApiError::not_found(name.as_str());
        let entry = answer.value.ok_or_else(missing)?;
        let (of, token) = (StreamName::from(&name), &request.notes_page_token);
        let notes = self.notes(&query, &of, token, min_position).await?;
        let documents = self.documents(&query, &of, min_position).await?;
        let position = answer.position.min(notes.position).min(documents.position);
        let service = entry.service_display_name;
        Ok(Response::new(v1::PortalServiceGetOrderResponse {
            order: Some(view::order(
                name.as_str(),
                &entry.order,
                service,
                query.viewer.now,
            )),
            notes: shown(notes.value.items),
            next_notes_page_token: notes.value.next_page_token,
            position: position.0,
            documents: documents.value,
        }))
    }

    async fn get_task(
        &self,
        request: Request<v1::PortalServiceGetTaskRequest>,
    ) -> Result<Response<v1::PortalServiceGetTaskResponse>, Status> {
        let (query, request) = self.read_side.begin_for_contact(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<TaskName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let consistency = query.consistency(min_position);
        let answer = self
            .read_side
            .queries
            .get_portal_task(&query.account, &name, consistency)
            .await
            .map_err(ApiError::from)?;
        let missing = || ApiError::not_found(name.as_str());
        let entry = answer.value.ok_or_else(missing)?;
        let (of, token) = (StreamName::from(&name), &request.notes_page_token);
        let notes = self.notes(&query, &of, token, min_position).await?;
        let documents = self.documents(&query, &of, min_position).await?;
        let position = answer.position.min(notes.position).min(documents.position);
        Ok(Response::new(v1::PortalServiceGetTaskResponse {
            task: Some(view::task(name.as_str(), &entry.task, query.viewer.now)),
            notes: shown(notes.value.items),
            next_notes_page_token: notes.value.next_page_token,
            position: position.0,
            documents: documents.value,
        }))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::PortalServiceListTasksRequest>,
    ) -> Result<Response<v1::PortalServiceListTasksResponse>, Status> {
        let (query, request) = self.read_side.begin_for_contact(request)?;
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
            .list_portal_tasks(&query.account, &list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let tasks = answer.value.items.iter();
        Ok(Response::new(v1::PortalServiceListTasksResponse {
            tasks: tasks
                .map(|entry| view::task(entry.name.as_str(), &entry.task, query.viewer.now))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn check_task(
        &self,
        request: Request<v1::PortalServiceCheckTaskRequest>,
    ) -> Result<Response<v1::PortalServiceCheckTaskResponse>, Status> {
        let done = self.commands.run_for_contact(request).await?;
        Ok(Response::new(v1::PortalServiceCheckTaskResponse {
            order: Some(done.order()?),
            receipt: Some(done.receipt()),
        }))
    }

    async fn create_task(
        &self,
        request: Request<v1::PortalServiceCreateTaskRequest>,
    ) -> Result<Response<v1::PortalServiceCreateTaskResponse>, Status> {
        let done = self.commands.run_for_contact(request).await?;
        Ok(Response::new(v1::PortalServiceCreateTaskResponse {
            task: Some(done.task()?),
            receipt: Some(done.receipt()),
        }))
    }

    async fn add_note(
        &self,
        request: Request<v1::PortalServiceAddNoteRequest>,
    ) -> Result<Response<v1::PortalServiceAddNoteResponse>, Status> {
        let done = self.commands.run_for_contact(request).await?;
        Ok(Response::new(v1::PortalServiceAddNoteResponse {
            task: Some(done.task()?),
            receipt: Some(done.receipt()),
        }))
    }

    async fn add_order_note(
        &self,
        request: Request<v1::PortalServiceAddOrderNoteRequest>,
    ) -> Result<Response<v1::PortalServiceAddOrderNoteResponse>, Status> {
        let done = self.commands.run_for_contact(request).await?;
        Ok(Response::new(v1::PortalServiceAddOrderNoteResponse {
            order: Some(done.order()?),
            receipt: Some(done.receipt()),
        }))
    }

    async fn upload_documents(
        &self,
        request: Request<Streaming<v1::PortalServiceUploadDocumentsRequest>>,
    ) -> Result<Response<v1::PortalServiceUploadDocumentsResponse>, Status> {
        Ok(Response::new(self.upload(request).await?))
    }

    type DownloadDocumentStream = Pin<
        Box<dyn Stream<Item = Result<v1::PortalServiceDownloadDocumentResponse, Status>> + Send>,
    >;

    async fn download_document(
        &self,
        request: Request<v1::PortalServiceDownloadDocumentRequest>,
    ) -> Result<Response<Self::DownloadDocumentStream>, Status> {
        let stream = self.download(request).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn ask_question(
        &self,
        request: Request<v1::PortalServiceAskQuestionRequest>,
    ) -> Result<Response<v1::PortalServiceAskQuestionResponse>, Status> {
        let done = self.commands.run_for_contact(request).await?;
        Ok(Response::new(v1::PortalServiceAskQuestionResponse {
            receipt: Some(done.receipt()),
        }))
    }
}
