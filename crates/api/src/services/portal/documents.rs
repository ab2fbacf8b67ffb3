//! Documents of contacts: on what they see of their account, while they are shown to them.

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use handoff_commands::CommandError;
use handoff_domain::{State, names::StreamName};
use handoff_event_log::Position;
use handoff_proto::v1::{
    self, portal_service_download_document_response as download,
    portal_service_upload_documents_request as upload,
};
use handoff_read_models::Answer;
use tonic::{Request, Status, Streaming};

use super::Portal;
use crate::{
    call::Call,
    command::Order,
    error::ApiError,
    query::ContactQuery,
    services::document::{Part, UploadMessage, Wish, to_the_end},
    views::{self, portal as view},
};

impl Portal {
    /// The documents on a task or order that contacts see, and on those of its tasks that they see.
    pub(super) async fn documents(
        &self,
        query: &ContactQuery,
        of: &StreamName,
        min_position: Position,
    ) -> Result<Answer<Vec<v1::PortalDocument>>, ApiError> {
        let (now, consistency) = (query.viewer.now, query.consistency(min_position));
        let queries = &self.read_side.queries;
        let documents = queries.portal_documents_of(&query.account, of, now, consistency);
        let Answer { value, position } = documents.await?;
        let shown = value.iter();
        let shown = shown.filter_map(|entry| view::document_of_entry(entry, now));
        Ok(Answer {
            value: shown.collect(),
            position,
        })
    }

    pub(super) async fn upload(
        &self,
        request: Request<Streaming<v1::PortalServiceUploadDocumentsRequest>>,
    ) -> Result<v1::PortalServiceUploadDocumentsResponse, ApiError> {
        let (call, stream) = Call::of_contact(request)?;
        let contents = self.contents.clone();
        let uploaded =
            to_the_end(async move { contents.upload_for_contact(call, stream).await }).await?;
        let documents = uploaded.documents.iter();
        Ok(v1::PortalServiceUploadDocumentsResponse {
            documents: documents
                .map(|(name, details)| view::document(name.as_str(), details))
                .collect(),
            receipt: Some(uploaded.receipt),
        })
    }

    pub(super) async fn download(
        &self,
        request: Request<v1::PortalServiceDownloadDocumentRequest>,
    ) -> Result<
        impl Stream<Item = Result<v1::PortalServiceDownloadDocumentResponse, Status>> + Send + use<>,
        ApiError,
    > {
        let (call, request) = Call::of_contact(request)?;
        let wish = Wish::read(&request.name, request.offset, &request.request_id)?;
        // A download that goes on is the same request.
        let whole = v1::PortalServiceDownloadDocumentRequest {
            offset: 0,
            ..request
        };
        let order = Order::of_contact(call, wish.command_id, &whole);
        let (answer, chunks) = self.contents.open(&order, wish).await?;
        let details = match &answer.state {
            State::Document(document) => document.details(),
            _ => None,
        };
        let contradiction = || CommandError::Contradiction(answer.resource.clone());
        let details = details.ok_or_else(contradiction)?;
        let header = v1::PortalDownloadHeader {
            document: Some(view::document(answer.resource.as_str(), details)),
            receipt: Some(views::receipt(answer.receipt)),
        };
        let header = stream::iter([Ok(download::Part::Header(header))]);
        let parts = header.chain(chunks.map_ok(download::Part::Chunk));
        Ok(parts.map(|part| match part {
            Ok(part) => Ok(v1::PortalServiceDownloadDocumentResponse { part: Some(part) }),
            Err(error) => Err(Status::from(error)),
        }))
    }
}

impl UploadMessage for v1::PortalServiceUploadDocumentsRequest {
    fn part(self) -> Option<Part> {
        self.part.map(|part| match part {
            upload::Part::Header(header) => Part::Header(plain(header)),
            upload::Part::Chunk(chunk) => Part::Chunk(chunk),
        })
    }
}

/// What a contact does not say is as it is by default: active, and for contacts. Fields have the same names in
/// both, so that what is wrong is named right.
fn plain(header: v1::PortalUploadHeader) -> v1::UploadDocumentsHeader {
    let v1::PortalUploadHeader {
        parent,
        files,
        category,
        short_description,
        description,
        document_date,
        request_id,
    } = header;
    let file = |file: v1::PortalFile| v1::FileHeader {
        file_name: file.file_name,
        media_type: file.media_type,
        size_bytes: file.size_bytes,
        sha256: file.sha256,
        document_id: String::new(),
    };
    v1::UploadDocumentsHeader {
        parent,
        files: files.into_iter().map(file).collect(),
        category,
        short_description,
        description,
        document_date,
        request_id,
        ..v1::UploadDocumentsHeader::default()
    }
}
