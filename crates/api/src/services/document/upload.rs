//! An upload, from its header to the documents: it leaves all of them or nothing.

use handoff_commands::{Answer, CommandError};
use handoff_documents::{DocumentStore, Expected, ObjectKey, Upload, UploadError};
use handoff_domain::{
    State, Version,
    document::{Details, MediaType},
    names::StreamName,
};
use handoff_event_log::Position;
use handoff_proto::v1;
use tonic::Streaming;
use tracing::Span;
use uuid::Uuid;

use super::{
    Contents, NEWEST,
    header::Wanted,
    messages::{Chunk, Messages, UploadMessage, out_of_place},
};
use crate::{
    call::Call,
    command::Order,
    error::ApiError,
    fields::Fields,
    views::{self, View},
};

/// An upload that was done.
pub(crate) struct Uploaded {
    /// The documents right after it, by name, in the order of the files.
    pub(crate) documents: Vec<(StreamName, Details)>,
    pub(crate) receipt: v1::CommandReceipt,
}

impl Contents {
    pub(super) async fn upload(
        &self,
        call: Call,
        stream: Streaming<v1::UploadDocumentsRequest>,
    ) -> Result<v1::UploadDocumentsResponse, ApiError> {
        let view = View::of(&call.caller, call.method.path)?;
        let mut messages = Messages::new(stream, call.deadline);
        let header = messages.header().await?;
        let order = |command_id| Order::new(call, view, command_id, None, &header);
        let uploaded = self.attach(&header, order, messages).await?;
        let documents = uploaded.documents.iter();
        Ok(v1::UploadDocumentsResponse {
            documents: documents
                .map(|(name, details)| views::document::of_details(view, name.as_str(), details))
                .collect(),
            receipt: Some(uploaded.receipt),
        })
    }

    /// What a contact uploads.
    pub(crate) async fn upload_for_contact<M>(
        &self,
        call: Call,
        stream: Streaming<M>,
    ) -> Result<Uploaded, ApiError>
    where
        M: UploadMessage,
    {
        let mut messages = Messages::new(stream, call.deadline);
        let header = messages.header().await?;
        let order = |command_id| Order::of_contact(call, command_id, &header);
        self.attach(&header, order, messages).await
    }

    /// Does the upload that a header asks for. The digests in it stand for the contents.
    async fn attach<V, M: UploadMessage>(
        &self,
        header: &v1::UploadDocumentsHeader,
        order: impl FnOnce(Uuid) -> Order<V>,
        messages: Messages<M>,
    ) -> Result<Uploaded, ApiError> {
        let mut fields = Fields::new();
        let command_id = fields.request_id(&header.request_id);
        // Where the id is wrong, the rest is read only to say what else is.
        let wanted = Wanted::read(header, command_id.unwrap_or_default(), &mut fields);
        let (wanted, command_id) = fields.finish(wanted.zip(command_id))?;
        Span::current().record("request_id", tracing::field::display(command_id));
        let order = order(command_id);
        let streams = wanted.streams();
        let answer = match self.exist(&streams).await? {
            // A retry, or ids that are taken: no content is needed to say so.
            true => {
                let whole = order.whole();
                self.commands.submit(&order, whole, wanted.command).await?
            }
            false => self.store_and_submit(&order, wanted, messages).await?,
        };
        let mut documents = Vec::with_capacity(streams.len());
        for stream in streams {
            let details = self.document(&stream, answer.receipt.position).await?;
            documents.push((stream, details));
        }
        Ok(Uploaded {
            documents,
            receipt: views::receipt(answer.receipt),
        })
    }

    async fn store_and_submit<V, M: UploadMessage>(
        &self,
        order: &Order<V>,
        wanted: Wanted,
        messages: Messages<M>,
    ) -> Result<Answer, ApiError> {
        let store = self.store()?;
        let _room = self
            .uploads
            .try_acquire()
            .map_err(|_| ApiError::Overloaded)?;
        self.commands
            .rehearse(order, &wanted.command, &self.states)
            .await?;
        let contents = wanted.contents();
        let media_types = store_all(store, &contents, messages).await?;
        let command = wanted.found(media_types);
        let done = self.commands.submit(order, order.whole(), command).await;
        for (key, _) in &contents {
            match (&done, self.is_of_its_document(key).await) {
                (_, Ok(true)) => store.settle(key).await,
                // Another try of the same request was faster, or there is none.
                (Ok(_), Ok(false)) => store.discard(key).await,
                (Err(error), Ok(false)) if nothing_was_done(error) => store.discard(key).await,
                // It may still come to be the document's: a sweep finds out.
                (Err(_), Ok(false)) | (_, Err(_)) => {}
            }
        }
        done
    }

