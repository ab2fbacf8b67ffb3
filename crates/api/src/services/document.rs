//! DocumentService.

mod download;
mod fields;
mod header;
mod messages;
mod upload;

pub(super) use download::Wish;
pub(super) use messages::{Part, UploadMessage};

use std::{pin::Pin, sync::Arc};

use futures_util::Stream;
use handoff_commands::States;
use handoff_documents::{DocumentStore, StoreError};
use handoff_domain::names::DocumentName;
use handoff_event_log::Position;
use handoff_proto::v1::{self, document_service_server::DocumentService};
use handoff_read_models::ListRequest;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument;

use crate::{
    call::Call, command::Commands, error::ApiError, fields::Fields, query::ReadSide, views,
};

/// How many uploads may be under way at the same time; each holds up to three parts of 8 MiB.
const UPLOADS_AT_ONCE: usize = 16;
/// Newer than every event.
const NEWEST: Position = Position(i64::MAX);

/// Documents: commands, contents and queries.
pub(crate) struct Documents {
    contents: Contents,
    read_side: ReadSide,
}

/// What moves contents, for the team and for contacts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Contents {
    commands: Commands,
    states: States,
    store: Option<DocumentStore>,
    uploads: Arc<Semaphore>,
}

impl Documents {
    pub(crate) fn new(contents: Contents, read_side: ReadSide) -> Self {
        Self {
            contents,
            read_side,
        }
    }
}

impl Contents {
    pub(crate) fn new(commands: Commands, states: States, store: Option<DocumentStore>) -> Self {
        Self {
            commands,
            states,
            store,
            uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
        }
    }

    fn store(&self) -> Result<&DocumentStore, ApiError> {
        self.store.as_ref().ok_or(ApiError::NoDocumentStore)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::StoreUnavailable(error.into())
    }
}

/// Does an upload in a task of its own: its call is dropped when its client goes away, and what was written by
/// then must go too.
pub(super) async fn to_the_end<T: Send + 'static>(
    upload: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(upload.in_current_span())
        .await
        .map_err(|panic| ApiError::Internal(panic.into()))?
}

#[tonic::async_trait]
impl DocumentService for Documents {
    async fn upload_documents(
        &self,
        request: Request<Streaming<v1::UploadDocumentsRequest>>,
    ) -> Result<Response<v1::UploadDocumentsResponse>, Status> {
        let (call, stream) = Call::of(request)?;
        let contents = self.contents.clone();
        let uploaded = to_the_end(async move { contents.upload(call, stream).await }).await?;
        Ok(Response::new(uploaded))
    }

    type DownloadDocumentStream =
        Pin<Box<dyn Stream<Item = Result<v1::DownloadDocumentResponse, Status>> + Send>>;

    async fn download_document(
        &self,
        request: Request<v1::DownloadDocumentRequest>,
    ) -> Result<Response<Self::DownloadDocumentStream>, Status> {
        let stream = self.contents.download(request).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn update_document(
        &self,
        request: Request<v1::UpdateDocumentRequest>,
    ) -> Result<Response<v1::UpdateDocumentResponse>, Status> {
        let done = self.contents.commands.run(request).await?;
        let document = Some(done.document()?);
        Ok(Response::new(v1::UpdateDocumentResponse {
            document,
            receipt: Some(done.receipt()),
        }))
    }

    async fn get_document(
        &self,
        request: Request<v1::GetDocumentRequest>,
    ) -> Result<Response<v1::GetDocumentResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<DocumentName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .read_side
            .queries
            .get_document(&name, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let document = answer
            .value
            .and_then(|entry| views::document::of_entry(query.view, &entry));
        let document = Some(document.ok_or_else(|| ApiError::not_found(name.as_str()))?);
        Ok(Response::new(v1::GetDocumentResponse {
            document,
            position: answer.position.0,
        }))
    }

    async fn list_documents(
        &self,
        request: Request<v1::ListDocumentsRequest>,
    ) -> Result<Response<v1::ListDocumentsResponse>, Status> {
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
            .list_documents(&list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let items = answer.value.items.iter();
        let documents = items.filter_map(|entry| views::document::of_entry(query.view, entry));
        Ok(Response::new(v1::ListDocumentsResponse {
            documents: documents.collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }
}
