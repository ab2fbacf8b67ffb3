//! Documents: notes what is asked, and answers with one document, whose download may break off.

use std::pin::Pin;

use futures_util::{Stream, stream};
use handoff_proto::v1::{
    self, Document, DocumentChunk, document_service_server::DocumentService,
    download_document_response as download, upload_documents_request as upload,
};
use sha2::{Digest, Sha256};
use tonic::{Request, Response, Status, Streaming};

use super::Fake;

/// What every document says.
pub(super) const CONTENT: &str = "As agreed";

/// The content from an offset on in chunks of three bytes, up to where it is to break off.
pub(super) fn pieces(
    fake: &Fake,
    offset: i64,
) -> Result<Vec<Result<DocumentChunk, Status>>, Status> {
    let offset = usize::try_from(offset).unwrap();
    if offset >= CONTENT.len() {
        return Err(Status::invalid_argument("offset: is behind the end"));
    }
    let breaks = fake.state.lock().unwrap().breaks.pop();
    let end = breaks.map_or(CONTENT.len(), |bytes| offset + bytes);
    let chunks = CONTENT.as_bytes()[offset..end].chunks(3);
    let mut pieces: Vec<_> = chunks
        .map(|data| {
            Ok(DocumentChunk {
                file: 0,
                data: data.to_vec(),
            })
        })
        .collect();
    if breaks.is_some() {
        pieces.push(Err(Status::unavailable("draining")));
    }
    Ok(pieces)
}

impl Fake {
    /// The SHA-256 that documents are said to have.
    pub(super) fn sha256(&self) -> String {
        let right = || {
            let digest = Sha256::digest(CONTENT);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let said = self.state.lock().unwrap().sha256.clone();
        said.unwrap_or_else(right)
    }

    fn document(&self) -> Document {
        Document {
            name: "documents/d1".into(),
            parent: "tasks/x".into(),
            subject: "accounts/acme".into(),
            file_name: "terms.txt".into(),
            media_type: "text/plain".into(),
            size_bytes: CONTENT.len() as i64,
            sha256: self.sha256(),
            category: "Contract".into(),
            active: true,
            description: "<p>As <b>agreed</b></p>".into(),
            uploader: "members/ana".into(),
            ..Document::default()
        }
    }

    fn asked_of_documents<M: std::fmt::Debug>(&self, request: Request<M>) -> Result<(), Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        self.state.lock().unwrap().asked.push(asked);
        Ok(())
    }
}

#[tonic::async_trait]
impl DocumentService for Fake {
    type DownloadDocumentStream =
        Pin<Box<dyn Stream<Item = Result<v1::DownloadDocumentResponse, Status>> + Send>>;

    /// Notes the header with the content that came.
    async fn upload_documents(
        &self,
        request: Request<Streaming<v1::UploadDocumentsRequest>>,
    ) -> Result<Response<v1::UploadDocumentsResponse>, Status> {
        self.check(&request)?;
        let mut messages = request.into_inner();
        let mut asked = String::new();
        while let Some(message) = messages.message().await? {
            match message.part {
                Some(upload::Part::Header(header)) => asked += &format!("{header:?} "),
                Some(upload::Part::Chunk(chunk)) => {
                    asked += &String::from_utf8_lossy(&chunk.data);
                }
                None => {}
            }
        }
        self.state.lock().unwrap().asked.push(asked);
        Ok(Response::new(v1::UploadDocumentsResponse {
            documents: vec![self.document()],
            receipt: None,
        }))
    }

    async fn download_document(
        &self,
        request: Request<v1::DownloadDocumentRequest>,
    ) -> Result<Response<Self::DownloadDocumentStream>, Status> {
        let offset = request.get_ref().offset;
        self.asked_of_documents(request)?;
        let header = download::Part::Header(v1::DownloadDocumentHeader {
            document: Some(self.document()),
            receipt: None,
        });
        let chunks = pieces(self, offset)?.into_iter();
        let chunks = chunks.map(|chunk| chunk.map(download::Part::Chunk));
        let messages = std::iter::once(Ok(header))
            .chain(chunks)
            .map(|part| part.map(|part| v1::DownloadDocumentResponse { part: Some(part) }));
        let messages: Vec<_> = messages.collect();
        Ok(Response::new(Box::pin(stream::iter(messages))))
    }

    async fn update_document(
        &self,
        request: Request<v1::UpdateDocumentRequest>,
    ) -> Result<Response<v1::UpdateDocumentResponse>, Status> {
        self.asked_of_documents(request)?;
        Ok(Response::new(v1::UpdateDocumentResponse {
            document: Some(self.document()),
            receipt: None,
        }))
    }

    async fn get_document(
        &self,
        request: Request<v1::GetDocumentRequest>,
    ) -> Result<Response<v1::GetDocumentResponse>, Status> {
        self.asked_of_documents(request)?;
        Ok(Response::new(v1::GetDocumentResponse {
            document: Some(self.document()),
            position: 1,
        }))
    }

    async fn list_documents(
        &self,
        request: Request<v1::ListDocumentsRequest>,
    ) -> Result<Response<v1::ListDocumentsResponse>, Status> {
        self.asked_of_documents(request)?;
        Ok(Response::new(v1::ListDocumentsResponse {
            documents: vec![self.document()],
            ..Default::default()
        }))
    }
}