    /// Whether any of the documents exists already.
    async fn exist(&self, streams: &[StreamName]) -> Result<bool, ApiError> {
        for stream in streams {
            if self.states.at(stream, NEWEST).await?.version > Version::default() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether this is the content of its document.
    async fn is_of_its_document(&self, key: &ObjectKey) -> Result<bool, ApiError> {
        let found = self.states.at(&(&key.document).into(), NEWEST).await?;
        Ok(match found.state {
            State::Document(document) => document
                .details()
                .is_some_and(|details| details.file.object == key.object),
            _ => false,
        })
    }

    /// A document as it was at a position.
    async fn document(&self, stream: &StreamName, position: Position) -> Result<Details, ApiError> {
        let found = self.states.at(stream, position).await?;
        match &found.state {
            State::Document(document) => document.details().cloned(),
            _ => None,
        }
        .ok_or_else(|| CommandError::Contradiction(stream.clone()).into())
    }
}

/// Writes every content, checked. Answers their types.
///
/// # Errors
/// Nothing is left of any.
async fn store_all<M: UploadMessage>(
    store: &DocumentStore,
    contents: &[(ObjectKey, Expected)],
    mut messages: Messages<M>,
) -> Result<Vec<MediaType>, ApiError> {
    let mut media_types = Vec::with_capacity(contents.len());
    let mut next = messages.chunk().await?;
    let mut failed = None;
    for (index, (key, expected)) in contents.iter().enumerate() {
        match store_one(store, index, key, expected, &mut next, &mut messages).await {
            Ok(media_type) => media_types.push(media_type),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    if let (None, Some(Chunk { file, .. })) = (&failed, &next) {
        failed = Some(out_of_place(file));
    }
    let Some(error) = failed else {
        return Ok(media_types);
    };
    for (key, _) in &contents[..media_types.len()] {
        store.discard(key).await;
    }
    Err(error)
}

/// Writes one content, which begins with `next`; leaves there what follows it.
async fn store_one<M: UploadMessage>(
    store: &DocumentStore,
    index: usize,
    key: &ObjectKey,
    expected: &Expected,
    next: &mut Option<Chunk>,
    messages: &mut Messages<M>,
) -> Result<MediaType, ApiError> {
    let mut upload = store.begin(key.clone(), expected.clone()).await?;
    match write(&mut upload, index, next, messages).await {
        Ok(()) => upload.finish().await.map_err(|error| told(error, index)),
        Err(error) => {
            upload.abort().await;
            Err(error)
        }
    }
}

async fn write<M: UploadMessage>(
    upload: &mut Upload,
    index: usize,
    next: &mut Option<Chunk>,
    messages: &mut Messages<M>,
) -> Result<(), ApiError> {
    while let Some(Chunk { file, bytes }) = next.take_if(|chunk| chunk.file <= index) {
        if file < index {
            return Err(out_of_place(file));
        }
        let written = upload.write(bytes).await;
        written.map_err(|error| told(error, index))?;
        *next = messages.chunk().await?;
    }
    Ok(())
}

/// What a caller is told of a content that was not taken.
fn told(error: UploadError, index: usize) -> ApiError {
    let field = match &error {
        UploadError::WrongSize { .. } => "size_bytes",
        UploadError::WrongDigest { .. } => "sha256",
        UploadError::WrongType(_) => "media_type",
        UploadError::Store(_) => {
            return ApiError::StoreUnavailable(error.into());
        }
    };
    ApiError::invalid(&format!("header.files[{index}].{field}"), error.to_string())
}

/// Whether it is certain that a command was not done and will not be.
fn nothing_was_done(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Rejected(_)
            | ApiError::RequestIdReused
            | ApiError::Overloaded
            | ApiError::Draining
            | ApiError::Unavailable(_)
    )
}
