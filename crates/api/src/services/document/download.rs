//! A download: the document with its view counted, then its content, checked on the way.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use handoff_commands::Answer;
use handoff_documents::{Content, ObjectKey, StoreError};
use handoff_domain::{
    State,
    commands::RecordView,
    document::{Details, Sha256},
    names::DocumentName,
};
use handoff_proto::v1::{self, download_document_response::Part};
use sha2::{Digest, Sha256 as Hasher};
use tonic::{Request, Status};
use tracing::Span;
use uuid::Uuid;

use super::{Contents, NEWEST};
use crate::{call::Call, command::Order, error::ApiError, fields::Fields, views::View};

/// Bytes of one chunk: 256 KiB.
const CHUNK_BYTES: usize = 256 * 1024;

impl Contents {
    pub(super) async fn download(
        &self,
        request: Request<v1::DownloadDocumentRequest>,
    ) -> Result<
        impl Stream<Item = Result<v1::DownloadDocumentResponse, Status>> + Send + use<>,
        ApiError,
    > {
        let (call, request) = Call::of(request)?;
        let view = View::of(&call.caller, call.method.path)?;
        let wish = Wish::read(&request.name, request.offset, &request.request_id)?;
        // A download that goes on is the same request.
        let whole = v1::DownloadDocumentRequest {
            offset: 0,
            ..request
        };
        let order = Order::new(call, view, wish.command_id, None, &whole);
        let (answer, chunks) = self.open(&order, wish).await?;
        let done = self.commands.done(&order, answer);
        let header = v1::DownloadDocumentHeader {
            document: Some(done.document()?),
            receipt: Some(done.receipt()),
        };
        let header = stream::iter([Ok(Part::Header(header))]);
        let parts = header.chain(chunks.map_ok(Part::Chunk));
        Ok(parts.map(|part| match part {
            Ok(part) => Ok(v1::DownloadDocumentResponse { part: Some(part) }),
            Err(error) => Err(Status::from(error)),
        }))
    }

    /// Counts the view, and opens the content. Whoever may not see the document learns nothing about it.
    pub(crate) async fn open<V>(
        &self,
        order: &Order<V>,
        wish: Wish,
    ) -> Result<
        (
            Answer,
            impl Stream<Item = Result<v1::DocumentChunk, ApiError>> + Send + use<V>,
        ),
        ApiError,
    > {
        let Wish { name, offset, .. } = wish;
        // Also of a download that goes on: it may be hidden by now.
        let command = RecordView { name: name.clone() };
        self.commands
            .rehearse(order, &command, &self.states)
            .await?;
        let details = self.details(&name).await?;
        let file = &details.file;
        if offset >= file.size {
            let description = format!("is {offset}; the document has {} bytes", file.size);
            return Err(ApiError::invalid("offset", description));
        }
        // Found before the view is counted, so that no view is counted of what cannot be shown.
        let content = self
            .store()?
            .read(&ObjectKey::of(&name, file), offset)
            .await
            .map_err(|error| unreadable(error, &name))?;
        let answer = self.commands.submit(order, order.whole(), command).await?;
        let expected = (offset == 0).then_some(file.sha256);
        let chunks = chunks(content, name, expected).map_ok(|data| v1::DocumentChunk {
            file: 0,
            data: data.into(),
        });
        Ok((answer, chunks))
    }

    /// What is known of a document, which must exist.
    async fn details(&self, name: &DocumentName) -> Result<Details, ApiError> {
        let found = self.states.at(&name.into(), NEWEST).await?;
        match &found.state {
            State::Document(document) => Ok(document.existing(name)?.clone()),
            _ => Err(ApiError::not_found(name.as_str())),
        }
    }
}

/// Which content is wanted, from where on.
pub(crate) struct Wish {
    name: DocumentName,
    offset: u64,
    pub(crate) command_id: Uuid,
}

impl Wish {
    /// Reads what a request for a content says.
    pub(crate) fn read(name: &str, offset: i64, request_id: &str) -> Result<Self, ApiError> {
        let mut fields = Fields::new();
        let name = fields.name::<DocumentName>("name", name);
        let offset = match u64::try_from(offset) {
            Ok(offset) => Some(offset),
            Err(_) => fields.violation("offset", format!("is {offset}; the first byte is 0")),
        };
        let command_id = fields.request_id(request_id);
        let read = name.zip(offset).zip(command_id);
        let ((name, offset), command_id) = fields.finish(read)?;
        Span::current().record("request_id", tracing::field::display(command_id));
        Ok(Self {
            name,
            offset,
            command_id,
        })
    }
}

/// A content that is being read.
struct Reading {
    content: Content,
    document: DocumentName,
    /// None: it is read from the middle, so there is nothing to compare.
    expected: Option<Sha256>,
    hasher: Hasher,
    buffer: BytesMut,
    ended: bool,
}

/// The content in chunks of one size but for the last, which comes only if the whole is what it was.
fn chunks(
    content: Content,
    document: DocumentName,
    expected: Option<Sha256>,
) -> impl Stream<Item = Result<Bytes, ApiError>> + Send {
    let reading = Reading {
        content,
        document,
        expected,
        hasher: Hasher::new(),
        buffer: BytesMut::new(),
        ended: false,
    };
    stream::try_unfold(reading, |mut reading| async {
        let chunk = reading.next().await?;
        Ok(chunk.map(|chunk| (chunk, reading)))
    })
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        while self.buffer.len() < CHUNK_BYTES && !self.ended {
            match self.content.bytes.try_next().await {
                Ok(Some(bytes)) => {
                    self.hasher.update(&bytes);
                    self.buffer.extend_from_slice(&bytes);
                }
                Ok(None) => {
                    self.ended = true;
                    self.check()?;
                }
                Err(error) => return Err(unreadable(error, &self.document)),
            }
        }
        let length = self.buffer.len().min(CHUNK_BYTES);
        Ok((length > 0).then(|| self.buffer.split_to(length).freeze()))
    }

    fn check(&self) -> Result<(), ApiError> {
        let actual = Sha256::from_bytes(self.hasher.clone().finalize().into());
        match self.expected {
            Some(expected) if expected != actual => Err(ApiError::ContentDamaged {
                document: self.document.to_string(),
                source: format!("the SHA-256 is {actual}, not {expected}").into(),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

fn unreadable(error: StoreError, document: &DocumentName) -> ApiError {
    match error {
        StoreError::Missing { .. } => ApiError::ContentDamaged {
            document: document.to_string(),
            source: error.into(),
        },
        StoreError::Directory { .. } | StoreError::Failed(_) => error.into(),
    }
}
