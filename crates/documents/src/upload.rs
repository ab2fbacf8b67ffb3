//! A content on its way in: bounded, measured and judged while it is written.

use bytes::Bytes;
use handoff_domain::document::{MediaType, Sha256};
use object_store::buffered::BufWriter;
use sha2::{Digest, Sha256 as Hasher};
use tokio::io::AsyncWriteExt;

use crate::{
    key::ObjectKey,
    media::{self, HEAD_BYTES, Utf8},
    store::{DocumentStore, StoreError},
};

/// What a content must turn out to be.
#[derive(Debug, Clone)]
pub struct Expected {
    /// None: whatever it is.
    pub media_type: Option<MediaType>,
    /// Bytes.
    pub size: u64,
    pub sha256: Sha256,
}

/// Why a content was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It has another size. Of one that is too long the rest was not read.
    #[error("has {received} bytes, not {expected}")]
    WrongSize { received: u64, expected: u64 },
    /// It is another content.
    #[error("is {expected}, but the content has {actual}")]
    WrongDigest { expected: Sha256, actual: Sha256 },
    /// It is of another type.
    #[error("{0}")]
    WrongType(String),
    /// It could not be stored; see there.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A content that is being written. It is invisible until [`finish`](Self::finish); dropping it leaves no
/// more than what [`DocumentStore::sweep`] removes.
pub struct Upload {
    store: DocumentStore,
    key: ObjectKey,
    expected: Expected,
    writer: BufWriter,
    received: u64,
    hasher: Hasher,
    head: Vec<u8>,
    utf8: Utf8,
}

impl Upload {
    pub(crate) fn new(
        store: DocumentStore,
        key: ObjectKey,
        expected: Expected,
        writer: BufWriter,
    ) -> Self {
        Self {
            store,
            key,
            expected,
            writer,
            received: 0,
            hasher: Hasher::new(),
            head: Vec::new(),
            utf8: Utf8::default(),
        }
    }

    /// Where the content will lie.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Takes the next bytes. Waits while the store is slower than they come.
    ///
    /// # Errors
    /// The content is not what was expected, or cannot be stored: [`abort`](Self::abort) it.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), UploadError> {
        self.received += bytes.len() as u64;
        if self.received > self.expected.size {
            return Err(self.wrong_size());
        }
        self.hasher.update(&bytes);
        self.utf8.feed(&bytes);
        if self.head.len() < HEAD_BYTES {
            let room = HEAD_BYTES - self.head.len();
            self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
            // As soon as it can be told, so that nobody sends gigabytes in vain.
            if self.head.len() == HEAD_BYTES {
                self.judge(self.utf8.holds())?;
            }
        }
        self.writer.put(bytes).await.map_err(StoreError::from)?;
        Ok(())
    }

    /// Checks the whole content and makes it visible. Answers its type.
    ///
    /// # Errors
    /// As [`write`](Self::write); nothing is left then.
    pub async fn finish(mut self) -> Result<MediaType, UploadError> {
        match self.checked() {
            Ok(media_type) => match self.writer.shutdown().await {
                Ok(()) => Ok(media_type),
                Err(error) => {
                    self.store.discard(&self.key).await;
                    Err(StoreError::from(error).into())
                }
            },
            Err(error) => {
                self.abort().await;
                Err(error)
            }
        }
    }

    /// Removes what was written.
    pub async fn abort(mut self) {
        if let Err(error) = self.writer.abort().await {
            tracing::warn!(key = %self.key, %error, "cannot take back a part of an upload");
        }
        self.store.discard(&self.key).await;
    }

    fn checked(&self) -> Result<MediaType, UploadError> {
        if self.received != self.expected.size {
            return Err(self.wrong_size());
        }
        let actual = Sha256::from_bytes(self.hasher.clone().finalize().into());
        if actual != self.expected.sha256 {
            return Err(UploadError::WrongDigest {
                expected: self.expected.sha256,
                actual,
            });
        }
        self.judge(self.utf8.ended_well())
    }

    fn judge(&self, is_utf8: bool) -> Result<MediaType, UploadError> {
        media::judge(self.expected.media_type.as_ref(), &self.head, is_utf8)
            .map_err(UploadError::WrongType)
    }

    fn wrong_size(&self) -> UploadError {
        UploadError::WrongSize {
            received: self.received,
            expected: self.expected.size,
        }
    }
}
