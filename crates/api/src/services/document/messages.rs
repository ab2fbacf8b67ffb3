//! The messages of an upload, each within its time.

use std::time::Duration;

use bytes::Bytes;
use handoff_proto::v1::{self, upload_documents_request};
use tokio::time::{Instant, timeout_at};
use tonic::Streaming;

use crate::{
    deadline::{Deadline, LONGEST_UPLOAD},
    error::ApiError,
};

/// How long a client may say nothing in the middle of an upload.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes of the largest chunk: 1 MiB.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Some bytes of a file.
pub(super) struct Chunk {
    /// The place of the file in the header.
    pub(super) file: usize,
    /// At least one.
    pub(super) bytes: Bytes,
}

/// A message of an upload, of the team's or of a contact's.
pub(crate) trait UploadMessage {
    /// What it says; none if it says nothing.
    fn part(self) -> Option<Part>;
}

/// What a message says.
pub(crate) enum Part {
    Header(v1::UploadDocumentsHeader),
    Chunk(v1::DocumentChunk),
}

impl UploadMessage for v1::UploadDocumentsRequest {
    fn part(self) -> Option<Part> {
        self.part.map(|part| match part {
            upload_documents_request::Part::Header(header) => Part::Header(header),
            upload_documents_request::Part::Chunk(chunk) => Part::Chunk(chunk),
        })
    }
}

/// The messages of an upload as they come.
pub(super) struct Messages<M> {
    stream: Streaming<M>,
    deadline: Instant,
}

impl<M: UploadMessage> Messages<M> {
    pub(super) fn new(stream: Streaming<M>, deadline: Option<Deadline>) -> Self {
        let longest = Instant::now() + LONGEST_UPLOAD;
        Self {
            stream,
            deadline: deadline.map_or(longest, |Deadline(at)| at.min(longest)),
        }
    }

    /// The header, which must come first.
    pub(super) async fn header(&mut self) -> Result<v1::UploadDocumentsHeader, ApiError> {
        match self.next().await? {
            Some(Part::Header(header)) => Ok(header),
            Some(Part::Chunk(_)) | None => Err(ApiError::invalid(
                "header",
                "is required: the first message says what is uploaded",
            )),
        }
    }

    /// The next bytes; none after the last.
    pub(super) async fn chunk(&mut self) -> Result<Option<Chunk>, ApiError> {
        let chunk = match self.next().await? {
            None => return Ok(None),
            Some(Part::Header(_)) => {
                return Err(ApiError::invalid("header", "comes once, before all chunks"));
            }
            Some(Part::Chunk(chunk)) => chunk,
        };
        let length = chunk.data.len();
        if length == 0 || length > CHUNK_BYTES {
            let wanted = format!("has {length} bytes; 1 to {CHUNK_BYTES} are wanted");
            return Err(ApiError::invalid("chunk.data", wanted));
        }
        match usize::try_from(chunk.file) {
            Ok(file) => Ok(Some(Chunk {
                file,
                bytes: chunk.data.into(),
            })),
            Err(_) => Err(out_of_place(i64::from(chunk.file))),
        }
    }

    async fn next(&mut self) -> Result<Option<Part>, ApiError> {
        let patience = self.deadline.min(Instant::now() + SILENCE);
        let message = timeout_at(patience, self.stream.message())
            .await
            .map_err(|_| ApiError::DeadlineExceeded)?
            .map_err(|status| ApiError::Unreadable {
                description: status.message().to_owned(),
            })?;
        match message.map(UploadMessage::part) {
            None => Ok(None),
            Some(Some(part)) => Ok(Some(part)),
            Some(None) => Err(ApiError::invalid(
                "part",
                "is required: a message is a header or a chunk",
            )),
        }
    }
}

/// A chunk is of a file that is past, or of none.
pub(super) fn out_of_place(file: impl std::fmt::Display) -> ApiError {
    ApiError::invalid(
        "chunk.file",
        format!("is {file}; chunks follow the order of the files in the header"),
    )
}
